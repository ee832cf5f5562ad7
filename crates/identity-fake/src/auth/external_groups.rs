//! Membership of entities in external groups, which logins and renewals refresh.

use std::mem;

use crate::state::State;
use crate::store::{CloneNormalized, Group, Store};

/// The groups that the identity provider reported at a login.
#[derive(Clone, Default)]
pub(crate) struct GroupAliases {
    /// The accessor of the mount. Empty for tokens that no login created.
    pub(crate) accessor: String,
    pub(crate) names: Vec<String>,
}

/// Makes an entity a member of exactly the external groups with these aliases, and forgets names without a
/// group. Groups of other mounts keep the entity.
pub(super) fn refresh(store: &mut Store, entity: &str, aliases: &mut GroupAliases) {
    let GroupAliases { accessor, names } = aliases;
    names.retain(|name| store.group_aliases.at(accessor, name).is_some());
    let mut left: Vec<String> = store.groups_of_member(entity).cloned().collect();
    let mut joined = Vec::new();
    for alias in names.iter().filter_map(|name| store.group_aliases.at(accessor, name)) {
        match left.iter().position(|id| *id == alias.canonical_id) {
            Some(index) => drop(left.swap_remove(index)),
            None => joined.push(alias.canonical_id.clone()),
        }
    }
    // A group that is named twice is joined again, as on the server. Duplicates differ from the stored group.
    let copies: Vec<Group> = joined.iter().filter_map(|id| external(store, id)).collect();
    for mut group in copies {
        group.members.get_or_insert_default().push(entity.to_owned());
        store.put_group(group);
    }
    for mut group in left.iter().filter_map(|id| external(store, id)).collect::<Vec<_>>() {
        let is_of_mount = group.alias.as_ref().is_none_or(|alias| alias.mount_accessor == *accessor);
        if accessor.is_empty() || is_of_mount {
            let members = group.members.get_or_insert_default();
            if let Some(index) = members.iter().position(|member| member == entity) {
                members.remove(index);
            }
            store.put_group(group);
        }
    }
}

/// Refreshes the groups of a token that is renewed.
pub(super) fn renew(state: &mut State, token: &str) {
    let Some(found) = state.tokens.find_mut(token) else { return };
    let Some(entity) = found.entity.clone() else { return };
    let mut groups = mem::take(&mut found.lease.groups);
    let namespace = found.namespace.clone();
    if let Some(context) = state.context(&namespace) {
        if let Some(entity) = context.store.current_entity(&entity).map(|entity| entity.id.clone()) {
            refresh(context.store, &entity, &mut groups);
        }
    }
    if let Some(found) = state.tokens.find_mut(token) {
        found.lease.groups = groups;
    }
}

fn external(store: &Store, id: &str) -> Option<Group> {
    store.groups.get(id).filter(|group| group.external).map(Group::clone_normalized)
}
