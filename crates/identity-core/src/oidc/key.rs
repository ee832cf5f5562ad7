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

/// A named key that signs identity tokens. The server replaces its key pair after every rotation period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcKey {
    /// Signing algorithm.
    pub algorithm: SigningAlgorithm,
    /// Client identifiers of the roles and clients that may use the key; `*` allows all.
    #[serde(default, deserialize_with = "de::list")]
    pub allowed_client_ids: Vec<ClientId>,
    /// Time between rotations.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub rotation_period: Duration,
    /// Time after a rotation during which the old public key stays published, to verify existing tokens.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub verification_ttl: Duration,
}

open_enum! {
    /// A signing algorithm, by its name in the `alg` header of a token.
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

/// Creates a named key, or updates it. Settings that are not set default to the server's values in a new key,
/// and keep their values in an existing one.
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
    /// Signing algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<SigningAlgorithm>,
    /// Time between rotations.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub rotation_period: Option<Duration>,
    /// Time after a rotation during which the old public key stays published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub verification_ttl: Option<Duration>,
    /// Client identifiers of the roles and clients that may use the key.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub allowed_client_ids: Option<Vec<ClientId>>,
}

impl WriteOidcKey {
    /// Creates a request for the key with this name.
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
    /// Sets the signing algorithm. Defaults to RS256.
    algorithm(value(SigningAlgorithm)) => algorithm;
    /// Sets the time between rotations: whole seconds, at least one minute and a tenth of the
    /// `verification_ttl`. Defaults to 24 hours.
    rotation_period(duration) => rotation_period;
    /// Sets the time after a rotation during which the old public key stays published: whole seconds, at most
    /// ten rotation periods. Defaults to 24 hours.
    verification_ttl(duration) => verification_ttl;
    /// Replaces the client identifiers of the roles and clients that may use the key; `*` allows all, and an
    /// empty list allows none.
    allowed_client_ids(values(ClientId)) => allowed_client_ids;
});

/// Reads a named key. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist. Key
/// identifiers are in [`ReadJwks`](crate::oidc::ReadJwks).
///
/// API: `GET /identity/oidc/key/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcKey {
    /// The name.
    pub name: String,
}

/// Deletes a named key. The server rejects `default`, and keys that a role or client refers to. Succeeds if
/// it does not exist.
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
    /// Creates a request for the names of all keys.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Rotates a named key now. The request is not idempotent: each call rotates again.
///
/// API: `POST /identity/oidc/key/:name/rotate`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RotateOidcKey {
    /// Name of the key. The server responds with 400, not 404, if it does not exist.
    #[serde(skip)]
    pub name: String,
    /// Overrides the key's `verification_ttl` for this rotation.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub verification_ttl: Option<Duration>,
}

impl RotateOidcKey {
    /// Creates a request for the key with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), verification_ttl: None }
    }
}

setters!(RotateOidcKey {
    /// Overrides the key's `verification_ttl` for this rotation: whole seconds. Zero unpublishes the old
    /// public key immediately.
    verification_ttl(duration) => verification_ttl;
});
