//! Lookup of entities and groups by name, identifier or alias.

use serde::Serialize;

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::subject::{compare, is_same};
use crate::{
    EntityAliasId, EntityId, GroupAliasId, GroupId, MountAccessor,
    alias::Alias,
    entity::Entity,
    error::{DecodeError, RequestError},
    group::Group,
};

endpoint!(LookupEntity: QUERY "identity/lookup/entity" checked json idempotent -> optional_data(Option<Entity>), checked_by verify_found);
endpoint!(LookupGroup:  QUERY "identity/lookup/group" checked json idempotent -> optional_data(Option<Group>), checked_by verify_found);

/// Finds an entity by its identifier, name or alias. Returns `None` if it does not exist.
///
/// The request accepts all names, even those that a path cannot contain, such as `..`.
///
/// The request is a `POST`: policies must grant `update`.
///
/// ```
/// use identity_core::lookup::LookupEntity;
///
/// let alice = LookupEntity::by_name("alice");
/// let who_logged_in = LookupEntity::by_alias("alice", "auth_userpass_6b81bdea");
/// println!("{alice:?} {who_logged_in:?}");
/// ```
///
/// API: `POST /identity/lookup/entity`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct LookupEntity {
    /// The identifier, name or alias of the entity.
    pub by: LookupBy<EntityId, EntityAliasId>,
}

/// Finds a group by its identifier, name or alias. Returns `None` if it does not exist.
///
/// The request accepts all names, even those that a path cannot contain, such as `..`.
///
/// ```
/// use identity_core::{Endpoint, Target, lookup::LookupGroup};
///
/// let request = LookupGroup::by_name("ops").request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.body(), r#"{"name":"ops"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The request is a `POST`: policies must grant `update`.
///
/// API: `POST /identity/lookup/group`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct LookupGroup {
    /// The identifier, name or alias of the group.
    pub by: LookupBy<GroupId, GroupAliasId>,
}

/// How a lookup identifies an entity or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LookupBy<I, A> {
    /// By its identifier.
    Id(I),
    /// By its name, ignoring case.
    Name(String),
    /// By the identifier of one of its aliases.
    AliasId(A),
    /// By the name and mount of one of its aliases.
    #[serde(untagged)]
    Alias {
        /// The name at the mount. Its case is ignored.
        #[serde(rename = "alias_name")]
        name: String,
        /// Accessor of the mount.
        #[serde(rename = "alias_mount_accessor")]
        mount_accessor: MountAccessor,
    },
}

impl<I: AsRef<str>, A: AsRef<str>> LookupBy<I, A> {
    fn check(&self) -> Result<(), RequestError> {
        match self {
            Self::Id(id) => require_non_empty("id", [id]),
            Self::Name(name) => require_non_empty("name", [name]),
            Self::AliasId(id) => require_non_empty("alias_id", [id]),
            Self::Alias { name, mount_accessor } => {
                require_non_empty("alias_name", [name])?;
                require_non_empty("alias_mount_accessor", [mount_accessor])
            }
        }
    }
}

impl<I: AsRef<str>, A: AsRef<str>> LookupBy<I, A> {
    fn compare<'a, C: 'a>(
        &self,
        id: &str,
        name: &str,
        aliases: impl IntoIterator<Item = &'a Alias<A, C>>,
    ) -> Result<(), DecodeError>
    where
        A: 'a,
    {
        match self {
            Self::Id(requested) => compare("id", Some(requested.as_ref()), Some(id)),
            Self::Name(requested) => compare("name", Some(requested), Some(name)),
            Self::AliasId(requested) => {
                compare_aliases("alias_id", requested.as_ref(), aliases, |alias| Some(alias.id.as_ref()))
            }
            Self::Alias { name, mount_accessor } => compare_aliases("alias_name", name, aliases, |alias| {
                is_same(mount_accessor.as_str(), alias.mount_accessor.as_str()).then_some(alias.name.as_str())
            }),
        }
    }
}

/// Fails if none of the aliases is the requested one. Accepts an object without aliases, which only a test
/// double returns.
fn compare_aliases<'a, A: AsRef<str> + 'a, C: 'a>(
    field: &'static str,
    requested: &str,
    aliases: impl IntoIterator<Item = &'a Alias<A, C>>,
    value: impl Fn(&'a Alias<A, C>) -> Option<&'a str>,
) -> Result<(), DecodeError> {
    let mut returned = None;
    for alias in aliases {
        let value = value(alias);
        if value.is_some_and(|value| is_same(requested, value)) {
            return Ok(());
        }
        returned = Some(value.or(returned).unwrap_or_default());
    }
    returned.map_or(Ok(()), |returned| Err(DecodeError::mismatch(field, requested, returned)))
}

macro_rules! lookup {
    ($type:ident, $id:ident, $alias_id:ident, $found:ident, $aliases:ident) => {
        impl $type {
            /// Creates a lookup by identifier.
            pub fn by_id(id: impl Into<$id>) -> Self {
                Self { by: LookupBy::Id(id.into()) }
            }

            /// Creates a lookup by name, ignoring case.
            pub fn by_name(name: impl Into<String>) -> Self {
                Self { by: LookupBy::Name(name.into()) }
            }

            /// Creates a lookup by the identifier of an alias.
            pub fn by_alias_id(id: impl Into<$alias_id>) -> Self {
                Self { by: LookupBy::AliasId(id.into()) }
            }

            /// Creates a lookup by the name and mount of an alias.
            pub fn by_alias(name: impl Into<String>, mount_accessor: impl Into<MountAccessor>) -> Self {
                Self { by: LookupBy::Alias { name: name.into(), mount_accessor: mount_accessor.into() } }
            }

            fn check(&self) -> Result<(), RequestError> {
                self.by.check()
            }

            #[allow(clippy::ref_option, reason = "the output of an endpoint is passed by reference")]
            fn verify_found(&self, found: &Option<$found>) -> Result<(), DecodeError> {
                found
                    .as_ref()
                    .map_or(Ok(()), |found| self.by.compare(found.id.as_str(), &found.name, &found.$aliases))
            }
        }
    };
}

lookup!(LookupEntity, EntityId, EntityAliasId, Entity, aliases);
lookup!(LookupGroup, GroupId, GroupAliasId, Group, alias);
