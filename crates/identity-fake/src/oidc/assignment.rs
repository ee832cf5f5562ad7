//! Assignments, which control who can log in to a client: `identity/oidc/assignment`.

use identity_core::oidc::{
    DeleteOidcAssignment, ListOidcAssignments, ReadOidcAssignment, WriteOidcAssignment,
};
use serde_json::json;

use super::super::entity;
use super::super::input::{Fields, Kind, Schema};
use super::super::limits::distinct;
use super::super::response::{HandlerResult, bad_request, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::super::store::{Entity, Store};
use super::{names, referring};

const FIELDS: Schema = &[("name", Kind::Text), ("entity_ids", Kind::List), ("group_ids", Kind::List)];

pub(super) const ROUTES: &[Route] = &[
    route::<WriteOidcAssignment>(FIELDS, write).looked_up_first(),
    route::<ReadOidcAssignment>(FIELDS, read),
    route::<DeleteOidcAssignment>(FIELDS, delete),
    route::<ListOidcAssignments>(&[], list),
];

/// The built-in assignment. The server checks only its name and ignores its contents.
pub(super) const ALLOW_ALL: &str = "allow_all";

#[derive(Clone, Default)]
pub(super) struct Assignment {
    entity_ids: Vec<String>,
    group_ids: Vec<String>,
}

impl Assignment {
    pub(super) fn built_in() -> Self {
        Self { entity_ids: vec!["*".to_owned()], group_ids: vec!["*".to_owned()] }
    }
}

/// Returns `true` if one of the assignments includes the entity.
pub(super) fn includes(store: &Store, assignments: &[String], entity: &Entity) -> bool {
    if entity.disabled {
        return false;
    }
    if assignments.iter().any(|name| name == ALLOW_ALL) {
        return true;
    }
    let (direct, inherited) = entity::groups(store, &entity.id);
    assignments.iter().filter_map(|name| store.oidc.assignments.get(name)).any(|assignment| {
        let is_member = |id: &String| direct.contains(&id) || inherited.contains(&id);
        assignment.entity_ids.contains(&entity.id) || assignment.group_ids.iter().any(is_member)
    })
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    if name == ALLOW_ALL {
        return Err(bad_request(format!("modification of assignment {} not allowed", quoted(&name))));
    }
    let mut assignment = context.store.oidc.assignments.get(&name).cloned().unwrap_or_default();
    if let Some(ids) = fields.list("entity_ids") {
        assignment.entity_ids = ids;
    }
    if let Some(ids) = fields.list("group_ids") {
        assignment.group_ids = ids;
    }
    for ids in [&mut assignment.entity_ids, &mut assignment.group_ids] {
        *ids = distinct(ids.iter().map(|id| to_lower_case(id)).collect());
    }
    context.store.oidc.assignments.insert(name, assignment);
    Ok(None)
}

/// Converts an identifier to lower case, except for the namespace at its end.
fn to_lower_case(id: &str) -> String {
    match id.split_once('.') {
        Some((id, namespace)) => format!("{}.{namespace}", id.to_lowercase()),
        None => id.to_lowercase(),
    }
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let assignment = context.store.oidc.assignments.get(&fields.text("name"));
    Ok(assignment
        .map(|assignment| json!({ "entity_ids": assignment.entity_ids, "group_ids": assignment.group_ids })))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    if name == ALLOW_ALL {
        return Err(bad_request(format!("deletion of assignment {} not allowed", quoted(&name))));
    }
    let oidc = &mut context.store.oidc;
    if let Some(clients) = referring(&oidc.clients, |client| client.assignments.contains(&name)) {
        let problem = format!("because it is currently referenced by these clients: {clients}");
        return Err(bad_request(format!("unable to delete assignment {} {problem}", quoted(&name))));
    }
    oidc.assignments.remove(&name);
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    names(&context.store.oidc.assignments)
}
