//! Logs in with the identifier of a role and a secret identifier.

use http::StatusCode;

use super::missing;
use super::secret_id::{check_len, check_subset};
use crate::auth::grant::Grant;
use crate::auth::lockout;
use crate::auth::login::{self, Login};
use crate::cidr;
use crate::input::{Kind, Pairs, Schema};
use crate::mfa::Credentials;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::ignored;
use crate::state::State;

const FIELDS: Schema = &[("role_id", Kind::Text), ("secret_id", Kind::Text)];

pub(in crate::auth) fn log_in(
    state: &mut State,
    parsed: &ParsedRequest,
    accessor: &str,
    credentials: Option<&Credentials>,
) -> Result<ServerResponse, ErrorResponse> {
    let fields = login::fields(state, parsed, accessor, FIELDS)?;
    let role_id = fields.text("role_id");
    let role_id = role_id.trim();
    if role_id.is_empty() {
        return Err(ErrorResponse::new(login::invalid_status(state, accessor), "missing role_id"));
    }
    lockout::check(state, accessor, role_id)?;
    if parsed.verb != Verb::Write {
        return Err(login::unsupported_operation());
    }

    let now = state.clock.now();
    let invalid = || bad_request("invalid role or secret ID");
    let roles = state.auth.roles.get_mut(accessor).ok_or_else(invalid)?;
    roles.secret_ids.remove_expired(now);
    let role = roles.names.get(role_id).and_then(|name| roles.get(name)).ok_or_else(invalid)?;
    let mut grant = Grant {
        path: parsed.path.clone(),
        namespace: parsed.namespace.clone(),
        display_name: login::mount_name(parsed),
        // Without `token_strictly_bind_ip`: the server overwrites what it binds.
        bound_cidrs: role.token.bound_cidrs.clone(),
        ..role.token.grant()
    };
    let mut metadata = Pairs::new();
    let secret_id = fields.text("secret_id");
    let secret_id = secret_id.trim();
    if role.bind_secret_id {
        if secret_id.is_empty() {
            return Err(missing("secret_id"));
        }
        check_len(secret_id)
            .map_err(|problem| fault(format!("failed to create HMAC of secret_id: {problem}")))?;
        let Some(secret) = roles.secret_ids.get(&role.name, secret_id) else {
            lockout::count(state, accessor, role_id);
            return Err(invalid());
        };
        check_subset(&secret.bound_cidrs, role.networks()).map_err(fault)?;
        let words = if secret.uses == 0 { ("through", "") } else { ("by", NIL) };
        check_source(&secret.bound_cidrs, words, "secret ID")?;
        metadata.clone_from(&secret.metadata);
        if !secret.token_bound_cidrs.is_empty() {
            grant.bound_cidrs = cidr::normalize(secret.token_bound_cidrs.clone())?;
        }
    }
    check_source(role.networks(), ("by", NIL), "role")?;
    metadata.insert("role_name".to_owned(), role.name.clone());
    grant.meta = Some(metadata.clone());
    let name = role.name.clone();
    roles.secret_ids.use_up(&name, secret_id, now);

    let login = Login { accessor, alias: role_id, metadata: Some(metadata), groups: Vec::new(), grant };
    login::log_in(state, login, credentials, ignored(&parsed.data, FIELDS))
}

fn fault(problem: String) -> ErrorResponse {
    ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
}

/// What Go makes of an error that is nil.
const NIL: &str = ": %!w(<nil>)";

fn check_source(networks: &[String], (word, end): (&str, &str), owner: &str) -> Result<(), ErrorResponse> {
    let source = cidr::REMOTE_ADDRESS;
    if cidr::contains(networks, source) {
        return Ok(());
    }
    let source = quoted(&source.to_string());
    Err(bad_request(format!(
        "source address {source} unauthorized {word} CIDR restrictions on the {owner}{end}"
    )))
}
