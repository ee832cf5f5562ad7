//! Routes, made from the constants of the endpoints.

use identity_core::{Endpoint, endpoint::Method};
use serde_json::{Map, Value};

use super::input::{Fields, Schema};
use super::request::Verb;
use super::response::{ErrorResponse, HandlerResult, ServerResponse};
use super::state::Context;

#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) fields: Schema,
    pub(super) run: Handler,
    /// Whether a trailing slash is tolerated.
    pub(super) slash: bool,
    /// The parameter that the path omits.
    pub(super) omitted: Option<&'static str>,
    /// Whether the server looks up the object before it validates the fields, which changes its messages.
    pub(super) looked_up_first: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Handler {
    Enveloped(fn(&mut Context<'_>, &Fields) -> HandlerResult),
    Raw(fn(&mut Context<'_>, &Fields) -> Result<ServerResponse, ErrorResponse>),
}

/// The route of an endpoint.
pub(super) const fn route<E: Endpoint>(
    fields: Schema,
    run: fn(&mut Context<'_>, &Fields) -> HandlerResult,
) -> Route {
    at(E::METHOD, E::PATH, fields, run)
}

/// A route without an endpoint.
pub(super) const fn at(
    method: Method,
    path: &'static str,
    fields: Schema,
    run: fn(&mut Context<'_>, &Fields) -> HandlerResult,
) -> Route {
    Route::new(method, path, fields, Handler::Enveloped(run))
}

/// The route of an endpoint whose response has no envelope.
pub(super) const fn raw_route<E: Endpoint>(
    fields: Schema,
    run: fn(&mut Context<'_>, &Fields) -> Result<ServerResponse, ErrorResponse>,
) -> Route {
    Route::new(E::METHOD, E::PATH, fields, Handler::Raw(run))
}

impl Route {
    const fn new(method: Method, path: &'static str, fields: Schema, run: Handler) -> Self {
        let slash = matches!(method, Method::List);
        Self { method, path, fields, run, slash, omitted: None, looked_up_first: false }
    }

    pub(super) const fn with_slash(self) -> Self {
        Self { slash: true, ..self }
    }

    /// Omits a parameter from the path. The parameter is then empty, whatever the body contains.
    pub(super) const fn omitting(self, parameter: &'static str) -> Self {
        Self { omitted: Some(parameter), ..self }
    }

    pub(super) const fn looked_up_first(self) -> Self {
        Self { looked_up_first: true, ..self }
    }

    pub(super) fn allows(&self, verb: Verb) -> bool {
        match verb {
            Verb::Read => self.method == Method::Get,
            Verb::List => self.method == Method::List,
            Verb::Write => self.method == Method::Post,
            Verb::Delete => self.method == Method::Delete,
            Verb::Scan | Verb::Patch | Verb::Help | Verb::Other => false,
        }
    }
}

/// Returns `true` for letters, digits and `_`, with `-` and `.` in between.
pub(super) fn is_slug(text: &str) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    ends.into_iter().all(|end| end.is_some_and(word))
        && text.bytes().all(|byte| word(&byte) || b"-.".contains(&byte))
}

/// Returns the warning about unknown fields.
pub(super) fn ignored(raw: &Map<String, Value>, fields: Schema) -> Vec<String> {
    warnings(raw, fields, "")
}

/// Returns the warnings about unknown fields, and about a field that the path replaces.
pub(super) fn warnings(raw: &Map<String, Value>, fields: Schema, in_path: &str) -> Vec<String> {
    let is_known = |name: &str| name == in_path || fields.iter().any(|(field, _)| *field == name);
    let mut unknown: Vec<&str> = raw.keys().map(String::as_str).filter(|name| !is_known(name)).collect();
    unknown.sort_unstable();
    let mut warnings = Vec::new();
    if !unknown.is_empty() {
        warnings.push(format!("Endpoint ignored these unrecognized parameters: [{}]", unknown.join(" ")));
    }
    if !in_path.is_empty() && raw.get(in_path).is_some_and(|value| !value.is_null()) {
        let which = "the value of these parameters with the values captured from the endpoint's path";
        warnings.push(format!("Endpoint replaced {which}: [{in_path}]"));
    }
    warnings
}
