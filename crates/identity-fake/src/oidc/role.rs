//! Roles, which configure identity tokens: `identity/oidc/role`.

use identity_core::oidc::{DeleteOidcRole, ListOidcRoles, ReadOidcRole, WriteOidcRole};
use serde_json::json;

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{HandlerResult, bad_request, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::{key, names, schedule, template};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("key", Kind::Text),
    ("template", Kind::Text),
    ("ttl", Kind::Duration),
    ("client_id", Kind::Text),
];

pub(super) const ROUTES: &[Route] = &[
    route::<WriteOidcRole>(FIELDS, write).looked_up_first(),
    route::<ReadOidcRole>(FIELDS, read),
    route::<DeleteOidcRole>(FIELDS, delete),
    route::<ListOidcRoles>(&[], list),
];

#[derive(Clone)]
pub(super) struct Role {
    pub(super) key: String,
    pub(super) template: String,
    pub(super) ttl: u64,
    pub(super) client_id: String,
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    let new =
        || Role { key: String::new(), template: String::new(), ttl: 24 * 60 * 60, client_id: String::new() };
    let mut role = context.store.oidc.roles.get(&name).cloned().unwrap_or_else(new);
    role.key = fields.given_text("key").unwrap_or(role.key);
    if role.key.is_empty() {
        return Err(bad_request("the key parameter is required"));
    }
    key::start_default(context, &role.key);
    let template = fields.given_text("template").unwrap_or(role.template);
    role.template = template::validated(&template, context.now)?;
    role.ttl = fields.seconds("ttl").unwrap_or(role.ttl);
    let key = context.store.oidc.keys.get(&role.key);
    let key = key.ok_or_else(|| bad_request(format!("cannot find key {}", quoted(&role.key))))?;
    if role.ttl > key.verification_ttl {
        let problem =
            "a role's token ttl cannot be longer than the verification_ttl of the key it references";
        return Err(bad_request(problem));
    }
    role.client_id = fields.given_text("client_id").unwrap_or(role.client_id);
    if role.client_id.is_empty() {
        role.client_id = context.random.alphanumeric(26);
    }
    context.store.oidc.roles.insert(name, role);
    schedule::invalidate(context);
    Ok(None)
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let role = context.store.oidc.roles.get(&fields.text("name"));
    Ok(role.map(|role| {
        json!({ "client_id": role.client_id, "key": role.key, "template": role.template, "ttl": role.ttl })
    }))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    context.store.oidc.roles.remove(&fields.text("name"));
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    names(&context.store.oidc.roles)
}
