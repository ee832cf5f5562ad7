use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{EntityId, GroupId, KeyList, MfaMethodId, MountAccessor, de, error::RequestError, ser};

endpoint!(WriteLoginEnforcement:  POST   "identity/mfa/login-enforcement/{name}" [name: path_name] checked json idempotent -> no_content(()));
endpoint!(ReadLoginEnforcement:   GET    "identity/mfa/login-enforcement/{name}" [name: path_name] -> data(LoginEnforcement), same name);
endpoint!(DeleteLoginEnforcement: DELETE "identity/mfa/login-enforcement/{name}" [name: path_name] -> no_content(()));
endpoint!(ListLoginEnforcements:  LIST   "identity/mfa/login-enforcement" -> list(KeyList<String, LoginEnforcement>));

new_with_one_field! {
    ReadLoginEnforcement { name: String }
    DeleteLoginEnforcement { name: String }
}

/// A login enforcement: requires an MFA method at login, for selected mounts, groups and entities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LoginEnforcement {
    /// Identifier.
    #[serde(deserialize_with = "de::null_as_default")]
    pub id: String,
    /// Name.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Identifier of the namespace; `root` in the root namespace.
    #[serde(deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// Path of the namespace, with a trailing slash; empty in the root namespace.
    #[serde(deserialize_with = "de::null_as_default")]
    pub namespace_path: String,
    /// The MFA methods. A login must pass one of them.
    #[serde(deserialize_with = "de::list")]
    pub mfa_method_ids: Vec<MfaMethodId>,
    /// Accessors of the auth mounts whose logins are enforced.
    #[serde(deserialize_with = "de::list")]
    pub auth_method_accessors: Vec<MountAccessor>,
    /// Types of the auth mounts whose logins are enforced.
    #[serde(deserialize_with = "de::list")]
    pub auth_method_types: Vec<String>,
    /// Groups whose members' logins are enforced.
    #[serde(deserialize_with = "de::list")]
    pub identity_group_ids: Vec<GroupId>,
    /// Entities whose logins are enforced.
    #[serde(deserialize_with = "de::list")]
    pub identity_entity_ids: Vec<EntityId>,
}

/// Creates a login enforcement, or updates it. Every request must have the methods and at least one of the
/// four other lists; lists that are not set keep their values. The server accepts at most 1000 elements in
/// all lists of a request, counting each list as one more.
///
/// ```
/// use identity_core::{Endpoint, Target, mfa::WriteLoginEnforcement};
///
/// let write = WriteLoginEnforcement::new("staff", ["7fbd40c1"]).auth_method_types(["userpass"]);
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/mfa/login-enforcement/staff");
/// assert_eq!(request.body(), r#"{"mfa_method_ids":["7fbd40c1"],"auth_method_types":["userpass"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/mfa/login-enforcement/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteLoginEnforcement {
    /// Name.
    #[serde(skip)]
    pub name: String,
    /// The MFA methods. A login must pass one of them.
    pub mfa_method_ids: Vec<MfaMethodId>,
    /// Accessors of the auth mounts whose logins are enforced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_method_accessors: Option<Vec<MountAccessor>>,
    /// Types of the auth mounts whose logins are enforced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_method_types: Option<Vec<String>>,
    /// Groups whose members' logins are enforced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_group_ids: Option<Vec<GroupId>>,
    /// Entities whose logins are enforced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_entity_ids: Option<Vec<EntityId>>,
}

impl WriteLoginEnforcement {
    /// Creates a request for the enforcement with this name and these methods.
    pub fn new(
        name: impl Into<String>,
        mfa_method_ids: impl IntoIterator<Item = impl Into<MfaMethodId>>,
    ) -> Self {
        Self {
            name: name.into(),
            mfa_method_ids: mfa_method_ids.into_iter().map(Into::into).collect(),
            auth_method_accessors: None,
            auth_method_types: None,
            identity_group_ids: None,
            identity_entity_ids: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("mfa_method_ids", &self.mfa_method_ids)?;
        require_non_empty("auth_method_accessors", self.auth_method_accessors.iter().flatten())?;
        require_non_empty("auth_method_types", self.auth_method_types.iter().flatten())?;
        require_non_empty("identity_group_ids", self.identity_group_ids.iter().flatten())?;
        require_non_empty("identity_entity_ids", self.identity_entity_ids.iter().flatten())?;
        ser::require_few_strings([
            ("mfa_method_ids", Some(self.mfa_method_ids.len())),
            ("auth_method_accessors", self.auth_method_accessors.as_ref().map(Vec::len)),
            ("auth_method_types", self.auth_method_types.as_ref().map(Vec::len)),
            ("identity_group_ids", self.identity_group_ids.as_ref().map(Vec::len)),
            ("identity_entity_ids", self.identity_entity_ids.as_ref().map(Vec::len)),
        ])?;
        let is_scoped = self.auth_method_accessors.is_some()
            || self.auth_method_types.is_some()
            || self.identity_group_ids.is_some()
            || self.identity_entity_ids.is_some();
        if is_scoped {
            Ok(())
        } else {
            let problem = "or one of the three other lists must be set in every request";
            Err(RequestError::new("auth_method_accessors", problem))
        }
    }
}

setters!(WriteLoginEnforcement {
    /// Replaces all accessors of auth mounts; an empty list clears them.
    auth_method_accessors(values(MountAccessor)) => auth_method_accessors;
    /// Replaces all types of auth mounts, such as `userpass`; an empty list clears them.
    auth_method_types(texts) => auth_method_types;
    /// Replaces all groups; an empty list clears them.
    identity_group_ids(values(GroupId)) => identity_group_ids;
    /// Replaces all entities; an empty list clears them.
    identity_entity_ids(values(EntityId)) => identity_entity_ids;
});

/// Reads a login enforcement. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// ```
/// use identity_core::{Endpoint, http, mfa::ReadLoginEnforcement};
///
/// let body = r#"{"data":{"name":"staff","auth_method_types":["userpass"]}}"#;
/// let enforcement = ReadLoginEnforcement::parse_response(&http::Response::new(body))?;
/// assert_eq!(enforcement.auth_method_types, ["userpass"]);
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `GET /identity/mfa/login-enforcement/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLoginEnforcement {
    /// Name.
    pub name: String,
}

/// Deletes a login enforcement. Succeeds if it does not exist.
///
/// API: `DELETE /identity/mfa/login-enforcement/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteLoginEnforcement {
    /// Name.
    pub name: String,
}

/// Lists all login enforcements by name.
///
/// API: `LIST /identity/mfa/login-enforcement`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListLoginEnforcements {}

impl ListLoginEnforcements {
    /// Creates a request for all login enforcements.
    pub fn new() -> Self {
        Self::default()
    }
}
