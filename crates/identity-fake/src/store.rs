//! The objects of the identity engine in a namespace, and their indexes.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use jiff::Timestamp;

use super::input::Pairs;
use super::limits::NO_UTF8;
use super::mfa::Enrolled;
use super::oidc::Oidc;

#[derive(Clone)]
pub(super) struct Entity {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) metadata: Option<Pairs>,
    pub(super) policies: Vec<String>,
    pub(super) disabled: bool,
    /// The aliases in reads of the entity. After a merge one of them may be missing in [`Store::aliases`].
    pub(super) aliases: Vec<Alias>,
    pub(super) merged: Vec<String>,
    /// The TOTP secrets by method.
    pub(super) enrolled: BTreeMap<String, Enrolled>,
    /// Whether the server has stored the local aliases. It stores them separately, and not during a merge.
    pub(super) local_stored: bool,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl Entity {
    pub(super) fn store_local(&mut self) {
        self.local_stored |= self.aliases.iter().any(|alias| alias.local);
    }
}

/// An alias of an entity or of a group.
#[derive(Clone)]
pub(super) struct Alias {
    pub(super) id: String,
    pub(super) canonical_id: String,
    pub(super) name: String,
    pub(super) mount_accessor: String,
    /// What the last login reported.
    pub(super) metadata: Option<Pairs>,
    pub(super) custom_metadata: Option<Pairs>,
    pub(super) local: bool,
    pub(super) merged_from: Vec<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// The identity of the object in the memory of the server. The entity and the index of aliases may share
    /// it.
    pub(super) object: Arc<()>,
}

#[derive(Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) external: bool,
    pub(super) metadata: Option<Pairs>,
    pub(super) policies: Option<Vec<String>>,
    pub(super) members: Option<Vec<String>>,
    pub(super) parents: Option<Vec<String>>,
    pub(super) alias: Option<Alias>,
    pub(super) index: u64,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

/// Clones an object and normalizes empty collections to absent, as the server does on each update.
pub(super) trait CloneNormalized {
    fn clone_normalized(&self) -> Self;
}

fn non_empty<T: Clone>(value: Option<&T>, is_empty: impl Fn(&T) -> bool) -> Option<T> {
    value.filter(|value| !is_empty(value)).cloned()
}

impl CloneNormalized for Entity {
    fn clone_normalized(&self) -> Self {
        let aliases = self.aliases.iter().map(Alias::clone_normalized).collect();
        Self { metadata: non_empty(self.metadata.as_ref(), Pairs::is_empty), aliases, ..self.clone() }
    }
}

impl CloneNormalized for Alias {
    fn clone_normalized(&self) -> Self {
        let metadata = non_empty(self.metadata.as_ref(), Pairs::is_empty);
        let custom_metadata = non_empty(self.custom_metadata.as_ref(), Pairs::is_empty);
        Self { metadata, custom_metadata, object: Arc::default(), ..self.clone() }
    }
}

impl CloneNormalized for Group {
    fn clone_normalized(&self) -> Self {
        Self {
            metadata: non_empty(self.metadata.as_ref(), Pairs::is_empty),
            policies: non_empty(self.policies.as_ref(), Vec::is_empty),
            members: non_empty(self.members.as_ref(), Vec::is_empty),
            parents: non_empty(self.parents.as_ref(), Vec::is_empty),
            alias: self.alias.as_ref().map(Alias::clone_normalized),
            ..self.clone()
        }
    }
}

#[derive(Default)]
pub(super) struct Store {
    pub(super) entities: NameIndex<Entity>,
    pub(super) aliases: Aliases,
    pub(super) groups: NameIndex<Group>,
    pub(super) group_aliases: Aliases,
    pub(super) oidc: Oidc,
    /// The entity that each merged entity was merged into.
    pub(super) merged_into: BTreeMap<String, String>,
    /// The groups of each member.
    of_member: BTreeMap<String, BTreeSet<String>>,
    /// The groups of each parent, even if the parent is deleted.
    of_parent: BTreeMap<String, BTreeSet<String>>,
}

impl Store {
    /// Returns an entity, or the one that it was merged into.
    pub(super) fn current_entity<'a>(&'a self, mut id: &'a str) -> Option<&'a Entity> {
        while let Some(into) = self.merged_into.get(id) {
            id = into;
        }
        self.entities.get(id)
    }

    /// Updates an entity alias in the index, and in its entity if both share the object.
    pub(super) fn update_in_place(&mut self, alias: &Alias) {
        self.aliases.put(alias.clone());
        let entity = self.entities.by_id.get_mut(&alias.canonical_id);
        let in_entity =
            entity.and_then(|entity| entity.aliases.iter_mut().find(|in_entity| in_entity.id == alias.id));
        if let Some(in_entity) = in_entity.filter(|in_entity| Arc::ptr_eq(&in_entity.object, &alias.object)) {
            in_entity.clone_from(alias);
        }
    }

    /// Stores a group and its alias. Replaces both if they exist.
    pub(super) fn put_group(&mut self, mut group: Group) {
        group.index += 1;
        if let Some(alias) = self.groups.get(&group.id).and_then(|before| before.alias.as_ref()) {
            let id = alias.id.clone();
            self.group_aliases.remove(&id);
        }
        self.unlink(&group.id);
        if let Some(alias) = &group.alias {
            self.group_aliases.put(alias.clone());
        }
        for (index, ids) in [(&mut self.of_member, &group.members), (&mut self.of_parent, &group.parents)] {
            for id in ids.iter().flatten() {
                index.entry(id.clone()).or_default().insert(group.id.clone());
            }
        }
        self.groups.put(group);
    }

    /// Removes a group and its alias. Its members still list it as a parent.
    pub(super) fn remove_group(&mut self, id: &str) {
        self.unlink(id);
        if let Some(alias) = self.groups.remove(id).and_then(|group| group.alias) {
            self.group_aliases.remove(&alias.id);
        }
    }

    fn unlink(&mut self, id: &str) {
        let Some(group) = self.groups.get(id) else { return };
        for (index, ids) in [(&mut self.of_member, &group.members), (&mut self.of_parent, &group.parents)] {
            for other in ids.iter().flatten() {
                if let Some(groups) = index.get_mut(other) {
                    groups.remove(id);
                    if groups.is_empty() {
                        index.remove(other);
                    }
                }
            }
        }
    }

    /// Returns the groups of an entity, sorted by identifier.
    pub(super) fn groups_of_member(&self, entity: &str) -> impl Iterator<Item = &String> {
        self.of_member.get(entity).into_iter().flatten()
    }

    /// Returns the member groups of a group, sorted by identifier.
    pub(super) fn groups_of_parent(&self, group: &str) -> impl Iterator<Item = &String> {
        self.of_parent.get(group).into_iter().flatten()
    }
}

pub(super) trait HasName {
    fn id(&self) -> &str;
    fn name(&self) -> &str;
}

impl HasName for Entity {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl HasName for Group {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

/// Objects indexed by identifier and by case-insensitive name.
pub(super) struct NameIndex<T> {
    by_id: BTreeMap<String, T>,
    ids: BTreeMap<String, String>,
}

impl<T> Default for NameIndex<T> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), ids: BTreeMap::new() }
    }
}

impl<T: HasName> NameIndex<T> {
    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.by_id.get(id)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&T> {
        let name = name.to_lowercase().replace(NO_UTF8, "\u{fffd}");
        self.by_id.get(self.ids.get(&name)?)
    }

    /// Returns all objects, sorted by identifier.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_id.values()
    }

    pub(super) fn put(&mut self, object: T) {
        let id = object.id().to_owned();
        let name = object.name().to_lowercase();
        let before = self.by_id.insert(id.clone(), object).map(|before| before.name().to_lowercase());
        if before.as_ref() != Some(&name) {
            if let Some(before) = before {
                self.ids.remove(&before);
            }
            self.ids.insert(name, id);
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        let object = self.by_id.remove(id)?;
        self.ids.remove(&object.name().to_lowercase());
        Some(object)
    }
}

/// Aliases indexed by identifier, and by mount and case-insensitive name.
#[derive(Default)]
pub(super) struct Aliases {
    by_id: BTreeMap<String, Alias>,
    ids: BTreeMap<(String, String), String>,
}

fn alias_key(alias: &Alias) -> (String, String) {
    (alias.mount_accessor.clone(), alias.name.to_lowercase())
}

impl Aliases {
    pub(super) fn get(&self, id: &str) -> Option<&Alias> {
        self.by_id.get(id)
    }

    pub(super) fn at(&self, mount_accessor: &str, name: &str) -> Option<&Alias> {
        self.by_id.get(self.ids.get(&(mount_accessor.to_owned(), name.to_lowercase()))?)
    }

    /// Returns all aliases, sorted by identifier.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Alias> {
        self.by_id.values()
    }

    pub(super) fn put(&mut self, alias: Alias) {
        let key = alias_key(&alias);
        if let Some(before) = self.by_id.get_mut(&alias.id) {
            let before = mem::replace(before, alias.clone());
            self.ids.remove(&alias_key(&before));
            self.ids.insert(key, alias.id);
        } else {
            self.ids.insert(key, alias.id.clone());
            self.by_id.insert(alias.id.clone(), alias);
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Some(alias) = self.by_id.remove(id) {
            self.ids.remove(&alias_key(&alias));
        }
    }
}
