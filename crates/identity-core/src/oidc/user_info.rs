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

/// Tells who logged in, by the access token of [`ExchangeOidcToken`](crate::oidc::ExchangeOidcToken), in place of
/// the target's token.
///
/// A refusal tells a code of OAuth: see [`ApiError::oauth`](crate::error::ApiError::oauth).
///
/// API: `GET /identity/oidc/provider/:name/userinfo`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReadUserInfo {
    /// The name of the provider.
    pub provider: String,
    /// The access token.
    pub access_token: SecretString,
}

impl ReadUserInfo {
    /// Of this provider, by this access token.
    pub fn new(provider: impl Into<String>, access_token: impl Into<SecretString>) -> Self {
        Self { provider: provider.into(), access_token: access_token.into() }
    }
}

impl Endpoint for ReadUserInfo {
    type Output = UserInfo;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "identity/oidc/provider/{name}/userinfo";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let draft = draft.path_name("name", &self.provider).map_err(|error| error.of("provider"))?;
        draft.bearer_auth(&self.access_token).map_err(|error| error.of("access_token"))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<UserInfo, ResponseError> {
        reply.json()
    }
}

impl EncodeResponse for ReadUserInfo {
    fn encode_response(output: &UserInfo) -> http::Response<bytes::Bytes> {
        test_response::json(output)
    }
}

/// [`ReadUserInfo`] by `POST`.
///
/// API: `POST /identity/oidc/provider/:name/userinfo`
#[derive(Clone, Debug)]
pub struct ReadUserInfoByPost(pub ReadUserInfo);

impl Endpoint for ReadUserInfoByPost {
    type Output = UserInfo;
    const METHOD: Method = Method::Post;
    const READ_ONLY: bool = true;
    const PATH: &'static str = ReadUserInfo::PATH;

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        Ok(self.0.encode(draft)?.idempotent(true))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<UserInfo, ResponseError> {
        ReadUserInfo::decode(reply)
    }
}

impl EncodeResponse for ReadUserInfoByPost {
    fn encode_response(output: &UserInfo) -> http::Response<bytes::Bytes> {
        ReadUserInfo::encode_response(output)
    }
}

/// Who logged in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The entity.
    pub sub: EntityId,
    /// What the scopes tell.
    #[serde(flatten)]
    pub claims: BTreeMap<String, Value>,
}
