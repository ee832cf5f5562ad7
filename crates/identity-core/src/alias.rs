//! Aliases: the names of entities and external groups at auth mounts.

mod entity;
mod group;

pub use entity::*;
pub use group::*;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{EntityAliasId, EntityId, GroupAliasId, GroupId, MountAccessor, de};

/// An alias of an entity: the name it has at one auth mount.
pub type EntityAlias = Alias<EntityAliasId, EntityId>;

/// An alias of an external group: the name it has at one auth mount.
pub type GroupAlias = Alias<GroupAliasId, GroupId>;

/// A name at an auth mount that stands for an entity or a group: see [`EntityAlias`] and [`GroupAlias`].
///
/// As part of an entity or a group, the server leaves some fields out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "I: Deserialize<'de>, C: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct Alias<I, C> {
    /// The alias's own identifier.
    pub id: I,
    /// The entity or group that the alias belongs to.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub canonical_id: C,
    /// The name at the mount, such as a user name.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The accessor of the mount.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub mount_accessor: MountAccessor,
    /// The path of the mount, such as `auth/userpass/`. `None` if the mount is gone.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub mount_path: Option<String>,
    /// The type of the mount, such as `userpass`. `None` if the mount is gone.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub mount_type: Option<String>,
    /// What the auth method tells of its user. It cannot be written.
    #[serde(default, deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// What was written with the alias. Empty in what a group says of its alias.
    #[serde(default, deserialize_with = "de::map")]
    pub custom_metadata: BTreeMap<String, String>,
    /// Whether the alias belongs to a mount local to one cluster. `false` in what a group says of its alias.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub local: bool,
    /// The entities that the alias belonged to before they were merged away.
    #[serde(default, deserialize_with = "de::list")]
    pub merged_from_canonical_ids: Vec<C>,
    /// The identifier of the namespace, `root` in the root namespace. `None` in what an entity or a group
    /// says of its alias.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub namespace_id: Option<String>,
    /// When the alias was made.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// When the alias was changed last.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub last_update_time: Option<Timestamp>,
}

/// What a list of aliases tells of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "C: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct AliasListEntry<C> {
    /// The entity or group that the alias belongs to.
    #[serde(deserialize_with = "de::null_as_default")]
    pub canonical_id: C,
    /// The name at the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The accessor of the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub mount_accessor: MountAccessor,
    /// The path of the mount. `None` if the mount is gone.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_path: Option<String>,
    /// The type of the mount. `None` if the mount is gone.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_type: Option<String>,
    /// What the auth method tells of its user.
    #[serde(deserialize_with = "de::map")]
    pub metadata: BTreeMap<String, String>,
    /// What was written with the alias.
    #[serde(deserialize_with = "de::map")]
    pub custom_metadata: BTreeMap<String, String>,
    /// Whether the alias belongs to a mount local to one cluster.
    #[serde(deserialize_with = "de::null_as_default")]
    pub local: bool,
}

/// What a list of entities or groups tells of their aliases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "I: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct AliasRef<I> {
    /// The alias's own identifier.
    #[serde(deserialize_with = "de::null_as_default")]
    pub id: I,
    /// The name at the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The accessor of the mount.
    #[serde(deserialize_with = "de::null_as_default")]
    pub mount_accessor: MountAccessor,
    /// The path of the mount. `None` if the mount is gone.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_path: Option<String>,
    /// The type of the mount. `None` if the mount is gone.
    #[serde(deserialize_with = "de::empty_as_none")]
    pub mount_type: Option<String>,
}

/// The outcome of writing an alias.
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
    /// The alias's own identifier.
    pub id: I,
    /// The entity or group that it belongs to, also if the server has made it for the alias.
    pub canonical_id: C,
}

impl<I, C> AliasIds<I, C> {
    /// One to answer with, in a test; the other fields are empty.
    pub fn new(id: impl Into<I>, canonical_id: impl Into<C>) -> Self {
        Self { id: id.into(), canonical_id: canonical_id.into() }
    }
}
