//! User information: `identity/oidc/provider/…/userinfo`.

use identity_core::oidc::{ReadUserInfo, ReadUserInfoByPost};
use serde_json::{Map, Value};

use super::super::answer::{Answer, Refusal};
use super::super::input::{Fields, Kind, Schema};
use super::super::route::{Route, raw_route};
use super::super::state::Context;
use super::oauth::{OAuth, refuse};
use super::{assignment, claims, client, template};

const FIELDS: Schema = &[("name", Kind::Text)];

pub(super) const ROUTES: &[Route] =
    &[raw_route::<ReadUserInfo>(FIELDS, user_info), raw_route::<ReadUserInfoByPost>(FIELDS, user_info)];

/// Returns the OAuth error that this endpoint sends instead of the usual 403.
pub(in super::super) fn not_allowed(path: &str) -> Option<Answer> {
    let name = path.strip_prefix("identity/oidc/provider/")?.strip_suffix("/userinfo")?;
    (!name.contains('/')).then(|| OAuth("invalid_token", "permission denied".to_owned()).to_bearer())
}

fn user_info(context: &mut Context<'_>, fields: &Fields) -> Result<Answer, Refusal> {
    Ok(match claims_of(context, &fields.text("name")) {
        Ok(claims) => Answer::Raw(Value::Object(claims)),
        Err(refusal) => refusal.to_bearer(),
    })
}

/// Makes the checks in the order of the server.
fn claims_of(context: &Context<'_>, provider: &str) -> Result<Map<String, Value>, OAuth> {
    let oidc = &context.store.oidc;
    let Some(provider) = oidc.providers.get(provider) else {
        return refuse("invalid_request", "provider not found");
    };
    if !context.caller.is_bearer {
        return refuse("invalid_token", "access token must be sent as a Bearer token");
    }
    let Some(access) = &context.caller.access else {
        return refuse("invalid_token", "access token is malformed or invalid");
    };
    let Some(client) = client::by_id(oidc, &access.client_id) else {
        return refuse("access_denied", "client not found");
    };
    let entity = context.caller.entity.as_ref().and_then(|id| context.store.entities.get(id));
    let Some(entity) = entity else {
        return refuse("access_denied", "identity entity associated with the request not found");
    };
    if !assignment::includes(context.store, &client.assignments, entity) {
        return refuse("access_denied", "identity entity not authorized by client assignment");
    }
    if !provider.allows(&access.client_id) {
        return refuse("access_denied", "client is not authorized to use the provider");
    }
    let supported = |scope: &&String| provider.scopes_supported.contains(*scope);
    let scopes: Vec<String> = access.scopes.iter().filter(supported).cloned().collect();
    let more = claims::of_scopes(context, Some(entity), &scopes);
    let mut claims = Map::from_iter([("sub".to_owned(), entity.id.clone().into())]);
    template::merge(&mut claims, more.or_else(|conflict| refuse("invalid_request", conflict))?);
    Ok(claims)
}
