//! Merges entities: `identity/entity/merge`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::entity::leave_groups;
use super::input::{Fields, Kind, Schema};
use super::limits::distinct;
use super::mfa;
use super::response::{ErrorResponse, HandlerResult, bad_request, multi_error};
use super::state::Context;
use super::store::{Alias, CloneNormalized, Entity, Store};

pub(super) const FIELDS: Schema = &[
    ("to_entity_id", Kind::Text),
    ("from_entity_ids", Kind::List),
    ("force", Kind::Flag),
    ("conflicting_alias_ids_to_keep", Kind::List),
];

pub(super) fn merge(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let to = fields.text("to_entity_id");
    if to.is_empty() {
        return Err(bad_request("missing entity id to merge to"));
    }
    let from = fields.list("from_entity_ids").unwrap_or_default();
    if from.is_empty() {
        return Err(bad_request("missing entity ids to merge from"));
    }
    let keep = fields.list("conflicting_alias_ids_to_keep").unwrap_or_default();
    let to = context
        .store
        .entities
        .get(&to)
        .ok_or_else(|| bad_request("entity id to merge to is invalid"))?
        .clone_normalized();
    if from.len() > 1 && keep.len() > 1 {
        let problem = "aliases conflicts cannot be resolved with multiple from entity ids";
        return Err(bad_request(format!("{problem} - merge one entity at a time")));
    }
    let from = distinct(from);
    for id in &from {
        if *id == to.id {
            return Err(bad_request("to_entity_id should not be present in from_entity_ids"));
        }
        if context.store.entities.get(id).is_none() {
            return Err(bad_request("entity id to merge from is invalid"));
        }
    }
    if keep.is_empty() {
        check_conflicts(context, &to, &from)?;
    }
    let force = fields.flag("force").unwrap_or_default();
    merge_entities(context.store, to, &from, &Conflicts::Keep(&keep), force)?;
    Ok(None)
}

/// Merges `other` into an entity that is about to be stored and has taken over one of its aliases.
pub(super) fn merge_other(store: &mut Store, mut entity: Entity, other: &str) -> Result<(), ErrorResponse> {
    if let Some(other) = store.entities.get(other) {
        let policies = entity.policies.iter().chain(&other.policies).cloned().collect();
        entity.policies = distinct(policies);
    }
    merge_entities(store, entity, &[other.to_owned()], &Conflicts::DropTarget, true)
}

/// Fails if two aliases are on the same mount. The error lists all conflicts, with data about them.
fn check_conflicts(context: &Context<'_>, to: &Entity, from: &[String]) -> Result<(), ErrorResponse> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut messages = Vec::new();
    let mut data = Vec::new();
    for from in from.iter().filter_map(|id| context.store.entities.get(id)) {
        for (to_alias, from_alias) in
            to.aliases.iter().flat_map(|to| from.aliases.iter().map(move |from| (to, from)))
        {
            let accessor = &from_alias.mount_accessor;
            if owners.insert(accessor, &from.id).is_some_and(|owner| owner != from.id) {
                let advice = "merge should be done with one fromEntity at a time";
                return Err(bad_request(format!(
                    "mount accessor {accessor} found in multiple fromEntities, {advice}"
                )));
            }
            if to_alias.mount_accessor == *accessor {
                messages.push(format!(
                    "mountAccessor: {accessor}, toEntity ID: {}, fromEntity ID: {}, conflicting toEntity alias ID: {}, \
                     conflicting fromEntity alias ID: {}",
                    to.id, from.id, to_alias.id, from_alias.id
                ));
                data.push(conflict_data(context, to, to_alias));
                data.push(conflict_data(context, from, from_alias));
            }
        }
    }
    if messages.is_empty() {
        return Ok(());
    }
    let problem = "toEntity and at least one fromEntity have aliases with the same mount accessor";
    messages.insert(
        0,
        format!("{problem}, repeat the merge request specifying exactly one fromEntity, clashes: "),
    );
    let mut error = bad_request(multi_error(&messages));
    error.data = Some(Value::Array(data));
    Err(error)
}

fn conflict_data(context: &Context<'_>, entity: &Entity, alias: &Alias) -> Value {
    let mount = context.mounts.get(&alias.mount_accessor);
    json!({
        "alias": alias.name,
        "entity": entity.name,
        "entity_id": entity.id,
        "mount": mount.map(|mount| mount.kind.clone()).unwrap_or_default(),
        "mount_path": mount.map(|mount| mount.path.clone()).unwrap_or_default(),
    })
}

/// Resolves two aliases on the same mount.
enum Conflicts<'a> {
    /// Keeps the alias whose identifier is in the list.
    Keep(&'a [String]),
    /// Drops the alias of the target entity.
    DropTarget,
}

/// Moves aliases and memberships. An alias that is dropped in a conflict cannot be found, but the entity
/// still shows it.
fn merge_entities(
    store: &mut Store,
    mut to: Entity,
    from: &[String],
    conflicts: &Conflicts<'_>,
    force: bool,
) -> Result<(), ErrorResponse> {
    // The server considers one alias for each mount.
    let mut on_mount = BTreeMap::new();
    for alias in &to.aliases {
        on_mount.entry(alias.mount_accessor.clone()).or_insert_with(|| alias.id.clone());
    }
    let from: Vec<Entity> =
        from.iter().filter_map(|id| store.entities.get(id)).map(CloneNormalized::clone_normalized).collect();

    // All checks come before the first change.
    let mut dropped = Vec::new();
    for from_alias in from.iter().flat_map(|entity| &entity.aliases) {
        let Some(to_alias) = on_mount.get(&from_alias.mount_accessor) else { continue };
        match conflicts {
            Conflicts::Keep(keep) if keep.contains(to_alias) => dropped.push(from_alias.id.clone()),
            Conflicts::Keep(keep) if !keep.contains(&from_alias.id) => {
                let problem =
                    "conflicting mount accessors in following alias IDs and neither were present in";
                let ids = format!("{}, {to_alias}", from_alias.id);
                return Err(bad_request(format!("{problem} conflicting_alias_ids_to_keep: {ids}")));
            }
            _ => dropped.push(to_alias.clone()),
        }
    }
    for entity in &from {
        mfa::merge(&mut to, entity, force)?;
    }
    for id in dropped {
        store.aliases.remove(&id);
    }

    let mut joined = Vec::new();
    for entity in from {
        for mut alias in entity.aliases {
            alias.canonical_id.clone_from(&to.id);
            alias.merged_from.push(entity.id.clone());
            store.aliases.put(alias.clone());
            to.aliases.push(alias);
        }
        to.merged.extend(entity.merged);
        let left = leave_groups(store, &entity.id);
        joined.extend(left.iter().filter_map(|group| store.groups.get(group)).cloned());
        store.entities.remove(&entity.id);
        store.merged_into.insert(entity.id.clone(), to.id.clone());
        to.merged.push(entity.id);
    }
    let id = to.id.clone();
    store.entities.put(to);
    // Restores each group as it was when its entity left. For a group with several of the entities the last
    // one wins.
    for mut group in joined {
        group.members.get_or_insert_default().push(id.clone());
        store.put_group(group);
    }
    Ok(())
}
