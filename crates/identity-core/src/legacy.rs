//! Legacy operations, which the server keeps for old clients. Their names are misleading: prefer the
//! replacements.
//!
//! | operations | act on | replacement |
//! |---|---|---|
//! | `CreateAlias`, `ReadAlias`, `UpdateAlias`, … | entity aliases, without custom metadata | [`CreateEntityAlias`], … |
//! | `ReadPersona`, `DeletePersona`, `ListPersonas` | entity aliases | [`ReadEntityAliasById`], … |
//! | `CreatePersona`, `UpdatePersona` | *entities*, which cannot be read as personas | [`CreateEntity`], [`UpdateEntityById`] |
//!
//! [`CreateEntityAlias`]: crate::alias::CreateEntityAlias
//! [`ReadEntityAliasById`]: crate::alias::ReadEntityAliasById
//! [`CreateEntity`]: crate::entity::CreateEntity
//! [`UpdateEntityById`]: crate::entity::UpdateEntityById

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{
    EntityAliasId, EntityId, KeyList, MountAccessor, Upsert,
    alias::{AliasListEntry, AliasWrite, EntityAlias},
    entity::CreatedEntity,
    error::RequestError,
    metadata,
};

endpoint!(CreateAlias:   POST   "identity/alias" checked json idempotent creates -> alias_write(AliasWrite<EntityAliasId, EntityId>), same id canonical_id);
endpoint!(ReadAlias:     GET    "identity/alias/id/{id}" [id: path_name] -> data(EntityAlias), same id);
endpoint!(UpdateAlias:   POST   "identity/alias/id/{id}" [id: path_name] checked json idempotent -> alias_write(AliasWrite<EntityAliasId, EntityId>), same id canonical_id);
endpoint!(DeleteAlias:   DELETE "identity/alias/id/{id}" [id: path_name] -> no_content(()));
endpoint!(ListAliases:   LIST   "identity/alias/id" -> list(KeyList<EntityAliasId, AliasListEntry<EntityId>>));
endpoint!(CreatePersona: POST   "identity/persona" checked json idempotent(|persona| persona.name.is_some() || persona.id.is_some()) creates -> upsert(Upsert<CreatedEntity>), same name);
endpoint!(ReadPersona:   GET    "identity/persona/id/{id}" [id: path_name] -> data(EntityAlias), same id);
endpoint!(UpdatePersona: POST   "identity/persona/id/{id}" [id: path_name] checked json idempotent -> no_content(()));
endpoint!(DeletePersona: DELETE "identity/persona/id/{id}" [id: path_name] -> no_content(()));
endpoint!(ListPersonas:  LIST   "identity/persona/id" -> list(KeyList<EntityAliasId, AliasListEntry<EntityId>>));

new_with_one_field! {
    ReadAlias { id: EntityAliasId }
    DeleteAlias { id: EntityAliasId }
    ReadPersona { id: EntityAliasId }
    DeletePersona { id: EntityAliasId }
}

/// Creates or updates an entity alias, like [`CreateEntityAlias`](crate::alias::CreateEntityAlias) without
/// custom metadata.
///
/// API: `POST /identity/alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateAlias {
    /// The name at the mount.
    pub name: String,
    /// Accessor of the mount.
    pub mount_accessor: MountAccessor,
    /// The entity. The server creates one if it is `None` and the alias is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
    /// The alias to update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityAliasId>,
}

impl CreateAlias {
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

setters!(CreateAlias {
    /// Sets the alias to update.
    id(value(EntityAliasId)) => id;
});

setters!(CreateAlias, UpdateAlias {
    /// Sets the entity that the alias belongs to.
    canonical_id(value(EntityId)) => canonical_id;
});

/// Updates an entity alias, like [`UpdateEntityAliasById`](crate::alias::UpdateEntityAliasById) without
/// custom metadata.
///
/// API: `POST /identity/alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateAlias {
    /// The alias.
    #[serde(skip)]
    pub id: EntityAliasId,
    /// The new name at the mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Accessor of the new mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_accessor: Option<MountAccessor>,
    /// The new entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
}

impl UpdateAlias {
    /// Creates a request for the alias with this identifier.
    pub fn new(id: impl Into<EntityAliasId>) -> Self {
        Self { id: id.into(), name: None, mount_accessor: None, canonical_id: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        require_non_empty("mount_accessor", &self.mount_accessor)?;
        require_non_empty("canonical_id", &self.canonical_id)
    }
}

setters!(UpdateAlias {
    /// Sets the new name at the mount.
    name(text) => name;
    /// Sets the new mount, by its accessor.
    mount_accessor(value(MountAccessor)) => mount_accessor;
});

/// Reads an entity alias, like [`ReadEntityAliasById`](crate::alias::ReadEntityAliasById).
///
/// API: `GET /identity/alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadAlias {
    /// The alias.
    pub id: EntityAliasId,
}

/// Deletes an entity alias, like [`DeleteEntityAliasById`](crate::alias::DeleteEntityAliasById).
///
/// API: `DELETE /identity/alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteAlias {
    /// The alias.
    pub id: EntityAliasId,
}

/// Lists entity aliases, like [`ListEntityAliases`](crate::alias::ListEntityAliases).
///
/// API: `LIST /identity/alias/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListAliases {}

impl ListAliases {
    /// Creates a request for all entity aliases.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Creates an *entity*, or updates the entity with the given name or identifier, like
/// [`CreateEntity`](crate::entity::CreateEntity) with fewer fields.
///
/// The server also accepts an entity and a mount, and ignores them.
///
/// API: `POST /identity/persona`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreatePersona {
    /// The entity's name. The server generates one if it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The entity to update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// The entity's metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

impl CreatePersona {
    /// Creates a request for the entity with this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::default().name(name)
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        require_non_empty("id", &self.id)?;
        metadata::check(&self.metadata)
    }
}

setters!(CreatePersona {
    /// Sets the entity to update.
    id(value(EntityId)) => id;
});

setters!(CreatePersona, UpdatePersona {
    /// Sets the entity's name.
    name(text) => name;
    /// Replaces all metadata of the entity; an empty map clears it.
    metadata(map) => metadata;
});

/// Updates an *entity*, like [`UpdateEntityById`](crate::entity::UpdateEntityById) with fewer fields.
///
/// API: `POST /identity/persona/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdatePersona {
    /// The entity.
    #[serde(skip)]
    pub id: EntityId,
    /// The entity's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The entity's metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

impl UpdatePersona {
    /// Creates a request for the entity with this identifier.
    pub fn new(id: impl Into<EntityId>) -> Self {
        Self { id: id.into(), name: None, metadata: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        metadata::check(&self.metadata)
    }
}

/// Reads an *entity alias*, like [`ReadEntityAliasById`](crate::alias::ReadEntityAliasById).
///
/// API: `GET /identity/persona/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadPersona {
    /// The alias.
    pub id: EntityAliasId,
}

/// Deletes an *entity alias*, like [`DeleteEntityAliasById`](crate::alias::DeleteEntityAliasById).
///
/// API: `DELETE /identity/persona/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletePersona {
    /// The alias.
    pub id: EntityAliasId,
}

/// Lists *entity aliases*, like [`ListEntityAliases`](crate::alias::ListEntityAliases).
///
/// API: `LIST /identity/persona/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPersonas {}

impl ListPersonas {
    /// Creates a request for all entity aliases.
    pub fn new() -> Self {
        Self::default()
    }
}
