//! Identity tokens and OIDC providers: `identity/oidc`.

mod assignment;
mod authorize;
mod claims;
mod client;
mod config;
mod discovery;
mod exchange;
mod introspect;
mod issuer;
mod key;
mod oauth;
mod object;
mod provider;
mod role;
mod schedule;
mod scope;
mod signing;
mod template;
mod token;
mod user_info;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::response::{HandlerResult, key_list};
use super::route::{Route, is_slug};

use assignment::Assignment;
use authorize::Code;
use client::Client;
use key::Key;
use provider::Provider;
use role::Role;
use schedule::Schedule;
use scope::Scope;

pub(super) use signing::{Algorithm, Pair, sha256};
pub(super) use user_info::not_allowed;

pub(super) const FAMILIES: &[&[Route]] = &[
    config::ROUTES,
    key::ROUTES,
    role::ROUTES,
    token::ROUTES,
    introspect::ROUTES,
    discovery::ROUTES,
    assignment::ROUTES,
    scope::ROUTES,
    client::ROUTES,
    provider::ROUTES,
    authorize::ROUTES,
    exchange::ROUTES,
    user_info::ROUTES,
];

/// The OIDC objects of a namespace, by name.
pub(super) struct Oidc {
    issuer: String,
    keys: BTreeMap<String, Key>,
    roles: BTreeMap<String, Role>,
    assignments: BTreeMap<String, Assignment>,
    scopes: BTreeMap<String, Scope>,
    clients: BTreeMap<String, Client>,
    providers: BTreeMap<String, Provider>,
    codes: BTreeMap<String, Code>,
    schedule: Schedule,
}

const DEFAULT: &str = "default";

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            keys: BTreeMap::from([(DEFAULT.to_owned(), Key::default())]),
            roles: BTreeMap::new(),
            assignments: BTreeMap::from([(assignment::ALLOW_ALL.to_owned(), Assignment::built_in())]),
            scopes: BTreeMap::new(),
            clients: BTreeMap::new(),
            providers: BTreeMap::from([(DEFAULT.to_owned(), Provider::built_in())]),
            codes: BTreeMap::new(),
            schedule: Schedule::default(),
        }
    }
}

/// Returns `true` if the path needs no token.
pub(super) fn needs_no_token(path: &str) -> bool {
    let Some(path) = path.strip_prefix("identity/oidc/") else { return false };
    let parts: Vec<&str> = path.split('/').collect();
    matches!(*parts, [".well-known", ..] | ["provider", _, ".well-known", ..] | ["provider", _, "token"])
}

/// Returns `true` if the path is that of an object that does not exist yet.
pub(super) fn is_new(oidc: &Oidc, path: &str) -> bool {
    let parts = path.strip_prefix("identity/oidc/").and_then(|path| path.split_once('/'));
    let Some((kind, name)) = parts.filter(|(_, name)| is_slug(name)) else { return false };
    match kind {
        "key" => !oidc.keys.contains_key(name),
        "role" => !oidc.roles.contains_key(name),
        "assignment" => !oidc.assignments.contains_key(name),
        "scope" => !oidc.scopes.contains_key(name),
        "client" => !oidc.clients.contains_key(name),
        "provider" => !oidc.providers.contains_key(name),
        _ => false,
    }
}

fn names<T>(objects: &BTreeMap<String, T>) -> HandlerResult {
    Ok(key_list(&objects.keys().cloned().collect::<Vec<_>>(), None))
}

/// Returns the names of the objects that refer to another one, for the error of a rejected deletion. `None`
/// if there are none.
fn referring<T>(objects: &BTreeMap<String, T>, refers: impl Fn(&T) -> bool) -> Option<String> {
    let names: Vec<&str> =
        objects.iter().filter(|(_, object)| refers(object)).map(|(name, _)| &**name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Returns `true` if the list contains the client or `*`.
fn allows(client_ids: &[String], client_id: &str) -> bool {
    client_ids.iter().any(|allowed| allowed == "*" || allowed == client_id)
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(seconds).unwrap_or(Timestamp::MAX)
}

fn algorithms() -> serde_json::Value {
    json!(Algorithm::ALL.map(Algorithm::name))
}
