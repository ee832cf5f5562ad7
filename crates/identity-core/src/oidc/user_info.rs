use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::endpoint::RequestBuilder;
use crate::error::{RequestError, ResponseError};
use crate::{
    Endpoint, EntityId,
    endpoint::{ApiResponse, Method},
    test_response,
    test_response::EncodeResponse,
};

/// Reads the claims of a user. The request sends the access token of
/// [`ExchangeOidcToken`](crate::oidc::ExchangeOidcToken) instead of the target's token.
///
/// ```
/// use identity_core::{Endpoint, http, oidc::ReadUserInfo};
///
/// let response = http::Response::new(r#"{"sub":"e1","name":"Alice"}"#);
/// let user = ReadUserInfo::parse_response(&response)?;
/// assert_eq!(user.claims["name"], "Alice");
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// If the server rejects the request, [`ApiError::oauth`](crate::error::ApiError::oauth) returns the OAuth
/// error.
///
/// API: `GET /identity/oidc/provider/:name/userinfo`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadUserInfo {
    /// Name of the provider.
    pub provider: String,
    /// The access token.
    pub access_token: SecretString,
}

impl ReadUserInfo {
    /// Creates a request to this provider with this access token.
    pub fn new(provider: impl Into<String>, access_token: impl Into<SecretString>) -> Self {
        Self { provider: provider.into(), access_token: access_token.into() }
    }
}

impl Endpoint for ReadUserInfo {
    type Output = UserInfo;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "identity/oidc/provider/{name}/userinfo";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let builder = builder.path_name("name", &self.provider).map_err(|error| error.of("provider"))?;
        builder.bearer_auth(&self.access_token).map_err(|error| error.of("access_token"))
    }

    fn decode(response: ApiResponse<'_>) -> Result<UserInfo, ResponseError> {
        response.json()
    }
}

impl EncodeResponse for ReadUserInfo {
    fn encode_response(output: &UserInfo) -> http::Response<bytes::Bytes> {
        test_response::json(output)
    }
}

/// Sends [`ReadUserInfo`] as a `POST`.
///
/// API: `POST /identity/oidc/provider/:name/userinfo`
#[derive(Clone, Debug)]
pub struct ReadUserInfoByPost(pub ReadUserInfo);

impl Endpoint for ReadUserInfoByPost {
    type Output = UserInfo;
    const METHOD: Method = Method::Post;
    const READ_ONLY: bool = true;
    const PATH: &'static str = ReadUserInfo::PATH;

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        Ok(self.0.encode(builder)?.idempotent(true))
    }

    fn decode(response: ApiResponse<'_>) -> Result<UserInfo, ResponseError> {
        ReadUserInfo::decode(response)
    }
}

impl EncodeResponse for ReadUserInfoByPost {
    fn encode_response(output: &UserInfo) -> http::Response<bytes::Bytes> {
        ReadUserInfo::encode_response(output)
    }
}

/// The claims of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// Identifier of the user's entity.
    pub sub: EntityId,
    /// Claims of the requested scopes.
    #[serde(flatten)]
    pub claims: BTreeMap<String, Value>,
}
