//! The status of the server, which it shows without a token and while it is sealed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Map, Value, json};

use super::rules::is_root_only;
use super::{COMMIT_DATE, VERSION};
use crate::headers::NAMESPACE;
use crate::request::text;
use crate::response::{ErrorResponse, ServerResponse, bad_request};
use crate::state::State;

const CLUSTER_NAME: &str = "fake-vault";
const CLUSTER_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Returns `None` for other requests.
pub(crate) fn run(
    state: &mut State,
    request: &Request<Bytes>,
) -> Option<Result<ServerResponse, ErrorResponse>> {
    let path = request.uri().path().strip_prefix("/v1/sys/")?;
    let namespace = text(request.headers(), &NAMESPACE).trim_matches('/');
    if !namespace.is_empty() && path.split('/').next().is_some_and(is_root_only) {
        return Some(Err(bad_request("operation unavailable in namespaces")));
    }
    Some(match (path, request.method().as_str()) {
        ("health", "GET" | "HEAD") => health(state, request.uri().query().unwrap_or_default()),
        ("init", "GET") => Ok(ServerResponse::Raw(json!({ "initialized": true }))),
        ("init", "POST" | "PUT") => body(request).and_then(|fields| initialize(&fields)),
        ("leader", "GET") => Ok(ServerResponse::Raw(json!({ "ha_enabled": false }))),
        ("seal-status", "GET") => Ok(seal_status(state)),
        ("step-down", "POST" | "PUT") => Ok(ServerResponse::NoContent),
        ("unseal", "POST" | "PUT") => body(request).and_then(|fields| unseal(state, &fields)),
        ("seal", "POST" | "PUT") if state.is_sealed => Ok(ServerResponse::NoContent),
        ("seal", "POST" | "PUT") => return None,
        ("health" | "init" | "leader" | "seal" | "seal-status" | "step-down" | "unseal", _) => {
            Err(ErrorResponse::without_message(StatusCode::METHOD_NOT_ALLOWED))
        }
        _ => return None,
    })
}

fn body(request: &Request<Bytes>) -> Result<Map<String, Value>, ErrorResponse> {
    if request.body().is_empty() {
        return Ok(Map::new());
    }
    let parsed = serde_json::from_slice(request.body());
    parsed.map_err(|error| {
        let problem = if error.is_eof() { "unexpected EOF".to_owned() } else { error.to_string() };
        bad_request(format!("failed to decode JSON input: {problem}"))
    })
}

fn health(state: &State, query: &str) -> Result<ServerResponse, ErrorResponse> {
    let invalid = || ErrorResponse::without_message(StatusCode::BAD_REQUEST);
    let parameter = |name: &str| {
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let status = |name: &str, default: u16| match parameter(name) {
        Some(text) => text.parse().map_err(|_| invalid()),
        None => Ok(default),
    };
    if let Some(flag) = parameter("standbyok") {
        let known = ["", "0", "1", "f", "t", "false", "true", "F", "T", "FALSE", "TRUE", "False", "True"];
        if !known.contains(&flag) {
            return Err(invalid());
        }
    }
    let (uninitialized, sealed) = (status("uninitcode", 501), status("sealedcode", 503));
    let (standby, active) = (status("standbycode", 429), status("activecode", 200));
    let (_, sealed, _, active) = (uninitialized?, sealed?, standby?, active?);
    let mode = if state.is_sealed { "unknown" } else { "disabled" };
    let mut body = json!({
        "initialized": true,
        "sealed": state.is_sealed,
        "standby": state.is_sealed,
        "replication_performance_mode": mode,
        "replication_dr_mode": mode,
        "server_time_utc": state.clock.now().as_second(),
        "version": VERSION,
    });
    add_cluster(state, &mut body);
    let status = StatusCode::from_u16(if state.is_sealed { sealed } else { active });
    Ok(ServerResponse::Custom { status: status.map_err(|_| invalid())?, body, headers: Vec::new() })
}

fn seal_status(state: &State) -> ServerResponse {
    let mut body = json!({
        "type": "shamir",
        "initialized": true,
        "sealed": state.is_sealed,
        "t": 1,
        "n": 1,
        "progress": 0,
        "nonce": "",
        "recovery_seal": false,
        "version": VERSION,
        "commit_date": COMMIT_DATE,
        "migration": false,
        "storage_type": "inmem",
    });
    add_cluster(state, &mut body);
    ServerResponse::Raw(body)
}

fn add_cluster(state: &State, body: &mut Value) {
    if !state.is_sealed {
        body["cluster_name"] = CLUSTER_NAME.into();
        body["cluster_id"] = CLUSTER_ID.into();
    }
}

/// Always fails, because the server is initialized.
fn initialize(fields: &Map<String, Value>) -> Result<ServerResponse, ErrorResponse> {
    let number = |name: &str| fields.get(name).and_then(Value::as_i64).unwrap_or_default();
    let (shares, threshold) = (number("secret_shares"), number("secret_threshold"));
    let problem = if shares < 1 {
        "invalid seal configuration: shares must be at least one"
    } else if threshold < 1 {
        "invalid seal configuration: threshold must be at least one"
    } else if threshold > shares {
        "invalid seal configuration: threshold cannot be larger than shares"
    } else {
        "Vault is already initialized"
    };
    Err(bad_request(problem))
}

/// Accepts any key of 32 bytes, in hexadecimal or Base64.
fn unseal(state: &mut State, fields: &Map<String, Value>) -> Result<ServerResponse, ErrorResponse> {
    if fields.get("reset") == Some(&Value::Bool(true)) {
        return if state.is_sealed { Ok(seal_status(state)) } else { Err(bad_request("vault is unsealed")) };
    }
    let key = fields.get("key").and_then(Value::as_str).unwrap_or_default();
    if key.is_empty() {
        let problem = "'key' must be specified in request body as JSON, or 'reset' set to true";
        return Err(bad_request(problem));
    }
    let is_hex = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let len = if is_hex { Some(32) } else { BASE64_STANDARD.decode(key).ok().map(|key| key.len()) };
    let len = len.ok_or_else(|| bad_request("'key' must be a valid hex or base64 string"))?;
    if state.is_sealed && len < 16 {
        return Err(bad_request("invalid key: key is shorter than minimum 16 bytes"));
    }
    state.is_sealed = false;
    Ok(seal_status(state))
}
