//! Merges entities: `identity/entity/merge`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Outcome, Refusal, bad, listed};
use super::entity::leave_groups;
use super::input::{Fields, Kind, Schema};
use super::limits::distinct;
use super::mfa;
use super::state::Context;
use super::store::{Alias, Copied, Entity, Store};

pub(super) const FIELDS: Schema = &[
    ("to_entity_id", Kind::Text),
    ("from_entity_ids", Kind::List),
    ("force", Kind::Flag),
    ("conflicting_alias_ids_to_keep", Kind::List),
];

pub(super) fn merge(context: &mut Context<'_>, fields: &Fields) -> Outcome {
    let to = fields.text("to_entity_id");
    if to.is_empty() {
        return Err(bad("missing entity id to merge to"));
    }
    let from = fields.list("from_entity_ids").unwrap_or_default();
    if from.is_empty() {
        return Err(bad("missing entity ids to merge from"));
    }
    let keep = fields.list("conflicting_alias_ids_to_keep").unwrap_or_default();
    let to = context.store.entities.get(&to).ok_or_else(|| bad("entity id to merge to is invalid"))?.copied();
    if from.len() > 1 && keep.len() > 1 {
        let problem = "aliases conflicts cannot be resolved with multiple from entity ids";
        return Err(bad(format!("{problem} - merge one entity at a time")));
    }
    let from = distinct(from);
    for id in &from {
        if *id == to.id {
            return Err(bad("to_entity_id should not be present in from_entity_ids"));
        }
        if context.store.entities.get(id).is_none() {
            return Err(bad("entity id to merge from is invalid"));
        }
    }
    if keep.is_empty() {
        find_clashes(context, &to, &from)?;
    }
    let force = fields.flag("force").unwrap_or_default();
    carry_out(context.store, to, &from, &Clashes::Keep(&keep), force)?;
    Ok(None)
}

/// Merges `other` into an entity that is about to be stored and has taken over one of its aliases.
pub(super) fn absorb(store: &mut Store, mut entity: Entity, other: &str) -> Result<(), Refusal> {
    if let Some(other) = store.entities.get(other) {
        let policies = entity.policies.iter().chain(&other.policies).cloned().collect();
        entity.policies = distinct(policies);
    }
    carry_out(store, entity, &[other.to_owned()], &Clashes::DropTo, true)
}

/// Fails if two aliases are on the same mount. The error lists all conflicts, with data about them.
fn find_clashes(context: &Context<'_>, to: &Entity, from: &[String]) -> Result<(), Refusal> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut words = Vec::new();
    let mut data = Vec::new();
    for from in from.iter().filter_map(|id| context.store.entities.get(id)) {
        for (to_alias, from_alias) in
            to.aliases.iter().flat_map(|to| from.aliases.iter().map(move |from| (to, from)))
        {
            let accessor = &from_alias.mount_accessor;
            if owners.insert(accessor, &from.id).is_some_and(|owner| owner != from.id) {
                let advice = "merge should be done with one fromEntity at a time";
                return Err(bad(format!(
                    "mount accessor {accessor} found in multiple fromEntities, {advice}"
                )));
            }
            if to_alias.mount_accessor == *accessor {
                words.push(format!(
                    "mountAccessor: {accessor}, toEntity ID: {}, fromEntity ID: {}, conflicting toEntity alias ID: {}, \
                     conflicting fromEntity alias ID: {}",
                    to.id, from.id, to_alias.id, from_alias.id
                ));
                data.push(clash(context, to, to_alias));
                data.push(clash(context, from, from_alias));
            }
        }
    }
    if words.is_empty() {
        return Ok(());
    }
    let problem = "toEntity and at least one fromEntity have aliases with the same mount accessor";
    words.insert(
        0,
        format!("{problem}, repeat the merge request specifying exactly one fromEntity, clashes: "),
    );
    let mut refusal = bad(listed(&words));
    refusal.data = Some(Value::Array(data));
    Err(refusal)
}

fn clash(context: &Context<'_>, entity: &Entity, alias: &Alias) -> Value {
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
enum Clashes<'a> {
    /// Keeps the alias whose identifier is in the list.
    Keep(&'a [String]),
    /// Drops the alias of the target entity.
    DropTo,
}

/// Moves aliases and memberships. An alias that is dropped in a conflict cannot be found, but the entity
/// still shows it.
fn carry_out(
    store: &mut Store,
    mut to: Entity,
    from: &[String],
    clashes: &Clashes<'_>,
    force: bool,
) -> Result<(), Refusal> {
    // The server considers one alias for each mount.
    let mut on_mount = BTreeMap::new();
    for alias in &to.aliases {
        on_mount.entry(alias.mount_accessor.clone()).or_insert_with(|| alias.id.clone());
    }
    let from: Vec<Entity> = from.iter().filter_map(|id| store.entities.get(id)).map(Copied::copied).collect();

    // All checks come before the first change.
    let mut dropped = Vec::new();
    for from_alias in from.iter().flat_map(|entity| &entity.aliases) {
        let Some(to_alias) = on_mount.get(&from_alias.mount_accessor) else { continue };
        match clashes {
            Clashes::Keep(keep) if keep.contains(to_alias) => dropped.push(from_alias.id.clone()),
            Clashes::Keep(keep) if !keep.contains(&from_alias.id) => {
                let problem =
                    "conflicting mount accessors in following alias IDs and neither were present in";
                let ids = format!("{}, {to_alias}", from_alias.id);
                return Err(bad(format!("{problem} conflicting_alias_ids_to_keep: {ids}")));
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
