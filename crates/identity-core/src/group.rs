//! Groups of entities and of other groups.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alias::{AliasRef, GroupAlias};
use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::open_enum;
use crate::macros::{new_with_one_field, setters};
use crate::{EntityId, GroupAliasId, GroupId, KeyList, Upsert, de, error::RequestError, metadata, ser};

endpoint!(CreateGroup:       POST   "identity/group" checked json idempotent(|g| g.name.is_some() || g.id.is_some()) creates -> upsert(Upsert<CreatedGroup>), same name);
endpoint!(ReadGroupById:     GET    "identity/group/id/{id}" [id: path_name] -> data(Group), same id);
endpoint!(UpdateGroupById:   POST   "identity/group/id/{id}" [id: path_name] checked json idempotent -> optional_data(Option<CreatedGroup>), same id);
endpoint!(DeleteGroupById:   DELETE "identity/group/id/{id}" [id: path_name] -> no_content(()));
endpoint!(ListGroups:        LIST   "identity/group/id" -> list(KeyList<GroupId, GroupInfo>));
endpoint!(WriteGroupByName:  POST   "identity/group/name/{name}" [name] checked json idempotent creates -> upsert(Upsert<CreatedGroup>), same name);
endpoint!(ReadGroupByName:   GET    "identity/group/name/{name}" [name] -> data(Group), same name);
endpoint!(DeleteGroupByName: DELETE "identity/group/name/{name}" [name] -> no_content(()));
endpoint!(ListGroupNames:    LIST   "identity/group/name" -> list(KeyList<String, ()>));

new_with_one_field! {
    ReadGroupById { id: GroupId }
    DeleteGroupById { id: GroupId }
    ReadGroupByName { name: String }
    DeleteGroupByName { name: String }
}

/// Entities and groups that share policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// The identifier.
    pub id: GroupId,
    /// The name, in the case it was given in; the server finds it in any.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Who says who belongs to it.
    #[serde(default, rename = "type", deserialize_with = "de::null_as_default")]
    pub group_type: GroupType,
    /// The identifier of the namespace, `root` in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// What was written with the group.
    #[serde(default, deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// The policies, sorted and in lower case.
    #[serde(default, deserialize_with = "de::list")]
    pub policies: Vec<String>,
    /// The entities that belong to it, sorted.
    #[serde(default, deserialize_with = "de::list")]
    pub member_entity_ids: Vec<EntityId>,
    /// The groups that belong to it, sorted.
    #[serde(default, deserialize_with = "de::list")]
    pub member_group_ids: Vec<GroupId>,
    /// The groups that it belongs to, and such as are deleted.
    #[serde(default, deserialize_with = "de::list")]
    pub parent_group_ids: Vec<GroupId>,
    /// The name that an external group has at an auth mount.
    #[serde(default, deserialize_with = "de::empty_object_as_none")]
    pub alias: Option<GroupAlias>,
    /// How often the group has been written.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub modify_index: u64,
    /// When the group was made.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// When the group was changed last.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub last_update_time: Option<Timestamp>,
}

impl Group {
    /// One to answer with, in a test; the other fields are empty.
    pub fn new(id: impl Into<GroupId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }
}

open_enum! {
    /// Who says who belongs to a group. It cannot be changed later.
    #[derive(Default)]
    pub enum GroupType {
        /// Members are written with the group.
        #[default]
        Internal = "internal",
        /// Members are those whom an auth method puts into the group's alias when they log in.
        External = "external",
    }
}

/// What a list of groups tells of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GroupInfo {
    /// The name.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// How many entities belong to it.
    #[serde(deserialize_with = "de::null_as_default")]
    pub num_member_entities: u64,
    /// How many groups it belongs to.
    #[serde(deserialize_with = "de::null_as_default")]
    pub num_parent_groups: u64,
    /// The name that an external group has at an auth mount.
    #[serde(deserialize_with = "de::empty_object_as_none")]
    pub alias: Option<AliasRef<GroupAliasId>>,
}

/// A group as a write returns it. Vault before 1.2 returns it for updates too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedGroup {
    /// The identifier.
    pub id: GroupId,
    /// The name, generated if none was given.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
}

impl CreatedGroup {
    /// One to answer with, in a test; the other fields are empty.
    pub fn new(id: impl Into<GroupId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

/// What a group can be given. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GroupParams {
    /// Who says who belongs to it: internal unless said otherwise, and not to be changed later.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub group_type: Option<GroupType>,
    /// Takes the place of all metadata; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Takes the place of all policies; empty clears them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub policies: Option<Vec<String>>,
    /// Takes the place of all entities that belong to it; empty clears them. Not for external groups.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub member_entity_ids: Option<Vec<EntityId>>,
    /// Takes the place of all groups that belong to it; empty clears them. Not for external groups.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub member_group_ids: Option<Vec<GroupId>>,
}

impl GroupParams {
    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("member_entity_ids", self.member_entity_ids.iter().flatten())?;
        require_non_empty("member_group_ids", self.member_group_ids.iter().flatten())?;
        metadata::check(&self.metadata)?;
        ser::require_joinable("policies", self.policies.as_ref())?;
        ser::require_joinable("member_entity_ids", self.member_entity_ids.as_ref())?;
        ser::require_joinable("member_group_ids", self.member_group_ids.as_ref())?;
        if self.group_type == Some(GroupType::External) {
            let refuse = |name| {
                Err(RequestError::new(name, "cannot be set for an external group, not even to nothing"))
            };
            if self.member_entity_ids.is_some() {
                return refuse("member_entity_ids");
            }
            if self.member_group_ids.is_some() {
                return refuse("member_group_ids");
            }
        }
        Ok(())
    }
}

setters!(CreateGroup, UpdateGroupById, WriteGroupByName {
    /// Says who says who belongs to it. It cannot be changed later.
    group_type(value(GroupType)) => params.group_type;
    /// Replaces all metadata; an empty map clears it. At most 64 pairs, with keys of 1 to 128 of the bytes
    /// `[a-zA-Z0-9=/+_-]` that do not begin with `vault-`, and values of at most 512 bytes.
    metadata(map) => params.metadata;
    /// Takes the place of all policies; empty clears them. `root` is not allowed.
    policies(texts) => params.policies;
    /// Takes the place of all entities that belong to it; empty clears them. Not for external groups.
    member_entity_ids(values(EntityId)) => params.member_entity_ids;
    /// Takes the place of all groups that belong to it; empty clears them. Not for external groups.
    member_group_ids(values(GroupId)) => params.member_group_ids;
});

/// Creates a group, or updates the one that has the name or the identifier.
///
/// ```
/// use identity_core::group::{CreateGroup, GroupType};
///
/// let ours = CreateGroup::named("ops").policies(["ops"]).member_entity_ids(["7fbd40c1"]);
/// let theirs = CreateGroup::named("ldap-ops").group_type(GroupType::External).policies(["ops"]);
/// println!("{ours:?} {theirs:?}");
/// ```
///
/// Without a name and an identifier each call makes another group, so that it must not be repeated blindly.
///
/// API: `POST /identity/group`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateGroup {
    /// The name, which may be any text; generated if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The group to update. An identifier that does not exist is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupId>,
    /// What the group is given.
    #[serde(flatten)]
    pub params: GroupParams,
}

impl CreateGroup {
    /// A group with a name that the server makes up.
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// A group of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::default().name(name)
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        require_non_empty("id", &self.id)?;
        self.params.check()
    }
}

setters!(CreateGroup {
    /// The name; with [`id`](Self::id), the new name.
    name(text) => name;
    /// The group to update.
    id(value(GroupId)) => id;
});

/// Reads a group by its identifier.
///
/// API: `GET /identity/group/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadGroupById {
    /// The group.
    pub id: GroupId,
}

/// Updates a group by its identifier. What is not set stays as it is.
///
/// Returns `None`, and from Vault before 1.2 the identifier and the name of the group.
///
/// API: `POST /identity/group/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateGroupById {
    /// The group. One that does not exist is refused with 400, not 404.
    #[serde(skip)]
    pub id: GroupId,
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the group is given.
    #[serde(flatten)]
    pub params: GroupParams,
}

impl UpdateGroupById {
    /// The group of this identifier.
    pub fn new(id: impl Into<GroupId>) -> Self {
        Self { id: id.into(), name: None, params: GroupParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        self.params.check()
    }
}

setters!(UpdateGroupById {
    /// The new name.
    name(text) => name;
});

/// Deletes a group by its identifier. Its members stay, and so does its identifier in their
/// `parent_group_ids`. That there is none is no error.
///
/// API: `DELETE /identity/group/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteGroupById {
    /// The group.
    pub id: GroupId,
}

/// Lists all groups with what the server tells of each. There is no paging.
///
/// API: `LIST /identity/group/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGroups {}

impl ListGroups {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Creates the group of a name, or updates it.
///
/// A name that a path cannot carry goes through [`CreateGroup`].
///
/// API: `POST /identity/group/name/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteGroupByName {
    /// The name, found in any case.
    #[serde(skip)]
    pub name: String,
    /// What the group is given.
    #[serde(flatten)]
    pub params: GroupParams,
}

impl WriteGroupByName {
    /// The group of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), params: GroupParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        self.params.check()
    }
}

/// Reads a group by its name, in any case.
///
/// A name that a path cannot carry goes through [`LookupGroup`](crate::lookup::LookupGroup).
///
/// API: `GET /identity/group/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadGroupByName {
    /// The name.
    pub name: String,
}

/// Deletes a group by its name. Its members stay. That there is none is no error.
///
/// API: `DELETE /identity/group/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteGroupByName {
    /// The name, found in any case.
    pub name: String,
}

/// Lists the names of all groups. The server tells nothing more of them here; [`ListGroups`] gives names and
/// identifiers.
///
/// API: `LIST /identity/group/name`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGroupNames {}

impl ListGroupNames {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
