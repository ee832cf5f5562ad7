//! The auth methods `jwt` and `oidc`.

mod claims;
mod config;
mod key_set;
mod login;
mod policy_template;
mod role;

use std::collections::BTreeMap;
use std::sync::Arc;

use config::Config;
use role::Role;

use super::token_parameters::TokenParameters;
use super::{list, roles};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse};
use crate::state::State;

pub(super) use login::log_in;
pub(super) use role::FIELDS;

/// A mount of the method.
#[derive(Default)]
pub(super) struct Jwt {
    config: Option<Arc<Config>>,
    roles: BTreeMap<String, Arc<Role>>,
}

impl Jwt {
    /// Returns the parameters of the tokens of a role.
    pub(super) fn role(&self, name: &str) -> Option<&TokenParameters> {
        self.roles.get(&name.to_lowercase()).map(|role| &role.token)
    }
}

/// Handles requests that need a token.
pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    accessor: &str,
    rest: &str,
) -> Result<ServerResponse, ErrorResponse> {
    match (parsed.verb, rest) {
        (Verb::Read, "config") => config::read(state, &parsed, accessor),
        (Verb::Write, "config") => config::write(state, parsed, accessor),
        (Verb::List, "role/") => {
            let names = state.auth.jwt.get(accessor).into_iter().flat_map(|mount| mount.roles.keys());
            list::respond(parsed.data, list::FIELDS, names.map(String::as_str))
        }
        (_, "config" | "role" | "role/") => Err(ErrorResponse::unsupported_operation()),
        _ => {
            let name = roles::name(rest)?;
            let mount = state.auth.jwt.entry(accessor.to_owned()).or_default();
            match parsed.verb {
                Verb::Read => {
                    roles::found(&parsed, FIELDS, mount.roles.get(&name).map(|role| role.to_json()))
                }
                Verb::Write => role::write(&mut mount.roles, name, parsed),
                Verb::Delete => {
                    mount.roles.remove(&name);
                    Ok(ServerResponse::NoContent)
                }
                _ => Err(ErrorResponse::unsupported_operation()),
            }
        }
    }
}
