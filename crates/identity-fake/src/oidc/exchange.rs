//! Token exchange: `identity/oidc/provider/…/token`.

use http::StatusCode;
use identity_core::oidc::ExchangeOidcToken;
use serde_json::{Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{ErrorResponse, ServerResponse, quoted};
use super::super::route::{Route, raw_route};
use super::super::state::Context;
use super::super::tokens::{Access, Lease, Token};
use super::authorize::{Challenge, Code};
use super::client::{self, Client};
use super::key::Key;
use super::oauth::{NO_CACHE, OAuth, fail};
use super::provider::{self, Provider};
use super::signing::{base64url, sha256};
use super::{allows, assignment, claims, schedule, template, token};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("code", Kind::Text),
    ("grant_type", Kind::Text),
    ("redirect_uri", Kind::Text),
    ("code_verifier", Kind::Text),
    ("client_id", Kind::Text),
    ("client_secret", Kind::Text),
    ("scope", Kind::Text),
];

pub(super) const ROUTES: &[Route] = &[raw_route::<ExchangeOidcToken>(FIELDS, exchange)];

fn exchange(context: &mut Context<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    schedule::catch_up(context);
    Ok(match exchange_or_fail(context, fields) {
        Ok(body) => ServerResponse::Custom { status: StatusCode::OK, body, headers: vec![NO_CACHE] },
        Err(error) => error.to_client(),
    })
}

/// Makes the checks in the order of the server.
fn exchange_or_fail(context: &mut Context<'_>, fields: &Fields) -> Result<Value, OAuth> {
    let name = fields.text("name");
    let oidc = &context.store.oidc;
    let Some(provider) = oidc.providers.get(&name).cloned() else {
        return fail("invalid_request", "provider not found");
    };
    let (client_id, secret) = match &context.caller.basic {
        Some(basic) => basic.clone(),
        None => (fields.text("client_id"), fields.text("client_secret")),
    };
    if client_id.is_empty() {
        return match context.caller.basic {
            Some(_) => fail("server_error", "missing client ID"),
            None => fail("invalid_request", "client_id parameter is required"),
        };
    }
    let known = client::by_id(oidc, &client_id).cloned();
    let Some(client) =
        known.filter(|client| client.client_secret.as_ref().is_none_or(|known| *known == secret))
    else {
        return fail("invalid_client", "client failed to authenticate");
    };
    if !provider.allows(&client_id) {
        return fail("invalid_client", "client is not authorized to use the provider");
    }
    let Some(key) = oidc.keys.get(&client.key).cloned() else {
        return fail("server_error", format!("client key {} not found", quoted(&client.key)));
    };
    if !allows(&key.allowed_client_ids, &client_id) {
        return fail("invalid_client", "client is not authorized to use the key");
    }
    let issuer = provider::effective_issuer(context, &name, &provider);
    let caller = AuthenticatedClient { provider, name, issuer, client, key };
    let not_enabled = || fail("invalid_grant", "client is not authorized to use given credentials flow");
    match &*fields.text("grant_type") {
        "authorization_code" if !caller.client.authorization_code => not_enabled(),
        "client_credentials" if !caller.client.client_credentials => not_enabled(),
        "authorization_code" => exchange_code(context, fields, &caller),
        "client_credentials" => grant_client_credentials(context, fields, &caller),
        _ => fail("unsupported_grant_type", "unsupported grant_type or parameter is empty value"),
    }
}

/// An authenticated client.
struct AuthenticatedClient {
    provider: Provider,
    name: String,
    issuer: String,
    client: Client,
    key: Key,
}

impl AuthenticatedClient {
    fn sign(&self, claims: serde_json::Map<String, Value>) -> Result<String, OAuth> {
        let token = self.key.token(&Value::Object(claims));
        token.map_or_else(|| fail("server_error", "signing key is nil; rotate the key and try again"), Ok)
    }
}

fn grant_client_credentials(
    context: &mut Context<'_>,
    fields: &Fields,
    caller: &AuthenticatedClient,
) -> Result<Value, OAuth> {
    let supported = &caller.provider.scopes_supported;
    let Some(scopes) = claims::supported_scopes(&fields.text("scope"), supported) else {
        return fail("invalid_request", "scope parameter must contain the \"openid\" value");
    };
    let Client { client_id, id_token_ttl, .. } = &caller.client;
    let mut payload = token::standard(context, caller.issuer.clone(), client_id, client_id, *id_token_ttl);
    payload.insert("jti".to_owned(), context.random.uuid().into());
    let more =
        claims::for_scopes(context, None, &scopes).or_else(|conflict| fail("invalid_request", conflict))?;
    template::merge(&mut payload, more);
    Ok(json!({ "token_type": "Bearer", "access_token": caller.sign(payload)?, "expires_in": id_token_ttl }))
}

fn exchange_code(
    context: &mut Context<'_>,
    fields: &Fields,
    caller: &AuthenticatedClient,
) -> Result<Value, OAuth> {
    let given = fields.text("code");
    if given.is_empty() {
        return fail("invalid_request", "code parameter is required");
    }
    // A failed exchange uses up the code too.
    let code = context.store.oidc.codes.remove(&given).filter(|code| code.expires >= context.now);
    let Some(code) = code else {
        return fail("invalid_grant", "authorization grant is invalid or expired");
    };
    check(fields, caller, &code)?;
    let Some(entity) = context.store.entities.get(&code.entity).cloned() else {
        return fail("invalid_request", "identity entity associated with the request not found");
    };
    if !assignment::includes(context.store, &caller.client.assignments, &entity) {
        return fail("invalid_request", "identity entity not authorized by client assignment");
    }
    check_verifier(&fields.text("code_verifier"), code.challenge.as_ref(), caller.client.is_public())?;

    let Client { client_id, id_token_ttl, access_token_ttl, .. } = &caller.client;
    let access_token = format!("b.{}", context.random.alphanumeric(96));
    let algorithm = caller.key.algorithm();
    let mut payload = token::standard(context, caller.issuer.clone(), &entity.id, client_id, *id_token_ttl);
    payload.insert("at_hash".to_owned(), algorithm.half_hash(&access_token).into());
    payload.insert("c_hash".to_owned(), algorithm.half_hash(&given).into());
    if !code.nonce.is_empty() {
        payload.insert("nonce".to_owned(), code.nonce.into());
    }
    if let Some(logged_in) = code.logged_in {
        payload.insert("auth_time".to_owned(), logged_in.as_second().into());
    }
    let more = claims::for_scopes(context, Some(&entity), &code.scopes);
    template::merge(&mut payload, more.or_else(|conflict| fail("invalid_request", conflict))?);
    let id_token = caller.sign(payload)?;

    let access = Access {
        path: format!("identity/oidc/provider/{}/userinfo", caller.name),
        client_id: client_id.clone(),
        scopes: code.scopes,
    };
    let lease = Lease {
        is_batch: true,
        renewable: false,
        path: format!("identity/oidc/provider/{}/token", caller.name),
        ..Lease::new("default", String::new(), context.now, *access_token_ttl)
    };
    let (namespace, entity) = (context.namespace.to_owned(), Some(entity.id));
    let token = Token { namespace, entity, access: Some(access), ..Token::new(lease) };
    context.tokens.add(access_token.clone(), token);
    Ok(json!({
        "token_type": "Bearer",
        "access_token": access_token,
        "id_token": id_token,
        "expires_in": access_token_ttl,
    }))
}

fn check(fields: &Fields, caller: &AuthenticatedClient, code: &Code) -> Result<(), OAuth> {
    if code.client_id != caller.client.client_id {
        return fail("invalid_grant", "authorization code was not issued to the client");
    }
    if code.provider != caller.name {
        return fail("invalid_grant", "authorization code was not issued by the provider");
    }
    let redirect_uri = fields.text("redirect_uri");
    if redirect_uri.is_empty() {
        return fail("invalid_request", "redirect_uri parameter is required");
    }
    if redirect_uri != code.redirect_uri {
        let problem = "redirect_uri does not match the redirect_uri used in the authorization request";
        return fail("invalid_grant", problem);
    }
    Ok(())
}

fn check_verifier(verifier: &str, challenge: Option<&Challenge>, is_public: bool) -> Result<(), OAuth> {
    match challenge {
        None if is_public => fail("invalid_request", "PKCE is required for public clients"),
        None if verifier.is_empty() => Ok(()),
        None => fail("invalid_request", "unexpected code_verifier for token exchange"),
        Some(_) if verifier.is_empty() => {
            fail("invalid_request", "expected code_verifier for token exchange")
        }
        Some(challenge) => {
            let is_right = if challenge.is_hashed {
                base64url(&sha256(verifier)) == challenge.text
            } else {
                verifier == challenge.text
            };
            if is_right { Ok(()) } else { fail("invalid_grant", "invalid code_verifier for token exchange") }
        }
    }
}
