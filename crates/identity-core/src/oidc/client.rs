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
    /// Whether a client can keep a secret. It cannot be changed later.
    #[derive(Default)]
    pub enum OidcClientType {
        /// It can, and proves who it is with one.
        #[default]
        Confidential = "confidential",
        /// It cannot, and needs PKCE.
        Public = "public",
    }
}

/// An application that has people log in through a provider.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct OidcClient {
    /// All that is not secret.
    #[serde(flatten)]
    pub info: OidcClientInfo,
    /// What a confidential client proves who it is with. It can be read at any time.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
}

impl OidcClient {
    /// A client to answer with, in a test.
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

/// What is not secret of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcClientInfo {
    /// The identifier, by which it is known to the provider and in the `aud` of tokens.
    #[serde(deserialize_with = "de::null_as_default")]
    pub client_id: ClientId,
    /// Whether it can keep a secret.
    #[serde(deserialize_with = "de::null_as_default")]
    pub client_type: OidcClientType,
    /// The name of the key that signs its tokens.
    #[serde(deserialize_with = "de::null_as_default")]
    pub key: String,
    /// Where people may be sent back to.
    #[serde(deserialize_with = "de::list")]
    pub redirect_uris: Vec<String>,
    /// The names of the assignments, which say who may log in.
    #[serde(deserialize_with = "de::list")]
    pub assignments: Vec<String>,
    /// How long ID tokens live.
    #[serde(deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub id_token_ttl: Duration,
    /// How long access tokens live.
    #[serde(deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub access_token_ttl: Duration,
    /// Whether the authorization code flow is allowed. `None` from HashiCorp Vault, where it always is.
    pub authorization_code: Option<bool>,
    /// Whether the client credentials flow is allowed. `None` from HashiCorp Vault, which does not have it.
    pub client_credentials: Option<bool>,
}

/// Creates a client, or updates it. What is not set is the server's default in a new client, and stays as it
/// is in another.
///
/// The server makes up the identifier and the secret: [read](ReadOidcClient) the client to know them.
///
/// API: `POST /identity/oidc/client/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcClient {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// Where people may be sent back to.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub redirect_uris: Option<Vec<String>>,
    /// The names of the assignments.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub assignments: Option<Vec<String>>,
    /// The name of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How long ID tokens live.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub id_token_ttl: Option<Duration>,
    /// How long access tokens live.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub access_token_ttl: Option<Duration>,
    /// Whether it can keep a secret.
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
    /// The client of this name.
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
            return Err(RequestError::new("client_credentials", "must not be allowed to a public client"));
        }
        require_non_empty("key", &self.key)?;
        require_non_empty("redirect_uris", self.redirect_uris.iter().flatten())?;
        require_non_empty("assignments", self.assignments.iter().flatten())?;
        ser::require_joinable("redirect_uris", self.redirect_uris.as_ref())?;
        ser::require_joinable("assignments", self.assignments.as_ref())
    }
}

setters!(WriteOidcClient {
    /// Replaces all addresses that people may be sent back to. On a loopback host, any port will do. At most
    /// 500 if one of them contains a comma.
    redirect_uris(texts) => redirect_uris;
    /// Takes the place of all assignments, by name; they have to exist. `allow_all` is always there.
    assignments(texts) => assignments;
    /// The name of the key, which has to exist: `default` unless said otherwise, and not to be changed later.
    key(text) => key;
    /// How long ID tokens live: whole seconds, at most the key's `verification_ttl`, 24 hours unless said otherwise.
    id_token_ttl(duration) => id_token_ttl;
    /// How long access tokens live: whole seconds, 24 hours unless said otherwise.
    access_token_ttl(duration) => access_token_ttl;
    /// Whether it can keep a secret: confidential unless said otherwise, and not to be changed later.
    client_type(value(OidcClientType)) => client_type;
    /// Whether the authorization code flow is allowed: it is, unless said otherwise. OpenBao only.
    authorization_code(flag) => authorization_code;
    /// Whether the client credentials flow is allowed: it is not, unless said otherwise, and cannot be to a public client. OpenBao only.
    client_credentials(flag) => client_credentials;
});

/// Reads a client, with its secret.
///
/// API: `GET /identity/oidc/client/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcClient {
    /// The name.
    pub name: String,
}

/// Deletes a client. That there is none is no error.
///
/// API: `DELETE /identity/oidc/client/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcClient {
    /// The name.
    pub name: String,
}

/// Lists all clients by name, with all that is not secret.
///
/// API: `LIST /identity/oidc/client`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcClients {}

impl ListOidcClients {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
