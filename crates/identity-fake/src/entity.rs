//! Entities: `identity/entity`, and writes to the legacy `identity/persona`.

use std::collections::{BTreeMap, BTreeSet};

use identity_core::entity::{
    BatchDeleteEntities, CreateEntity, DeleteEntityById, DeleteEntityByName, ListEntities, ListEntityNames,
    MergeEntities, ReadEntityById, ReadEntityByName, UpdateEntityById, WriteEntityByName,
};
use serde_json::{Map, Value, json};

use super::alias;
use super::input::{Fields, Kind, Schema};
use super::limits::{NO_UTF8, check_metadata, policies};
use super::merge;
use super::response::{ErrorResponse, HandlerResult, bad_request, internal, key_list};
use super::route::{Route, route};
use super::state::Context;
use super::store::{CloneNormalized, Entity, Store};

const FIELDS: Schema = &[
    ("id", Kind::Text),
    ("name", Kind::Text),
    ("metadata", Kind::Pairs),
    ("policies", Kind::List),
    ("disabled", Kind::Flag),
];

pub(super) const ROUTES: &[Route] = &[
    route::<CreateEntity>(FIELDS, write),
    route::<ReadEntityById>(FIELDS, read_by_id),
    route::<UpdateEntityById>(FIELDS, write),
    route::<DeleteEntityById>(FIELDS, delete_by_id),
    route::<ListEntities>(&[], list),
    route::<WriteEntityByName>(FIELDS, write),
    route::<ReadEntityByName>(FIELDS, read_by_name),
    route::<DeleteEntityByName>(FIELDS, delete_by_name),
    route::<ListEntityNames>(&[], list_names),
    route::<BatchDeleteEntities>(&[("entity_ids", Kind::List)], delete_many),
    route::<MergeEntities>(merge::FIELDS, merge::merge).with_slash(),
];

/// Creates an entity, or updates the entity with this identifier or name.
pub(super) fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let (id, name) = (fields.text("id"), fields.text("name"));
    let by_id = match &*id {
        "" => None,
        id => Some(context.store.entities.get(id).ok_or_else(|| bad_request("entity not found from id"))?),
    };
    let by_name = if name.is_empty() { None } else { context.store.entities.by_name(&name) };
    let found = match (by_id, by_name) {
        (Some(by_id), Some(by_name)) if by_id.id != by_name.id => {
            return Err(bad_request("entity name is already in use"));
        }
        (by_id, by_name) => by_id.or(by_name).map(Entity::clone_normalized),
    };
    let is_new = found.is_none();
    let mut entity = found.unwrap_or_else(|| new(context));

    if !name.is_empty() {
        entity.name = name;
    }
    if let Some(names) = fields.list("policies") {
        entity.policies = policies(names);
    }
    if entity.policies.iter().any(|policy| policy == "root") {
        return Err(bad_request("policies cannot contain root"));
    }
    if let Some(disabled) = fields.flag("disabled") {
        entity.disabled = disabled;
    }
    if let Some(metadata) = fields.pairs("metadata") {
        entity.metadata = metadata;
    }
    check_metadata("entity", entity.metadata.as_ref())?;
    if entity.name.contains(NO_UTF8) {
        return Err(internal("failed to marshal entity: string field contains invalid UTF-8"));
    }
    entity.updated = context.now;

    let created = json!({ "id": entity.id, "name": entity.name, "aliases": null });
    put(context.store, entity, None)?;
    Ok(is_new.then_some(created))
}

/// Creates an entity without storing it.
pub(super) fn new(context: &mut Context<'_>) -> Entity {
    Entity {
        id: context.new_id(),
        name: context.new_name("entity"),
        metadata: None,
        policies: Vec::new(),
        disabled: false,
        aliases: Vec::new(),
        merged: Vec::new(),
        enrolled: BTreeMap::new(),
        local_stored: false,
        created: context.now,
        updated: context.now,
    }
}

/// Stores an entity and all its aliases, including those that a merge dropped. `previous` is the entity that
/// an alias moves away from.
pub(super) fn put(
    store: &mut Store,
    mut entity: Entity,
    previous: Option<Entity>,
) -> Result<(), ErrorResponse> {
    let mut factors = BTreeSet::new();
    for alias in &entity.aliases {
        if let Some(known) = store.aliases.at(&alias.mount_accessor, &alias.name) {
            let moves = previous.as_ref().is_some_and(|previous| previous.id == known.canonical_id);
            if known.canonical_id != entity.id && !moves {
                // The alias belongs to another entity by now, and the server merges the two.
                let other = known.canonical_id.clone();
                return merge::merge_other(store, entity, &other);
            }
        }
        if !factors.insert((&alias.mount_accessor, alias.name.to_lowercase())) {
            return Err(internal("duplicate identity name"));
        }
    }
    for alias in &entity.aliases {
        store.aliases.put(alias.clone());
    }
    if let Some(mut previous) = previous {
        previous.store_local();
        store.entities.put(previous);
    }
    entity.store_local();
    store.entities.put(entity);
    Ok(())
}

fn read_by_id(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    Ok(context.store.entities.get(&fields.text("id")).map(|entity| to_json(context, entity)))
}

fn read_by_name(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    Ok(context.store.entities.by_name(&fields.text("name")).map(|entity| to_json(context, entity)))
}

fn delete_by_id(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    delete(context.store, &fields.text("id"));
    Ok(None)
}

fn delete_by_name(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let id = context.store.entities.by_name(&fields.text("name")).map(|entity| entity.id.clone());
    delete(context.store, &id.unwrap_or_default());
    Ok(None)
}

fn delete_many(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let ids = fields.list("entity_ids").unwrap_or_default();
    if ids.is_empty() {
        return Err(bad_request("missing entity ids to delete"));
    }
    if ids.iter().any(String::is_empty) {
        return Err(internal("missing entity id"));
    }
    for id in ids {
        delete(context.store, &id);
    }
    Ok(None)
}

/// Deletes an entity, its aliases and its memberships.
fn delete(store: &mut Store, id: &str) {
    let Some(entity) = store.entities.remove(id) else { return };
    for alias in &entity.aliases {
        store.aliases.remove(&alias.id);
    }
    leave_groups(store, id);
}

/// Removes an entity from its groups and returns their identifiers. After a merge it can be in a group twice,
/// and leaves it once.
pub(super) fn leave_groups(store: &mut Store, id: &str) -> Vec<String> {
    let ids: Vec<String> = store.groups_of_member(id).cloned().collect();
    for group in &ids {
        let Some(mut group) = store.groups.get(group).map(CloneNormalized::clone_normalized) else {
            continue;
        };
        if let Some(members) = &mut group.members {
            if let Some(index) = members.iter().position(|member| member == id) {
                members.remove(index);
            }
        }
        store.put_group(group);
    }
    ids
}

pub(super) fn to_json(context: &Context<'_>, entity: &Entity) -> Value {
    let (direct, inherited) = groups(context.store, &entity.id);
    let all: Vec<&String> = direct.iter().chain(&inherited).copied().collect();
    let aliases: Vec<Value> =
        entity.aliases.iter().map(|alias| alias::to_json(context, alias, alias::AliasView::Entity)).collect();
    json!({
        "id": entity.id,
        "name": entity.name,
        "namespace_id": context.namespace_id,
        "metadata": entity.metadata,
        "policies": entity.policies,
        "disabled": entity.disabled,
        "aliases": aliases,
        "direct_group_ids": direct,
        "inherited_group_ids": inherited,
        "group_ids": all,
        "merged_entity_ids": if entity.merged.is_empty() { Value::Null } else { json!(entity.merged) },
        "creation_time": entity.created.to_string(),
        "last_update_time": entity.updated.to_string(),
    })
}

/// Returns the direct and the inherited groups of an entity.
pub(super) fn groups<'a>(store: &'a Store, entity: &str) -> (Vec<&'a String>, Vec<&'a String>) {
    let direct: Vec<&String> = store.groups_of_member(entity).collect();
    let mut seen: BTreeSet<&String> = direct.iter().copied().collect();
    let mut inherited = BTreeSet::new();
    let mut open = direct.clone();
    while let Some(group) = open.pop().and_then(|id| store.groups.get(id)) {
        for parent in group.parents.iter().flatten() {
            if seen.insert(parent) && store.groups.get(parent).is_some() {
                inherited.insert(parent);
                open.push(parent);
            }
        }
    }
    (direct, inherited.into_iter().collect())
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    let keys: Vec<_> = context.store.entities.iter().map(|entity| entity.id.clone()).collect();
    Ok(listed(context, &keys))
}

fn list_names(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    let keys: Vec<_> = context.store.entities.iter().map(|entity| entity.name.clone()).collect();
    Ok(listed(context, &keys))
}

/// Returns a list with information about the entities whose identifiers are among the keys. A key can be a
/// name that is the identifier of another entity.
fn listed(context: &Context<'_>, keys: &[String]) -> Option<Value> {
    let mut mounts = BTreeSet::new();
    let mut infos = Map::new();
    for entity in keys.iter().filter_map(|key| context.store.entities.get(key)) {
        let mut info = json!({ "name": entity.name });
        if !entity.aliases.is_empty() {
            let summary = |alias| alias::summary(context.mounts, &mut mounts, alias);
            info["aliases"] = entity.aliases.iter().map(summary).collect();
        }
        infos.insert(entity.id.clone(), info);
    }
    key_list(keys, Some(infos))
}
