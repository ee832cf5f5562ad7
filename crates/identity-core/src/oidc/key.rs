use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::open_enum;
use crate::macros::{new_with_one_field, setters};
use crate::{ClientId, KeyList, de, error::RequestError, ser};

endpoint!(WriteOidcKey:  POST   "identity/oidc/key/{name}" [name: path_name] checked json idempotent -> no_content(()));
endpoint!(ReadOidcKey:   GET    "identity/oidc/key/{name}" [name: path_name] -> data(OidcKey));
endpoint!(DeleteOidcKey: DELETE "identity/oidc/key/{name}" [name: path_name] -> no_content(()));
endpoint!(ListOidcKeys:  LIST   "identity/oidc/key" -> list(KeyList<String, ()>));
endpoint!(RotateOidcKey: POST   "identity/oidc/key/{name}/rotate" [name: path_name] json -> no_content(()));

new_with_one_field! {
    ReadOidcKey { name: String }
    DeleteOidcKey { name: String }
}

/// A named key that signs identity tokens. The server makes it anew in every rotation period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcKey {
    /// The algorithm.
    pub algorithm: SigningAlgorithm,
    /// The roles and clients that may use the key; `*` is all, and none is none.
    #[serde(default, deserialize_with = "de::list")]
    pub allowed_client_ids: Vec<ClientId>,
    /// How long the key signs before the next takes its place.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub rotation_period: Duration,
    /// How long after that its public half is still published, so that tokens can be verified.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub verification_ttl: Duration,
}

open_enum! {
    /// An algorithm that signs identity tokens, by its name in the `alg` of a token.
    #[derive(Default)]
    pub enum SigningAlgorithm {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        #[default]
        RS256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        RS384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        RS512 = "RS512",
        /// ECDSA on P-256 with SHA-256.
        ES256 = "ES256",
        /// ECDSA on P-384 with SHA-384.
        ES384 = "ES384",
        /// ECDSA on P-521 with SHA-512.
        ES512 = "ES512",
        /// Ed25519.
        EdDSA = "EdDSA",
    }
}

/// Creates a named key, or updates it. What is not set is the server's default in a new key, and stays as it
/// is in another.
///
/// ```
/// use std::time::Duration;
/// use identity_core::oidc::{SigningAlgorithm, WriteOidcKey};
///
/// let hour = Duration::from_secs(3600);
/// let key = WriteOidcKey::new("web")
///     .algorithm(SigningAlgorithm::ES256)
///     .rotation_period(hour)
///     .verification_ttl(hour)
///     .allowed_client_ids(["*"]);
/// println!("{key:?}");
/// ```
///
/// API: `POST /identity/oidc/key/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcKey {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The algorithm; RS256 unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<SigningAlgorithm>,
    /// How long the key signs before the next takes its place.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub rotation_period: Option<Duration>,
    /// How long after that its public half is still published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub verification_ttl: Option<Duration>,
    /// The roles and clients that may use the key.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub allowed_client_ids: Option<Vec<ClientId>>,
}

impl WriteOidcKey {
    /// The key of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            algorithm: None,
            rotation_period: None,
            verification_ttl: None,
            allowed_client_ids: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("allowed_client_ids", self.allowed_client_ids.iter().flatten())?;
        ser::require_joinable("allowed_client_ids", self.allowed_client_ids.as_ref())
    }
}

setters!(WriteOidcKey {
    /// The algorithm; RS256 unless said otherwise.
    algorithm(value(SigningAlgorithm)) => algorithm;
    /// How long the key signs before the next takes its place: whole seconds, at least a minute and a tenth of the `verification_ttl`, 24
    /// hours unless said otherwise.
    rotation_period(duration) => rotation_period;
    /// How long after that its public half is still published: whole seconds, at most ten rotation periods, 24 hours unless said otherwise.
    verification_ttl(duration) => verification_ttl;
    /// The roles and clients that may use the key; `*` is all, and empty is none.
    allowed_client_ids(values(ClientId)) => allowed_client_ids;
});

/// Reads a named key. It tells neither key identifiers nor when it was rotated: see
/// [`ReadJwks`](crate::oidc::ReadJwks).
///
/// API: `GET /identity/oidc/key/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcKey {
    /// The name.
    pub name: String,
}

/// Deletes a named key. One that a role or client refers to, and `default`, is refused. That there is none is
/// no error.
///
/// API: `DELETE /identity/oidc/key/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcKey {
    /// The name.
    pub name: String,
}

/// Lists the names of all keys.
///
/// API: `LIST /identity/oidc/key`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcKeys {}

impl ListOidcKeys {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Has the next key take its place now. Each call rotates again, so that it must not be repeated blindly.
///
/// API: `POST /identity/oidc/key/:name/rotate`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RotateOidcKey {
    /// The name. A key that does not exist is refused with 400, not 404.
    #[serde(skip)]
    pub name: String,
    /// How long the public half of the key rotated out is still published, this time.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub verification_ttl: Option<Duration>,
}

impl RotateOidcKey {
    /// The key of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), verification_ttl: None }
    }
}

setters!(RotateOidcKey {
    /// How long the public half of the key rotated out is still published, this time: whole seconds, and zero for not at all.
    verification_ttl(duration) => verification_ttl;
});
