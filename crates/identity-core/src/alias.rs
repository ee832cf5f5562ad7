//! Aliases: the names of entities and external groups at auth mounts.

mod entity;
mod group;

pub use entity::*;
pub use group::*;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{EntityAliasId, EntityId, GroupAliasId, GroupId, MountAccessor, de};

/// An alias of an entity: its name at an auth mount.
pub type EntityAlias = Alias<EntityAliasId, EntityId>;

/// An alias of an external group: its name at an auth mount.
pub type GroupAlias = Alias<GroupAliasId, GroupId>;

/// An alias: see [`EntityAlias`] and [`GroupAlias`].
///
/// Inside an entity or a group, the server omits some fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "I: Deserialize<'de>, C: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct Alias<I, C> {
    /// Identifier of the alias.
    pub id: I,
    /// Identifier of the entity or group that the alias belongs to.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub canonical_id: C,
    /// The name at the mount, such as a user name.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Accessor of the mount.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub mount_accessor: MountAccessor,
    /// Path of the mount, such as `auth/userpass/`. `None` if the mount no longer exists.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub mount_path: Option<String>,
    /// Type of the mount, such as `userpass`. `None` if the mount no longer exists.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub mount_type: Option<String>,
    /// Metadata from the auth method. Read-only.
    #[serde(default, deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// Metadata from requests that write the alias. Empty inside a group.
    #[serde(default, deserialize_with = "de::map")]
    pub custom_metadata: BTreeMap<String, String>,
    /// Whether the mount is local to one cluster. `false` inside a group.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub local: bool,
    /// The entities that the alias belonged to before merges.
    #[serde(default, deserialize_with = "de::list")]
    pub merged_from_canonical_ids: Vec<C>,
    /// Identifier of the namespace; `root` in the root namespace. `None` inside an entity or a group.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub namespace_id: Option<String>,
    /// Time of creation.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// Time of the last change.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub last_update_time: Option<Timestamp>,
}

/// An alias in the result of [`ListEntityAliases`] or [`ListGroupAliases`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "C: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct AliasListEntry<C> {
    /// Identifier of the entity or group that the alias belongs to.
    #[serde(deserialize_with = "de::null_as_default")]
    pub canonical_id: C,
    /// The name at the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Accessor of the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub mount_accessor: MountAccessor,
    /// Path of the mount. `None` if the mount no longer exists.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_path: Option<String>,
    /// Type of the mount. `None` if the mount no longer exists.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_type: Option<String>,
    /// Metadata from the auth method.
    #[serde(deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// Metadata from requests that write the alias.
    #[serde(deserialize_with = "de::map")]
    pub custom_metadata: BTreeMap<String, String>,
    /// Whether the mount is local to one cluster.
    #[serde(deserialize_with = "de::null_as_default")]
    pub local: bool,
}

/// An alias in the result of [`ListEntities`](crate::entity::ListEntities) or
/// [`ListGroups`](crate::group::ListGroups).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "I: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct AliasRef<I> {
    /// Identifier of the alias.
    #[serde(deserialize_with = "de::null_as_default")]
    pub id: I,
    /// The name at the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// Accessor of the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub mount_accessor: MountAccessor,
    /// Path of the mount. `None` if the mount no longer exists.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_path: Option<String>,
    /// Type of the mount. `None` if the mount no longer exists.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_type: Option<String>,
}

/// The outcome of writing an alias.
///
/// ```
/// use identity_core::{Endpoint, alias::CreateEntityAlias, http};
///
/// let response = http::Response::new(r#"{"data":{"id":"a1","canonical_id":"e1"}}"#);
/// let ids = CreateEntityAlias::parse_response(&response)?.written().expect("the alias is new");
/// assert_eq!(ids.id.as_str(), "a1");
/// # Ok::<(), identity_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasWrite<I, C> {
    /// The alias was created or changed.
    Written(AliasIds<I, C>),
    /// The alias already had all values of the request. The server returns no identifier.
    Unchanged,
}

impl<I, C> AliasWrite<I, C> {
    /// Returns the identifiers if the alias was created or changed.
    pub fn written(self) -> Option<AliasIds<I, C>> {
        match self {
            Self::Written(ids) => Some(ids),
            Self::Unchanged => None,
        }
    }

    /// Returns `true` if the alias was created or changed.
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Written(_))
    }
}

/// The identifiers of an alias that was created or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AliasIds<I, C> {
    /// Identifier of the alias.
    pub id: I,
    /// Identifier of the entity or group, which the server may have created for the alias.
    pub canonical_id: C,
}

impl<I, C> AliasIds<I, C> {
    /// Creates a value for use in tests.
    pub fn new(id: impl Into<I>, canonical_id: impl Into<C>) -> Self {
        Self { id: id.into(), canonical_id: canonical_id.into() }
    }
}
