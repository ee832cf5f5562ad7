//! The keys of a mount: static ones, or a JWKS of this server. There is no network: other URLs are
//! unreachable.

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value};

use super::super::public_key::PublicKey;
use super::super::signed_token::SignedToken;
use super::config::Config;
use crate::response::quoted;
use crate::serve;
use crate::state::State;

/// Verifies the signature of a token and returns its claims. The error is the server's.
pub(super) fn verify(
    state: &mut State,
    config: &Config,
    token: &str,
) -> Result<(SignedToken, Map<String, Value>), String> {
    if !config.keys.is_empty() {
        let token = SignedToken::parse(token)?;
        let is_signed = config.keys.iter().any(|key| token.is_signed_by(key));
        let claims = token.claims().filter(|_| is_signed);
        let claims = claims.ok_or("no known key successfully validated the token signature")?;
        return Ok((token, claims));
    }
    let token = SignedToken::parse(token).map_err(|problem| format!("oidc: malformed jwt: {problem}"))?;
    let jwks_url = match &*config.discovery_url {
        "" => config.jwks_url.clone(),
        url => discover(state, url)?,
    };
    let jwks = fetch(state, &jwks_url);
    let jwks = jwks.map_err(|problem| format!("fetching keys oidc: get keys failed {problem}"))?;
    let keys = jwks["keys"].as_array().into_iter().flatten();
    let mut keys = keys.filter(|key| token.key_id.is_empty() || key["kid"] == *token.key_id);
    let is_signed = keys.any(|key| PublicKey::from_jwk(key).is_some_and(|key| token.is_signed_by(&key)));
    let claims = token.claims().filter(|_| is_signed).ok_or("failed to verify id token signature")?;
    Ok((token, claims))
}

/// Fails if the discovery document of the mount cannot be used.
pub(super) fn check(state: &mut State, config: &Config) -> Result<(), String> {
    if config.discovery_url.is_empty() {
        return Ok(());
    }
    discover(state, &config.discovery_url).map(drop)
}

/// Returns the URL of the JWKS.
fn discover(state: &mut State, issuer: &str) -> Result<String, String> {
    let url = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
    let document = fetch(state, &url)?;
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let actual = text("issuer");
    if actual != issuer {
        let (expected, actual) = (quoted(issuer), quoted(&actual));
        return Err(format!("issuer did not match the returned issuer, expected {expected} got {actual}"));
    }
    Ok(text("jwks_uri"))
}

/// Reads a document of this server.
pub(super) fn fetch(state: &mut State, url: &str) -> Result<Value, String> {
    let is_here = url.strip_prefix(&*state.address).is_some_and(|path| path.starts_with("/v1/"));
    let request = Request::get(url).body(Bytes::new()).ok().filter(|_| is_here);
    let request = request.ok_or_else(|| {
        let host = url.split('/').nth(2).unwrap_or_default();
        format!("Get {}: dial tcp {host}: connect: connection refused", quoted(url))
    })?;
    let response = serve::respond(state, &request).into_response(String::new());
    if response.status() != http::StatusCode::OK {
        let body = String::from_utf8_lossy(response.body());
        return Err(format!("{}: {body}\n", response.status()));
    }
    serde_json::from_slice(response.body()).map_err(|error| error.to_string())
}
