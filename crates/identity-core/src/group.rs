//! Groups: entities and other groups that share policies.

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

/// A group: entities and other groups that share policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// The identifier.
    pub id: GroupId,
    /// The name, in its original case. Lookups ignore case.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// How membership is managed.
    #[serde(default, rename = "type", deserialize_with = "de::null_as_default")]
    pub group_type: GroupType,
    /// Identifier of the namespace; `root` in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// The metadata.
    #[serde(default, deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// The policies, sorted and in lower case.
    #[serde(default, deserialize_with = "de::list")]
    pub policies: Vec<String>,
    /// The member entities, sorted.
    #[serde(default, deserialize_with = "de::list")]
    pub member_entity_ids: Vec<EntityId>,
    /// The member groups, sorted.
    #[serde(default, deserialize_with = "de::list")]
    pub member_group_ids: Vec<GroupId>,
    /// The parent groups, including deleted ones.
    #[serde(default, deserialize_with = "de::list")]
    pub parent_group_ids: Vec<GroupId>,
    /// The alias of an external group.
    #[serde(default, deserialize_with = "de::empty_object_as_none")]
    pub alias: Option<GroupAlias>,
    /// Number of times the group has been written.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub modify_index: u64,
    /// Time of creation.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// Time of the last change.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub last_update_time: Option<Timestamp>,
}

impl Group {
    /// Creates a value for use in tests. All other fields are empty.
    pub fn new(id: impl Into<GroupId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }
}

open_enum! {
    /// How a group's membership is managed. Immutable after creation.
    #[derive(Default)]
    pub enum GroupType {
        /// Members are set in requests that write the group.
        #[default]
        Internal = "internal",
        /// Members are assigned by an auth method at login, through the group's alias.
        External = "external",
    }
}

/// A group in the result of [`ListGroups`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GroupInfo {
    /// The name.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Number of member entities.
    #[serde(deserialize_with = "de::null_as_default")]
    pub num_member_entities: u64,
    /// Number of parent groups.
    #[serde(deserialize_with = "de::null_as_default")]
    pub num_parent_groups: u64,
    /// The alias of an external group.
    #[serde(deserialize_with = "de::empty_object_as_none")]
    pub alias: Option<AliasRef<GroupAliasId>>,
}

/// The response to a write that created a group. Vault before 1.2 returns it for updates too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedGroup {
    /// The identifier.
    pub id: GroupId,
    /// The name, generated if the request had none.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
}

impl CreatedGroup {
    /// Creates a value for use in tests. All other fields are empty.
    pub fn new(id: impl Into<GroupId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

/// The settings of a group. A field that is `None` is not sent and keeps its current value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GroupParams {
    /// How membership is managed. Immutable after creation. Defaults to internal.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub group_type: Option<GroupType>,
    /// Replaces all metadata; an empty map clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Replaces all policies; an empty list clears them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub policies: Option<Vec<String>>,
    /// Replaces all member entities; an empty list clears them. Not for external groups.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub member_entity_ids: Option<Vec<EntityId>>,
    /// Replaces all member groups; an empty list clears them. Not for external groups.
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
            let reject = |name| {
                Err(RequestError::new(name, "cannot be set for an external group, even to an empty list"))
            };
            if self.member_entity_ids.is_some() {
                return reject("member_entity_ids");
            }
            if self.member_group_ids.is_some() {
                return reject("member_group_ids");
            }
        }
        Ok(())
    }
}

setters!(CreateGroup, UpdateGroupById, WriteGroupByName {
    /// Sets how membership is managed. Immutable after creation. Defaults to internal.
    group_type(value(GroupType)) => params.group_type;
    /// Replaces all metadata; an empty map clears it. At most 64 pairs, with keys of 1 to 128 of the bytes
    /// `[a-zA-Z0-9=/+_-]` that do not begin with `vault-`, and values of at most 512 bytes.
    metadata(map) => params.metadata;
    /// Replaces all policies; an empty list clears them. The server rejects `root`.
    policies(texts) => params.policies;
    /// Replaces all member entities; an empty list clears them. Not for external groups.
    member_entity_ids(values(EntityId)) => params.member_entity_ids;
    /// Replaces all member groups; an empty list clears them. Not for external groups.
    member_group_ids(values(GroupId)) => params.member_group_ids;
});

/// Creates a group, or updates the group with the given name or identifier.
///
/// ```
/// use identity_core::group::{CreateGroup, GroupType};
///
/// let ours = CreateGroup::named("ops").policies(["ops"]).member_entity_ids(["7fbd40c1"]);
/// let theirs = CreateGroup::named("ldap-ops").group_type(GroupType::External).policies(["ops"]);
/// println!("{ours:?} {theirs:?}");
/// ```
///
/// Without a name or an identifier, the request is not idempotent: each call creates another group.
///
/// API: `POST /identity/group`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateGroup {
    /// The name, which may contain any characters. The server generates one if it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The group to update. The server rejects an unknown identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupId>,
    /// The settings.
    #[serde(flatten)]
    pub params: GroupParams,
}

impl CreateGroup {
    /// Creates a request for a new group, whose name the server generates.
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// Creates a request for the group with this name.
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
    /// Sets the name; with [`id`](Self::id), the new name.
    name(text) => name;
    /// Sets the group to update.
    id(value(GroupId)) => id;
});

/// Reads a group by its identifier. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not
/// exist.
///
/// API: `GET /identity/group/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadGroupById {
    /// The group.
    pub id: GroupId,
}

/// Updates a group by its identifier. Settings that are not set keep their values.
///
/// ```
/// use identity_core::{Endpoint, Target, group::UpdateGroupById};
///
/// let update = UpdateGroupById::new("g1").member_entity_ids(["e1", "e2"]);
/// let request = update.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/group/id/g1");
/// assert_eq!(request.body(), r#"{"member_entity_ids":["e1","e2"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Returns `None`. Vault before 1.2 returns the identifier and the name of the group.
///
/// API: `POST /identity/group/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateGroupById {
    /// The group. The server responds with 400, not 404, if it does not exist.
    #[serde(skip)]
    pub id: GroupId,
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The settings.
    #[serde(flatten)]
    pub params: GroupParams,
}

impl UpdateGroupById {
    /// Creates a request for the group with this identifier.
    pub fn new(id: impl Into<GroupId>) -> Self {
        Self { id: id.into(), name: None, params: GroupParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        self.params.check()
    }
}

setters!(UpdateGroupById {
    /// Sets the new name.
    name(text) => name;
});

/// Deletes a group by its identifier. Its members remain, and their `parent_group_ids` keep its identifier.
/// Succeeds if it does not exist.
///
/// API: `DELETE /identity/group/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteGroupById {
    /// The group.
    pub id: GroupId,
}

/// Lists all groups with their names and numbers of members, without paging.
///
/// API: `LIST /identity/group/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGroups {}

impl ListGroups {
    /// Creates a request for all groups.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Creates the group with this name, or updates it.
///
/// A path cannot contain some names, such as `..`: write those with [`CreateGroup`].
///
/// API: `POST /identity/group/name/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteGroupByName {
    /// The name. Its case is ignored.
    #[serde(skip)]
    pub name: String,
    /// The settings.
    #[serde(flatten)]
    pub params: GroupParams,
}

impl WriteGroupByName {
    /// Creates a request for the group with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), params: GroupParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        self.params.check()
    }
}

/// Reads a group by its name, ignoring case. Fails with [`is_not_found`](crate::Error::is_not_found) if it
/// does not exist.
///
/// ```
/// use identity_core::{Endpoint, http, group::ReadGroupByName};
///
/// let body = r#"{"data":{"id":"g1","name":"ops","type":"internal","policies":["ops"]}}"#;
/// let group = ReadGroupByName::parse_response(&http::Response::new(body))?;
/// assert_eq!(group.policies, ["ops"]);
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// A path cannot contain some names, such as `..`: look those up with
/// [`LookupGroup`](crate::lookup::LookupGroup).
///
/// API: `GET /identity/group/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadGroupByName {
    /// The name.
    pub name: String,
}

/// Deletes a group by its name. Its members remain. Succeeds if it does not exist.
///
/// API: `DELETE /identity/group/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteGroupByName {
    /// The name. Its case is ignored.
    pub name: String,
}

/// Lists the names of all groups. [`ListGroups`] returns names and identifiers.
///
/// API: `LIST /identity/group/name`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGroupNames {}

impl ListGroupNames {
    /// Creates a request for the names of all groups.
    pub fn new() -> Self {
        Self::default()
    }
}
