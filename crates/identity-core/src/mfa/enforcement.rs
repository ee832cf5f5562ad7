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

/// Who has to pass a method at log-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LoginEnforcement {
    /// The identifier.
    #[serde(deserialize_with = "de::null_as_default")]
    pub id: String,
    /// The name.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The identifier of the namespace, `root` in the root namespace.
    #[serde(deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// The path of the namespace, empty in the root namespace, and otherwise with a slash at the end.
    #[serde(deserialize_with = "de::null_as_default")]
    pub namespace_path: String,
    /// The methods, of which one has to be passed.
    #[serde(deserialize_with = "de::list")]
    pub mfa_method_ids: Vec<MfaMethodId>,
    /// Those who log in through these mounts.
    #[serde(deserialize_with = "de::list")]
    pub auth_method_accessors: Vec<MountAccessor>,
    /// Those who log in through mounts of these types.
    #[serde(deserialize_with = "de::list")]
    pub auth_method_types: Vec<String>,
    /// The members of these groups.
    #[serde(deserialize_with = "de::list")]
    pub identity_group_ids: Vec<GroupId>,
    /// These entities.
    #[serde(deserialize_with = "de::list")]
    pub identity_entity_ids: Vec<EntityId>,
}

/// Creates an enforcement, or updates it. The methods and at least one of the four lists of those it is for
/// have to be set, each time; lists that are not set stay as they are. All lists of one request together have
/// at most 1000 elements, each list counted as one more.
///
/// API: `POST /identity/mfa/login-enforcement/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteLoginEnforcement {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The methods, of which one has to be passed.
    pub mfa_method_ids: Vec<MfaMethodId>,
    /// Those who log in through these mounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_method_accessors: Option<Vec<MountAccessor>>,
    /// Those who log in through mounts of these types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_method_types: Option<Vec<String>>,
    /// The members of these groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_group_ids: Option<Vec<GroupId>>,
    /// These entities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_entity_ids: Option<Vec<EntityId>>,
}

impl WriteLoginEnforcement {
    /// The enforcement of this name, with these methods.
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
        let anyone = self.auth_method_accessors.is_some()
            || self.auth_method_types.is_some()
            || self.identity_group_ids.is_some()
            || self.identity_entity_ids.is_some();
        if anyone {
            Ok(())
        } else {
            let problem = "or one of the other three lists has to be set, each time";
            Err(RequestError::new("auth_method_accessors", problem))
        }
    }
}

setters!(WriteLoginEnforcement {
    /// Takes the place of all mounts.
    auth_method_accessors(values(MountAccessor)) => auth_method_accessors;
    /// Takes the place of all types of mounts, such as `userpass`.
    auth_method_types(texts) => auth_method_types;
    /// Takes the place of all groups.
    identity_group_ids(values(GroupId)) => identity_group_ids;
    /// Takes the place of all entities.
    identity_entity_ids(values(EntityId)) => identity_entity_ids;
});

/// Reads an enforcement.
///
/// API: `GET /identity/mfa/login-enforcement/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLoginEnforcement {
    /// The name.
    pub name: String,
}

/// Deletes an enforcement. That there is none is no error.
///
/// API: `DELETE /identity/mfa/login-enforcement/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteLoginEnforcement {
    /// The name.
    pub name: String,
}

/// Lists all enforcements by name.
///
/// API: `LIST /identity/mfa/login-enforcement`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListLoginEnforcements {}

impl ListLoginEnforcements {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
