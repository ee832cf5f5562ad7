use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use identity_core::{
    EntityId, Error, GroupId,
    endpoint::Operation,
    error::{ApiError, ErrorKind},
    group::{Group, ReadGroupById, UpdateGroupById},
};
use tokio::sync::Mutex;

use crate::{Client, Result};

/// How often a change is made again that another writer has undone in between.
const ATTEMPTS: usize = 5;

/// Has changes of one group's members wait for each other. Groups that share a lock wait in vain, and that is
/// all.
#[derive(Debug)]
pub(crate) struct Locks([Mutex<()>; 64]);

impl Default for Locks {
    fn default() -> Self {
        Self([const { Mutex::const_new(()) }; 64])
    }
}

impl Locks {
    fn of(&self, id: &GroupId) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        #[allow(clippy::cast_possible_truncation, reason = "the remainder is less than 64")]
        let index = (hasher.finish() % 64) as usize;
        &self.0[index]
    }
}

/// What is to become of a group's members.
pub(crate) enum Change {
    AddEntities(Vec<EntityId>),
    RemoveEntities(Vec<EntityId>),
    AddGroups(Vec<GroupId>),
    RemoveGroups(Vec<GroupId>),
}

impl Change {
    /// The update that makes the change, or `None` if it is made already.
    fn update(&self, group: &Group) -> Option<UpdateGroupById> {
        let update = UpdateGroupById::new(&group.id);
        Some(match self {
            Self::AddEntities(ids) => update.member_entity_ids(with(&group.member_entity_ids, ids)?),
            Self::RemoveEntities(ids) => update.member_entity_ids(without(&group.member_entity_ids, ids)?),
            Self::AddGroups(ids) => update.member_group_ids(with(&group.member_group_ids, ids)?),
            Self::RemoveGroups(ids) => update.member_group_ids(without(&group.member_group_ids, ids)?),
        })
    }
}

fn with<T: Ord + Clone>(members: &[T], ids: &[T]) -> Option<BTreeSet<T>> {
    let mut all: BTreeSet<T> = members.iter().cloned().collect();
    let before = all.len();
    all.extend(ids.iter().cloned());
    (all.len() > before).then_some(all)
}

fn without<T: Ord + Clone>(members: &[T], ids: &[T]) -> Option<Vec<T>> {
    let ids: BTreeSet<&T> = ids.iter().collect();
    let rest: Vec<T> = members.iter().filter(|id| !ids.contains(id)).cloned().collect();
    (rest.len() < members.len()).then_some(rest)
}

/// Whether the server refused an update because of a member that it no longer knows, other than those that
/// were to be added: it was deleted after the group was read.
fn names_deleted_member(error: &Error, change: &Change) -> bool {
    let Some([message]) = error.api().map(ApiError::errors) else { return false };
    let unknown = |kind: &str| -> Option<&str> {
        let message = message.trim_end().strip_prefix("1 error occurred:\n\t* invalid ")?;
        message.strip_prefix(kind)?.strip_prefix(" ID \"")?.strip_suffix('"')
    };
    match change {
        Change::AddEntities(ids) => {
            unknown("entity").is_some_and(|id| ids.iter().all(|new| new.as_str() != id))
        }
        Change::AddGroups(ids) => {
            unknown("member group").is_some_and(|id| ids.iter().all(|new| new.as_str() != id))
        }
        Change::RemoveEntities(_) => unknown("entity").is_some(),
        Change::RemoveGroups(_) => unknown("member group").is_some(),
    }
}

pub(crate) async fn change_members(client: &Client, id: GroupId, change: Change) -> Result<()> {
    let client = &client.composite();
    // The lock is fair, so those ahead have earlier deadlines: the wait ends by this one's without a timer,
    // which the blocking client does not have.
    let _turn = client.locks.of(&id).lock().await;
    let mut refused = None;
    let mut has_written = false;
    for _ in 0..ATTEMPTS {
        // Once it has been written, an error must not say that it was not.
        let explain = |error: Error| if has_written { error.after_write() } else { error };
        let group = client.call(&ReadGroupById::new(&id)).await.map_err(explain)?;
        let Some(update) = change.update(&group) else { return Ok(()) };
        refused = match client.call(&update).await.map_err(explain) {
            Ok(_) => {
                has_written = true;
                None
            }
            Err(error) if names_deleted_member(&error, &change) => Some(error),
            Err(error) => return Err(error),
        };
    }
    Err(refused
        .unwrap_or_else(|| Error::new(Operation::for_endpoint::<UpdateGroupById>(), ErrorKind::Conflict)))
}
