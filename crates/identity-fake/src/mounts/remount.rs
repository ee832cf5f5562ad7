//! Moves mounts to other paths and namespaces: `sys/remount`.

use http::StatusCode;
use serde_json::json;

use super::enable::PROTECTED;
use super::sanitized;
use crate::input::{Fields, Kind, Schema};
use crate::limits::is_printable;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::state::State;

const FIELDS: Schema = &[("from", Kind::Text), ("to", Kind::Text)];

/// A finished move.
pub(crate) struct Migration {
    from: String,
    to: String,
    status: &'static str,
}

/// A path split into its namespace and the rest.
struct Place {
    namespace: String,
    path: String,
}

pub(crate) fn run(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    if let Some(id) = parsed.path.strip_prefix("sys/remount/status/").filter(|id| !id.is_empty()) {
        if parsed.verb != Verb::Read {
            return Err(ErrorResponse::unsupported_operation());
        }
        let migration = state.migrations.get(id);
        let Migration { from, to, status } =
            migration.ok_or_else(|| ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
        let info = json!({ "source_mount": from, "target_mount": to, "status": status });
        return Ok(ServerResponse::data(json!({ "migration_id": id, "migration_info": info })));
    }
    match (parsed.verb, &*parsed.path) {
        (Verb::Write, "sys/remount") => start(state, parsed),
        (_, "sys/remount") => Err(ErrorResponse::unsupported_operation()),
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

/// Moves a mount at once. The real server moves it after its response.
fn start(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let fields = Fields::new(parsed.data, FIELDS)?;
    let (from, to) = (fields.text("from"), fields.text("to"));
    if from.is_empty() || to.is_empty() {
        return Err(bad_request("both 'from' and 'to' path must be specified as a string"));
    }
    for (name, path) in [("from", &from), ("to", &to)] {
        if path.starts_with(' ') || path.ends_with(' ') {
            return Err(bad_request(format!("'{name}' path cannot contain trailing whitespace")));
        }
    }
    let source = split(state, &parsed.namespace, &from);
    let target = split(state, &parsed.namespace, &to);
    check_target(&target.path, &to)?;
    check_protected(&source.path, &target.path)?;
    let Some(mount) = state.mounts.covering(&source.namespace, &source.path) else {
        return Err(bad_request(format!("no matching mount at {}", quoted(&sanitized(&from)))));
    };
    if let Some(existing) = state.mounts.conflict(&target.namespace, &target.path) {
        let path = format!("{}{}", existing.namespace, existing.path);
        return Err(bad_request(format!("path already in use at {}", quoted(&path))));
    }
    let mut mount = mount.clone();
    let id = state.random.uuid();
    let [from, to] = [&source, &target].map(|place| format!("{}{}", place.namespace, place.path));
    let is_whole = mount.path == source.path;
    if is_whole {
        (mount.namespace, mount.path) = (target.namespace, target.path);
        state.mounts.replace(mount);
    }
    state
        .migrations
        .insert(id.clone(), Migration { from, to, status: if is_whole { "success" } else { "failure" } });
    let warning = "Mount move has been queued. Progress will be reported in OpenBao's server log, tagged with \
                   the returned migration_id";
    Ok(ServerResponse::Data { data: json!({ "migration_id": id }), warnings: vec![warning.to_owned()] })
}

fn split(state: &State, namespace: &str, path: &str) -> Place {
    let path = sanitized(path);
    let (namespace, path) = state
        .namespaces
        .resolve(namespace.trim_matches('/'), &path)
        .unwrap_or_else(|| (namespace.to_owned(), &path));
    Place { namespace, path: path.to_owned() }
}

fn check_target(path: &str, given: &str) -> Result<(), ErrorResponse> {
    if path.is_empty() || path == "/" {
        return Err(bad_request(format!("invalid destination mount path {}", quoted(given))));
    }
    let mut clean: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                clean.pop();
            }
            segment => clean.push(segment),
        }
    }
    let clean = format!("{}/", clean.join("/"));
    let problem = if clean != path {
        format!("path '{path}' does not match cleaned path '{clean}'")
    } else if !is_printable(path) {
        "path cannot contain non-printable characters".to_owned()
    } else {
        return Ok(());
    };
    Err(bad_request(format!("invalid destination mount: {problem}")))
}

fn check_protected(from: &str, to: &str) -> Result<(), ErrorResponse> {
    let is_auth = from.starts_with("auth/");
    if is_auth && !to.starts_with("auth/") {
        return Err(bad_request(format!("cannot remount auth mount to non-auth mount {}", quoted(to))));
    }
    let protected: &[&str] = if is_auth { &["auth/token"] } else { &PROTECTED };
    let is_protected = |path: &str| protected.iter().any(|protected| path.starts_with(protected));
    if is_protected(from) {
        return Err(bad_request(format!("cannot remount {}", quoted(from))));
    }
    if is_protected(to) {
        let to = if is_auth { quoted(to) } else { to.to_owned() };
        return Err(bad_request(format!("cannot remount to destination {to}")));
    }
    Ok(())
}
