//! Checks the permissions of a token.

use http::StatusCode;
use http::header::HeaderMap;

use super::acl::Acl;
use super::answer::Refusal;
use super::request::{Asked, Verb, text};
use super::state::State;
use super::tokens::{self, Caller, Token};
use super::{auth, oidc};

/// Requests about the token itself, allowed in any namespace.
const ABOUT_ITSELF: [&str; 3] = ["auth/token/lookup-self", "auth/token/renew-self", "auth/token/revoke-self"];

/// Paths that also require `sudo`.
const GUARDED: [&str; 2] = ["sys/auth/", "auth/token/accessors"];

/// Returns the caller if the request is allowed.
pub(super) fn check(state: &mut State, headers: &HeaderMap, asked: &Asked) -> Result<Caller, Refusal> {
    let denied = || Refusal::new(StatusCode::FORBIDDEN, "permission denied");
    let name = tokens::of(headers);
    state.tokens.expire(name, state.clock.now());
    let token = state.tokens.find(name).ok_or_else(denied)?;
    if let Some(entity) = &token.entity {
        let store = state.namespaces.get(&token.namespace).map(|at| &at.store).ok_or_else(denied)?;
        store.entities.get(entity).filter(|entity| !entity.disabled).ok_or_else(denied)?;
    }
    let allowed = is_allowed(state, token, asked);
    let caller = Caller {
        entity: token.entity.clone(),
        since: token.lease.created,
        access: token.access.clone(),
        is_bearer: text(headers, "x-vault-token").is_empty(),
        basic: None,
    };
    state.tokens.use_up(name);
    if allowed? { Ok(caller) } else { Err(Refusal::by_core(StatusCode::FORBIDDEN, "permission denied")) }
}

fn is_allowed(state: &State, token: &Token, asked: &Asked) -> Result<bool, Refusal> {
    if let Some(access) = &token.access {
        return Ok(access.path == asked.path && asked.namespace == token.namespace);
    }
    let is_about_itself = ABOUT_ITSELF.contains(&&*asked.path);
    let namespace = if is_about_itself { &token.namespace } else { &asked.namespace };
    let path = format!("{namespace}{}", asked.path);
    let capability = match asked.verb {
        Verb::Read => "read",
        Verb::List => "list",
        Verb::Write if is_new(state, asked) => "create",
        Verb::Write => "update",
        Verb::Delete => "delete",
        Verb::Other => "patch",
    };
    let acl = Acl::of(state, token)?;
    let is_guarded = GUARDED.iter().any(|guarded| asked.path.starts_with(guarded));
    Ok(acl.allows(&path, capability) && (!is_guarded || acl.allows(&path, "sudo")))
}

/// Returns `true` if the server checks for existence first, and the object does not exist.
fn is_new(state: &State, asked: &Asked) -> bool {
    let store = state.namespaces.get(&asked.namespace).map(|at| &at.store);
    store.is_some_and(|store| oidc::is_new(&store.oidc, &asked.path)) || auth::is_new_user(state, asked)
}
