//! The engine `kv`. The root namespace has one of version 2, secrets with versions, at `secret/`.

mod config;
mod data;
mod metadata;
mod plain;
mod secret;
mod versions;

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::help::{self, Page};
use super::input::{Fields, Schema};
use super::mounts::Mounts;
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, envelope};
use super::route;
use super::state::State;
use secret::{Secret, Settings};

/// The engines by the accessors of their mounts. An engine without secrets may be missing.
#[derive(Default)]
pub(super) struct Kv(BTreeMap<String, Engine>);

#[derive(Default)]
struct Engine {
    config: Settings,
    secrets: BTreeMap<String, Secret>,
    /// Those of version 1.
    plain: plain::Secrets,
}

/// A path of the engine. One that ends in a slash is followed by the path of a secret.
pub(super) struct KvPath {
    prefix: &'static str,
    verbs: &'static [Verb],
    fields: Schema,
    run: fn(&mut Call<'_>, &Fields) -> Result<ServerResponse, ErrorResponse>,
}

const PATHS: &[KvPath] = &[
    KvPath { prefix: "config", verbs: &[Verb::Read, Verb::Write], fields: config::FIELDS, run: config::run },
    KvPath {
        prefix: "data/",
        verbs: &[Verb::Read, Verb::Write, Verb::Patch, Verb::Delete],
        fields: data::FIELDS,
        run: data::run,
    },
    KvPath {
        prefix: "metadata/",
        verbs: &[Verb::Read, Verb::Write, Verb::Patch, Verb::Delete, Verb::List, Verb::Scan],
        fields: metadata::FIELDS,
        run: metadata::run,
    },
    KvPath {
        prefix: "detailed-metadata/",
        verbs: &[Verb::List, Verb::Scan],
        fields: metadata::LIST_FIELDS,
        run: metadata::list_with_info,
    },
    KvPath { prefix: "subkeys/", verbs: &[Verb::Read], fields: data::SUBKEYS_FIELDS, run: data::subkeys },
    KvPath { prefix: "delete/", verbs: &[Verb::Write], fields: versions::FIELDS, run: versions::delete },
    KvPath { prefix: "undelete/", verbs: &[Verb::Write], fields: versions::FIELDS, run: versions::undelete },
    KvPath { prefix: "destroy/", verbs: &[Verb::Write], fields: versions::FIELDS, run: versions::destroy },
];

/// A request to an engine.
struct Call<'a> {
    engine: &'a mut Engine,
    verb: Verb,
    /// The path of the secret as sent.
    path: &'a str,
    /// The path of the secret without superfluous slashes, which is its key.
    key: String,
    now: Timestamp,
    request_id: String,
}

impl Kv {
    /// Deletes the secrets of engines that are no longer mounted.
    pub(super) fn remove_unmounted(&mut self, mounts: &Mounts) {
        self.0.retain(|accessor, _| mounts.get(accessor).is_some());
    }

    /// Makes each secret of version 1 the first version of a secret.
    pub(super) fn upgrade(&mut self, accessor: &str, now: Timestamp) {
        let Some(engine) = self.0.get_mut(accessor) else { return };
        for (path, data) in std::mem::take(&mut engine.plain) {
            let mut secret = Secret::new(now);
            secret.oldest = 1;
            secret.add(&path, data, &engine.config, now);
            engine.secrets.insert(path, secret);
        }
    }
}

impl Call<'_> {
    /// Creates a 404 with an envelope. The server sends it for a version that is deleted or destroyed.
    fn not_found(&self, data: Value, warnings: &[String]) -> ServerResponse {
        let body = envelope(self.request_id.clone(), data, warnings);
        ServerResponse::Custom { status: StatusCode::NOT_FOUND, body, headers: Vec::new() }
    }

    fn response(data: Value) -> ServerResponse {
        ServerResponse::Data { data, warnings: Vec::new() }
    }
}

fn absent() -> ErrorResponse {
    ErrorResponse::without_message(StatusCode::NOT_FOUND)
}

fn clean(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    segments.join("/")
}

pub(super) fn pages() -> Vec<Page> {
    PATHS.iter().map(page).collect()
}

pub(super) fn page(path: &KvPath) -> Page {
    let secret = if path.prefix.ends_with('/') { "{path}" } else { "" };
    let mut page = Page::new(format!("{}{secret}", path.prefix));
    page.add(path.verbs.iter().map(|verb| help::method(*verb)), path.fields);
    page
}

/// Finds the path of the engine that a path below the mount belongs to, and the path of the secret.
pub(super) fn find(rest: &str) -> Option<(&'static KvPath, &str)> {
    PATHS.iter().find_map(|path| {
        let secret = rest.strip_prefix(path.prefix)?;
        (path.prefix.ends_with('/') || secret.is_empty()).then_some((path, secret))
    })
}

/// Returns `true` if a write would create a secret. Like the server, validates the fields first.
pub(super) fn is_new(state: &State, parsed: &ParsedRequest) -> Result<bool, ErrorResponse> {
    let Some((mount, rest)) = state.mounts.kv(&parsed.namespace, &parsed.path) else { return Ok(false) };
    let engine = state.kv.0.get(&mount.accessor);
    if !mount.has_versions() {
        return Ok(!engine.is_some_and(|engine| engine.plain.contains_key(rest)));
    }
    let found = find(rest).filter(|(route, _)| matches!(route.prefix, "data/" | "metadata/"));
    let Some((route, path)) = found else { return Ok(false) };
    Fields::new(parsed.data.clone(), route.fields).map_err(ErrorResponse::without_prefix)?;
    Ok(!engine.is_some_and(|engine| engine.secrets.contains_key(&clean(path))))
}

pub(super) fn run(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let Some((mount, rest)) = state.mounts.kv(&parsed.namespace, &parsed.path) else {
        return Err(ErrorResponse::no_handler(&parsed.path));
    };
    let (verb, request_id) = (parsed.verb, state.random.uuid());
    let engine = state.kv.0.entry(mount.accessor.clone()).or_default();
    if !mount.has_versions() {
        let warnings = route::warnings(&parsed.data, plain::FIELDS, "path");
        let request = (verb, rest, parsed.data);
        let outcome = plain::run(&mut engine.plain, request, mount.default_lease_ttl, request_id, &warnings);
        return with_warnings(verb, outcome, warnings);
    }
    let found = find(rest);
    let path = found.map_or("", |(_, path)| path);
    let mut call = Call { engine, verb, path, key: clean(path), now: state.clock.now(), request_id };
    let Some((route, _)) = found else { return invalid_path(&call, rest) };
    if !route.verbs.contains(&verb) {
        return Err(ErrorResponse::unsupported_operation());
    }

    let mut raw = parsed.data;
    let in_path = if route.prefix.ends_with('/') { "path" } else { "" };
    let warnings = route::warnings(&raw, route.fields, in_path);
    raw.insert("path".to_owned(), path.into());
    let fields = Fields::new(raw, route.fields)?;
    let outcome = (route.run)(&mut call, &fields);
    with_warnings(verb, outcome, warnings)
}

fn with_warnings(
    verb: Verb,
    outcome: Result<ServerResponse, ErrorResponse>,
    warnings: Vec<String>,
) -> Result<ServerResponse, ErrorResponse> {
    match outcome {
        Ok(ServerResponse::Data { data, warnings: own }) => {
            Ok(ServerResponse::Data { data, warnings: [own, warnings].concat() })
        }
        // An empty list is a 404 unless there are warnings.
        Err(error) if verb == Verb::List && error.errors.is_empty() && !warnings.is_empty() => {
            Ok(ServerResponse::Data { data: Value::Object(Map::new()), warnings })
        }
        other => other,
    }
}

fn invalid_path(call: &Call<'_>, rest: &str) -> Result<ServerResponse, ErrorResponse> {
    let command = match call.verb {
        Verb::Read => "get",
        Verb::List => "list",
        Verb::Scan => "scan",
        Verb::Write => "put",
        Verb::Patch => "patch",
        Verb::Delete => "delete",
        Verb::Help | Verb::Other => return Err(ErrorResponse::unsupported_operation()),
    };
    let warning = if ["metadata", "data", "delete", "undelete", "destroy"].contains(&rest) {
        "Non-listing operations on the root of a K/V v2 mount are not supported.".to_owned()
    } else {
        format!(
            "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to \
             use. If using the OpenBao CLI, use 'bao kv {command}' for this operation."
        )
    };
    Ok(call.not_found(Value::Null, &[warning]))
}
