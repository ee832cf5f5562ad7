//! Endpoints outside of the identity engine that the examples need: auth mounts, users and policies.

use serde::{Deserialize, Serialize};
use vault_identity::endpoint::{ApiResponse, Method, RequestBuilder};
use vault_identity::error::{RequestError, ResponseError};
use vault_identity::{Endpoint, ExposeSecret, MountAccessor, SecretString};

/// Mounts the userpass auth method.
pub struct EnableUserpass {
    pub path: String,
}

impl Endpoint for EnableUserpass {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/auth/{path}";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("path", &self.path)?.json(&serde_json::json!({ "type": "userpass" }))
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
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

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("path", &self.path)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

/// Reads an auth mount.
pub struct ReadAuthMount {
    pub path: String,
}

/// The part of an auth mount that the examples need.
#[derive(Deserialize)]
pub struct AuthMount {
    pub accessor: MountAccessor,
}

impl Endpoint for ReadAuthMount {
    type Output = AuthMount;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/auth/{path}";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("path", &self.path)
    }

    fn decode(response: ApiResponse<'_>) -> Result<AuthMount, ResponseError> {
        response.data()
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

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let builder = builder.path_param("mount", &self.mount)?.path_param("user", &self.user)?;
        builder.json(&Password { password: self.password.expose_secret() })
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

/// Logs a user in.
pub struct LoginUserpass {
    pub mount: String,
    pub user: String,
    pub password: SecretString,
}

impl LoginUserpass {
    pub fn new(mount: &str, user: &str, password: &str) -> Self {
        Self { mount: mount.to_owned(), user: user.to_owned(), password: password.into() }
    }
}

/// The part of a login's response that the examples need.
#[derive(Deserialize)]
pub struct Auth {
    pub client_token: SecretString,
}

impl Endpoint for LoginUserpass {
    type Output = Auth;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/login/{user}";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let builder = builder.path_param("mount", &self.mount)?.path_param("user", &self.user)?;
        builder.json(&Password { password: self.password.expose_secret() })
    }

    fn decode(response: ApiResponse<'_>) -> Result<Auth, ResponseError> {
        #[derive(Deserialize)]
        struct Envelope {
            auth: Auth,
        }
        Ok(response.json::<Envelope>()?.auth)
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

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("name", &self.name)?.json(self)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
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

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("name", &self.name)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}
