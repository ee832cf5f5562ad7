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

endpoint!(LookupEntity: QUERY "identity/lookup/entity" checked json idempotent -> optional_data(Option<Entity>), checked_by answered_with);
endpoint!(LookupGroup:  QUERY "identity/lookup/group" checked json idempotent -> optional_data(Option<Group>), checked_by answered_with);

/// Finds an entity by one criterion. Any name can be looked up, also one that a path cannot carry; `None` if
/// there is none.
///
/// It is a `POST`, so that a policy has to grant `update`.
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
    /// What is known of the entity.
    pub criterion: LookupBy<EntityId, EntityAliasId>,
}

/// Finds a group by one criterion. Any name can be looked up, also one that a path cannot carry; `None` if
/// there is none.
///
/// It is a `POST`, so that a policy has to grant `update`.
///
/// API: `POST /identity/lookup/group`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct LookupGroup {
    /// What is known of the group.
    pub criterion: LookupBy<GroupId, GroupAliasId>,
}

/// The one thing by which an entity or a group is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LookupBy<I, A> {
    /// Its identifier.
    Id(I),
    /// Its name, in any case.
    Name(String),
    /// The identifier of an alias of it.
    AliasId(A),
    /// An alias of it.
    #[serde(untagged)]
    Alias {
        /// The name at the mount, in any case.
        #[serde(rename = "alias_name")]
        name: String,
        /// The mount.
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
            Self::Id(asked) => compare("id", Some(asked.as_ref()), Some(id)),
            Self::Name(asked) => compare("name", Some(asked), Some(name)),
            Self::AliasId(asked) => {
                among("alias_id", asked.as_ref(), aliases, |alias| Some(alias.id.as_ref()))
            }
            Self::Alias { name, mount_accessor } => among("alias_name", name, aliases, |alias| {
                is_same(mount_accessor.as_str(), alias.mount_accessor.as_str()).then_some(alias.name.as_str())
            }),
        }
    }
}

/// Refuses aliases of which none is the one that was asked for. An object without any was not returned by a
/// server.
fn among<'a, A: AsRef<str> + 'a, C: 'a>(
    field: &'static str,
    asked: &str,
    aliases: impl IntoIterator<Item = &'a Alias<A, C>>,
    value: impl Fn(&'a Alias<A, C>) -> Option<&'a str>,
) -> Result<(), DecodeError> {
    let mut answered = None;
    for alias in aliases {
        let value = value(alias);
        if value.is_some_and(|value| is_same(asked, value)) {
            return Ok(());
        }
        answered = Some(value.or(answered).unwrap_or_default());
    }
    answered.map_or(Ok(()), |answered| Err(DecodeError::mismatch(field, asked, answered)))
}

macro_rules! lookup {
    ($type:ident, $id:ident, $alias_id:ident, $found:ident, $aliases:ident) => {
        impl $type {
            /// The one of this identifier.
            pub fn by_id(id: impl Into<$id>) -> Self {
                Self { criterion: LookupBy::Id(id.into()) }
            }

            /// The one of this name, in any case.
            pub fn by_name(name: impl Into<String>) -> Self {
                Self { criterion: LookupBy::Name(name.into()) }
            }

            /// The one that the alias of this identifier belongs to.
            pub fn by_alias_id(id: impl Into<$alias_id>) -> Self {
                Self { criterion: LookupBy::AliasId(id.into()) }
            }

            /// The one that has this name at this mount.
            pub fn by_alias(name: impl Into<String>, mount_accessor: impl Into<MountAccessor>) -> Self {
                Self {
                    criterion: LookupBy::Alias { name: name.into(), mount_accessor: mount_accessor.into() },
                }
            }

            fn check(&self) -> Result<(), RequestError> {
                self.criterion.check()
            }

            #[allow(clippy::ref_option, reason = "it is the output as it is")]
            fn answered_with(&self, found: &Option<$found>) -> Result<(), DecodeError> {
                found.as_ref().map_or(Ok(()), |found| {
                    self.criterion.compare(found.id.as_str(), &found.name, &found.$aliases)
                })
            }
        }
    };
}

lookup!(LookupEntity, EntityId, EntityAliasId, Entity, aliases);
lookup!(LookupGroup, GroupId, GroupAliasId, Group, alias);
