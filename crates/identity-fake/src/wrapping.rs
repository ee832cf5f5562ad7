//! Response wrapping: `X-Vault-Wrap-TTL` and `sys/wrapping`.

use std::time::Duration;

use http::StatusCode;
use http::header::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::duration;
use super::request::{ParsedRequest, text};
use super::response::{ErrorResponse, ServerResponse, bad_request};
use super::state::State;
use super::tokens;

pub(super) struct Wrapped {
    data: Value,
    auth: Value,
    warnings: Vec<String>,
    /// The status of a response without an envelope.
    raw: Option<StatusCode>,
    creation_path: String,
    created: Timestamp,
    ttl: Duration,
}

impl Wrapped {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.created).unsigned_abs() > self.ttl
    }
}

/// Returns the requested TTL of a wrapped response.
pub(super) fn ttl(headers: &HeaderMap) -> Result<Option<Duration>, ErrorResponse> {
    let header = text(headers, "x-vault-wrap-ttl");
    if header.is_empty() {
        return Ok(None);
    }
    let problem = |problem: &str| bad_request(format!("error parsing X-Vault-Wrap-TTL header: {problem}"));
    let (is_negative, ttl) = duration::parse(header).map_err(|error| problem(&error))?;
    if is_negative && !ttl.is_zero() {
        return Err(problem("requested wrap ttl cannot be negative"));
    }
    Ok(Some(ttl).filter(|ttl| !ttl.is_zero()))
}

/// Wraps a response with data. Returns others unchanged, except an empty list.
pub(super) fn wrap(
    state: &mut State,
    response: ServerResponse,
    ttl: Duration,
    parsed: (String, bool),
) -> ServerResponse {
    let (creation_path, is_list) = parsed;
    let mut raw = None;
    let (data, auth, warnings) = match response {
        ServerResponse::Data { data, warnings } => (data, Value::Null, warnings),
        // This includes OAuth errors.
        ServerResponse::Custom { status, body, .. } => {
            raw = Some(status);
            (body, Value::Null, Vec::new())
        }
        ServerResponse::Raw(body) => {
            raw = Some(StatusCode::OK);
            (body, Value::Null, Vec::new())
        }
        // The server drops the connection instead if a second factor is required.
        ServerResponse::Auth { auth, warnings } if auth["client_token"] != "" => {
            (Value::Null, auth, warnings)
        }
        ServerResponse::Error(error)
            if is_list && error.status == StatusCode::NOT_FOUND && error.errors.is_empty() =>
        {
            return ServerResponse::Error(ErrorResponse::new(StatusCode::NOT_FOUND, "unsupported path"));
        }
        other => return other,
    };
    let token = format!("s.{}", state.random.alphanumeric(24));
    let created = state.clock.now();
    let mut info = json!({
        "token": token,
        "accessor": state.random.alphanumeric(24),
        "ttl": ttl.as_secs(),
        "creation_time": created.to_string(),
        "creation_path": creation_path,
    });
    if !auth.is_null() {
        info["wrapped_accessor"] = auth["accessor"].clone();
    } else if let Some(accessor) = data.get("secret_id_accessor") {
        info["wrapped_accessor"] = accessor.clone();
    }
    state.wrapped.insert(token, Wrapped { data, auth, warnings, raw, creation_path, created, ttl });
    ServerResponse::Wrapped(info)
}

/// Handles `sys/wrapping/lookup` and `sys/wrapping/unwrap`, which accept any wrapping token.
pub(super) fn run(
    state: &mut State,
    parsed: &ParsedRequest,
    headers: &HeaderMap,
) -> Result<ServerResponse, ErrorResponse> {
    let given = parsed.data.get("token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = given.unwrap_or_else(|| tokens::from_headers(headers));
    if token.is_empty() {
        let problem = "error validating wrapping token: token is empty";
        return Err(ErrorResponse::new(StatusCode::FORBIDDEN, problem));
    }
    let now = state.clock.now();
    state.wrapped.retain(|_, wrapped| !wrapped.is_over(now));
    let unknown = || bad_request("wrapping token is not valid or does not exist");
    if parsed.path == "sys/wrapping/unwrap" {
        let Wrapped { data, auth, warnings, raw, .. } = state.wrapped.remove(token).ok_or_else(unknown)?;
        return Ok(if let Some(status) = raw {
            ServerResponse::Custom { status, body: data, headers: Vec::new() }
        } else if auth.is_null() {
            ServerResponse::Data { data, warnings }
        } else {
            ServerResponse::Auth { auth, warnings }
        });
    }
    let wrapped = state.wrapped.get(token).ok_or_else(unknown)?;
    let data = json!({
        "creation_path": wrapped.creation_path,
        "creation_time": wrapped.created.to_string(),
        "creation_ttl": wrapped.ttl.as_secs(),
    });
    Ok(ServerResponse::Data { data, warnings: Vec::new() })
}
