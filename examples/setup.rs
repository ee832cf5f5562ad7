//! Endpoints that the identity engine does not have, for the examples' set-up: auth mounts, users, policies.

use serde::{Deserialize, Serialize};
use vault_identity::{
    Draft, Endpoint, ExposeSecret, Method, MountAccessor, Reply, ReplyError, RequestError, SecretString,
};

/// Mounts a userpass auth method.
pub struct EnableUserpass {
    pub path: String,
}

impl Endpoint for EnableUserpass {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/auth/{path}";

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        draft.param("path", &self.path)?.json(&serde_json::json!({ "type": "userpass" }))
    }

    fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
        reply.empty()
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        draft.param("path", &self.path)
    }

    fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
        reply.empty()
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        draft.param("path", &self.path)
    }

    fn decode(reply: Reply<'_>) -> Result<AuthMount, ReplyError> {
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        let draft = draft.param("mount", &self.mount)?.param("user", &self.user)?;
        draft.json(&Password { password: self.password.expose_secret() })
    }

    fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
        reply.empty()
    }
}

/// Logs a user in.
pub struct LogIn {
    pub mount: String,
    pub user: String,
    pub password: SecretString,
}

impl LogIn {
    pub fn new(mount: &str, user: &str, password: &str) -> Self {
        Self { mount: mount.to_owned(), user: user.to_owned(), password: password.into() }
    }
}

/// What a log-in brings, as far as we want to know.
#[derive(Deserialize)]
pub struct Auth {
    pub client_token: SecretString,
}

impl Endpoint for LogIn {
    type Output = Auth;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/login/{user}";

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        let draft = draft.param("mount", &self.mount)?.param("user", &self.user)?;
        draft.json(&Password { password: self.password.expose_secret() })
    }

    fn decode(reply: Reply<'_>) -> Result<Auth, ReplyError> {
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        draft.param("name", &self.name)?.json(self)
    }

    fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
        reply.empty()
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        draft.param("name", &self.name)
    }

    fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
        reply.empty()
    }
}
