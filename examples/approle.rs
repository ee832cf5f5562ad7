//! What an administrator does before a service can log in with `AppRole`.

use serde::Deserialize;
use serde_json::json;
use vault_identity::{
    Endpoint,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
};

/// Mounts `AppRole`.
pub struct EnableAppRole {
    pub mount: String,
}

impl Endpoint for EnableAppRole {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/auth/{mount}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("mount", &self.mount)?.json(&json!({ "type": "approle" }))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Makes the role `web`, whose tokens live 3 seconds.
pub struct WriteRole {
    pub mount: String,
    pub policy: String,
}

impl Endpoint for WriteRole {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/role/web";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let role = json!({ "token_policies": [self.policy], "token_ttl": "3s" });
        draft.path_param("mount", &self.mount)?.json(&role)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Reads the role id of the role `web`, under which services log in.
pub struct ReadRoleId {
    pub mount: String,
}

#[derive(Deserialize)]
pub struct RoleId {
    pub role_id: String,
}

impl Endpoint for ReadRoleId {
    type Output = RoleId;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "auth/{mount}/role/web/role-id";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("mount", &self.mount)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<RoleId, ResponseError> {
        reply.data()
    }
}
