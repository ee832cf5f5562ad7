//! What user interfaces and the command line ask first: `sys/internal/ui`.

use http::StatusCode;
use http::header::HeaderMap;
use serde_json::{Map, Value, json};

use crate::acl::Acl;
use crate::mounts::{Mount, to_json, to_public_json};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, forbidden, internal, quoted};
use crate::state::State;
use crate::tokens;

/// Handles the paths that need no token. Returns `None` for others.
pub(crate) fn without_token(
    state: &State,
    parsed: &ParsedRequest,
    headers: &HeaderMap,
) -> Result<Option<ServerResponse>, ErrorResponse> {
    let Some(path) = parsed.path.strip_prefix("sys/internal/ui/") else { return Ok(None) };
    let fail = |status, problem: &str| Err(ErrorResponse::new(status, problem));
    let name = path.strip_prefix("mounts/");
    if path != "mounts" && path != "namespaces" && name.is_none() {
        return Ok(None);
    }
    if name == Some("") {
        return fail(StatusCode::NOT_FOUND, "unsupported path");
    }
    if parsed.verb != Verb::Read {
        return fail(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation");
    }
    let acl = acl(state, headers)?;
    match (path, name) {
        ("mounts", _) => Ok(Some(mounts(state, &parsed.namespace, acl.as_ref()))),
        (_, Some(name)) => mount(state, &parsed.namespace, name, acl.as_ref()).map(Some),
        _ => {
            let acl = acl.ok_or_else(|| internal("client token empty").without_wrapper_if(true))?;
            let children = state.namespaces.children(&parsed.namespace);
            let visible = children.filter(|(_, path, _)| acl.reaches(path));
            let names: Vec<_> = visible.map(|(name, ..)| name).collect();
            let data = if names.is_empty() { json!({}) } else { json!({ "keys": names }) };
            Ok(Some(ServerResponse::data(data)))
        }
    }
}

/// Returns what the token of the request may do. `None` if it has none.
fn acl(state: &State, headers: &HeaderMap) -> Result<Option<Acl>, ErrorResponse> {
    let name = tokens::from_headers(headers);
    if name.is_empty() {
        return Ok(None);
    }
    let token = state.tokens.find_usable(name).ok_or_else(|| forbidden("permission denied"))?;
    Acl::for_token(state, token).map(Some)
}

fn mounts(state: &State, namespace: &str, acl: Option<&Acl>) -> ServerResponse {
    let is_visible = |mount: &&Mount| {
        let path = || format!("{namespace}{}", mount.path);
        mount.is_listed_to_everyone() || acl.is_some_and(|acl| acl.reaches(&path()))
    };
    let show = if acl.is_some() { to_json } else { to_public_json };
    let group = |auth: bool| -> Map<String, Value> {
        let mounts = state.mounts.of(namespace).filter(|mount| mount.is_auth() == auth).filter(is_visible);
        mounts.map(|mount| (mount.name().to_owned(), show(mount))).collect()
    };
    ServerResponse::data(json!({ "auth": group(true), "secret": group(false) }))
}

fn mount(
    state: &State,
    namespace: &str,
    path: &str,
    acl: Option<&Acl>,
) -> Result<ServerResponse, ErrorResponse> {
    let acl = acl.ok_or_else(|| forbidden("permission denied"))?;
    let path = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    let mount = state.mounts.covering(namespace, &path);
    let mount = mount.filter(|mount| acl.reaches(&format!("{namespace}{}", mount.path)));
    let Some(mount) = mount else {
        let problem =
            "preflight capability check returned 403, please ensure client's policies grant access to path";
        return Err(forbidden(format!("{problem} {}", quoted(&path))));
    };
    let mut data = to_json(mount);
    data["path"] = mount.name().into();
    Ok(ServerResponse::data(data))
}

/// Returns the rules of the caller.
pub(super) fn resultant_acl(
    state: &State,
    parsed: &ParsedRequest,
    headers: &HeaderMap,
) -> Result<ServerResponse, ErrorResponse> {
    if parsed.path != "sys/internal/ui/resultant-acl" {
        return Err(ErrorResponse::unsupported_path());
    }
    if parsed.verb != Verb::Read {
        return Err(ErrorResponse::unsupported_operation());
    }
    let acl = acl(state, headers)?.ok_or_else(|| bad_request("permission denied"))?;
    Ok(ServerResponse::data(acl.to_json()))
}
