//! Operations that the server keeps for old clients. Each acts on something else than its name says; take the
//! modern one.
//!
//! | these | act on | take |
//! |---|---|---|
//! | `CreateAlias`, `ReadAlias`, `UpdateAlias`, `DeleteAlias`, `ListAliases` | entity aliases, without custom metadata | [`CreateEntityAlias`](crate::alias::CreateEntityAlias) and so on |
//! | `ReadPersona`, `DeletePersona`, `ListPersonas` | entity aliases | [`ReadEntityAliasById`](crate::alias::ReadEntityAliasById) and so on |
//! | `CreatePersona`, `UpdatePersona` | *entities*: what they make cannot be read as a persona | [`CreateEntity`](crate::entity::CreateEntity), [`UpdateEntityById`](crate::entity::UpdateEntityById) |

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

/// [`CreateEntityAlias`](crate::alias::CreateEntityAlias), without custom metadata.
///
/// API: `POST /identity/alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateAlias {
    /// The name at the mount.
    pub name: String,
    /// The mount.
    pub mount_accessor: MountAccessor,
    /// The entity. If `None`, and the alias is new, the server makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
    /// The alias to update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityAliasId>,
}

impl CreateAlias {
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

setters!(CreateAlias {
    /// The alias to update.
    id(value(EntityAliasId)) => id;
});

setters!(CreateAlias, UpdateAlias {
    /// The entity that the alias belongs to.
    canonical_id(value(EntityId)) => canonical_id;
});

/// [`UpdateEntityAliasById`](crate::alias::UpdateEntityAliasById), without custom metadata.
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
    /// Another mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_accessor: Option<MountAccessor>,
    /// Another entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
}

impl UpdateAlias {
    /// The alias of this identifier.
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
    /// The new name at the mount.
    name(text) => name;
    /// Another mount.
    mount_accessor(value(MountAccessor)) => mount_accessor;
});

/// [`ReadEntityAliasById`](crate::alias::ReadEntityAliasById) by another path.
///
/// API: `GET /identity/alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadAlias {
    /// The alias.
    pub id: EntityAliasId,
}

/// [`DeleteEntityAliasById`](crate::alias::DeleteEntityAliasById) by another path.
///
/// API: `DELETE /identity/alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteAlias {
    /// The alias.
    pub id: EntityAliasId,
}

/// [`ListEntityAliases`](crate::alias::ListEntityAliases) by another path.
///
/// API: `LIST /identity/alias/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListAliases {}

impl ListAliases {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Creates an *entity*, or updates the one of the name: [`CreateEntity`](crate::entity::CreateEntity) with less to
/// say.
///
/// The server also takes an entity and a mount here, and does nothing with them.
///
/// API: `POST /identity/persona`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreatePersona {
    /// The entity's name; generated if `None`.
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
    /// An entity of this name.
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
    /// The entity to update.
    id(value(EntityId)) => id;
});

setters!(CreatePersona, UpdatePersona {
    /// The entity's name.
    name(text) => name;
    /// Takes the place of all the entity's metadata.
    metadata(map) => metadata;
});

/// Updates an *entity*: [`UpdateEntityById`](crate::entity::UpdateEntityById) with less to say.
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
    /// The entity of this identifier.
    pub fn new(id: impl Into<EntityId>) -> Self {
        Self { id: id.into(), name: None, metadata: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        metadata::check(&self.metadata)
    }
}

/// Reads an *entity alias*: [`ReadEntityAliasById`](crate::alias::ReadEntityAliasById) by another path.
///
/// API: `GET /identity/persona/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadPersona {
    /// The alias.
    pub id: EntityAliasId,
}

/// Deletes an *entity alias*: [`DeleteEntityAliasById`](crate::alias::DeleteEntityAliasById) by another path.
///
/// API: `DELETE /identity/persona/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletePersona {
    /// The alias.
    pub id: EntityAliasId,
}

/// Lists *entity aliases*: [`ListEntityAliases`](crate::alias::ListEntityAliases) by another path.
///
/// API: `LIST /identity/persona/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPersonas {}

impl ListPersonas {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
