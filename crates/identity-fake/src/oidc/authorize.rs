//! Authorization codes: `identity/oidc/provider/…/authorize`.

use identity_core::oidc::{AuthorizeOidc, AuthorizeOidcByPost};
use jiff::Timestamp;
use serde_json::json;

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{ErrorResponse, ServerResponse};
use super::super::route::{Route, raw_route};
use super::super::state::Context;
use super::oauth::{OAuth, fail};
use super::{assignment, claims, client, issuer, later};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("client_id", Kind::Text),
    ("scope", Kind::Text),
    ("redirect_uri", Kind::Text),
    ("response_type", Kind::Text),
    ("state", Kind::Text),
    ("nonce", Kind::Text),
    ("max_age", Kind::Number),
    ("code_challenge", Kind::Text),
    ("code_challenge_method", Kind::Text),
];

pub(super) const ROUTES: &[Route] =
    &[raw_route::<AuthorizeOidc>(FIELDS, authorize), raw_route::<AuthorizeOidcByPost>(FIELDS, authorize)];

/// The lifetime of a code in seconds.
const CODE_TTL: u64 = 5 * 60;

pub(super) struct Code {
    pub(super) provider: String,
    pub(super) client_id: String,
    pub(super) entity: String,
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    pub(super) scopes: Vec<String>,
    /// When the entity logged in, if the client requested `max_age`.
    pub(super) logged_in: Option<Timestamp>,
    pub(super) challenge: Option<Challenge>,
    pub(super) expires: Timestamp,
}

pub(super) struct Challenge {
    pub(super) text: String,
    pub(super) is_hashed: bool,
}

fn authorize(context: &mut Context<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let state = fields.text("state");
    Ok(match issue_code(context, fields) {
        Ok(issued) => {
            let now = context.now;
            context.store.oidc.codes.retain(|_, code| code.expires >= now);
            let code = context.random.alphanumeric(32);
            context.store.oidc.codes.insert(code.clone(), issued);
            ServerResponse::Raw(json!({ "code": code, "state": state }))
        }
        Err(error) => error.with_state(&state),
    })
}

/// Makes the checks in the order of the server.
fn issue_code(context: &Context<'_>, fields: &Fields) -> Result<Code, OAuth> {
    let oidc = &context.store.oidc;
    let client_id = fields.text("client_id");
    if client_id.is_empty() {
        return fail("invalid_client_id", "client_id parameter is required");
    }
    let Some(client) = client::by_id(oidc, &client_id) else {
        return fail("invalid_client_id", "client with client_id not found");
    };
    if !client.authorization_code {
        return fail("invalid_grant", "client not allowed to perform authorization code credential flow");
    }
    let redirect_uri = fields.text("redirect_uri");
    if redirect_uri.is_empty() {
        return fail("invalid_request", "redirect_uri parameter is required");
    }
    if !issuer::is_allowed(&redirect_uri, &client.redirect_uris) {
        return fail("invalid_redirect_uri", "redirect_uri is not allowed for the client");
    }

    let name = fields.text("name");
    let Some(provider) = oidc.providers.get(&name) else {
        return fail("invalid_request", "provider not found");
    };
    if !provider.allows(&client_id) {
        return fail("unauthorized_client", "client is not authorized to use the provider");
    }
    if fields.has("request") {
        return fail("request_not_supported", "request parameter is not supported");
    }
    if fields.has("request_uri") {
        return fail("request_uri_not_supported", "request_uri parameter is not supported");
    }
    let Some(scopes) = claims::supported_scopes(&fields.text("scope"), &provider.scopes_supported) else {
        return fail("invalid_request", "scope parameter must contain the \"openid\" value");
    };
    match &*fields.text("response_type") {
        "" => return fail("invalid_request", "response_type parameter is required"),
        "code" => {}
        _ => return fail("unsupported_response_type", "unsupported response_type value"),
    }

    let Some(id) = &context.caller.entity else {
        return fail("access_denied", "identity entity must be associated with the request");
    };
    let Some(entity) = context.store.entities.get(id) else {
        return fail("access_denied", "identity entity associated with the request not found");
    };
    if !assignment::includes(context.store, &client.assignments, entity) {
        return fail("access_denied", "identity entity not authorized by client assignment");
    }
    let challenge = challenge(fields, client.is_public())?;
    let logged_in = logged_in(context, fields.number("max_age"))?;
    Ok(Code {
        provider: name,
        client_id,
        entity: entity.id.clone(),
        redirect_uri,
        nonce: fields.text("nonce"),
        scopes,
        logged_in,
        challenge,
        expires: later(context.now, CODE_TTL),
    })
}

/// Parses the PKCE challenge (RFC 7636). Public clients must send one.
fn challenge(fields: &Fields, is_public: bool) -> Result<Option<Challenge>, OAuth> {
    let Some(text) = fields.given_text("code_challenge") else {
        if is_public {
            return fail("invalid_request", "PKCE is required for public clients");
        }
        return Ok(None);
    };
    let is_hashed = match &*fields.text("code_challenge_method") {
        "" | "plain" => false,
        "S256" => true,
        _ => return fail("invalid_request", "invalid code_challenge_method"),
    };
    if !(43..=128).contains(&text.len()) {
        return fail("invalid_request", "invalid code_challenge");
    }
    Ok(Some(Challenge { text, is_hashed }))
}

fn logged_in(context: &Context<'_>, max_age: Option<i64>) -> Result<Option<Timestamp>, OAuth> {
    let Some(max_age) = max_age else { return Ok(None) };
    if max_age < 1 {
        return fail("invalid_request", "max_age must be greater than zero");
    }
    let since = context.caller.since;
    // The server stores the creation time of a token in whole seconds.
    let seconds = context.now.as_millisecond() - since.as_second() * 1000;
    if seconds / 1000 > max_age {
        return fail("max_age_violation", "active re-authentication is required by max_age");
    }
    Ok(Some(since))
}
