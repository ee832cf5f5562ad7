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

/// Issues an identity token for the entity of the caller's token, which has to have one: the root token does
/// not.
///
/// API: `GET /identity/oidc/token/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerateIdToken {
    /// The name of the role. One that does not exist is refused with 400, not 404.
    pub role: String,
}

/// An identity token.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct IdToken {
    /// The JWT.
    pub token: SecretString,
    /// The audience, `aud`, that it is meant for.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub client_id: ClientId,
    /// How long it lives.
    #[serde(default, deserialize_with = "de::seconds")]
    pub ttl: Duration,
}

impl IdToken {
    /// A token to answer with, in a test.
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

/// Asks whether an identity token is good: signed by this server, not expired, and of an entity that exists
/// and is not disabled.
///
/// API: `POST /identity/oidc/introspect`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IntrospectIdToken {
    /// The JWT.
    pub token: SecretString,
    /// The audience that it has to be meant for; `None` for any.
    pub client_id: Option<ClientId>,
}

impl IntrospectIdToken {
    /// This JWT, meant for whomever.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self { token: token.into(), client_id: None }
    }

    /// The audience that it has to be meant for.
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

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        #[derive(Serialize)]
        struct Body<'a> {
            token: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_id: Option<&'a ClientId>,
        }
        require_non_empty("token", [self.token.expose_secret()])?;
        require_non_empty("client_id", &self.client_id)?;
        let body = Body { token: Exposed(&self.token), client_id: self.client_id.as_ref() };
        Ok(draft.json(&body)?.idempotent(true))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<Introspection, ResponseError> {
        reply.json()
    }
}

impl EncodeResponse for IntrospectIdToken {
    fn encode_response(output: &Introspection) -> http::Response<bytes::Bytes> {
        test_response::json(output)
    }
}

/// Whether an identity token is good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it is. For a minute after it has expired, it still is.
    pub active: bool,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Reads what a verifier of identity tokens needs to know. No token is needed.
///
/// API: `GET /identity/oidc/.well-known/openid-configuration`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadDiscovery {}

impl ReadDiscovery {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The discovery document of identity tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Discovery {
    /// The `iss` of tokens.
    pub issuer: String,
    /// Where the public keys are.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub jwks_uri: String,
    /// `id_token`.
    #[serde(default, deserialize_with = "de::list")]
    pub response_types_supported: Vec<String>,
    /// `public`.
    #[serde(default, deserialize_with = "de::list")]
    pub subject_types_supported: Vec<String>,
    /// The algorithms that keys can have.
    #[serde(default, deserialize_with = "de::list")]
    pub id_token_signing_alg_values_supported: Vec<SigningAlgorithm>,
}

/// Reads the public keys of the named keys that roles refer to: of each the current one, the next, and those
/// rotated out that still verify. No token is needed.
///
/// API: `GET /identity/oidc/.well-known/keys`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadJwks {}

impl ReadJwks {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A JSON Web Key Set (RFC 7517). Serialized, it is what JOSE libraries take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwks {
    /// The keys, in random order. One that cannot be read is left out.
    #[serde(deserialize_with = "de::skip_invalid")]
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 7517).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// The kind of key: `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// The identifier, as in the header of the tokens that it verifies.
    #[serde(default, deserialize_with = "de::null_as_default", skip_serializing_if = "String::is_empty")]
    pub kid: String,
    /// The algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<SigningAlgorithm>,
    /// What the key is for: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub public_key_use: Option<String>,
    /// The numbers of the key: `n` and `e`, or `crv`, `x` and `y`, and whatever else the server tells.
    #[serde(flatten)]
    pub parameters: BTreeMap<String, Value>,
}
