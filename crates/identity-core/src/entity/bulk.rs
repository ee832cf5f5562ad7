use serde::Serialize;

use crate::check::require_non_empty;
use crate::macros::{endpoint, setters};
use crate::{EntityAliasId, EntityId, error::RequestError, ser};

endpoint!(MergeEntities:       POST   "identity/entity/merge" checked json -> no_content(()));
endpoint!(BatchDeleteEntities: POST   "identity/entity/batch-delete" checked json idempotent -> no_content(()));

/// Merges entities into one. Aliases, group memberships and MFA secrets move; policies and metadata do not.
/// The merged entities are deleted.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::MergeEntities};
///
/// let request = MergeEntities::new("e1", ["e2"]).request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.body(), r#"{"to_entity_id":"e1","from_entity_ids":["e2"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The server rejects the merge if two entities have an alias on the same mount, and lists them in
/// [`ApiError::conflicts`](crate::error::ApiError::conflicts). To resolve this, merge from a single entity
/// and [keep](Self::conflicting_alias_ids_to_keep) one alias of each pair. Read the entity afterwards:
/// OpenBao 2.7 does not always remove the other alias.
///
/// The request is not idempotent: a second call finds no entities to merge from.
///
/// API: `POST /identity/entity/merge`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MergeEntities {
    /// The entity to merge into.
    pub to_entity_id: EntityId,
    /// The entities to merge from, at least one. They are deleted.
    #[serde(serialize_with = "ser::required_list")]
    pub from_entity_ids: Vec<EntityId>,
    /// Whether to merge entities that have MFA secrets of the same method. Alias conflicts are still
    /// rejected. Defaults to `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// Aliases to keep, one of each pair on the same mount.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub conflicting_alias_ids_to_keep: Option<Vec<EntityAliasId>>,
}

impl MergeEntities {
    /// Creates a request that merges the entities `from` into `to`.
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
            return Err(RequestError::new("from_entity_ids", "must contain at least one entity"));
        }
        if self.from_entity_ids.contains(&self.to_entity_id) {
            return Err(RequestError::new("from_entity_ids", "must not contain `to_entity_id`"));
        }
        Ok(())
    }
}

setters!(MergeEntities {
    /// Sets whether to merge entities that have MFA secrets of the same method. Defaults to `false`.
    force(flag) => force;
    /// Sets the aliases to keep, one of each pair on the same mount.
    conflicting_alias_ids_to_keep(values(EntityAliasId)) => conflicting_alias_ids_to_keep;
});

/// Deletes several entities in one request. Ignores entities that do not exist.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::BatchDeleteEntities};
///
/// let request = BatchDeleteEntities::new(["e1", "e2"]).request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.body(), r#"{"entity_ids":["e1","e2"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /identity/entity/batch-delete`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BatchDeleteEntities {
    /// The entities, at least one and at most [`MAX_IDS`](Self::MAX_IDS).
    pub entity_ids: Vec<EntityId>,
}

impl BatchDeleteEntities {
    /// Maximum number of entities in one request. OpenBao limits a request to 1000 JSON strings, and the
    /// field's name counts as one.
    pub const MAX_IDS: usize = 999;

    /// Creates a request that deletes the entities with these identifiers.
    pub fn new(ids: impl IntoIterator<Item = impl Into<EntityId>>) -> Self {
        Self { entity_ids: ids.into_iter().map(Into::into).collect() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("entity_ids", &self.entity_ids)?;
        match self.entity_ids.len() {
            0 => Err(RequestError::new("entity_ids", "must contain at least one entity")),
            1..=Self::MAX_IDS => Ok(()),
            _ => Err(RequestError::new("entity_ids", "must contain at most 999 entities")),
        }
    }
}
