use std::collections::BTreeMap;

use serde::Serialize;

use crate::alias::{AliasListEntry, AliasWrite, EntityAlias};
use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{EntityAliasId, EntityId, KeyList, MountAccessor, error::RequestError, metadata};

endpoint!(CreateEntityAlias:     POST   "identity/entity-alias" checked json idempotent creates -> alias_write(AliasWrite<EntityAliasId, EntityId>), same id canonical_id);
endpoint!(ReadEntityAliasById:   GET    "identity/entity-alias/id/{id}" [id: path_name] -> data(EntityAlias), same id);
endpoint!(UpdateEntityAliasById: POST   "identity/entity-alias/id/{id}" [id: path_name] checked json idempotent -> alias_write(AliasWrite<EntityAliasId, EntityId>), same id canonical_id);
endpoint!(DeleteEntityAliasById: DELETE "identity/entity-alias/id/{id}" [id: path_name] -> no_content(()));
endpoint!(ListEntityAliases:     LIST   "identity/entity-alias/id" -> list(KeyList<EntityAliasId, AliasListEntry<EntityId>>));

new_with_one_field! {
    ReadEntityAliasById { id: EntityAliasId }
    DeleteEntityAliasById { id: EntityAliasId }
}

/// Gives an entity a name at an auth mount. A name and mount that are taken already are an *update* of that
/// alias: another entity takes it over, and, unless the alias is named by its [`id`](Self::id), custom
/// metadata that is not sent again is lost. To change one field, use [`UpdateEntityAliasById`].
///
/// `Some` tells what was created or changed; `None` means that all was so already, and the server then tells
/// no identifier.
///
/// API: `POST /identity/entity-alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateEntityAlias {
    /// The name at the mount, such as a user name; found in any case.
    pub name: String,
    /// The mount.
    pub mount_accessor: MountAccessor,
    /// The entity. If `None`, and the alias is new, the server makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
    /// The alias to update. An identifier that does not exist is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityAliasId>,
    /// All custom metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<BTreeMap<String, String>>,
}

impl CreateEntityAlias {
    /// The alias of this name at this mount.
    pub fn new(name: impl Into<String>, mount_accessor: impl Into<MountAccessor>) -> Self {
        Self {
            name: name.into(),
            mount_accessor: mount_accessor.into(),
            canonical_id: None,
            id: None,
            custom_metadata: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", [&self.name])?;
        require_non_empty("mount_accessor", [&self.mount_accessor])?;
        require_non_empty("canonical_id", &self.canonical_id)?;
        require_non_empty("id", &self.id)?;
        metadata::check_custom(&self.custom_metadata)
    }
}

setters!(CreateEntityAlias {
    /// The alias to update.
    id(value(EntityAliasId)) => id;
});

setters!(CreateEntityAlias, UpdateEntityAliasById {
    /// The entity that the alias belongs to.
    canonical_id(value(EntityId)) => canonical_id;
    /// Replaces all custom metadata; an empty map clears it. At most 64 pairs, with keys of 1 to 128 bytes
    /// and values of 1 to 512, all of printable characters.
    custom_metadata(map) => custom_metadata;
});

/// Reads an entity alias by its identifier.
///
/// API: `GET /identity/entity-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadEntityAliasById {
    /// The alias.
    pub id: EntityAliasId,
}

/// Updates an entity alias by its identifier. What is not set stays as it is.
///
/// `None` means that all was so already.
///
/// API: `POST /identity/entity-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateEntityAliasById {
    /// The alias. One that does not exist is refused with 400, not 404.
    #[serde(skip)]
    pub id: EntityAliasId,
    /// The new name at the mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_accessor: Option<MountAccessor>,
    /// Another entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
    /// All custom metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<BTreeMap<String, String>>,
}

impl UpdateEntityAliasById {
    /// The alias of this identifier.
    pub fn new(id: impl Into<EntityAliasId>) -> Self {
        Self { id: id.into(), name: None, mount_accessor: None, canonical_id: None, custom_metadata: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        require_non_empty("mount_accessor", &self.mount_accessor)?;
        require_non_empty("canonical_id", &self.canonical_id)?;
        metadata::check_custom(&self.custom_metadata)
    }
}

setters!(UpdateEntityAliasById {
    /// The new name at the mount.
    name(text) => name;
    /// Another mount.
    mount_accessor(value(MountAccessor)) => mount_accessor;
});

/// Deletes an entity alias by its identifier. The entity stays. That there is none is no error.
///
/// API: `DELETE /identity/entity-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteEntityAliasById {
    /// The alias.
    pub id: EntityAliasId,
}

/// Lists all entity aliases with what the server tells of each. There is no paging.
///
/// API: `LIST /identity/entity-alias/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntityAliases {}

impl ListEntityAliases {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
