//! Aliases of external groups: `identity/group-alias`.

use std::sync::Arc;

use identity_core::alias::{
    CreateGroupAlias, DeleteGroupAliasById, ListGroupAliases, ReadGroupAliasById, UpdateGroupAliasById,
};
use serde_json::json;

use super::alias::{self, AliasView};
use super::group;
use super::input::{Fields, Kind, Schema};
use super::response::{HandlerResult, bad_request, forbidden, internal, quoted};
use super::route::{Route, route};
use super::state::Context;
use super::store::{Alias, CloneNormalized, Group};

const FIELDS: Schema =
    &[("id", Kind::Text), ("name", Kind::Text), ("mount_accessor", Kind::Text), ("canonical_id", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[
    route::<CreateGroupAlias>(FIELDS, create),
    route::<ReadGroupAliasById>(FIELDS, read),
    route::<UpdateGroupAliasById>(FIELDS, update),
    route::<DeleteGroupAliasById>(FIELDS, delete),
    route::<ListGroupAliases>(&[], list),
];

fn create(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    if fields.given_text("id").is_some() { update(context, fields) } else { write(context, fields, None) }
}

fn update(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let id = fields.text("id");
    if id.is_empty() {
        return Err(bad_request("empty group alias ID"));
    }
    let alias = context
        .store
        .group_aliases
        .get(&id)
        .ok_or_else(|| bad_request("invalid group alias ID"))?
        .clone_normalized();
    write(context, fields, Some(alias))
}

/// Unlike entity aliases, group aliases are found only by their identifier.
fn write(context: &mut Context<'_>, fields: &Fields, found: Option<Alias>) -> HandlerResult {
    let (name, mount_accessor) = (fields.text("name"), fields.text("mount_accessor"));
    let canonical_id = fields.text("canonical_id");
    if name.is_empty() {
        return Err(bad_request("missing alias name"));
    }
    if mount_accessor.is_empty() {
        return Err(bad_request("missing mount_accessor"));
    }
    let stays = |alias: &Alias| canonical_id.is_empty() || alias.canonical_id == canonical_id;
    let is_same =
        |alias: &Alias| alias.name == name && alias.mount_accessor == mount_accessor && stays(alias);
    if found.as_ref().is_some_and(is_same) {
        return Ok(None);
    }
    let mut target = None;
    if !canonical_id.is_empty() {
        let group = context.store.groups.get(&canonical_id);
        let group = group.ok_or_else(|| bad_request("invalid group ID given in 'canonical_id'"))?;
        if !group.external {
            return Err(bad_request("alias can't be set on an internal group"));
        }
        target = Some(group.clone_normalized());
    }
    let accessor = quoted(&mount_accessor);
    let mount = context.mounts.get(&mount_accessor);
    let mount = mount.ok_or_else(|| bad_request(format!("invalid mount accessor {accessor}")))?;
    if mount.local {
        return Err(bad_request(format!("mount accessor {accessor} is a local mount")));
    }
    if mount.namespace != context.namespace {
        return Err(forbidden("mount referenced via 'mount_accessor' not in the same namespace as alias"));
    }
    let known = context.store.group_aliases.at(&mount_accessor, &name);
    if known.is_some_and(|known| found.as_ref().is_none_or(|found| found.id != known.id)) {
        return Err(bad_request("combination of mount and group alias name is already in use"));
    }

    let (mut group, id, created) = match found {
        None => (target.unwrap_or_else(|| group::new(context, true)), context.new_id(), context.now),
        Some(alias) => {
            let previous = context.store.groups.get(&alias.canonical_id).map(Group::clone_normalized);
            let mut previous =
                previous.ok_or_else(|| internal("group alias is not associated with a group"))?;
            let group = match target {
                Some(target) if target.id != previous.id => {
                    previous.alias = None;
                    context.store.put_group(previous);
                    target
                }
                _ => previous,
            };
            (group, alias.id, alias.created)
        }
    };
    group.alias = Some(Alias {
        id: id.clone(),
        canonical_id: group.id.clone(),
        name,
        mount_accessor,
        metadata: None,
        custom_metadata: None,
        local: false,
        merged_from: Vec::new(),
        created,
        updated: context.now,
        object: Arc::default(),
    });
    group.updated = context.now;
    let written = json!({ "id": id, "canonical_id": group.id });
    context.store.put_group(group);
    Ok(Some(written))
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let alias = context.store.group_aliases.get(&fields.text("id"));
    Ok(alias.map(|alias| alias::to_json(context, alias, AliasView::Alone)))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let Some(alias) = context.store.group_aliases.get(&fields.text("id")) else { return Ok(None) };
    if let Some(mut group) = context.store.groups.get(&alias.canonical_id).map(Group::clone_normalized) {
        group.alias = None;
        context.store.put_group(group);
    }
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    Ok(alias::alias_list(&context.store.group_aliases, context.mounts))
}
