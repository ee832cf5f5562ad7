//! Help about paths: `HELP`, or `?help=1`. The texts are made from the routes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::input::{Kind, Schema};
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse};
use super::state::State;
use super::{auth, kv, router, sys};

/// A path of an engine with its methods and fields.
pub(super) struct Page {
    /// The path with its parameters, such as `entity/id/{id}`.
    pub(super) route: String,
    pub(super) methods: Vec<&'static str>,
    pub(super) fields: BTreeSet<(&'static str, &'static str)>,
}

impl Page {
    pub(super) fn new(route: String) -> Self {
        Self { route, methods: Vec::new(), fields: BTreeSet::new() }
    }

    pub(super) fn add(&mut self, methods: impl IntoIterator<Item = &'static str>, fields: Schema) {
        for method in methods {
            if !self.methods.contains(&method) {
                self.methods.push(method);
            }
        }
        self.fields.extend(fields.iter().map(|(name, kind)| (*name, kind_name(*kind))));
    }

    fn text(&self, request: &str) -> String {
        let mut text = format!("Request:        {request}\nMatching Route: {}\n", self.route);
        if !self.methods.is_empty() {
            let _ = write!(text, "\n## METHODS\n\n    {}\n", self.methods.join(", "));
        }
        if !self.fields.is_empty() {
            text.push_str("\n## PARAMETERS\n\n");
            for (name, kind) in &self.fields {
                let _ = writeln!(text, "    {name} ({kind})");
            }
        }
        text
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "string",
        Kind::Flag => "bool",
        Kind::List | Kind::Numbers | Kind::Texts => "slice",
        Kind::Pairs => "keypair",
        Kind::Map => "map",
        Kind::Number => "int",
        Kind::Duration | Kind::SignedDuration => "duration (sec)",
    }
}

pub(super) fn run(state: &mut State, parsed: &ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let (namespace, path) = (&*parsed.namespace, &*parsed.path);
    let with_versions = state
        .mounts
        .kv(namespace, path)
        .filter(|(mount, rest)| mount.has_versions() && (rest.is_empty() || kv::find(rest).is_some()));
    let (rest, pages, found) = if let Some((_, rest)) = with_versions {
        (rest, kv::pages(), kv::find(rest).map(|(route, _)| kv::page(route)))
    } else if let Some(rest) = path.strip_prefix("identity") {
        let rest = rest.trim_start_matches('/');
        (rest, router::pages(), router::page(path))
    } else {
        return other(state, parsed);
    };
    match found {
        Some(page) => Ok(respond(&page.text(rest), &[page])),
        None if rest.is_empty() => {
            let mut text = "## PATHS\n\nHelp about each of these paths is available:\n\n".to_owned();
            for page in &pages {
                let _ = writeln!(text, "    {}", page.route);
            }
            Ok(respond(&text, &pages))
        }
        None => Err(ErrorResponse::unsupported_path()),
    }
}

/// Responds about paths that are not described in detail.
fn other(state: &mut State, parsed: &ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let Some((mount, kind)) = state.mounts.kind_at(&parsed.namespace, &parsed.path) else {
        return Err(ErrorResponse::no_handler(&parsed.path));
    };
    let rest = parsed.path.strip_prefix(mount.trim_end_matches('/')).unwrap_or_default();
    let rest = rest.trim_start_matches('/');
    let text = Page::new(format!("{mount}*")).text(rest);
    let text = format!("{text}\n## DESCRIPTION\n\nA path of `{kind}`, mounted at `{mount}`.\n");
    if !rest.is_empty() {
        check_path(state, parsed)?;
    }
    Ok(respond(&text, &[]))
}

/// Fails if the path does not exist. Every path rejects the operation of `HEAD`.
fn check_path(state: &mut State, parsed: &ParsedRequest) -> Result<(), ErrorResponse> {
    let (namespace, path) = (parsed.namespace.clone(), parsed.path.clone());
    let head = ParsedRequest { verb: Verb::Other, namespace, path, data: Map::new() };
    let outcome = match parsed.path.split('/').next() {
        Some("sys") => sys::run(state, head, &HeaderMap::new(), "", false),
        // Logins are routed before the token is checked.
        Some("auth") if !parsed.path.contains("/login") => auth::run(state, head, ""),
        _ => return Ok(()),
    };
    match outcome {
        Err(error) if error.status == StatusCode::NOT_FOUND => Err(error),
        _ => Ok(()),
    }
}

fn respond(help: &str, pages: &[Page]) -> ServerResponse {
    let operation =
        |method: &&str| (method.to_lowercase(), json!({ "responses": { "200": { "description": "OK" } } }));
    let paths: Map<String, Value> = pages
        .iter()
        .map(|page| (format!("/{}", page.route), page.methods.iter().map(operation).collect()))
        .collect();
    let openapi =
        json!({ "openapi": "3.0.2", "info": { "title": "FakeVault", "version": "2.7.2" }, "paths": paths });
    ServerResponse::Raw(json!({ "help": help, "openapi": openapi, "see_also": null }))
}

/// Returns the HTTP method of an operation.
pub(super) fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Read => "GET",
        Verb::List => "LIST",
        Verb::Scan => "SCAN",
        Verb::Write => "POST",
        Verb::Patch => "PATCH",
        Verb::Delete => "DELETE",
        Verb::Help | Verb::Other => "HELP",
    }
}
