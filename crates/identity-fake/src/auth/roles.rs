//! What the roles of all auth methods share.

use http::StatusCode;
use serde_json::{Map, Value};

use super::token_parameters::TokenParameters;
use super::{Limits, MAX_TTL};
use crate::duration;
use crate::input::{Fields, Kind, Schema};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::{ignored, is_slug};
use crate::state::State;
use crate::tokens::Token;

/// The deprecated names of parameters, which roles still accept.
pub(super) const DEPRECATED_FIELDS: &[(&str, Kind); 6] = &[
    ("policies", Kind::List),
    ("bound_cidrs", Kind::List),
    ("num_uses", Kind::Number),
    ("ttl", Kind::Duration),
    ("max_ttl", Kind::Duration),
    ("period", Kind::Duration),
];

/// Sets the parameters of the tokens of a role through either name.
pub(super) fn set_token(token: &mut TokenParameters, fields: &Fields) -> Result<(), ErrorResponse> {
    token.set(fields)?;
    token.set_deprecated(fields, &DEPRECATED_FIELDS.map(|(name, _)| name))
}

/// Returns the name in the path `role/NAME`.
pub(super) fn name(rest: &str) -> Result<String, ErrorResponse> {
    let name = rest.strip_prefix("role/").filter(|name| is_slug(name));
    name.map(str::to_lowercase).ok_or_else(ErrorResponse::unsupported_path)
}

/// Returns the response to a read.
pub(super) fn found(
    parsed: &ParsedRequest,
    fields: Schema,
    object: Option<Map<String, Value>>,
) -> Result<ServerResponse, ErrorResponse> {
    let object = object.ok_or_else(|| ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
    Ok(ServerResponse::Data { data: object.into(), warnings: ignored(&parsed.data, fields) })
}

/// Returns the response to a write, which lists ignored fields only if there is another warning.
pub(super) fn written(mut warnings: Vec<String>, ignored: Vec<String>) -> ServerResponse {
    if warnings.is_empty() {
        return ServerResponse::NoContent;
    }
    warnings.extend(ignored);
    ServerResponse::Data { data: Value::Null, warnings }
}

/// Fails if the period exceeds the maximum TTL. `period` is the name of the period in the error.
pub(super) fn check_period(token: &TokenParameters, period: &str) -> Result<(), ErrorResponse> {
    if token.period <= MAX_TTL {
        return Ok(());
    }
    let [given, max] = [token.period, MAX_TTL].map(|seconds| quoted(&duration::format(seconds)));
    let problem = "is greater than the backend's maximum lease TTL of";
    Err(bad_request(format!("{period} of '{given}' {problem} '{max}'")))
}

/// Returns the warning about a maximum TTL above that of the server. `max_ttl` is its name in the warning.
pub(super) fn warnings(token: &TokenParameters, max_ttl: &str) -> Vec<String> {
    if token.max_ttl <= MAX_TTL {
        return Vec::new();
    }
    let problem = "is greater than the system or backend mount's maximum TTL value";
    vec![format!("{max_ttl} {problem}; issued tokens' max TTL value will be truncated")]
}

/// Returns the limits of the renewal of a token, which are those of its role.
pub(super) fn renewal_limits(state: &State, token: &Token) -> Result<Limits, String> {
    let name =
        token.lease.meta.as_ref().and_then(|meta| meta.get("role")).map(String::as_str).unwrap_or_default();
    let jwt = state.auth.jwt.get(&token.mount).and_then(|mount| mount.role(name));
    let kubernetes = || state.auth.kubernetes.get(&token.mount).and_then(|mount| mount.role(name));
    let role = jwt.or_else(kubernetes).ok_or_else(|| format!("role {name} does not exist during renewal"))?;
    let TokenParameters { ttl, max_ttl, period, .. } = *role;
    Ok(Limits { ttl, max_ttl, period, ..token.lease.limits })
}
