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

/// A role: the audience, claims and lifetime of identity tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OidcRole {
    /// Audience of its tokens: the `aud` claim.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub client_id: ClientId,
    /// Name of the key that signs its tokens.
    pub key: String,
    /// Template of additional claims: JSON with directives such as `{{identity.entity.name}}`. Empty for
    /// none.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub template: String,
    /// Lifetime of its tokens.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub ttl: Duration,
}

/// Creates a role, or updates it. Settings that are not set default to the server's values in a new role, and
/// keep their values in an existing one.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::WriteOidcRole};
///
/// let write = WriteOidcRole::new("app", "web").client_id("app.example.com");
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/role/app");
/// assert_eq!(request.body(), r#"{"key":"web","client_id":"app.example.com"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/oidc/role/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcRole {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// Name of the key, which must exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Template of additional claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Audience of the tokens. The server generates a random one if it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Lifetime of the tokens.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub ttl: Option<Duration>,
}

impl WriteOidcRole {
    /// Creates a request for the role with this name and key.
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..Self::update(name) }
    }

    /// Creates a request for an existing role. The server rejects a new role without a key.
    pub fn update(name: impl Into<String>) -> Self {
        Self { name: name.into(), key: None, template: None, client_id: None, ttl: None }
    }

    /// Makes the server generate a new audience in every call. Existing tokens keep the old one.
    #[must_use]
    pub fn regenerate_client_id(self) -> Self {
        self.client_id("")
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("key", &self.key)
    }
}

setters!(WriteOidcRole {
    /// Sets the name of the key, which must exist.
    key(text) => key;
    /// Sets the template of additional claims: JSON with directives such as `{{identity.entity.name}}`, or
    /// its base64. Separate the closing braces of nested objects by a space.
    template(text) => template;
    /// Sets the audience of the tokens. Defaults to 26 random letters and digits in a new role.
    client_id(value(ClientId)) => client_id;
    /// Sets the lifetime of tokens: whole seconds, at most the key's `verification_ttl`. Defaults to 24
    /// hours.
    ttl(duration) => ttl;
});

/// Reads a role. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// API: `GET /identity/oidc/role/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcRole {
    /// The name.
    pub name: String,
}

/// Deletes a role. Succeeds if it does not exist.
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
    /// Creates a request for the names of all roles.
    pub fn new() -> Self {
        Self::default()
    }
}
