//! The system backend: `sys/`.

use serde_json::json;

use super::request::ParsedRequest;
use super::response::{ErrorResponse, ServerResponse};
use super::state::State;
use super::{auth, capabilities, mounts, namespaces, policies, wrapping};

pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    token: &str,
    is_wrapped: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let area = parsed.path.split('/').nth(1).unwrap_or_default();
    match area {
        "auth" | "mounts" => mounts::run(state, &parsed),
        "locked-users" => auth::locked_users(state, parsed),
        "namespaces" => namespaces::run(state, &parsed),
        "policies" | "policy" => policies::run(state, &parsed),
        "capabilities" | "capabilities-self" | "capabilities-accessor" => {
            capabilities::run(state, parsed, token)
        }
        "wrapping" => wrapping::run(state, parsed, token, is_wrapped),
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
