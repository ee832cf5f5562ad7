//! The system backend: `sys/`.

mod rules;
mod status;
mod ui;

use http::StatusCode;
use http::header::HeaderMap;
use serde_json::json;

use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse};
use super::state::State;
use super::{auth, capabilities, mounts, namespaces, policies, wrapping};

pub(super) use rules::{copies_data, requires_root_namespace, requires_sudo};
pub(super) use status::run as status;
pub(super) use ui::without_token;

pub(super) const VERSION: &str = "2.7.2";
const COMMIT_DATE: &str = "2026-10-26T20:32:27Z";

/// Handles requests that need a token.
pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    headers: &HeaderMap,
    token: &str,
    is_wrapped: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let area = parsed.path.split('/').nth(1).unwrap_or_default();
    match (area, parsed.verb) {
        ("auth" | "mounts", _) => mounts::run(state, parsed),
        ("remount", _) => mounts::remount(state, parsed),
        ("namespaces", _) => namespaces::run(state, parsed),
        ("policies" | "policy", _) => policies::run(state, parsed),
        ("capabilities" | "capabilities-self" | "capabilities-accessor", _) => {
            capabilities::run(state, parsed, token)
        }
        ("wrapping", _) => wrapping::run(state, parsed, token, is_wrapped),
        ("locked-users", _) => auth::locked_users(state, parsed),
        ("seal", Verb::Write) if parsed.path == "sys/seal" => {
            state.is_sealed = true;
            Ok(ServerResponse::NoContent)
        }
        ("internal", _) => ui::resultant_acl(state, &parsed, headers),
        ("ha-status" | "key-status" | "version-history", _) => server(state, &parsed),
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

/// Describes the server.
fn server(state: &State, parsed: &ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let started = state.tokens.find(state.tokens.root()).map(|root| root.lease.created).unwrap_or_default();
    match (&*parsed.path, parsed.verb) {
        ("sys/ha-status", Verb::Read) => {
            let node = json!({
                "hostname": "fake-vault",
                "api_address": state.address,
                "cluster_address": "",
                "active_node": true,
                "last_echo": null,
                "version": VERSION,
            });
            Ok(ServerResponse::data(json!({ "nodes": [node] })))
        }
        ("sys/key-status", Verb::Read) => Ok(ServerResponse::data(
            json!({ "term": 1, "install_time": started.to_string(), "encryptions": 0 }),
        )),
        ("sys/version-history/", Verb::List) => {
            let seconds = jiff::Timestamp::from_second(started.as_second()).unwrap_or_default();
            let info = json!({
                "commit_date": COMMIT_DATE,
                "previous_version": null,
                "timestamp_installed": seconds.to_string(),
            });
            let infos = json!({ VERSION: info });
            Ok(ServerResponse::data(json!({ "keys": [VERSION], "key_info": infos })))
        }
        ("sys/ha-status" | "sys/key-status" | "sys/version-history" | "sys/version-history/", _) => {
            Err(ErrorResponse::unsupported_operation())
        }
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

pub(super) fn sealed() -> ErrorResponse {
    ErrorResponse::new(StatusCode::SERVICE_UNAVAILABLE, "Vault is sealed")
}
