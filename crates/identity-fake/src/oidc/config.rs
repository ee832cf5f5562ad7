//! The issuer of identity tokens: `identity/oidc/config`.

use identity_core::oidc::{ReadOidcConfig, WriteOidcConfig};
use serde_json::json;

use super::super::input::{Fields, Kind, Schema};
use super::super::response::HandlerResult;
use super::super::route::{Route, route};
use super::super::state::Context;
use super::{issuer, schedule};

const FIELDS: Schema = &[("issuer", Kind::Text)];

pub(super) const ROUTES: &[Route] =
    &[route::<ReadOidcConfig>(FIELDS, read).with_slash(), route::<WriteOidcConfig>(FIELDS, write)];

/// Returns the `iss` of identity tokens.
pub(super) fn effective_issuer(context: &Context<'_>) -> String {
    let address =
        if context.store.oidc.issuer.is_empty() { context.address } else { &context.store.oidc.issuer };
    format!("{address}/v1/{}identity/oidc", context.namespace)
}

fn read(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    Ok(Some(json!({ "issuer": context.store.oidc.issuer })))
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let Some(issuer) = fields.given_text("issuer") else { return Ok(None) };
    let is_set = !issuer.is_empty();
    if is_set {
        issuer::check(&issuer)?;
    }
    context.store.oidc.issuer = issuer;
    schedule::invalidate(context);
    if is_set {
        context.warnings.push(issuer::WARNING.to_owned());
    }
    Ok(None)
}
