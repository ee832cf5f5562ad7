use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::open_enum;
use crate::macros::{new_with_one_field, setters};
use crate::secret::Exposed;
use crate::{ClientId, KeyList, de, error::RequestError, ser};

endpoint!(WriteOidcClient:  POST   "identity/oidc/client/{name}" [name: path_name] checked json idempotent -> no_content(()));
endpoint!(ReadOidcClient:   GET    "identity/oidc/client/{name}" [name: path_name] -> data(OidcClient) secret);
endpoint!(DeleteOidcClient: DELETE "identity/oidc/client/{name}" [name: path_name] -> no_content(()));
endpoint!(ListOidcClients:  LIST   "identity/oidc/client" -> list(KeyList<String, OidcClientInfo>));

new_with_one_field! {
    ReadOidcClient { name: String }
    DeleteOidcClient { name: String }
}

open_enum! {
    /// Whether a client can keep a secret. Immutable after creation.
    #[derive(Default)]
    pub enum OidcClientType {
        /// A client that authenticates with a secret.
        #[default]
        Confidential = "confidential",
        /// A client without a secret, such as a mobile app. It must use PKCE.
        Public = "public",
    }
}

/// A client: an application whose users log in through a provider.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct OidcClient {
    /// All fields except the secret.
    #[serde(flatten)]
    pub info: OidcClientInfo,
    /// The secret of a confidential client. It can be read at any time.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
}

impl OidcClient {
    /// Creates a client for use in tests.
    pub fn new(info: OidcClientInfo, client_secret: Option<SecretString>) -> Self {
        Self { info, client_secret }
    }

    fn exposed(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Wire<'a> {
            #[serde(flatten)]
            info: &'a OidcClientInfo,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_secret: Option<Exposed<'a>>,
        }
        Wire { info: &self.info, client_secret: self.client_secret.as_ref().map(Exposed) }
    }
}

/// A client without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcClientInfo {
    /// Identifier of the client at the provider and in the `aud` claim of its tokens.
    #[serde(deserialize_with = "de::null_as_default")]
    pub client_id: ClientId,
    /// Whether the client can keep a secret.
    #[serde(deserialize_with = "de::null_as_default")]
    pub client_type: OidcClientType,
    /// Name of the key that signs its tokens.
    #[serde(deserialize_with = "de::null_as_default")]
    pub key: String,
    /// The allowed redirect URIs.
    #[serde(deserialize_with = "de::list")]
    pub redirect_uris: Vec<String>,
    /// Names of the assignments that list the allowed users.
    #[serde(deserialize_with = "de::list")]
    pub assignments: Vec<String>,
    /// Lifetime of ID tokens.
    #[serde(deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub id_token_ttl: Duration,
    /// Lifetime of access tokens.
    #[serde(deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub access_token_ttl: Duration,
    /// Whether the authorization code flow is allowed. `None` from HashiCorp Vault, where it always is.
    pub authorization_code: Option<bool>,
    /// Whether the client credentials flow is allowed. `None` from HashiCorp Vault, which does not have it.
    pub client_credentials: Option<bool>,
}

/// Creates a client, or updates it. Settings that are not set default to the server's values in a new client,
/// and keep their values in an existing one.
///
/// The server generates the identifier and the secret. [Read](ReadOidcClient) the client to get them.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::WriteOidcClient};
///
/// let write = WriteOidcClient::new("app").key("web").redirect_uris(["https://app.example.com/callback"]);
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/client/app");
/// assert_eq!(
///     request.body(),
///     r#"{"redirect_uris":["https://app.example.com/callback"],"key":"web"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/oidc/client/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcClient {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The allowed redirect URIs.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub redirect_uris: Option<Vec<String>>,
    /// Names of the assignments.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub assignments: Option<Vec<String>>,
    /// Name of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Lifetime of ID tokens.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub id_token_ttl: Option<Duration>,
    /// Lifetime of access tokens.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub access_token_ttl: Option<Duration>,
    /// Whether the client can keep a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_type: Option<OidcClientType>,
    /// Whether the authorization code flow is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<bool>,
    /// Whether the client credentials flow is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_credentials: Option<bool>,
}

impl WriteOidcClient {
    /// Creates a request for the client with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            redirect_uris: None,
            assignments: None,
            key: None,
            id_token_ttl: None,
            access_token_ttl: None,
            client_type: None,
            authorization_code: None,
            client_credentials: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        if self.client_type == Some(OidcClientType::Public) && self.client_credentials == Some(true) {
            return Err(RequestError::new("client_credentials", "must not be `true` for a public client"));
        }
        require_non_empty("key", &self.key)?;
        require_non_empty("redirect_uris", self.redirect_uris.iter().flatten())?;
        require_non_empty("assignments", self.assignments.iter().flatten())?;
        ser::require_joinable("redirect_uris", self.redirect_uris.as_ref())?;
        ser::require_joinable("assignments", self.assignments.as_ref())
    }
}

setters!(WriteOidcClient {
    /// Replaces all allowed redirect URIs; an empty list clears them. On a loopback host, the server accepts
    /// any port. At most 500 if one of them contains a comma.
    redirect_uris(texts) => redirect_uris;
    /// Replaces all assignments, by name; an empty list clears them. The server rejects unknown ones.
    /// `allow_all` always exists.
    assignments(texts) => assignments;
    /// Sets the name of the key, which must exist. Immutable after creation. Defaults to `default`.
    key(text) => key;
    /// Sets the lifetime of ID tokens: whole seconds, at most the key's `verification_ttl`. Defaults to 24
    /// hours.
    id_token_ttl(duration) => id_token_ttl;
    /// Sets the lifetime of access tokens, in whole seconds. Defaults to 24 hours.
    access_token_ttl(duration) => access_token_ttl;
    /// Sets whether the client can keep a secret. Immutable after creation. Defaults to confidential.
    client_type(value(OidcClientType)) => client_type;
    /// Sets whether the authorization code flow is allowed. OpenBao only. Defaults to `true`.
    authorization_code(flag) => authorization_code;
    /// Sets whether the client credentials flow is allowed, which public clients cannot use. OpenBao only.
    /// Defaults to `false`.
    client_credentials(flag) => client_credentials;
});

/// Reads a client with its secret. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not
/// exist.
///
/// API: `GET /identity/oidc/client/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcClient {
    /// The name.
    pub name: String,
}

/// Deletes a client. Succeeds if it does not exist.
///
/// API: `DELETE /identity/oidc/client/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcClient {
    /// The name.
    pub name: String,
}

/// Lists all clients by name, without their secrets.
///
/// API: `LIST /identity/oidc/client`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcClients {}

impl ListOidcClients {
    /// Creates a request for all clients.
    pub fn new() -> Self {
        Self::default()
    }
}
