//! Discovery without a token: `identity/oidc/.well-known` and `identity/oidc/provider/…/.well-known`.

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use identity_core::oidc::{ReadDiscovery, ReadJwks, ReadProviderDiscovery, ReadProviderJwks};
use serde_json::{Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{ErrorResponse, ServerResponse};
use super::super::route::{Route, raw_route};
use super::super::state::Context;
use super::{algorithms, config, key, provider, schedule};

const FIELDS: Schema = &[("name", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[
    raw_route::<ReadDiscovery>(&[], discovery).with_slash(),
    raw_route::<ReadJwks>(&[], keys).with_slash(),
    raw_route::<ReadProviderDiscovery>(FIELDS, provider_discovery),
    raw_route::<ReadProviderJwks>(FIELDS, provider_keys),
];

/// The server allows caching of discovery documents.
fn cacheable(body: Value) -> ServerResponse {
    let headers = vec![(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"))];
    ServerResponse::Custom { status: StatusCode::OK, body, headers }
}

fn discovery(context: &mut Context<'_>, _: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let issuer = config::effective_issuer(context);
    Ok(cacheable(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/keys"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms(),
    })))
}

fn keys(context: &mut Context<'_>, _: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let body = key::jwks(schedule::published(context));
    let headers = schedule::cache_control(context).map(|value| (CACHE_CONTROL, value)).into_iter().collect();
    Ok(ServerResponse::Custom { status: StatusCode::OK, body, headers })
}

fn provider_discovery(context: &mut Context<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let name = fields.text("name");
    let provider = context.store.oidc.providers.get(&name);
    let provider = provider.ok_or(ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
    let issuer = provider::effective_issuer(context, &name, provider);
    let mut scopes = provider.scopes_supported.clone();
    scopes.push("openid".to_owned());
    Ok(cacheable(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/keys"),
        "authorization_endpoint": format!("{}/authorize", issuer.replacen("/v1/", "/ui/vault/", 1)),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "id_token_signing_alg_values_supported": algorithms(),
        "response_types_supported": ["code"],
        "scopes_supported": scopes,
        "claims_supported": [],
        "subject_types_supported": ["public"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    })))
}

fn provider_keys(context: &mut Context<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    schedule::catch_up(context);
    let oidc = &context.store.oidc;
    let provider = oidc
        .providers
        .get(&fields.text("name"))
        .ok_or(ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
    let clients = oidc.clients.values().filter(|client| provider.allows(&client.client_id));
    Ok(ServerResponse::Raw(key::jwks(&key::pairs(oidc, clients.map(|client| &client.key)))))
}
