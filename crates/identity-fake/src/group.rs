//! Groups: `identity/group`.

use std::collections::BTreeSet;

use identity_core::group::{
    CreateGroup, DeleteGroupById, DeleteGroupByName, ListGroupNames, ListGroups, ReadGroupById,
    ReadGroupByName, UpdateGroupById, WriteGroupByName,
};
use serde_json::{Map, Value, json};

use super::alias::{self, AliasView};
use super::input::{Fields, Kind, Schema};
use super::limits::{NO_UTF8, check_metadata, distinct, policies};
use super::response::{ErrorResponse, HandlerResult, bad_request, internal, key_list, quoted};
use super::route::{Route, route};
use super::state::Context;
use super::store::{CloneNormalized, Group, Store};

const FIELDS: Schema = &[
    ("id", Kind::Text),
    ("type", Kind::Text),
    ("name", Kind::Text),
    ("metadata", Kind::Pairs),
    ("policies", Kind::List),
    ("member_group_ids", Kind::List),
    ("member_entity_ids", Kind::List),
];

pub(super) const ROUTES: &[Route] = &[
    route::<CreateGroup>(FIELDS, create),
    route::<ReadGroupById>(FIELDS, read_by_id),
    route::<UpdateGroupById>(FIELDS, update_by_id),
    route::<DeleteGroupById>(FIELDS, delete_by_id),
    route::<ListGroups>(&[], list),
    route::<WriteGroupByName>(FIELDS, write_by_name),
    route::<ReadGroupByName>(FIELDS, read_by_name),
    route::<DeleteGroupByName>(FIELDS, delete_by_name),
    route::<ListGroupNames>(&[], list_names),
];

/// The presence of a field selects the group, even if it is `null`.
fn create(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    if fields.given_text("id").is_some() {
        update_by_id(context, fields)
    } else if fields.given_text("name").is_some() {
        write_by_name(context, fields)
    } else {
        write(context, fields, None)
    }
}

fn update_by_id(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let id = fields.text("id");
    if id.is_empty() {
        return Err(bad_request("empty group ID"));
    }
    let group =
        context.store.groups.get(&id).ok_or_else(|| bad_request("invalid group ID"))?.clone_normalized();
    write(context, fields, Some(group))
}

fn write_by_name(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    if name.is_empty() {
        return Err(bad_request("empty group name"));
    }
    let group = context.store.groups.by_name(&name).map(Group::clone_normalized);
    write(context, fields, group)
}

fn write(context: &mut Context<'_>, fields: &Fields, found: Option<Group>) -> HandlerResult {
    let is_new = found.is_none();
    let mut group = found.unwrap_or_else(|| new(context, false));
    if let Some(names) = fields.list("policies") {
        group.policies = Some(policies(names));
    }
    if group.policies.iter().flatten().any(|policy| policy == "root") {
        return Err(bad_request("policies cannot contain root"));
    }
    if let Some(kind) = fields.given_text("type") {
        if !is_new && kind != type_name(&group) {
            return Err(bad_request("group type cannot be changed"));
        }
        group.external = match &*kind {
            "internal" | "" => false,
            "external" => true,
            other => return Err(bad_request(format!("invalid group type {}", quoted(other)))),
        };
    }
    let name = fields.text("name");
    if !name.is_empty() {
        if context.store.groups.by_name(&name).is_some_and(|named| named.id != group.id) {
            return Err(bad_request("group name is already in use"));
        }
        group.name = name;
    }
    if let Some(metadata) = fields.pairs("metadata") {
        group.metadata = metadata;
    }
    let members = fields.list("member_entity_ids");
    if members.is_some() && group.external {
        return Err(bad_request("member entities can't be set manually for external groups"));
    }
    let member_groups = fields.list("member_group_ids");
    if member_groups.is_some() && group.external {
        return Err(bad_request("member groups can't be set for external groups"));
    }

    check_metadata("group", group.metadata.as_ref())?;
    group.updated = context.now;
    group.members = members.or(group.members).map(distinct);
    let unknown = |id: &&String| context.store.entities.get(id).is_none();
    if let Some(unknown) = group.members.iter().flatten().find(unknown) {
        return Err(internal(&format!("invalid entity ID {}", quoted(unknown))));
    }
    if group.name.contains(NO_UTF8) {
        return Err(internal("string field contains invalid UTF-8"));
    }
    if let Some(ids) = member_groups {
        set_member_groups(context.store, &group, &distinct(ids))?;
    }
    let created = json!({ "id": group.id, "name": group.name });
    context.store.put_group(group);
    Ok(is_new.then_some(created))
}

/// Creates a group without storing it.
pub(super) fn new(context: &mut Context<'_>, external: bool) -> Group {
    Group {
        id: context.new_id(),
        name: context.new_name("group"),
        external,
        metadata: None,
        policies: None,
        members: None,
        parents: None,
        alias: None,
        index: 0,
        created: context.now,
        updated: context.now,
    }
}

fn type_name(group: &Group) -> &'static str {
    if group.external { "external" } else { "internal" }
}

/// Sets the member groups. Membership is stored in the members, as their parents.
fn set_member_groups(store: &mut Store, group: &Group, wanted: &[String]) -> Result<(), ErrorResponse> {
    let current: Vec<String> = store.groups_of_parent(&group.id).cloned().collect();
    for id in wanted {
        if store.groups.get(id).is_none() {
            return Err(internal(&format!("invalid member group ID {}", quoted(id))));
        }
        if current.contains(id) {
            continue;
        }
        if *id == group.id {
            return Err(internal(&format!("member group ID {} is same as the ID of the group", quoted(id))));
        }
        if reaches(store, id, &group.id) {
            return Err(bad_request(format!(
                "cyclic relationship detected for member group ID {}",
                quoted(id)
            )));
        }
    }
    let added = wanted.iter().filter(|id| !current.contains(id));
    let changes = current
        .iter()
        .filter(|id| !wanted.contains(id))
        .map(|id| (id, false))
        .chain(added.map(|id| (id, true)));
    for (id, is_member) in changes {
        let Some(mut member) = store.groups.get(id).map(Group::clone_normalized) else { continue };
        let parents = member.parents.get_or_insert_default();
        if is_member {
            parents.push(group.id.clone());
        } else {
            parents.retain(|parent| *parent != group.id);
        }
        store.put_group(member);
    }
    Ok(())
}

/// Returns `true` if `to` is `from`, or a direct or indirect member of it.
fn reaches(store: &Store, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id) {
            open.extend(store.groups_of_parent(id).map(String::as_str));
        }
    }
    false
}

fn read_by_id(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    Ok(context.store.groups.get(&fields.text("id")).map(|group| to_json(context, group)))
}

fn read_by_name(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    Ok(context.store.groups.by_name(&fields.text("name")).map(|group| to_json(context, group)))
}

fn delete_by_id(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    context.store.remove_group(&fields.text("id"));
    Ok(None)
}

fn delete_by_name(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let id = context.store.groups.by_name(&fields.text("name")).map(|group| group.id.clone());
    context.store.remove_group(&id.unwrap_or_default());
    Ok(None)
}

pub(super) fn to_json(context: &Context<'_>, group: &Group) -> Value {
    let member_groups: Vec<&String> = context.store.groups_of_parent(&group.id).collect();
    let alias = group.alias.as_ref().map(|alias| alias::to_json(context, alias, AliasView::Group));
    json!({
        "id": group.id,
        "name": group.name,
        "type": type_name(group),
        "namespace_id": context.namespace_id,
        "policies": group.policies,
        "member_entity_ids": group.members,
        "member_group_ids": if member_groups.is_empty() { Value::Null } else { json!(member_groups) },
        "parent_group_ids": group.parents,
        "metadata": group.metadata,
        "modify_index": group.index,
        "creation_time": group.created.to_string(),
        "last_update_time": group.updated.to_string(),
        "alias": alias.unwrap_or(json!({})),
    })
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    let keys: Vec<_> = context.store.groups.iter().map(|group| group.id.clone()).collect();
    Ok(listed(context, &keys))
}

fn list_names(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    let keys: Vec<_> = context.store.groups.iter().map(|group| group.name.clone()).collect();
    Ok(listed(context, &keys))
}

/// Returns a list with information about the groups whose identifiers are among the keys. A key can be a
/// name that is the identifier of another group.
fn listed(context: &Context<'_>, keys: &[String]) -> Option<Value> {
    let mut mounts = BTreeSet::new();
    let mut infos = Map::new();
    for group in keys.iter().filter_map(|key| context.store.groups.get(key)) {
        let mut info = json!({
            "name": group.name,
            "num_member_entities": group.members.as_ref().map_or(0, Vec::len),
            "num_parent_groups": group.parents.as_ref().map_or(0, Vec::len),
        });
        if let Some(alias) = &group.alias {
            info["alias"] = alias::summary(context.mounts, &mut mounts, alias);
        }
        infos.insert(group.id.clone(), info);
    }
    key_list(keys, Some(infos))
}
