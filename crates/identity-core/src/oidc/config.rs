use serde::{Deserialize, Serialize};

use crate::de;
use crate::macros::endpoint;

endpoint!(ReadOidcConfig:  GET  "identity/oidc/config" -> data(OidcConfig));
endpoint!(WriteOidcConfig: POST "identity/oidc/config" json idempotent -> no_content(()));

/// The configuration of identity tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcConfig {
    /// Scheme, host and port of the `iss` claim. If it is empty, tokens have the `api_addr` of the node that
    /// issues them, which differs between nodes.
    #[serde(deserialize_with = "de::null_as_default")]
    pub issuer: String,
}

/// Reads the configuration of identity tokens.
///
/// ```
/// use identity_core::{Endpoint, http, oidc::ReadOidcConfig};
///
/// let response = http::Response::new(r#"{"data":{"issuer":"https://vault.example.com:8200"}}"#);
/// let config = ReadOidcConfig::parse_response(&response)?;
/// assert_eq!(config.issuer, "https://vault.example.com:8200");
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `GET /identity/oidc/config`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcConfig {}

impl ReadOidcConfig {
    /// Creates a request for the configuration.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Sets the configuration of identity tokens. The server warns that verifiers must then expect the new
/// issuer: see [`WithMeta`](crate::WithMeta).
///
/// API: `POST /identity/oidc/config`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcConfig {
    /// Scheme, host and port of the `iss` claim, such as `https://vault.example.com:8200`. The server rejects
    /// a path. Empty for the server's own `api_addr`.
    pub issuer: String,
}

impl WriteOidcConfig {
    /// Creates a request that sets this issuer.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into() }
    }

    /// Creates a request that resets the issuer to the server's own `api_addr`.
    pub fn reset() -> Self {
        Self::new("")
    }
}
