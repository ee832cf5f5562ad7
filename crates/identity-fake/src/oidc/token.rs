//! Identity tokens: `identity/oidc/token`.

use identity_core::oidc::GenerateIdToken;
use serde_json::{Map, Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{HandlerResult, bad_request, internal, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::template::{self, Subject};
use super::{allows, config, later, schedule};

const FIELDS: Schema = &[("role", Kind::Text), ("name", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[route::<GenerateIdToken>(FIELDS, generate)];

fn generate(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    schedule::catch_up(context);
    let name = fields.text("role");
    let oidc = &context.store.oidc;
    let role =
        oidc.roles.get(&name).ok_or_else(|| bad_request(format!("role {} not found", quoted(&name))))?;
    let key = oidc
        .keys
        .get(&role.key)
        .ok_or_else(|| bad_request(format!("key {} not found", quoted(&role.key))))?;
    if !allows(&key.allowed_client_ids, &role.client_id) {
        let [key, role] = [&role.key, &name].map(|name| quoted(name));
        let problem = format!("the client ID of the role {role} as an allowed client ID");
        return Err(bad_request(format!("the key {key} does not list {problem}")));
    }
    let id = context.caller.entity.as_ref();
    let id = id.ok_or_else(|| bad_request("no entity associated with the request's token"))?;
    let entity = context.store.entities.get(id);
    let entity = entity.ok_or_else(|| internal(&format!("error loading entity ID {}", quoted(id))))?;

    let mut claims = standard(context, config::effective_issuer(context), id, &role.client_id, role.ttl);
    let subject = Subject::new(context.store, entity);
    template::merge(&mut claims, template::claims(&role.template, Some(&subject), context.now));
    let token = key.token(&Value::Object(claims));
    let token = token.ok_or_else(|| {
        internal("error signing OIDC token: signing key is nil; rotate the key and try again")
    })?;
    Ok(Some(json!({ "token": token, "client_id": role.client_id, "ttl": role.ttl })))
}

/// Returns the claims that all tokens have.
pub(super) fn standard(
    context: &Context<'_>,
    issuer: String,
    subject: &str,
    audience: &str,
    ttl: u64,
) -> Map<String, Value> {
    Map::from_iter([
        ("iss".to_owned(), issuer.into()),
        ("namespace".to_owned(), context.namespace_id.into()),
        ("sub".to_owned(), subject.into()),
        ("aud".to_owned(), audience.into()),
        ("iat".to_owned(), context.now.as_second().into()),
        ("exp".to_owned(), later(context.now, ttl).as_second().into()),
    ])
}
