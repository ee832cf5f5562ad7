//! Entities: the people and machines that log in, each with policies and metadata.

mod bulk;

pub use bulk::*;

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

new_with_one_field! {
    ReadEntityById { id: EntityId }
    DeleteEntityById { id: EntityId }
    ReadEntityByName { name: String }
    DeleteEntityByName { name: String }
}

/// An entity: a person or machine that logs in, through any number of auth methods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entity {
    /// The identifier.
    pub id: EntityId,
    /// The name, in its original case. Lookups ignore case.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Identifier of the namespace; `root` in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// The metadata.
    #[serde(default, deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// The entity's own policies, sorted and in lower case. Policies of its groups are not included.
    #[serde(default, deserialize_with = "de::list")]
    pub policies: Vec<String>,
    /// Whether the entity is disabled: it cannot log in, and its tokens are rejected.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub disabled: bool,
    /// The aliases of the entity.
    #[serde(default, deserialize_with = "de::list")]
    pub aliases: Vec<EntityAlias>,
    /// The groups that list the entity as a member.
    #[serde(default, deserialize_with = "de::list")]
    pub direct_group_ids: Vec<GroupId>,
    /// The ancestors of those groups.
    #[serde(default, deserialize_with = "de::list")]
    pub inherited_group_ids: Vec<GroupId>,
    /// All direct and inherited groups.
    #[serde(default, deserialize_with = "de::list")]
    pub group_ids: Vec<GroupId>,
    /// A hash from Vault before 1.2. `None` from later servers.
    #[serde(default, deserialize_with = "de::empty_as_none", skip_serializing_if = "Option::is_none")]
    pub bucket_key_hash: Option<String>,
    /// The entities merged into this one.
    #[serde(default, deserialize_with = "de::list")]
    pub merged_entity_ids: Vec<EntityId>,
    /// Time of creation.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// Time of the last change. Changes of aliases do not count.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub last_update_time: Option<Timestamp>,
}

impl Entity {
    /// Creates a value for use in tests. All other fields are empty.
    pub fn new(id: impl Into<EntityId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }
}

/// An entity in the result of [`ListEntities`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EntityInfo {
    /// The name.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The aliases of the entity.
    #[serde(deserialize_with = "de::list")]
    pub aliases: Vec<AliasRef<EntityAliasId>>,
}

/// The response to a write that created an entity. Vault before 1.2 returns it for updates too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedEntity {
    /// The identifier.
    pub id: EntityId,
    /// The name, generated if the request had none. Empty from Vault before 1.2, which does not return it.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The identifiers of its aliases. Empty from all known servers.
    #[serde(default, deserialize_with = "de::list")]
    pub aliases: Vec<EntityAliasId>,
}

impl CreatedEntity {
    /// Creates a value for use in tests. All other fields are empty.
    pub fn new(id: impl Into<EntityId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), ..Self::default() }
    }
}

/// The settings of an entity. A field that is `None` is not sent and keeps its current value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EntityParams {
    /// Replaces all metadata; an empty map clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Replaces all policies; an empty list clears them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub policies: Option<Vec<String>>,
    /// Whether the entity is disabled.
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
    /// Replaces all policies; an empty list clears them. The server rejects `root`.
    policies(texts) => params.policies;
    /// Disables or enables the entity. A disabled entity cannot log in, and its tokens are rejected.
    disabled(flag) => params.disabled;
});

/// Creates an entity, or updates the entity with the given name or identifier.
///
/// ```
/// use identity_core::entity::CreateEntity;
///
/// let create = CreateEntity::named("alice").policies(["dev"]).metadata([("team", "eng")]);
/// println!("{create:?}");
/// ```
///
/// Without a name or an identifier, the request is not idempotent: each call creates another entity.
///
/// API: `POST /identity/entity`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreateEntity {
    /// The name, which may contain any characters. The server generates one if it is `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The entity to update. The server rejects an unknown identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// The settings.
    #[serde(flatten)]
    pub params: EntityParams,
}

impl CreateEntity {
    /// Creates a request for a new entity, whose name the server generates.
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// Creates a request for the entity with this name.
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
    /// Sets the name; with [`id`](Self::id), the new name.
    name(text) => name;
    /// Sets the entity to update.
    id(value(EntityId)) => id;
});

/// Reads an entity by its identifier. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not
/// exist.
///
/// ```
/// use identity_core::{Endpoint, http, entity::ReadEntityById};
///
/// let response = http::Response::new(r#"{"data":{"id":"e1","name":"alice","disabled":true}}"#);
/// let entity = ReadEntityById::parse_response(&response)?;
/// assert_eq!(entity.name, "alice");
/// assert!(entity.disabled);
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `GET /identity/entity/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadEntityById {
    /// The entity.
    pub id: EntityId,
}

/// Updates an entity by its identifier. Settings that are not set keep their values.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::UpdateEntityById};
///
/// let update = UpdateEntityById::new("e1").disabled(true);
/// let request = update.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/entity/id/e1");
/// assert_eq!(request.body(), r#"{"disabled":true}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Returns `None`. Vault before 1.2 returns the identifiers of the entity and its aliases.
///
/// API: `POST /identity/entity/id/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdateEntityById {
    /// The entity. The server responds with 400, not 404, if it does not exist.
    #[serde(skip)]
    pub id: EntityId,
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The settings.
    #[serde(flatten)]
    pub params: EntityParams,
}

impl UpdateEntityById {
    /// Creates a request for the entity with this identifier.
    pub fn new(id: impl Into<EntityId>) -> Self {
        Self { id: id.into(), name: None, params: EntityParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("name", &self.name)?;
        self.params.check()
    }
}

setters!(UpdateEntityById {
    /// Sets the new name.
    name(text) => name;
});

/// Deletes an entity by its identifier, with its aliases and group memberships. Succeeds if it does not
/// exist.
///
/// API: `DELETE /identity/entity/id/:id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteEntityById {
    /// The entity.
    pub id: EntityId,
}

/// Lists all entities with their names and aliases, without paging.
///
/// ```
/// use identity_core::{Endpoint, EntityId, http, entity::ListEntities};
///
/// let body = r#"{"data":{"keys":["e1"],"key_info":{"e1":{"name":"alice"}}}}"#;
/// let list = ListEntities::parse_response(&http::Response::new(body))?;
/// assert_eq!(list.key_info[&EntityId::from("e1")].name, "alice");
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `LIST /identity/entity/id`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntities {}

impl ListEntities {
    /// Creates a request for all entities.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Creates the entity with this name, or updates it.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::WriteEntityByName};
///
/// let write = WriteEntityByName::new("alice").policies(["dev"]);
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/entity/name/alice");
/// assert_eq!(request.body(), r#"{"policies":["dev"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A path cannot contain some names, such as `..`: write those with [`CreateEntity`].
///
/// API: `POST /identity/entity/name/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteEntityByName {
    /// The name. Its case is ignored.
    #[serde(skip)]
    pub name: String,
    /// An entity to rename to this name, and to update with the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EntityId>,
    /// The settings.
    #[serde(flatten)]
    pub params: EntityParams,
}

impl WriteEntityByName {
    /// Creates a request for the entity with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: None, params: EntityParams::default() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("id", &self.id)?;
        self.params.check()
    }
}

setters!(WriteEntityByName {
    /// Renames the entity with this identifier.
    id(value(EntityId)) => id;
});

/// Reads an entity by its name, ignoring case. Fails with [`is_not_found`](crate::Error::is_not_found) if it
/// does not exist.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::ReadEntityByName};
///
/// let request = ReadEntityByName::new("team/alice").request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/entity/name/team%2Falice");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A path cannot contain some names, such as `..`: look those up with
/// [`LookupEntity`](crate::lookup::LookupEntity).
///
/// API: `GET /identity/entity/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadEntityByName {
    /// The name.
    pub name: String,
}

/// Deletes an entity by its name, with its aliases and group memberships. Succeeds if it does not exist.
///
/// API: `DELETE /identity/entity/name/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteEntityByName {
    /// The name. Its case is ignored.
    pub name: String,
}

/// Lists the names of all entities. [`ListEntities`] returns names and identifiers.
///
/// API: `LIST /identity/entity/name`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntityNames {}

impl ListEntityNames {
    /// Creates a request for the names of all entities.
    pub fn new() -> Self {
        Self::default()
    }
}
