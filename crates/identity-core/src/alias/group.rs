use serde::Serialize;

use crate::alias::{AliasListEntry, AliasWrite, GroupAlias};
use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{GroupAliasId, GroupId, KeyList, MountAccessor, error::RequestError};

endpoint!(CreateGroupAlias:     POST   "identity/group-alias" checked json creates -> alias_write(AliasWrite<GroupAliasId, GroupId>), same id canonical_id);
endpoint!(ReadGroupAliasById:   GET    "identity/group-alias/id/{id}" [id: path_name] -> data(GroupAlias), same id);
endpoint!(UpdateGroupAliasById: POST   "identity/group-alias/id/{id}" [id: path_name] checked json idempotent -> alias_write(AliasWrite<GroupAliasId, GroupId>), same id canonical_id);
endpoint!(DeleteGroupAliasById: DELETE "identity/group-alias/id/{id}" [id: path_name] -> no_content(()));
endpoint!(ListGroupAliases:     LIST   "identity/group-alias/id" -> list(KeyList<GroupAliasId, AliasListEntry<GroupId>>));

new_with_one_field! {
    ReadGroupAliasById { id: GroupAliasId }
    DeleteGroupAliasById { id: GroupAliasId }
}

/// Creates an alias of an external group. A group has at most one alias: a second one replaces the first.
///
/// The request is not idempotent: the server rejects a name and mount that are already in use, even by the
/// same group. [`AliasWrite::Unchanged`] is only possible with an [`id`](Self::id).
///
/// ```
/// use identity_core::{Endpoint, Target, alias::CreateGroupAlias};
///
/// let create = CreateGroupAlias::new("cn=ops", "auth_ldap_2c1f5e6a").canonical_id("g1");
/// let request = create.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(
///     request.body(),
///     r#"{"name":"cn=ops","mount_accessor":"auth_ldap_2c1f5e6a","canonical_id":"g1"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/group-alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateGroupAlias {
    /// The name at the mount, such as the name of a group in a directory.
    pub name: String,
    /// Accessor of the mount.
    pub mount_accessor: MountAccessor,
    /// The group. The server creates an external group if it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<GroupId>,
    /// The alias to update. The server rejects an unknown identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupAliasId>,
}

impl CreateGroupAlias {
    /// Creates a request for the alias with this name at this mount.
    pub fn new(name: impl Into<String>, mount_accessor: impl Into<MountAccessor>) -> Self {
        Self { name: name.into(), mount_accessor: mount_accessor.into(), canonical_id: None, id: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", [&self.name])?;
        require_non_empty("mount_accessor", [&self.mount_accessor])?;
        require_non_empty("canonical_id", &self.canonical_id)?;
        require_non_empty("id", &self.id)
    }
}

setters!(CreateGroupAlias {
    /// Sets the alias to update.
    id(value(GroupAliasId)) => id;
});

setters!(CreateGroupAlias, UpdateGroupAliasById {
    /// Sets the group that the alias belongs to.
    canonical_id(value(GroupId)) => canonical_id;
});

/// Reads a group alias by its identifier. Fails with [`is_not_found`](crate::Error::is_not_found) if it does
/// not exist.
///
/// API: `GET /identity/group-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadGroupAliasById {
    /// The alias.
    pub id: GroupAliasId,
}

/// Updates a group alias by its identifier. The server requires the name and the mount in every update.
///
/// API: `POST /identity/group-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateGroupAliasById {
    /// The alias. The server responds with 400, not 404, if it does not exist.
    #[serde(skip)]
    pub id: GroupAliasId,
    /// The name at the mount. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Accessor of the mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_accessor: Option<MountAccessor>,
    /// The new group. `None` keeps the current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<GroupId>,
}

impl UpdateGroupAliasById {
    /// Creates a request for the alias with this identifier.
    pub fn new(id: impl Into<GroupAliasId>) -> Self {
        Self { id: id.into(), name: None, mount_accessor: None, canonical_id: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        let required =
            |field| RequestError::new(field, "must be set: the server requires it in every update");
        require_non_empty("name", [self.name.as_ref().ok_or_else(|| required("name"))?])?;
        require_non_empty(
            "mount_accessor",
            [self.mount_accessor.as_ref().ok_or_else(|| required("mount_accessor"))?],
        )?;
        require_non_empty("canonical_id", &self.canonical_id)
    }
}

setters!(UpdateGroupAliasById {
    /// Sets the name at the mount. Required.
    name(text) => name;
    /// Sets the mount. Required.
    mount_accessor(value(MountAccessor)) => mount_accessor;
});

/// Deletes a group alias by its identifier. The group remains. Succeeds if it does not exist.
///
/// API: `DELETE /identity/group-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteGroupAliasById {
    /// The alias.
    pub id: GroupAliasId,
}

/// Lists all group aliases with their names, mounts and groups, without paging.
///
/// API: `LIST /identity/group-alias/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGroupAliases {}

impl ListGroupAliases {
    /// Creates a request for all group aliases.
    pub fn new() -> Self {
        Self::default()
    }
}
