use serde::{Deserialize, Serialize};

use crate::macros::endpoint;
use crate::macros::new_with_one_field;
use crate::{
    de,
    oidc::{Jwks, SigningAlgorithm},
};

endpoint!(ReadProviderDiscovery: GET "identity/oidc/provider/{name}/.well-known/openid-configuration" [name: path_name] -> json(ProviderDiscovery), same name);
endpoint!(ReadProviderJwks:      GET "identity/oidc/provider/{name}/.well-known/keys" [name: path_name] -> json(Jwks));

new_with_one_field! {
    ReadProviderDiscovery { name: String }
    ReadProviderJwks { name: String }
}

/// Reads the discovery document of a provider. Requires no token.
///
/// API: `GET /identity/oidc/provider/:name/.well-known/openid-configuration`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadProviderDiscovery {
    /// Name of the provider.
    pub name: String,
}

/// Reads the public keys of a provider's clients. Requires no token.
///
/// API: `GET /identity/oidc/provider/:name/.well-known/keys`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadProviderJwks {
    /// Name of the provider.
    pub name: String,
}

/// The discovery document of a provider (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProviderDiscovery {
    /// The `iss` claim of tokens.
    pub issuer: String,
    /// URL of the public keys.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub jwks_uri: String,
    /// URL of the login page in the server's user interface, which is not the operation
    /// [`AuthorizeOidc`](crate::oidc::AuthorizeOidc).
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub authorization_endpoint: String,
    /// URL that exchanges codes for tokens.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub token_endpoint: String,
    /// URL that returns the claims of a user, see [`ReadUserInfo`](crate::oidc::ReadUserInfo).
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub userinfo_endpoint: String,
    /// Always `false`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub request_parameter_supported: bool,
    /// Always `false`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub request_uri_parameter_supported: bool,
    /// Signing algorithms that keys can have.
    #[serde(default, deserialize_with = "de::list")]
    pub id_token_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// Always `code`.
    #[serde(default, deserialize_with = "de::list")]
    pub response_types_supported: Vec<String>,
    /// Scopes of the provider, and `openid`.
    #[serde(default, deserialize_with = "de::list")]
    pub scopes_supported: Vec<String>,
    /// Always empty, even if scopes add claims.
    #[serde(default, deserialize_with = "de::list")]
    pub claims_supported: Vec<String>,
    /// Always `public`.
    #[serde(default, deserialize_with = "de::list")]
    pub subject_types_supported: Vec<String>,
    /// Always `authorization_code`. OpenBao does not list `client_credentials`.
    #[serde(default, deserialize_with = "de::list")]
    pub grant_types_supported: Vec<String>,
    /// Methods of client authentication.
    #[serde(default, deserialize_with = "de::list")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}
