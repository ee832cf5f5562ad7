//! Endpoints that the identity engine does not have, for the examples' set-up: auth mounts, users, policies.

use serde::{Deserialize, Serialize};
use vault_identity::{
    Endpoint, ExposeSecret, MountAccessor, SecretString,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
};

/// Mounts a userpass auth method.
pub struct EnableUserpass {
    pub path: String,
}

impl Endpoint for EnableUserpass {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/auth/{path}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("path", &self.path)?.json(&serde_json::json!({ "type": "userpass" }))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Unmounts an auth method.
pub struct DisableAuth {
    pub path: String,
}

impl Endpoint for DisableAuth {
    type Output = ();
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "sys/auth/{path}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("path", &self.path)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Reads an auth mount.
pub struct ReadAuthMount {
    pub path: String,
}

/// What the server tells of an auth mount, as far as we want to know.
#[derive(Deserialize)]
pub struct AuthMount {
    pub accessor: MountAccessor,
}

impl Endpoint for ReadAuthMount {
    type Output = AuthMount;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/auth/{path}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("path", &self.path)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<AuthMount, ResponseError> {
        reply.data()
    }
}

/// Creates a user.
pub struct WriteUser {
    pub mount: String,
    pub user: String,
    pub password: SecretString,
}

impl WriteUser {
    pub fn new(mount: &str, user: &str, password: &str) -> Self {
        Self { mount: mount.to_owned(), user: user.to_owned(), password: password.into() }
    }
}

#[derive(Serialize)]
struct Password<'a> {
    password: &'a str,
}

impl Endpoint for WriteUser {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/users/{user}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let draft = draft.path_param("mount", &self.mount)?.path_param("user", &self.user)?;
        draft.json(&Password { password: self.password.expose_secret() })
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Logs a user in.
pub struct LoginTokenSource {
    pub mount: String,
    pub user: String,
    pub password: SecretString,
}

impl LoginTokenSource {
    pub fn new(mount: &str, user: &str, password: &str) -> Self {
        Self { mount: mount.to_owned(), user: user.to_owned(), password: password.into() }
    }
}

/// What a log-in brings, as far as we want to know.
#[derive(Deserialize)]
pub struct Auth {
    pub client_token: SecretString,
}

impl Endpoint for LoginTokenSource {
    type Output = Auth;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/login/{user}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let draft = draft.path_param("mount", &self.mount)?.path_param("user", &self.user)?;
        draft.json(&Password { password: self.password.expose_secret() })
    }

    fn decode(reply: ApiResponse<'_>) -> Result<Auth, ResponseError> {
        #[derive(Deserialize)]
        struct Envelope {
            auth: Auth,
        }
        Ok(reply.json::<Envelope>()?.auth)
    }
}

/// Writes a policy.
#[derive(Serialize)]
pub struct WritePolicy {
    #[serde(skip)]
    pub name: String,
    pub policy: String,
}

impl Endpoint for WritePolicy {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/policies/acl/{name}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("name", &self.name)?.json(self)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Deletes a policy.
pub struct DeletePolicy {
    pub name: String,
}

impl Endpoint for DeletePolicy {
    type Output = ();
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "sys/policies/acl/{name}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("name", &self.name)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}
