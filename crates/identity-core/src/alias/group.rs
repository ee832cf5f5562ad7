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

/// Gives an external group its name at an auth mount. A group has one alias at most: a second takes the place
/// of the first.
///
/// A name and mount that are taken already are refused, also by the same group; so it cannot be repeated.
/// `None` is only answered with [`id`](Self::id), and means that all was so already.
///
/// API: `POST /identity/group-alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateGroupAlias {
    /// The name at the mount, such as that of a group in a directory.
    pub name: String,
    /// The mount.
    pub mount_accessor: MountAccessor,
    /// The group. If `None`, the server makes an external one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<GroupId>,
    /// The alias to update. An identifier that does not exist is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupAliasId>,
}

impl CreateGroupAlias {
    /// The alias of this name at this mount.
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
    /// The alias to update.
    id(value(GroupAliasId)) => id;
});

setters!(CreateGroupAlias, UpdateGroupAliasById {
    /// The group that the alias belongs to.
    canonical_id(value(GroupId)) => canonical_id;
});

/// Reads a group alias by its identifier.
///
/// API: `GET /identity/group-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadGroupAliasById {
    /// The alias.
    pub id: GroupAliasId,
}

/// Updates a group alias by its identifier. The server wants the name and the mount every time.
///
/// `None` means that all was so already.
///
/// API: `POST /identity/group-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateGroupAliasById {
    /// The alias. One that does not exist is refused with 400, not 404.
    #[serde(skip)]
    pub id: GroupAliasId,
    /// The name at the mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_accessor: Option<MountAccessor>,
    /// Another group; `None` leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<GroupId>,
}

impl UpdateGroupAliasById {
    /// The alias of this identifier.
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

/// Deletes a group alias by its identifier. The group stays. That there is none is no error.
///
/// API: `DELETE /identity/group-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteGroupAliasById {
    /// The alias.
    pub id: GroupAliasId,
}

/// Lists all group aliases with what the server tells of each. There is no paging.
///
/// API: `LIST /identity/group-alias/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListGroupAliases {}

impl ListGroupAliases {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
