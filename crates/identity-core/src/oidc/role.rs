use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{ClientId, KeyList, de, error::RequestError, ser};

endpoint!(WriteOidcRole:  POST   "identity/oidc/role/{name}" [name: path_name] checked json idempotent(|role| role.client_id.as_ref().is_none_or(|id| !id.as_str().is_empty())) -> no_content(()));
endpoint!(ReadOidcRole:   GET    "identity/oidc/role/{name}" [name: path_name] -> data(OidcRole));
endpoint!(DeleteOidcRole: DELETE "identity/oidc/role/{name}" [name: path_name] -> no_content(()));
endpoint!(ListOidcRoles:  LIST   "identity/oidc/role" -> list(KeyList<String, ()>));

new_with_one_field! {
    ReadOidcRole { name: String }
    DeleteOidcRole { name: String }
}

/// A kind of identity token: for whom it is meant, what it says, how long it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcRole {
    /// The audience, `aud`, of its tokens.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub client_id: ClientId,
    /// The name of the key that signs its tokens.
    pub key: String,
    /// The claims of its tokens: JSON with directives such as `{{identity.entity.name}}`. Empty for those
    /// that all tokens have.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub template: String,
    /// How long its tokens live.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub ttl: Duration,
}

/// Creates a role, or updates it. What is not set is the server's default in a new role, and stays as it is
/// in another.
///
/// API: `POST /identity/oidc/role/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcRole {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The name of the key, which has to exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The audience. An empty one is made anew, at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// How long tokens live.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub ttl: Option<Duration>,
}

impl WriteOidcRole {
    /// The role of this name, with this key.
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..Self::update(name) }
    }

    /// The role of this name, which exists; the server refuses to make one without a key.
    pub fn update(name: impl Into<String>) -> Self {
        Self { name: name.into(), key: None, template: None, client_id: None, ttl: None }
    }

    /// Has the server make up another audience, each time. Tokens that exist keep the old one.
    #[must_use]
    pub fn renew_client_id(self) -> Self {
        self.client_id("")
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("key", &self.key)
    }
}

setters!(WriteOidcRole {
    /// The name of the key, which has to exist.
    key(text) => key;
    /// The claims: JSON with directives such as `{{identity.entity.name}}`, or its base64. Put a blank between the braces of nested objects.
    template(text) => template;
    /// The audience of the tokens; in a new role 26 random letters and digits unless said otherwise.
    client_id(value(ClientId)) => client_id;
    /// How long tokens live: whole seconds, at most the key's `verification_ttl`, 24 hours unless said otherwise.
    ttl(duration) => ttl;
});

/// Reads a role.
///
/// API: `GET /identity/oidc/role/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcRole {
    /// The name.
    pub name: String,
}

/// Deletes a role. That there is none is no error.
///
/// API: `DELETE /identity/oidc/role/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcRole {
    /// The name.
    pub name: String,
}

/// Lists the names of all roles.
///
/// API: `LIST /identity/oidc/role`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcRoles {}

impl ListOidcRoles {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
