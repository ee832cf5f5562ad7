//! Entities: persons and machines, each with policies and metadata.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{
    EntityAliasId, EntityId, GroupId, KeyList, Upsert,
    alias::{AliasRef, EntityAlias},
    de,
    error::RequestError,
    metadata, ser,
};

endpoint!(CreateEntity:        POST   "identity/entity" checked json idempotent(|e| e.name.is_some() || e.id.is_some()) creates -> upsert(Upsert<CreatedEntity>), same name);
endpoint!(ReadEntityById:      GET    "identity/entity/id/{id}" [id: path_name] -> data(Entity), same id);
endpoint!(UpdateEntityById:    POST   "identity/entity/id/{id}" [id: path_name] checked json idempotent -> optional_data(Option<CreatedEntity>), same id);
endpoint!(DeleteEntityById:    DELETE "identity/entity/id/{id}" [id: path_name] -> no_content(()));
endpoint!(ListEntities:        LIST   "identity/entity/id" -> list(KeyList<EntityId, EntityInfo>));
endpoint!(WriteEntityByName:   POST   "identity/entity/name/{name}" [name] checked json idempotent creates -> upsert(Upsert<CreatedEntity>), same name);
endpoint!(ReadEntityByName:    GET    "identity/entity/name/{name}" [name] -> data(Entity), same name);
endpoint!(DeleteEntityByName:  DELETE "identity/entity/name/{name}" [name] -> no_content(()));
endpoint!(ListEntityNames:     LIST   "identity/entity/name" -> list(KeyList<String, ()>));
endpoint!(MergeEntities:       POST   "identity/entity/merge" checked json -> no_content(()));
endpoint!(BatchDeleteEntities: POST   "identity/entity/batch-delete" checked json idempotent -> no_content(()));

new_with_one_field! {
    ReadEntityById { id: EntityId }
    DeleteEntityById { id: EntityId }
    ReadEntityByName { name: String }
    DeleteEntityByName { name: String }
}

/// Someone or something that logs in, by whichever auth method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entity {
    /// The identifier.
    pub id: EntityId,
    /// The name, in the case it was given in; the server finds it in any.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The identifier of the namespace, `root` in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// What was written with the entity.
    #[serde(default, deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// The entity's own policies, sorted and in lower case; those of its groups are not among them.
    #[serde(default, deserialize_with = "de::list")]
    pub policies: Vec<String>,
    /// Whether the entity is barred: no log-in, and its tokens are refused.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub disabled: bool,
    /// The names that the entity has at auth mounts.
    #[serde(default, deserialize_with = "de::list")]
    pub aliases: Vec<EntityAlias>,
    /// The groups that the entity is a member of.
    #[serde(default, deserialize_with = "de::list")]
    pub direct_group_ids: Vec<GroupId>,
    /// The groups that those groups are in turn members of.
    #[serde(default, deserialize_with = "de::list")]
    pub inherited_group_ids: Vec<GroupId>,
    /// The direct and the inherited groups.
    #[serde(default, deserialize_with = "de::list")]
    pub group_ids: Vec<GroupId>,
    /// A hash that Vault before 1.2 returns. `None` from later servers.
    #[serde(default, deserialize_with = "de::empty_as_none", skip_serializing_if = "Option::is_none")]
    pub bucket_key_hash: Option<String>,
    /// The entities that were merged into this one.
    #[serde(default, deserialize_with = "de::list")]
    pub merged_entity_ids: Vec<EntityId>,
    /// When the entity was made.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// When the entity was changed last. A change of its aliases does not count.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub last_update_time: Option<Timestamp>,
}

impl Entity {
    /// One to answer with, in a test; the other fields are empty.
    pub fn new(id: impl Into<EntityId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }
}

/// What a list of entities tells of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EntityInfo {
    /// The name.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The names that the entity has at auth mounts.
    #[serde(deserialize_with = "de::list")]
    pub aliases: Vec<AliasRef<EntityAliasId>>,
}

/// An entity as a write returns it. Vault before 1.2 returns it for updates too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedEntity {
    /// The identifier.
    pub id: EntityId,
    /// The name, generated if none was given. Empty from Vault before 1.2, which does not return it.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The identifiers of its aliases: none, in what servers are known to answer.
    #[serde(default, deserialize_with = "de::list")]
    pub aliases: Vec<EntityAliasId>,
}

impl CreatedEntity {
    /// One to answer with, in a test; the other fields are empty.
    pub fn new(id: impl Into<EntityId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }
}

/// What an entity can be given. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EntityParams {
    /// Takes the place of all metadata; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Takes the place of all policies; empty clears them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub policies: Option<Vec<String>>,
    /// Whether the entity is barred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

impl EntityParams {
    fn check(&self) -> Result<(), RequestError> {
        metadata::check(&self.metadata)?;
        ser::require_joinable("policies", self.policies.as_ref())
    }
}

setters!(CreateEntity, UpdateEntityById, WriteEntityByName {
    /// Replaces all metadata; an empty map clears it. At most 64 pairs, with keys of 1 to 128 of the bytes
    /// `[a-zA-Z0-9=/+_-]` that do not begin with `vault-`, and values of at most 512 bytes.
    metadata(map) => params.metadata;
    /// Takes the place of all policies; empty clears them. `root` is not allowed.
    policies(texts) => params.policies;
    /// Bars the entity, or lets it in again.
    disabled(flag) => params.disabled;
});

/// Creates an entity, or updates the one that has the name or the identifier.
///
/// ```
/// use identity_core::entity::CreateEntity;
///
/// let create = CreateEntity::named("alice").policies(["dev"]).metadata([("team", "eng")]);
/// println!("{create:?}");
/// ```
///
/// Without a name and an identifier each call makes another entity, so that it must not be repeated blindly.
///
/// API: `POST /identity/entity`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateEntity {
    /// The name, which may be any text; generated if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The entity to update. An identifier that does not exist is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// What the entity is given.
    #[serde(flatten)]
    pub params: EntityParams,
}

impl CreateEntity {
    /// An entity with a name that the server makes up.
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// An entity of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::default().name(name)
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        require_non_empty("id", &self.id)?;
        self.params.check()
    }
}

setters!(CreateEntity {
    /// The name; with [`id`](Self::id), the new name.
    name(text) => name;
    /// The entity to update.
    id(value(EntityId)) => id;
});

/// Reads an entity by its identifier.
///
/// API: `GET /identity/entity/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadEntityById {
    /// The entity.
    pub id: EntityId,
}

/// Updates an entity by its identifier. What is not set stays as it is.
///
/// Returns `None`, and from Vault before 1.2 the identifiers of the entity and its aliases.
///
/// API: `POST /identity/entity/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateEntityById {
    /// The entity. One that does not exist is refused with 400, not 404.
    #[serde(skip)]
    pub id: EntityId,
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the entity is given.
    #[serde(flatten)]
    pub params: EntityParams,
}

impl UpdateEntityById {
    /// The entity of this identifier.
    pub fn new(id: impl Into<EntityId>) -> Self {
        Self { id: id.into(), name: None, params: EntityParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        self.params.check()
    }
}

setters!(UpdateEntityById {
    /// The new name.
    name(text) => name;
});

/// Deletes an entity by its identifier, with its aliases and memberships. That there is none is no error.
///
/// API: `DELETE /identity/entity/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteEntityById {
    /// The entity.
    pub id: EntityId,
}

/// Lists all entities with their names and aliases. There is no paging.
///
/// API: `LIST /identity/entity/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntities {}

impl ListEntities {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Creates the entity of a name, or updates it.
///
/// A name that a path cannot carry goes through [`CreateEntity`].
///
/// API: `POST /identity/entity/name/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteEntityByName {
    /// The name, found in any case.
    #[serde(skip)]
    pub name: String,
    /// An entity that is to get this name, and the rest of what is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// What the entity is given.
    #[serde(flatten)]
    pub params: EntityParams,
}

impl WriteEntityByName {
    /// The entity of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: None, params: EntityParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("id", &self.id)?;
        self.params.check()
    }
}

setters!(WriteEntityByName {
    /// Renames the entity of this identifier.
    id(value(EntityId)) => id;
});

/// Reads an entity by its name, in any case.
///
/// A name that a path cannot carry goes through [`LookupEntity`](crate::lookup::LookupEntity).
///
/// API: `GET /identity/entity/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadEntityByName {
    /// The name.
    pub name: String,
}

/// Deletes an entity by its name, with its aliases and memberships. That there is none is no error.
///
/// API: `DELETE /identity/entity/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteEntityByName {
    /// The name, found in any case.
    pub name: String,
}

/// Lists the names of all entities. The server tells nothing more of them here; [`ListEntities`] gives names
/// and identifiers.
///
/// API: `LIST /identity/entity/name`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntityNames {}

impl ListEntityNames {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Merges entities into one: their aliases, memberships and MFA secrets, not their policies and metadata.
/// They are gone after.
///
/// Where both have an alias on the same mount, the server refuses and names them in
/// [`ApiError::conflicts`](crate::error::ApiError::conflicts); merge from one entity only, and
/// [`keep`](Self::conflicting_alias_ids_to_keep) one alias of each pair. Then read the entity: OpenBao 2.7
/// leaves the other alias behind in ways that differ.
///
/// It cannot be repeated: after the first time there is nothing left to merge from.
///
/// API: `POST /identity/entity/merge`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MergeEntities {
    /// The entity that stays.
    pub to_entity_id: EntityId,
    /// The entities that go, at least one.
    #[serde(serialize_with = "ser::required_list")]
    pub from_entity_ids: Vec<EntityId>,
    /// Whether to merge although several entities have an MFA secret of the same method. It does not settle
    /// clashes of aliases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// The aliases to keep where two are on the same mount.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub conflicting_alias_ids_to_keep: Option<Vec<EntityAliasId>>,
}

impl MergeEntities {
    /// Merges the entities of the second argument into the first.
    pub fn new(to: impl Into<EntityId>, from: impl IntoIterator<Item = impl Into<EntityId>>) -> Self {
        Self {
            to_entity_id: to.into(),
            from_entity_ids: from.into_iter().map(Into::into).collect(),
            force: None,
            conflicting_alias_ids_to_keep: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("to_entity_id", [&self.to_entity_id])?;
        require_non_empty("from_entity_ids", &self.from_entity_ids)?;
        require_non_empty(
            "conflicting_alias_ids_to_keep",
            self.conflicting_alias_ids_to_keep.iter().flatten(),
        )?;
        ser::require_joinable("from_entity_ids", Some(&self.from_entity_ids))?;
        ser::require_joinable("conflicting_alias_ids_to_keep", self.conflicting_alias_ids_to_keep.as_ref())?;
        if self.from_entity_ids.is_empty() {
            return Err(RequestError::new("from_entity_ids", "must name at least one entity"));
        }
        if self.from_entity_ids.contains(&self.to_entity_id) {
            return Err(RequestError::new("from_entity_ids", "must not name the entity that is merged into"));
        }
        Ok(())
    }
}

setters!(MergeEntities {
    /// Merges although several entities have an MFA secret of the same method.
    force(flag) => force;
    /// The aliases to keep where two are on the same mount.
    conflicting_alias_ids_to_keep(values(EntityAliasId)) => conflicting_alias_ids_to_keep;
});

/// Deletes many entities at once. Those that do not exist are passed over.
///
/// API: `POST /identity/entity/batch-delete`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BatchDeleteEntities {
    /// The entities, at least one and at most [`MAX_IDS`](Self::MAX_IDS).
    pub entity_ids: Vec<EntityId>,
}

impl BatchDeleteEntities {
    /// As many entities as one request can name: OpenBao takes 1000 JSON strings, and the field's name is
    /// one.
    pub const MAX_IDS: usize = 999;

    /// The entities of these identifiers.
    pub fn new(ids: impl IntoIterator<Item = impl Into<EntityId>>) -> Self {
        Self { entity_ids: ids.into_iter().map(Into::into).collect() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("entity_ids", &self.entity_ids)?;
        match self.entity_ids.len() {
            0 => Err(RequestError::new("entity_ids", "must name at least one entity")),
            1..=Self::MAX_IDS => Ok(()),
            _ => Err(RequestError::new("entity_ids", "must not name more than 999 entities in one request")),
        }
    }
}
