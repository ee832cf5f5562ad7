use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::require_non_empty;
use crate::endpoint::RequestBuilder;
use crate::error::{RequestError, ResponseError};
use crate::macros::endpoint;
use crate::macros::new_with_one_field;
use crate::secret::Exposed;
use crate::{
    ClientId, Endpoint, de,
    endpoint::{ApiResponse, Method},
    oidc::SigningAlgorithm,
    test_response,
    test_response::EncodeResponse,
};

endpoint!(GenerateIdToken: GET "identity/oidc/token/{role}" [role: path_name] -> data(IdToken) secret);
endpoint!(ReadDiscovery:   GET "identity/oidc/.well-known/openid-configuration" -> json(Discovery));
endpoint!(ReadJwks:        GET "identity/oidc/.well-known/keys" -> json(Jwks));

new_with_one_field! {
    GenerateIdToken { role: String }
}

/// Issues an identity token for the entity of the caller's token. Fails if that token has no entity, such as
/// a root token.
///
/// ```
/// use std::time::Duration;
/// use identity_core::{Endpoint, http, oidc::GenerateIdToken};
///
/// let response = http::Response::new(r#"{"data":{"token":"eyJ…","client_id":"app","ttl":3600}}"#);
/// let token = GenerateIdToken::parse_response(&response)?;
/// assert_eq!(token.ttl, Duration::from_secs(3600));
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `GET /identity/oidc/token/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerateIdToken {
    /// Name of the role. The server responds with 400, not 404, if it does not exist.
    pub role: String,
}

/// An identity token.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct IdToken {
    /// The JWT.
    pub token: SecretString,
    /// The audience: its `aud` claim.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub client_id: ClientId,
    /// Lifetime.
    #[serde(default, deserialize_with = "de::seconds")]
    pub ttl: Duration,
}

impl IdToken {
    /// Creates a token for use in tests.
    pub fn new(token: impl Into<SecretString>, client_id: impl Into<ClientId>, ttl: Duration) -> Self {
        Self { token: token.into(), client_id: client_id.into(), ttl }
    }

    fn exposed(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Wire<'a> {
            token: Exposed<'a>,
            client_id: &'a ClientId,
            ttl: u64,
        }
        Wire { token: Exposed(&self.token), client_id: &self.client_id, ttl: self.ttl.as_secs() }
    }
}

/// Checks whether an identity token is valid: signed by this server, not expired, and issued to an entity
/// that exists and is not disabled.
///
/// ```
/// use identity_core::{Endpoint, http, oidc::IntrospectIdToken};
///
/// let response = http::Response::new(r#"{"active":false,"error":"token is expired"}"#);
/// let introspection = IntrospectIdToken::parse_response(&response)?;
/// assert!(!introspection.active);
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `POST /identity/oidc/introspect`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IntrospectIdToken {
    /// The JWT.
    pub token: SecretString,
    /// Required audience, or `None` for any.
    pub client_id: Option<ClientId>,
}

impl IntrospectIdToken {
    /// Creates a request that accepts any audience.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self { token: token.into(), client_id: None }
    }

    /// Sets the required audience.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<ClientId>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }
}

impl Endpoint for IntrospectIdToken {
    type Output = Introspection;
    const METHOD: Method = Method::Post;
    const READ_ONLY: bool = true;
    const PATH: &'static str = "identity/oidc/introspect";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        #[derive(Serialize)]
        struct Body<'a> {
            token: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_id: Option<&'a ClientId>,
        }
        require_non_empty("token", [self.token.expose_secret()])?;
        require_non_empty("client_id", &self.client_id)?;
        let body = Body { token: Exposed(&self.token), client_id: self.client_id.as_ref() };
        Ok(builder.json(&body)?.idempotent(true))
    }

    fn decode(response: ApiResponse<'_>) -> Result<Introspection, ResponseError> {
        response.json()
    }
}

impl EncodeResponse for IntrospectIdToken {
    fn encode_response(output: &Introspection) -> http::Response<bytes::Bytes> {
        test_response::json(output)
    }
}

/// The result of [`IntrospectIdToken`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether the token is valid. It remains valid for one minute after it has expired.
    pub active: bool,
    /// Why the token is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Reads the discovery document of identity tokens. Requires no token.
///
/// API: `GET /identity/oidc/.well-known/openid-configuration`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadDiscovery {}

impl ReadDiscovery {
    /// Creates a request for the discovery document.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The discovery document of identity tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Discovery {
    /// The `iss` claim of tokens.
    pub issuer: String,
    /// URL of the public keys.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub jwks_uri: String,
    /// Always `id_token`.
    #[serde(default, deserialize_with = "de::list")]
    pub response_types_supported: Vec<String>,
    /// Always `public`.
    #[serde(default, deserialize_with = "de::list")]
    pub subject_types_supported: Vec<String>,
    /// Signing algorithms that keys can have.
    #[serde(default, deserialize_with = "de::list")]
    pub id_token_signing_alg_values_supported: Vec<SigningAlgorithm>,
}

/// Reads the public keys of the named keys that roles refer to: the current one, the next one, and those of
/// earlier rotations that still verify tokens. Requires no token.
///
/// API: `GET /identity/oidc/.well-known/keys`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadJwks {}

impl ReadJwks {
    /// Creates a request for the public keys.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A JSON Web Key Set (RFC 7517). JOSE libraries can deserialize its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwks {
    /// The keys, in random order. Invalid keys are skipped.
    #[serde(deserialize_with = "de::skip_invalid")]
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 7517).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// Key type: `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// Key identifier, as in the header of the tokens that it verifies.
    #[serde(default, deserialize_with = "de::null_as_default", skip_serializing_if = "String::is_empty")]
    pub kid: String,
    /// Signing algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<SigningAlgorithm>,
    /// Use of the key: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub public_key_use: Option<String>,
    /// Parameters of the key, such as `n` and `e`, or `crv`, `x` and `y`.
    #[serde(flatten)]
    pub parameters: BTreeMap<String, Value>,
}
