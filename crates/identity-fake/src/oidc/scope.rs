//! Scopes, which add claims to tokens: `identity/oidc/scope`.

use identity_core::oidc::{DeleteOidcScope, ListOidcScopes, ReadOidcScope, WriteOidcScope};
use serde_json::json;

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{HandlerResult, bad_request, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::{names, referring, template};

const FIELDS: Schema = &[("name", Kind::Text), ("template", Kind::Text), ("description", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[
    route::<WriteOidcScope>(FIELDS, write).looked_up_first(),
    route::<ReadOidcScope>(FIELDS, read),
    route::<DeleteOidcScope>(FIELDS, delete),
    route::<ListOidcScopes>(&[], list),
];

#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) template: String,
    description: String,
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    if name == "openid" {
        return Err(bad_request("the \"openid\" scope name is reserved"));
    }
    let mut scope = context.store.oidc.scopes.get(&name).cloned().unwrap_or_default();
    scope.description = fields.given_text("description").unwrap_or(scope.description);
    let template = fields.given_text("template").unwrap_or(scope.template);
    scope.template = template::validated(&template, context.now)?;
    context.store.oidc.scopes.insert(name, scope);
    Ok(None)
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let scope = context.store.oidc.scopes.get(&fields.text("name"));
    Ok(scope.map(|scope| json!({ "template": scope.template, "description": scope.description })))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    let oidc = &mut context.store.oidc;
    if let Some(providers) = referring(&oidc.providers, |provider| provider.scopes_supported.contains(&name))
    {
        let problem = format!("because it is currently referenced by these providers: {providers}");
        return Err(bad_request(format!("unable to delete scope {} {problem}", quoted(&name))));
    }
    oidc.scopes.remove(&name);
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    names(&context.store.oidc.scopes)
}
