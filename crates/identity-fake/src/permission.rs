//! Checks the permissions of a token.

use std::time::Duration;

use http::StatusCode;
use http::header::HeaderMap;

use super::acl::Acl;
use super::cidr::{self, REMOTE_ADDRESS};
use super::headers::{TOKEN, WRAP_TTL};
use super::request::{ParsedRequest, Verb, text};
use super::response::ErrorResponse;
use super::state::State;
use super::tokens::{self, Caller, Token};
use super::{auth, kv, oidc, sys, wrapping};

/// Requests about the token itself, allowed in any namespace.
const SELF_PATHS: [&str; 5] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    "sys/wrapping/rewrap",
    "sys/wrapping/unwrap",
];

fn denied() -> ErrorResponse {
    ErrorResponse::new(StatusCode::FORBIDDEN, "permission denied")
}

/// Returns `true` if the token may be used from the address of the request.
fn is_near(token: &Token) -> bool {
    cidr::contains(&token.lease.bound_cidrs, REMOTE_ADDRESS)
}

/// Rejects a token whose entity is disabled or deleted, even if the request needs no token.
pub(super) fn check_entity(state: &State, headers: &HeaderMap) -> Result<(), ErrorResponse> {
    let token = state.tokens.find(tokens::from_headers(headers)).filter(|token| is_near(token));
    if token.is_none_or(|token| has_valid_entity(state, token)) { Ok(()) } else { Err(denied()) }
}

/// Returns `false` if the entity of the token is disabled or deleted.
pub(super) fn has_valid_entity(state: &State, token: &Token) -> bool {
    let Some(entity) = &token.entity else { return true };
    let store = state.namespaces.get(&token.namespace).map(|at| &at.store);
    store.and_then(|store| store.current_entity(entity)).is_some_and(|entity| !entity.disabled)
}

/// Returns the caller if the request is allowed.
pub(super) fn check(
    state: &mut State,
    headers: &HeaderMap,
    parsed: &mut ParsedRequest,
) -> Result<Caller, ErrorResponse> {
    let name = tokens::from_headers(headers);
    let token = state.tokens.find_usable(name).filter(|token| is_near(token)).ok_or_else(denied)?;
    let allowed = is_allowed(state, token, parsed, headers);
    let caller = Caller {
        entity: token.entity.clone(),
        since: token.lease.created,
        access: token.access.clone(),
        is_bearer: text(headers, &TOKEN).is_empty(),
        basic: None,
    };
    state.tokens.count_use(name);
    if matches!(allowed, Ok(true)) {
        return Ok(caller);
    }
    state.tokens.revoke_if_used_up(name);
    match allowed {
        Err(error) => Err(error),
        Ok(_) => Err(ErrorResponse::from_core(StatusCode::FORBIDDEN, "permission denied")),
    }
}

fn is_allowed(
    state: &State,
    token: &Token,
    parsed: &mut ParsedRequest,
    headers: &HeaderMap,
) -> Result<bool, ErrorResponse> {
    let is_new = parsed.verb == Verb::Write && is_new(state, parsed)?;
    if let Some(access) = &token.access {
        return Ok(access.path == parsed.path && parsed.namespace == token.namespace);
    }
    if wrapping::is_wrapping(token) {
        return Ok(wrapping::allows(parsed, &token.namespace));
    }
    let is_about_itself = SELF_PATHS.contains(&&*parsed.path);
    let namespace = if is_about_itself { &token.namespace } else { auth::namespace(state, parsed) };
    let path = format!("{namespace}{}", parsed.path);
    let capability = match parsed.verb {
        Verb::Read => "read",
        Verb::List => "list",
        Verb::Write if is_new => "create",
        Verb::Write => "update",
        Verb::Delete => "delete",
        Verb::Scan => "scan",
        Verb::Patch => "patch",
        Verb::Help => return Ok(true),
        // No capability grants it.
        Verb::Other => "",
    };
    let acl = Acl::for_token(state, token)?;
    let guard = if sys::requires_sudo(&parsed.path) { "sudo" } else { capability };
    // Policies tell a TTL of zero from none.
    let zero = headers.contains_key(WRAP_TTL).then_some(Duration::ZERO);
    let ttl = wrapping::ttl(headers)?.or(zero);
    Ok(acl.allows_request((&path, capability, guard), &mut parsed.data, ttl))
}

/// Returns `true` if the server checks for existence first, and the object does not exist.
fn is_new(state: &State, parsed: &ParsedRequest) -> Result<bool, ErrorResponse> {
    let store = state.namespaces.get(&parsed.namespace).map(|at| &at.store);
    Ok(store.is_some_and(|store| oidc::is_new(&store.oidc, &parsed.path))
        || auth::is_new(state, parsed)?
        || kv::is_new(state, parsed)?)
}
