//! The system backend: `sys/`.

use serde_json::{Value, json};

use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request};
use super::state::State;
use super::{auth, capabilities, mounts, namespaces, policies};

pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    token: &str,
    is_wrapped: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let area = parsed.path.split('/').nth(1).unwrap_or_default();
    match (area, parsed.verb) {
        ("auth" | "mounts", _) => mounts::run(state, &parsed),
        ("locked-users", _) => auth::locked_users(state, parsed),
        ("namespaces", _) => namespaces::run(state, &parsed),
        ("policies" | "policy", _) => policies::run(state, &parsed),
        ("capabilities" | "capabilities-self" | "capabilities-accessor", _) => {
            capabilities::run(state, parsed, token)
        }
        ("wrapping", Verb::Write) if parsed.path == "sys/wrapping/wrap" => {
            if !is_wrapped {
                return Err(bad_request("endpoint requires response wrapping to be used"));
            }
            Ok(ServerResponse::Data { data: Value::Object(parsed.data), warnings: Vec::new() })
        }
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

pub(super) fn health(state: &State) -> ServerResponse {
    ServerResponse::Raw(json!({
        "initialized": true,
        "sealed": false,
        "standby": false,
        "replication_performance_mode": "disabled",
        "replication_dr_mode": "disabled",
        "server_time_utc": state.clock.now().as_second(),
        "version": "2.7.2",
        "cluster_name": "fake-vault",
        "cluster_id": "00000000-0000-0000-0000-000000000000",
    }))
}

pub(super) fn seal_status() -> ServerResponse {
    ServerResponse::Raw(json!({
        "type": "shamir",
        "initialized": true,
        "sealed": false,
        "t": 1,
        "n": 1,
        "progress": 0,
        "nonce": "",
        "recovery_seal": false,
        "version": "2.7.2",
        "commit_date": "2026-10-26T20:32:27Z",
        "migration": false,
        "cluster_name": "fake-vault",
        "cluster_id": "00000000-0000-0000-0000-000000000000",
        "storage_type": "inmem",
    }))
}
