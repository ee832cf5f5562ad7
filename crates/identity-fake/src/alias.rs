//! Entity aliases: `identity/entity-alias`, and the legacy `identity/alias` and `identity/persona`.

use std::collections::BTreeSet;

use identity_core::alias::{
    CreateEntityAlias, DeleteEntityAliasById, ListEntityAliases, ReadEntityAliasById, UpdateEntityAliasById,
};
use identity_core::legacy::{
    CreateAlias, CreatePersona, DeleteAlias, DeletePersona, ListAliases, ListPersonas, ReadAlias,
    ReadPersona, UpdateAlias, UpdatePersona,
};
use serde_json::{Map, Value, json};

use super::alias_write::write;
use super::entity;
use super::input::{Fields, Kind, Schema};
use super::mounts::Mounts;
use super::response::{HandlerResult, key_list};
use super::route::{Route, route};
use super::state::Context;
use super::store::{Alias, Aliases, CloneNormalized};

const FIELDS: Schema = &[
    ("id", Kind::Text),
    ("entity_id", Kind::Text),
    ("canonical_id", Kind::Text),
    ("mount_accessor", Kind::Text),
    ("name", Kind::Text),
    ("custom_metadata", Kind::Pairs),
];

pub(super) const ROUTES: &[Route] = &[
    route::<CreateEntityAlias>(FIELDS, write),
    route::<ReadEntityAliasById>(FIELDS, read),
    route::<UpdateEntityAliasById>(FIELDS, write),
    route::<DeleteEntityAliasById>(FIELDS, delete),
    route::<ListEntityAliases>(&[], list),
];

/// `FIELDS` without custom metadata.
const LEGACY_FIELDS: Schema = &[
    ("id", Kind::Text),
    ("entity_id", Kind::Text),
    ("canonical_id", Kind::Text),
    ("mount_accessor", Kind::Text),
    ("name", Kind::Text),
];

/// The server parses these although it treats a persona as an entity.
const PERSONA_FIELDS: Schema = &[
    ("id", Kind::Text),
    ("entity_id", Kind::Text),
    ("mount_accessor", Kind::Text),
    ("name", Kind::Text),
    ("metadata", Kind::Pairs),
];

pub(super) const LEGACY_ROUTES: &[Route] = &[
    route::<CreateAlias>(LEGACY_FIELDS, write),
    route::<ReadAlias>(LEGACY_FIELDS, read),
    route::<UpdateAlias>(LEGACY_FIELDS, write),
    route::<DeleteAlias>(LEGACY_FIELDS, delete),
    route::<ListAliases>(&[], list),
    route::<CreatePersona>(PERSONA_FIELDS, entity::write),
    route::<ReadPersona>(PERSONA_FIELDS, read),
    route::<UpdatePersona>(PERSONA_FIELDS, entity::write),
    route::<DeletePersona>(PERSONA_FIELDS, delete),
    route::<ListPersonas>(&[], list),
];

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let alias = context.store.aliases.get(&fields.text("id"));
    Ok(alias.map(|alias| to_json(context, alias, AliasView::Alone)))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let id = fields.text("id");
    let Some(alias) = context.store.aliases.get(&id) else { return Ok(None) };
    if let Some(mut entity) =
        context.store.entities.get(&alias.canonical_id).map(CloneNormalized::clone_normalized)
    {
        if alias.local && !entity.local_stored {
            // After a merge, the server does not find the local alias and deletes nothing.
            return Ok(None);
        }
        entity.aliases.retain(|alias| alias.id != id);
        entity.store_local();
        context.store.entities.put(entity);
    }
    context.store.aliases.remove(&id);
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    Ok(alias_list(&context.store.aliases, context.mounts))
}

pub(super) fn alias_list(aliases: &Aliases, mounts: &Mounts) -> Option<Value> {
    let mut seen = BTreeSet::new();
    let mut keys = Vec::new();
    let mut infos = Map::new();
    for alias in aliases.iter() {
        let mut info = json!({
            "name": alias.name,
            "canonical_id": alias.canonical_id,
            "mount_accessor": alias.mount_accessor,
            "metadata": alias.metadata,
            "custom_metadata": alias.custom_metadata,
            "local": alias.local,
        });
        add_mount(&mut info, mounts, &mut seen, &alias.mount_accessor);
        keys.push(alias.id.clone());
        infos.insert(alias.id.clone(), info);
    }
    key_list(&keys, Some(infos))
}

/// Returns the alias as it appears in a list of entities or groups.
pub(super) fn summary<'a>(mounts: &Mounts, seen: &mut BTreeSet<&'a str>, alias: &'a Alias) -> Value {
    let mut summary = json!({ "id": alias.id, "name": alias.name, "mount_accessor": alias.mount_accessor });
    add_mount(&mut summary, mounts, seen, &alias.mount_accessor);
    summary
}

/// Adds the mount to an entry of a list. If the mount is gone, the server omits the fields in the first entry
/// and leaves them empty in the others.
fn add_mount<'a>(info: &mut Value, mounts: &Mounts, seen: &mut BTreeSet<&'a str>, accessor: &'a str) {
    if let Some(mount) = mounts.get(accessor) {
        info["mount_path"] = json!(mount.path);
        info["mount_type"] = json!(mount.kind);
    } else if !seen.insert(accessor) {
        info["mount_path"] = json!("");
        info["mount_type"] = json!("");
    }
}

/// The place where an alias appears, which determines its fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AliasView {
    Alone,
    Entity,
    Group,
}

pub(super) fn to_json(context: &Context<'_>, alias: &Alias, view: AliasView) -> Value {
    let mut object = json!({
        "id": alias.id,
        "canonical_id": alias.canonical_id,
        "name": alias.name,
        "mount_accessor": alias.mount_accessor,
        "metadata": alias.metadata,
        "merged_from_canonical_ids": if alias.merged_from.is_empty() { Value::Null } else { json!(alias.merged_from) },
        "creation_time": alias.created.to_string(),
        "last_update_time": alias.updated.to_string(),
    });
    if let Some(mount) = context.mounts.get(&alias.mount_accessor) {
        object["mount_path"] = json!(mount.path);
        object["mount_type"] = json!(mount.kind);
    }
    if view != AliasView::Group {
        object["custom_metadata"] = json!(alias.custom_metadata);
        object["local"] = json!(alias.local);
    }
    if view == AliasView::Alone {
        object["namespace_id"] = json!(context.namespace_id);
    }
    object
}
