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

/// Creates an alias of an entity, or updates the alias with this name and mount.
///
/// An update moves the alias to the given entity. It also clears custom metadata that is not sent again,
/// unless the alias is identified by its [`id`](Self::id). To change a single field, use
/// [`UpdateEntityAliasById`].
///
/// ```
/// use identity_core::{Endpoint, Target, alias::CreateEntityAlias};
///
/// let create = CreateEntityAlias::new("alice", "auth_userpass_6b81bdea").canonical_id("e1");
/// let request = create.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(
///     request.body(),
///     r#"{"name":"alice","mount_accessor":"auth_userpass_6b81bdea","canonical_id":"e1"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/entity-alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateEntityAlias {
    /// The name at the mount, such as a user name. Its case is ignored.
    pub name: String,
    /// Accessor of the mount.
    pub mount_accessor: MountAccessor,
    /// The entity. The server creates one if it is `None` and the alias is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_id: Option<EntityId>,
    /// The alias to update. The server rejects an unknown identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityAliasId>,
    /// Replaces all custom metadata; an empty map clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<BTreeMap<String, String>>,
}

impl CreateEntityAlias {
    /// Creates a request for the alias with this name at this mount.
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
    /// Sets the alias to update.
    id(value(EntityAliasId)) => id;
});

setters!(CreateEntityAlias, UpdateEntityAliasById {
    /// Sets the entity that the alias belongs to.
    canonical_id(value(EntityId)) => canonical_id;
    /// Replaces all custom metadata; an empty map clears it. At most 64 pairs, with keys of 1 to 128 bytes
    /// and values of 1 to 512 bytes, all of printable characters.
    custom_metadata(map) => custom_metadata;
});

/// Reads an entity alias by its identifier. Fails with [`is_not_found`](crate::Error::is_not_found) if it
/// does not exist.
///
/// API: `GET /identity/entity-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadEntityAliasById {
    /// The alias.
    pub id: EntityAliasId,
}

/// Updates an entity alias by its identifier. Fields that are not set keep their values.
///
/// API: `POST /identity/entity-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateEntityAliasById {
    /// The alias. The server responds with 400, not 404, if it does not exist.
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
    /// Replaces all custom metadata; an empty map clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<BTreeMap<String, String>>,
}

impl UpdateEntityAliasById {
    /// Creates a request for the alias with this identifier.
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
    /// Sets the new name at the mount.
    name(text) => name;
    /// Sets the new mount, by its accessor.
    mount_accessor(value(MountAccessor)) => mount_accessor;
});

/// Deletes an entity alias by its identifier. The entity remains. Succeeds if it does not exist.
///
/// API: `DELETE /identity/entity-alias/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteEntityAliasById {
    /// The alias.
    pub id: EntityAliasId,
}

/// Lists all entity aliases with their names, mounts and entities, without paging.
///
/// API: `LIST /identity/entity-alias/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntityAliases {}

impl ListEntityAliases {
    /// Creates a request for all entity aliases.
    pub fn new() -> Self {
        Self::default()
    }
}
