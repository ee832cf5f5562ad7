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

/// Reads what an application needs to know of a provider. No token is needed.
///
/// API: `GET /identity/oidc/provider/:name/.well-known/openid-configuration`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadProviderDiscovery {
    /// The name of the provider.
    pub name: String,
}

/// Reads the public keys of a provider's clients. No token is needed.
///
/// API: `GET /identity/oidc/provider/:name/.well-known/keys`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadProviderJwks {
    /// The name of the provider.
    pub name: String,
}

/// The discovery document of a provider (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProviderDiscovery {
    /// The `iss` of tokens.
    pub issuer: String,
    /// Where the public keys are.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub jwks_uri: String,
    /// Where a browser is sent to log in: a page of the server's user interface, not the operation
    /// [`AuthorizeOidc`](crate::oidc::AuthorizeOidc).
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub authorization_endpoint: String,
    /// Where codes are exchanged for tokens.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub token_endpoint: String,
    /// Where an access token tells who logged in.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub userinfo_endpoint: String,
    /// `false`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub request_parameter_supported: bool,
    /// `false`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub request_uri_parameter_supported: bool,
    /// The algorithms that keys can have.
    #[serde(default, deserialize_with = "de::list")]
    pub id_token_signing_alg_values_supported: Vec<SigningAlgorithm>,
    /// `code`.
    #[serde(default, deserialize_with = "de::list")]
    pub response_types_supported: Vec<String>,
    /// The scopes of the provider, and `openid`.
    #[serde(default, deserialize_with = "de::list")]
    pub scopes_supported: Vec<String>,
    /// Empty, whatever the scopes tell.
    #[serde(default, deserialize_with = "de::list")]
    pub claims_supported: Vec<String>,
    /// `public`.
    #[serde(default, deserialize_with = "de::list")]
    pub subject_types_supported: Vec<String>,
    /// `authorization_code`; OpenBao does not tell of `client_credentials`.
    #[serde(default, deserialize_with = "de::list")]
    pub grant_types_supported: Vec<String>,
    /// How clients prove who they are.
    #[serde(default, deserialize_with = "de::list")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}
