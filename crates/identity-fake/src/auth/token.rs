//! Tokens: `auth/token`.

mod create;
mod policies;
mod renew;
mod role;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::grant::policies_through_entity;
use super::list;
use crate::acl::Acl;
use crate::input::{Fields, Kind, Schema};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal};
use crate::route::{ignored, is_slug};
use crate::state::State;
use crate::tokens::{self, Token};

pub(super) use role::{FIELDS, Role};

const TOKEN: Schema = &[("token", Kind::Text)];
const ACCESSOR: Schema = &[("accessor", Kind::Text)];

/// Handles a request to the mount `accessor`. `caller` is the token of the request.
pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    accessor: &str,
    rest: &str,
    caller: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let (before, name) = rest.split_once('/').unwrap_or((rest, ""));
    match (before, parsed.verb) {
        ("roles", Verb::List) if name.is_empty() => {
            let roles = state.auth.token_roles.keys().filter(|(of, _)| of == accessor);
            return list::respond(parsed.data, &[], roles.map(|(_, name)| &**name));
        }
        ("roles", _) if name.is_empty() => return Err(ErrorResponse::unsupported_operation()),
        ("roles", _) if is_slug(name) => {
            let name = name.to_owned();
            return role::run(state, parsed, accessor, name);
        }
        ("create", Verb::Write) if is_slug(name) => {
            return create::create(state, parsed, accessor, caller, Some(name));
        }
        ("create", _) if is_slug(name) => return Err(ErrorResponse::unsupported_operation()),
        _ => {}
    }
    match (rest, parsed.verb) {
        ("create" | "create-orphan", Verb::Write) => create::create(state, parsed, accessor, caller, None),
        ("lookup" | "lookup-self", Verb::Read | Verb::Write) => {
            let warnings = ignored(&parsed.data, TOKEN);
            let token = if rest == "lookup" { named_token(&parsed) } else { "" };
            let data = if token.is_empty() {
                // Requests about the caller itself are handled in the namespace of the token.
                let is_own = rest == "lookup-self" || !parsed.data.contains_key("token");
                let own = state.tokens.find(caller).filter(|_| is_own);
                lookup(state, own.map_or(&*parsed.namespace, |token| &*token.namespace), caller)?
            } else {
                lookup(state, namespace(state, &parsed), token)?
            };
            Ok(ServerResponse::Data { data, warnings })
        }
        ("lookup-accessor", Verb::Write) => {
            let warnings = ignored(&parsed.data, ACCESSOR);
            let token = with_accessor(state, &parsed)?.ok_or_else(|| invalid("invalid accessor"))?;
            let mut data = lookup(state, &parsed.namespace, &token)?;
            data["id"] = "".into();
            Ok(ServerResponse::Data { data, warnings })
        }
        ("renew" | "renew-self" | "renew-accessor", Verb::Write) => renew::run(state, &parsed, rest, caller),
        ("revoke" | "revoke-orphan", Verb::Write) => {
            let token = named_token(&parsed);
            if token.is_empty() {
                return Err(bad_request("missing token ID"));
            }
            if rest == "revoke" { revoke(state, token) } else { revoke_orphan(state, &parsed, token, caller) }
        }
        ("revoke-self", Verb::Write) => revoke(state, caller),
        ("revoke-accessor", Verb::Write) => {
            if let Some(token) = with_accessor(state, &parsed)? {
                return revoke(state, &token);
            }
            let mut warnings = vec!["No token found with this accessor".to_owned()];
            warnings.extend(ignored(&parsed.data, ACCESSOR));
            Ok(ServerResponse::Data { data: Value::Null, warnings })
        }
        ("accessors/", Verb::List) => {
            let mounts = state.mounts.auth(&parsed.namespace);
            let mut keys = mounts.flat_map(|mount| state.tokens.accessors(&mount.accessor)).peekable();
            if keys.peek().is_none() {
                // Unlike other lists, this one is never empty with warnings.
                return Err(ErrorResponse::without_message(StatusCode::NOT_FOUND));
            }
            list::respond(parsed.data, &[], keys)
        }
        ("tidy", Verb::Write) => {
            let started = "Tidy operation successfully started. Any information from the operation will be printed \
                           to OpenBao's server logs.";
            let mut warnings = vec![started.to_owned()];
            warnings.extend(ignored(&parsed.data, &[]));
            Ok(ServerResponse::DataWithStatus { status: StatusCode::ACCEPTED, data: Value::Null, warnings })
        }
        (
            "create" | "create-orphan" | "lookup" | "lookup-self" | "lookup-accessor" | "renew"
            | "renew-self" | "renew-accessor" | "revoke" | "revoke-orphan" | "revoke-self"
            | "revoke-accessor" | "accessors" | "accessors/" | "tidy",
            _,
        ) => Err(ErrorResponse::unsupported_operation()),
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

fn invalid(problem: &str) -> ErrorResponse {
    ErrorResponse::from_core(StatusCode::BAD_REQUEST, problem)
}

/// Returns the token in the body, `""` if there is none.
fn named_token(parsed: &ParsedRequest) -> &str {
    parsed.data.get("token").and_then(Value::as_str).unwrap_or_default()
}

/// Returns the namespace of a request. Requests with a token of a child namespace in the body are handled
/// there.
pub(super) fn namespace<'a>(state: &'a State, parsed: &'a ParsedRequest) -> &'a str {
    let token = state.tokens.find(named_token(parsed));
    token.map(|token| &*token.namespace).filter(|of_token| !of_token.is_empty()).unwrap_or(&parsed.namespace)
}

/// Returns the token with the accessor in the body.
fn with_accessor(state: &State, parsed: &ParsedRequest) -> Result<Option<String>, ErrorResponse> {
    let accessor = Fields::new(parsed.data.clone(), ACCESSOR)?.text("accessor");
    if accessor.is_empty() {
        return Err(invalid("missing accessor"));
    }
    state.tokens.with_accessor(&parsed.namespace, &accessor)
}

/// Returns the properties of a token as a request in `namespace` sees them.
fn lookup(state: &State, namespace: &str, id: &str) -> Result<Value, ErrorResponse> {
    if let Some(problem) = tokens::malformed(id) {
        return Err(bad_request(problem));
    }
    let bad_token = || ErrorResponse::new(StatusCode::FORBIDDEN, "bad token");
    let token = state.tokens.find(id).ok_or_else(bad_token)?;
    if state.namespaces.get(&token.namespace).is_none() {
        return Err(internal("no namespace"));
    }
    let lease = &token.lease;
    // A batch token contains its properties, and the encoding has no empty lists and maps.
    let is_kept = |is_empty: bool| !(lease.is_batch && is_empty);
    let mut data = json!({
        "accessor": lease.accessor,
        "creation_time": lease.created.as_second(),
        "creation_ttl": lease.ttl,
        "display_name": lease.display_name,
        "entity_id": token.entity.as_deref().unwrap_or_default(),
        "expire_time": null,
        "explicit_max_ttl": if lease.is_batch { 0 } else { lease.limits.explicit_max_ttl },
        "id": id,
        "meta": lease.meta.as_ref().filter(|meta| is_kept(meta.is_empty())),
        "num_uses": match lease.uses {
            Some(0) => -1,
            uses => i64::try_from(uses.unwrap_or_default()).unwrap_or(i64::MAX),
        },
        "orphan": token.parent.is_none(),
        "path": lease.path,
        "policies": Some(&lease.policies).filter(|policies| is_kept(policies.is_empty())),
        "ttl": 0,
        "type": if lease.is_batch { "batch" } else { "service" },
    });
    // The lease is not found from another namespace.
    if token.namespace == namespace {
        data["issue_time"] = json!(lease.created.to_string());
        data["renewable"] = json!(lease.renewable);
        if let Some(expires) = lease.expires {
            data["expire_time"] = json!(expires.to_string());
            data["ttl"] = json!(expires.duration_since(rounded(state.clock.now())).as_secs());
        }
        if let Some(renewed) = lease.renewed {
            data["last_renewal"] = json!(renewed.to_string());
            data["last_renewal_time"] = json!(renewed.as_second());
        }
    }
    if !token.namespace.is_empty() {
        data["namespace_path"] = json!(token.namespace);
    }
    if !lease.role.is_empty() {
        data["role"] = json!(lease.role);
    }
    if lease.limits.period > 0 {
        data["period"] = json!(lease.limits.period);
    }
    if !lease.bound_cidrs.is_empty() {
        data["bound_cidrs"] = json!(lease.bound_cidrs);
    }
    let from_identity = policies_through_entity(state, token);
    if !from_identity.is_empty() {
        data["external_namespace_policies"] = json!({});
        data["identity_policies"] = json!(from_identity);
    }
    Ok(data)
}

fn rounded(time: Timestamp) -> Timestamp {
    time.round(jiff::Unit::Second).unwrap_or(time)
}

/// Revokes a token and its descendants. Succeeds if the token does not exist.
fn revoke(state: &mut State, id: &str) -> Result<ServerResponse, ErrorResponse> {
    if let Some(problem) = tokens::malformed(id) {
        return Err(internal(&problem));
    }
    if state.tokens.find(id).is_some_and(|token| token.lease.is_batch) {
        return Err(bad_request("batch tokens cannot be revoked"));
    }
    state.tokens.revoke(id);
    Ok(ServerResponse::NoContent)
}

fn revoke_orphan(
    state: &mut State,
    parsed: &ParsedRequest,
    id: &str,
    caller: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let namespace = namespace(state, parsed).to_owned();
    let caller = state.tokens.find(caller);
    if !caller.is_some_and(|caller| has_sudo(state, caller, &namespace, &parsed.path)) {
        return Err(bad_request("root or sudo privileges required to revoke and orphan"));
    }
    if let Some(problem) = tokens::malformed(id) {
        return Err(internal(&format!("error when looking up token to revoke: {problem}")));
    }
    let token = state.tokens.find_usable(id);
    let Token { namespace: of_token, lease, .. } =
        token.ok_or_else(|| bad_request("token to revoke not found"))?;
    if lease.is_batch {
        return Err(bad_request("batch tokens cannot be revoked"));
    }
    // From another namespace nothing happens.
    if *of_token == namespace {
        state.tokens.revoke_and_orphan(id);
    }
    Ok(ServerResponse::NoContent)
}

fn has_sudo(state: &State, caller: &Token, namespace: &str, path: &str) -> bool {
    Acl::for_token(state, caller).is_ok_and(|acl| acl.allows(&format!("{namespace}{path}"), "sudo"))
}
