//! `AppRole`: roles, their secret identifiers, and logins with both.

mod field;
mod login;
mod metadata;
mod role;
mod secret_id;
mod secret_ids;

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value};

use super::list;
use super::token_parameters::TokenParameters;
use super::ttl::{self, Limits};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, quoted};
use crate::route::{ignored, is_slug};
use crate::state::State;
use crate::tokens::Token;

pub(super) use login::log_in;
pub(super) use role::FIELDS;
use role::Role;
use secret_id::Issuer;
use secret_ids::SecretIds;

/// The roles of a mount, and their secret identifiers.
#[derive(Default)]
pub(super) struct Roles {
    /// By name, in lower case.
    by_name: BTreeMap<String, Role>,
    /// The names by the identifiers of the roles.
    names: BTreeMap<String, String>,
    secret_ids: SecretIds,
}

impl Roles {
    pub(super) fn get(&self, name: &str) -> Option<&Role> {
        self.by_name.get(&name.to_lowercase())
    }

    /// Stores a role. Replaces the role of the same name.
    fn put(&mut self, role: Role) -> Result<(), ErrorResponse> {
        if !role.has_constraint() {
            return Err(internal("at least one constraint should be enabled on the role"));
        }
        if self.names.get(&role.id).is_some_and(|name| *name != role.name) {
            return Err(internal("role_id already in use"));
        }
        let (id, name) = (role.id.clone(), role.name.clone());
        if let Some(before) = self.by_name.insert(name.clone(), role) {
            self.names.remove(&before.id);
        }
        self.names.insert(id, name);
        Ok(())
    }

    fn remove(&mut self, name: &str) {
        if let Some(role) = self.by_name.remove(&name.to_lowercase()) {
            self.names.remove(&role.id);
            self.secret_ids.remove_role(&role.name);
        }
    }
}

pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    accessor: String,
    rest: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let now = state.clock.now();
    let max_ttl = ttl::maximum(state.mounts.get(&accessor));
    let roles = state.auth.roles.entry(accessor).or_default();
    roles.secret_ids.remove_expired(now);
    match (rest, parsed.verb) {
        ("role" | "role/", Verb::List) => {
            return list::respond(parsed.data, list::FIELDS, roles.by_name.keys().map(String::as_str));
        }
        ("tidy/secret-id", Verb::Write) => return Ok(tidy(&parsed.data)),
        ("role" | "role/" | "tidy/secret-id", _) => return Err(ErrorResponse::unsupported_operation()),
        _ => {}
    }
    let path = rest.strip_prefix("role/").ok_or_else(ErrorResponse::unsupported_path)?;
    let (name, part) = path.split_once('/').map_or((path, None), |(name, part)| (name, Some(part)));
    if !is_slug(name) {
        return Err(ErrorResponse::unsupported_path());
    }
    let Some(part) = part else {
        return role::run(roles, name, parsed, &mut state.random, max_ttl);
    };
    if ["secret-id", "secret-id-accessor", "custom-secret-id"]
        .contains(&part.split('/').next().unwrap_or_default())
    {
        let part = part.strip_suffix('/').filter(|part| *part != "custom-secret-id").unwrap_or(part);
        let issuer = Issuer { now, max_ttl, random: &mut state.random };
        return secret_id::run(roles, name, part, parsed, issuer);
    }
    field::run(roles, name, part, parsed, max_ttl)
}

/// Returns the limits of the renewal of a token.
pub(super) fn renewal_limits(state: &State, token: &Token) -> Result<Limits, String> {
    let name = token.lease.meta.as_ref().and_then(|meta| meta.get("role_name")).cloned().unwrap_or_default();
    let role = state.auth.roles.get(&token.mount).and_then(|roles| roles.get(&name));
    let role = role.ok_or_else(|| format!("{} during renewal", no_role(&name)))?;
    let TokenParameters { ttl, max_ttl, period, .. } = role.token;
    Ok(Limits { ttl, max_ttl, period, ..token.lease.limits })
}

/// Expired secret identifiers are already removed.
fn tidy(data: &Map<String, Value>) -> ServerResponse {
    let mut warnings = vec![
        "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's \
         server logs."
            .to_owned(),
    ];
    warnings.extend(ignored(data, &[]));
    ServerResponse::DataWithStatus { status: StatusCode::ACCEPTED, data: Value::Null, warnings }
}

fn no_role(name: &str) -> String {
    format!("role {} does not exist", quoted(&name.to_lowercase()))
}

fn check_networks(networks: &[String]) -> Result<(), String> {
    match crate::cidr::find_invalid(networks) {
        Some(invalid) => Err(format!("CIDR blocks: invalid CIDR address: {invalid}")),
        None => Ok(()),
    }
}

fn missing(field: &str) -> ErrorResponse {
    bad_request(format!("missing {field}"))
}
