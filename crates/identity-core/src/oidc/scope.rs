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

/// What a provider tells of those who log in, if a client asks for it by this name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcScope {
    /// The claims: JSON with directives such as `{{identity.entity.name}}`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub template: String,
    /// What it is for.
    #[serde(deserialize_with = "de::null_as_default")]
    pub description: String,
}

/// Creates a scope, or updates it. What is not set stays as it is. `openid` cannot be written.
///
/// API: `POST /identity/oidc/scope/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcScope {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl WriteOidcScope {
    /// The scope of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), template: None, description: None }
    }
}

setters!(WriteOidcScope {
    /// The claims: JSON with directives such as `{{identity.entity.name}}`, or its base64. A provider does not take a scope without any.
    template(text) => template;
    /// What it is for.
    description(text) => description;
});

/// Reads a scope.
///
/// API: `GET /identity/oidc/scope/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcScope {
    /// The name.
    pub name: String,
}

/// Deletes a scope. One that a provider refers to is refused. That there is none is no error.
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
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
