//! User information: `identity/oidc/provider/…/userinfo`.

use identity_core::oidc::{ReadUserInfo, ReadUserInfoByPost};
use serde_json::{Map, Value};

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{ErrorResponse, ServerResponse};
use super::super::route::{Route, raw_route};
use super::super::state::Context;
use super::oauth::{OAuth, fail};
use super::{assignment, claims, client, template};

const FIELDS: Schema = &[("name", Kind::Text)];

pub(super) const ROUTES: &[Route] =
    &[raw_route::<ReadUserInfo>(FIELDS, user_info), raw_route::<ReadUserInfoByPost>(FIELDS, user_info)];

/// Returns the OAuth error that this endpoint sends instead of the usual 403.
pub(in super::super) fn not_allowed(path: &str) -> Option<ServerResponse> {
    let name = path.strip_prefix("identity/oidc/provider/")?.strip_suffix("/userinfo")?;
    (!name.contains('/')).then(|| OAuth("invalid_token", "permission denied".to_owned()).to_bearer())
}

fn user_info(context: &mut Context<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    Ok(match claims(context, &fields.text("name")) {
        Ok(claims) => ServerResponse::Raw(Value::Object(claims)),
        Err(error) => error.to_bearer(),
    })
}

/// Makes the checks in the order of the server.
fn claims(context: &Context<'_>, provider: &str) -> Result<Map<String, Value>, OAuth> {
    let oidc = &context.store.oidc;
    let Some(provider) = oidc.providers.get(provider) else {
        return fail("invalid_request", "provider not found");
    };
    if !context.caller.is_bearer {
        return fail("invalid_token", "access token must be sent as a Bearer token");
    }
    let Some(access) = &context.caller.access else {
        return fail("invalid_token", "access token is malformed or invalid");
    };
    let Some(client) = client::by_id(oidc, &access.client_id) else {
        return fail("access_denied", "client not found");
    };
    let entity = context.caller.entity.as_ref().and_then(|id| context.store.entities.get(id));
    let Some(entity) = entity else {
        return fail("access_denied", "identity entity associated with the request not found");
    };
    if !assignment::includes(context.store, &client.assignments, entity) {
        return fail("access_denied", "identity entity not authorized by client assignment");
    }
    if !provider.allows(&access.client_id) {
        return fail("access_denied", "client is not authorized to use the provider");
    }
    let supported = |scope: &&String| provider.scopes_supported.contains(*scope);
    let scopes: Vec<String> = access.scopes.iter().filter(supported).cloned().collect();
    let more = claims::for_scopes(context, Some(entity), &scopes);
    let mut claims = Map::from_iter([("sub".to_owned(), entity.id.clone().into())]);
    template::merge(&mut claims, more.or_else(|conflict| fail("invalid_request", conflict))?);
    Ok(claims)
}
