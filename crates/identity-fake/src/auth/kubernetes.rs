//! The auth method `kubernetes`.

mod cluster;
mod config;
mod login;
mod role;
mod service_account;

use std::collections::BTreeMap;
use std::sync::Arc;

use config::Config;
use role::Role;

use super::token_parameters::TokenParameters;
use super::{list, roles};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse};
use crate::state::State;

pub(crate) use cluster::Cluster;
pub(super) use login::log_in;
pub(super) use role::FIELDS;

/// A mount of the method.
#[derive(Default)]
pub(super) struct Kubernetes {
    config: Option<Arc<Config>>,
    roles: BTreeMap<String, Arc<Role>>,
}

impl Kubernetes {
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
    let mount = state.auth.kubernetes.entry(accessor.to_owned()).or_default();
    match (parsed.verb, rest) {
        (Verb::Read, "config") => {
            roles::found(&parsed, config::FIELDS, mount.config.as_ref().map(|config| config.to_json()))
        }
        (Verb::Write, "config") => {
            mount.config = Some(Arc::new(Config::new(parsed)?));
            Ok(ServerResponse::NoContent)
        }
        (Verb::List, "role/") => {
            list::respond(parsed.data, list::FIELDS, mount.roles.keys().map(String::as_str))
        }
        (_, "config" | "role" | "role/") => Err(ErrorResponse::unsupported_operation()),
        _ => {
            let name = roles::name(rest)?;
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
