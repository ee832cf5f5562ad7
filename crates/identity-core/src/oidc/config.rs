use serde::{Deserialize, Serialize};

use crate::de;
use crate::macros::endpoint;

endpoint!(ReadOidcConfig:  GET  "identity/oidc/config" -> data(OidcConfig));
endpoint!(WriteOidcConfig: POST "identity/oidc/config" json idempotent -> no_content(()));

/// How identity tokens are issued.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcConfig {
    /// The scheme, host and port that the `iss` of tokens begins with. Empty if it was not set: it is then
    /// the `api_addr` of the node that issues the token, and differs from node to node.
    #[serde(deserialize_with = "de::null_as_default")]
    pub issuer: String,
}

/// Reads how identity tokens are issued.
///
/// API: `GET /identity/oidc/config`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcConfig {}

impl ReadOidcConfig {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Says how identity tokens are issued. The server warns that all tokens are then to be checked against the
/// issuer: see [`WithMeta`](crate::WithMeta).
///
/// API: `POST /identity/oidc/config`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcConfig {
    /// The scheme, host and port of the `iss` of tokens, such as `https://vault.example.com:8200`; with a path it is refused. Empty for
    /// the server's own `api_addr`.
    pub issuer: String,
}

impl WriteOidcConfig {
    /// Tokens of this issuer.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into() }
    }

    /// Tokens of the server's own `api_addr`.
    pub fn reset() -> Self {
        Self::new("")
    }
}
