use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::draft::Draft;
use crate::error::{ReplyError, RequestError};
use crate::{Endpoint, EntityId, Method, Reply, Respond, respond};

/// Tells who logged in, by the access token of [`ExchangeOidcToken`](crate::ExchangeOidcToken), in place of
/// the target's token.
///
/// A refusal tells a code of OAuth: see [`ApiError::oauth`](crate::ApiError::oauth).
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        let draft = draft.slug("name", &self.provider).map_err(|error| error.of("provider"))?;
        draft.bearer(&self.access_token).map_err(|error| error.of("access_token"))
    }

    fn decode(reply: Reply<'_>) -> Result<UserInfo, ReplyError> {
        reply.json()
    }
}

impl Respond for ReadUserInfo {
    fn respond(output: &UserInfo) -> http::Response<bytes::Bytes> {
        respond::json(output)
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        Ok(self.0.encode(draft)?.repeatable(true))
    }

    fn decode(reply: Reply<'_>) -> Result<UserInfo, ReplyError> {
        ReadUserInfo::decode(reply)
    }
}

impl Respond for ReadUserInfoByPost {
    fn respond(output: &UserInfo) -> http::Response<bytes::Bytes> {
        ReadUserInfo::respond(output)
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
