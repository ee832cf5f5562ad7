//! Introspection of identity tokens: `identity/oidc/introspect`.

use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use identity_core::oidc::IntrospectIdToken;
use serde_json::{Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::response::{ErrorResponse, ServerResponse, quoted};
use super::super::route::{Route, raw_route};
use super::super::state::Context;
use super::{config, object, schedule};

const FIELDS: Schema = &[("token", Kind::Text), ("client_id", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[raw_route::<IntrospectIdToken>(FIELDS, introspect).with_slash()];

/// How many seconds an expired token stays active.
const LEEWAY: i64 = 60;

fn introspect(context: &mut Context<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    Ok(ServerResponse::Raw(match validate(context, &fields.text("token"), &fields.text("client_id")) {
        Ok(()) => json!({ "active": true }),
        Err(error) => json!({ "active": false, "error": error }),
    }))
}

struct Parsed<'a> {
    kid: String,
    message: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

fn validate(context: &mut Context<'_>, token: &str, client_id: &str) -> Result<(), String> {
    let parsed = parse(token).map_err(|problem| format!("error parsing token: {problem}"))?;
    let claims = verified(context, &parsed).ok_or("unable to validate the token signature")?;

    let invalid =
        |problem| Err(format!("error validating claims: go-jose/go-jose/jwt: validation failed, {problem}"));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let time = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
    let now = context.now.as_second();
    if text("iss") != config::effective_issuer(context) {
        return invalid("invalid issuer claim (iss)");
    }
    if !client_id.is_empty() && text("aud") != client_id {
        return invalid("invalid audience claim (aud)");
    }
    if now.saturating_sub(LEEWAY) > time("exp") {
        return invalid("token is expired (exp)");
    }
    if now.saturating_add(LEEWAY) < time("iat") {
        return invalid("token issued in the future (iat)");
    }
    match context.store.entities.get(text("sub")) {
        None => Err("entity was not found".to_owned()),
        Some(entity) if entity.disabled => Err("entity is disabled".to_owned()),
        Some(_) => Ok(()),
    }
}

fn parse(token: &str) -> Result<Parsed<'_>, String> {
    const ALGORITHMS: [&str; 10] =
        ["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

    let parts: Vec<&str> = token.split('.').collect();
    let &[header, claims, signature] = &*parts else {
        return Err("go-jose/go-jose: compact JWS format must have three parts".to_owned());
    };
    let (header, claims, signature) = (decoded(header)?, decoded(claims)?, decoded(signature)?);
    let header = match &*header {
        [] => serde_json::Map::new(),
        header => object::read(header)
            .map_err(|problem| problem.replace("map[string]interface {}", "jose.rawHeader"))?,
    };
    let text = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
    if !ALGORITHMS.contains(&text("alg")) {
        let expected = ALGORITHMS.map(quoted).join(" ");
        return Err(format!("unexpected signature algorithm {}; expected [{expected}]", quoted(text("alg"))));
    }
    let message = token.rsplit_once('.').map(|(message, _)| message).unwrap_or_default();
    Ok(Parsed { kid: text("kid").to_owned(), message, claims, signature })
}

fn decoded(part: &str) -> Result<Vec<u8>, String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
    let decoded = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config).decode(part);
    decoded.map_err(|_| {
        let is_odd = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'-' && byte != b'_';
        let at = part.bytes().position(is_odd).unwrap_or(part.len() / 4 * 4);
        format!("illegal base64 data at input byte {at}")
    })
}

/// Returns the claims if a published key has signed them.
fn verified(context: &mut Context<'_>, parsed: &Parsed<'_>) -> Option<serde_json::Map<String, Value>> {
    let pair = schedule::published(context).iter().find(|pair| pair.kid == parsed.kid)?;
    if !pair.has_signed(parsed.message, &parsed.signature) {
        return None;
    }
    object::read(&parsed.claims).ok()
}
