//! Endpoints with which an administrator sets up `AppRole`, so that a service can log in.

use serde::Deserialize;
use serde_json::json;
use vault_identity::Endpoint;
use vault_identity::endpoint::{ApiResponse, Method, RequestBuilder};
use vault_identity::error::{RequestError, ResponseError};

/// Mounts the `AppRole` auth method.
pub struct EnableAppRole {
    pub mount: String,
}

impl Endpoint for EnableAppRole {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/auth/{mount}";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("mount", &self.mount)?.json(&json!({ "type": "approle" }))
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

/// Creates the role `web`, whose tokens live for 3 seconds.
pub struct WriteRole {
    pub mount: String,
    pub policy: String,
}

impl Endpoint for WriteRole {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/role/web";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let role = json!({ "token_policies": [self.policy], "token_ttl": "3s" });
        builder.path_param("mount", &self.mount)?.json(&role)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

/// Reads the role ID of the role `web`, with which a service logs in.
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

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("mount", &self.mount)
    }

    fn decode(response: ApiResponse<'_>) -> Result<RoleId, ResponseError> {
        response.data()
    }
}
