//! Renews tokens: `auth/token/renew`, `renew-self` and `renew-accessor`.

use http::StatusCode;

use super::super::ttl::{self, Limits};
use super::super::{approle, external_groups, grant, roles, userpass};
use super::{invalid, named_token, namespace, with_accessor};
use crate::input::{Fields, Kind, Schema};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, quoted};
use crate::route::ignored;
use crate::state::State;
use crate::tokens::{Token, expiry, malformed};

const BY_TOKEN: Schema = &[("token", Kind::Text), ("increment", Kind::Duration)];
const BY_ACCESSOR: Schema = &[("accessor", Kind::Text), ("increment", Kind::Duration)];

pub(super) fn run(
    state: &mut State,
    parsed: &ParsedRequest,
    operation: &str,
    caller: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let schema = if operation == "renew-accessor" { BY_ACCESSOR } else { BY_TOKEN };
    let ignored = ignored(&parsed.data, schema);
    let increment = Fields::new(parsed.data.clone(), schema)?.seconds("increment").unwrap_or_default();
    let (id, namespace) = match operation {
        "renew" => (named_token(parsed).to_owned(), namespace(state, parsed).to_owned()),
        "renew-self" => {
            let of_token = state.tokens.find(caller).map(|token| token.namespace.clone());
            (caller.to_owned(), of_token.unwrap_or_default())
        }
        _ => {
            let id = with_accessor(state, parsed)?.ok_or_else(|| invalid("invalid accessor"))?;
            return match renew(state, &parsed.namespace, &id, increment, ignored) {
                // The user of the token is deleted.
                Ok(ServerResponse::NoContent) => Err(internal("failed to lookup the token")),
                Ok(response) => Ok(without_token(response)),
                Err(error) => Err(without_reason(error)),
            };
        }
    };
    if id.is_empty() {
        return Err(bad_request("missing token ID"));
    }
    renew(state, &namespace, &id, increment, ignored)
}

fn without_token(mut response: ServerResponse) -> ServerResponse {
    if let ServerResponse::Auth { auth, .. } = &mut response {
        auth["client_token"] = "".into();
    }
    response
}

fn without_reason(error: ErrorResponse) -> ErrorResponse {
    if error.status == StatusCode::BAD_REQUEST { invalid("invalid request") } else { error }
}

fn renew(
    state: &mut State,
    namespace: &str,
    id: &str,
    increment: u64,
    ignored: Vec<String>,
) -> Result<ServerResponse, ErrorResponse> {
    if let Some(problem) = malformed(id) {
        return Err(internal(&format!("error looking up token to renew: {problem}")));
    }
    let token = state.tokens.find_usable(id).ok_or_else(|| bad_request("token not found"))?;
    if token.lease.is_batch {
        return Err(bad_request("batch tokens cannot be renewed"));
    }
    if token.namespace != namespace {
        return Err(internal("cannot renew a token across namespaces"));
    }
    if !token.lease.renewable {
        return Err(bad_request("lease is not renewable"));
    }
    let Some(limits) = limits(state, token)? else { return Ok(ServerResponse::NoContent) };
    let now = state.clock.now();
    let age = now.as_second().saturating_sub(token.lease.created.as_second());
    let age = u64::try_from(age).unwrap_or_default();
    let mount = state.mounts.with_ttls_of(&token.mount);
    let (ttl, mut warnings) = ttl::calculate(mount, limits, increment, age).map_err(internal)?;
    warnings.extend(ignored);

    external_groups::renew(state, id);
    if let Some(expires) = expiry(now, ttl) {
        state.tokens.renew(id, now, expires);
    }
    if let Some(token) = state.tokens.find_mut(id) {
        token.lease.limits.ttl = ttl;
    }
    let token = state.tokens.find(id).ok_or_else(|| bad_request("token not found"))?;
    Ok(ServerResponse::Auth { auth: grant::to_json(state, id, token, ttl), warnings })
}

/// Returns the limits of a renewal, which the role or the user of the token may have changed. `None` if the
/// user is deleted.
fn limits(state: &State, token: &Token) -> Result<Option<Limits>, ErrorResponse> {
    let Token { mount, lease, .. } = token;
    let failed = |problem: &str| internal(&format!("failed to renew entry: {problem}"));
    if !lease.role.is_empty() {
        let Some(role) = state.auth.token_roles.get(&(mount.clone(), lease.role.clone())) else {
            let name = quoted(&lease.role);
            return Err(failed(&format!("original token role {name} could not be found, not renewing")));
        };
        return Ok(Some(Limits {
            explicit_max_ttl: role.explicit_max_ttl,
            period: role.period,
            ..lease.limits
        }));
    }
    match state.mounts.get(mount).map(|mount| &*mount.kind) {
        Some("approle") => {
            approle::renewal_limits(state, token).map(Some).map_err(|problem| failed(&problem))
        }
        Some("userpass") => userpass::renewal_limits(state, token).map_err(failed),
        Some("jwt" | "oidc" | "kubernetes") => {
            roles::renewal_limits(state, token).map(Some).map_err(|problem| failed(&problem))
        }
        _ => Ok(Some(lease.limits)),
    }
}
