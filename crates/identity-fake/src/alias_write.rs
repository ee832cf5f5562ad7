//! Creates and updates entity aliases, and moves them to other entities.

use std::sync::Arc;

use serde_json::json;

use super::entity;
use super::input::{Fields, Pairs};
use super::limits::check_custom_metadata;
use super::mounts::Mount;
use super::response::{HandlerResult, bad_request, forbidden, internal, quoted};
use super::state::Context;
use super::store::{Alias, CloneNormalized, Entity};

struct AliasUpdate {
    /// The identifier of the entity, or `""` to keep the current one.
    canonical_id: String,
    name: String,
    mount_accessor: String,
    custom_metadata: Option<Pairs>,
}

pub(super) fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let given = fields.pairs("custom_metadata");
    let mut wanted = AliasUpdate {
        canonical_id: fields.text("canonical_id"),
        name: fields.text("name"),
        mount_accessor: fields.text("mount_accessor"),
        custom_metadata: given.clone().unwrap_or(Some(Pairs::new())),
    };
    if wanted.canonical_id.is_empty() {
        wanted.canonical_id = fields.text("entity_id");
    }
    check_custom_metadata(wanted.custom_metadata.as_ref())?;

    let id = fields.text("id");
    if !id.is_empty() {
        let alias = context
            .store
            .aliases
            .get(&id)
            .ok_or_else(|| bad_request("invalid alias ID provided"))?
            .clone_normalized();
        if given.is_none() {
            wanted.custom_metadata.clone_from(&alias.custom_metadata);
        }
        if wanted.name.is_empty() {
            wanted.name.clone_from(&alias.name);
        }
        if wanted.mount_accessor.is_empty() {
            wanted.mount_accessor.clone_from(&alias.mount_accessor);
        }
        return change(context, alias, &wanted, Found::ById);
    }

    if wanted.mount_accessor.is_empty() || wanted.name.is_empty() {
        return Err(bad_request("'id' or 'mount_accessor' and 'name' must be provided"));
    }
    let mount = context.mounts.get(&wanted.mount_accessor);
    let mount = mount
        .ok_or_else(|| bad_request(format!("invalid mount accessor {}", quoted(&wanted.mount_accessor))))?;
    if mount.namespace != context.namespace {
        return Err(forbidden("matching mount is in a different namespace than request"));
    }
    match context.store.aliases.at(&wanted.mount_accessor, &wanted.name).cloned() {
        Some(alias) => change(context, alias, &wanted, Found::ByName),
        None => create(context, mount, wanted),
    }
}

fn create(context: &mut Context<'_>, mount: &Mount, wanted: AliasUpdate) -> HandlerResult {
    let mut entity = match &*wanted.canonical_id {
        "" => entity::new(context),
        id => context
            .store
            .entities
            .get(id)
            .ok_or_else(|| bad_request("invalid canonical ID"))?
            .clone_normalized(),
    };
    if entity.aliases.iter().any(|alias| alias.mount_accessor == wanted.mount_accessor) {
        return Err(bad_request("Alias already exists for requested entity and mount accessor"));
    }
    let alias = Alias {
        id: context.new_id(),
        canonical_id: entity.id.clone(),
        name: wanted.name,
        mount_accessor: wanted.mount_accessor,
        metadata: None,
        custom_metadata: wanted.custom_metadata,
        local: mount.local,
        merged_from: Vec::new(),
        created: context.now,
        updated: context.now,
        object: Arc::default(),
    };
    let written = json!({ "id": alias.id, "canonical_id": entity.id });
    entity.aliases.push(alias);
    entity::put(context.store, entity, None)?;
    Ok(Some(written))
}

/// How an alias was found. The server mutates aliases that it found by name in place, so a rejected update
/// may still be visible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    ById,
    ByName,
}

fn change(context: &mut Context<'_>, mut alias: Alias, wanted: &AliasUpdate, found: Found) -> HandlerResult {
    let stays = wanted.canonical_id.is_empty() || wanted.canonical_id == alias.canonical_id;
    let same_mount = wanted.mount_accessor == alias.mount_accessor;
    let same_metadata = wanted.custom_metadata.iter().flatten().eq(alias.custom_metadata.iter().flatten());
    if wanted.name == alias.name && same_mount && stays && same_metadata {
        return Ok(None);
    }
    alias.updated = context.now;
    let current = context.store.entities.get(&alias.canonical_id).map(Entity::clone_normalized);
    let mut current = current.ok_or_else(|| bad_request("given alias is not associated with an entity"))?;
    let on_mount =
        |entity: &Entity| entity.aliases.iter().any(|alias| alias.mount_accessor == wanted.mount_accessor);
    if !same_mount && stays && on_mount(&current) {
        // The trailing space is the server's.
        let problem =
            "Alias cannot be updated as the entity already has an alias for the given 'mount_accessor' ";
        return Err(bad_request(problem));
    }
    if wanted.name != alias.name || !same_mount || !same_metadata {
        let mount = context.mounts.get(&wanted.mount_accessor);
        let mount = mount.ok_or_else(|| {
            bad_request(format!("invalid mount accessor {}", quoted(&wanted.mount_accessor)))
        })?;
        if mount.namespace != context.namespace {
            return Err(forbidden("given mount accessor is not in the same namespace as the existing alias"));
        }
        let known = context.store.aliases.at(&wanted.mount_accessor, &wanted.name);
        if known.is_some_and(|known| known.id != alias.id) {
            return Err(bad_request("alias with combination of mount accessor and name already exists"));
        }
        alias.name.clone_from(&wanted.name);
        alias.mount_accessor.clone_from(&wanted.mount_accessor);
        alias.custom_metadata.clone_from(&wanted.custom_metadata);
    }
    if found == Found::ByName {
        context.store.update_in_place(&alias);
    }
    let accessor = quoted(&alias.mount_accessor);
    let mount = context.mounts.get(&alias.mount_accessor);
    let mount = mount.ok_or_else(|| internal(&format!("invalid mount accessor {accessor}")))?;

    let (entity, previous) = if stays {
        if mount.local {
            // The server looks up the alias by its new name, does not find it, and creates a second one.
            let known = context.store.aliases.at(&alias.mount_accessor, &alias.name);
            known.ok_or_else(|| internal("duplicate identity name"))?;
            alias.local = true;
        }
        if let Some(other) = current.aliases.iter_mut().find(|other| other.id == alias.id) {
            *other = alias.clone();
        }
        (current, None)
    } else {
        if mount.local {
            return Err(bad_request("local aliases can't be moved between entities"));
        }
        let entity = context.store.entities.get(&wanted.canonical_id).map(Entity::clone_normalized);
        let mut entity =
            entity.ok_or_else(|| bad_request("given 'canonical_id' is not associated with an entity"))?;
        if on_mount(&entity) {
            let problem = "Alias cannot be updated as the given entity already has an alias for this mount ";
            return Err(bad_request(problem));
        }
        alias.canonical_id.clone_from(&entity.id);
        entity.aliases.push(alias.clone());
        current.aliases.retain(|other| other.id != alias.id);
        (entity, Some(current))
    };
    let written = json!({ "id": alias.id, "canonical_id": entity.id });
    entity::put(context.store, entity, previous)?;
    Ok(Some(written))
}
