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

/// The maximum number of attempts while other writers undo the change.
const MAX_ATTEMPTS: usize = 5;

/// Serializes the changes of one group's members. Unrelated groups may contend, which is harmless.
#[derive(Debug)]
pub(crate) struct StripedLocks([Mutex<()>; 64]);

impl Default for StripedLocks {
    fn default() -> Self {
        Self([const { Mutex::const_new(()) }; 64])
    }
}

impl StripedLocks {
    fn lock_for(&self, id: &GroupId) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        #[allow(clippy::cast_possible_truncation, reason = "the remainder is less than 64")]
        let index = (hasher.finish() % 64) as usize;
        &self.0[index]
    }
}

pub(crate) enum MemberChange {
    AddEntities(Vec<EntityId>),
    RemoveEntities(Vec<EntityId>),
    AddGroups(Vec<GroupId>),
    RemoveGroups(Vec<GroupId>),
}

impl MemberChange {
    /// Returns the update that makes the change, or `None` if the group needs none.
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

/// Returns `true` if the server rejected an update because a member was deleted after the group was read.
/// Returns `false` if the change itself adds the unknown member.
fn names_deleted_member(error: &Error, change: &MemberChange) -> bool {
    error.api().and_then(ApiError::unknown_member_id).is_some_and(|id| match change {
        MemberChange::AddEntities(ids) => ids.iter().all(|new| new.as_str() != id),
        MemberChange::AddGroups(ids) => ids.iter().all(|new| new.as_str() != id),
        MemberChange::RemoveEntities(_) | MemberChange::RemoveGroups(_) => true,
    })
}

pub(crate) async fn change_members(client: Client, id: GroupId, change: MemberChange) -> Result<()> {
    let client = client.composite();
    // The lock is fair, so calls ahead of this one have earlier deadlines and end before its own. No timer is
    // needed, and the blocking client has none.
    let _turn = client.locks.lock_for(&id).lock().await;
    let mut rejected = None;
    let mut has_written = false;
    for _ in 0..MAX_ATTEMPTS {
        // After a write, an error must not claim that nothing was written.
        let explain = |error: Error| if has_written { error.after_write() } else { error };
        let group = client.execute(&ReadGroupById::new(&id)).await.map_err(explain)?;
        let Some(update) = change.update(&group) else { return Ok(()) };
        rejected = match client.execute(&update).await.map_err(explain) {
            Ok(_) => {
                has_written = true;
                None
            }
            Err(error) if names_deleted_member(&error, &change) => Some(error),
            Err(error) => return Err(error),
        };
    }
    Err(rejected
        .unwrap_or_else(|| Error::new(Operation::for_endpoint::<UpdateGroupById>(), ErrorKind::Conflict)))
}
