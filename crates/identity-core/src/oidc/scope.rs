use serde::{Deserialize, Serialize};

use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{KeyList, de};

endpoint!(WriteOidcScope:  POST   "identity/oidc/scope/{name}" [name: path_name] json idempotent -> no_content(()));
endpoint!(ReadOidcScope:   GET    "identity/oidc/scope/{name}" [name: path_name] -> data(OidcScope));
endpoint!(DeleteOidcScope: DELETE "identity/oidc/scope/{name}" [name: path_name] -> no_content(()));
endpoint!(ListOidcScopes:  LIST   "identity/oidc/scope" -> list(KeyList<String, ()>));

new_with_one_field! {
    ReadOidcScope { name: String }
    DeleteOidcScope { name: String }
}

/// A scope: the claims that a client can request from a provider by this name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcScope {
    /// Template of the claims: JSON with directives such as `{{identity.entity.name}}`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub template: String,
    /// Description.
    #[serde(deserialize_with = "de::null_as_default")]
    pub description: String,
}

/// Creates a scope, or updates it. Fields that are not set keep their values. The server rejects the name
/// `openid`.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::WriteOidcScope};
///
/// let write = WriteOidcScope::new("profile").template(r#"{"name": {{identity.entity.name}}}"#);
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/scope/profile");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/oidc/scope/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcScope {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// Template of the claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl WriteOidcScope {
    /// Creates a request for the scope with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), template: None, description: None }
    }
}

setters!(WriteOidcScope {
    /// Sets the template of the claims: JSON with directives such as `{{identity.entity.name}}`, or its
    /// base64. Providers require one.
    template(text) => template;
    /// Sets the description.
    description(text) => description;
});

/// Reads a scope. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// API: `GET /identity/oidc/scope/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcScope {
    /// The name.
    pub name: String,
}

/// Deletes a scope. The server rejects scopes that a provider refers to. Succeeds if it does not exist.
///
/// API: `DELETE /identity/oidc/scope/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcScope {
    /// The name.
    pub name: String,
}

/// Lists the names of all scopes.
///
/// API: `LIST /identity/oidc/scope`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcScopes {}

impl ListOidcScopes {
    /// Creates a request for the names of all scopes.
    pub fn new() -> Self {
        Self::default()
    }
}
