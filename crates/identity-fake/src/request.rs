//! Reads an HTTP request, as the server does before it dispatches to an engine.

mod decode;
mod form;
mod front;
mod json;
mod media_type;
mod path;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use http::{Method, Request, StatusCode};
use serde_json::{Map, Value};

use super::headers::NAMESPACE;
use super::namespaces::Namespaces;
use super::response::{ErrorResponse, bad_request};
use form::Form;
use json::Numbers;

pub(super) use front::{Accepted, accept};

const FORM: &str = "application/x-www-form-urlencoded";
const MAX_FORM_LEN: usize = 10 * 1024 * 1024;
const MERGE_PATCH: &str = "application/merge-patch+json";

/// The operation of an HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Read,
    List,
    Scan,
    Write,
    Patch,
    Delete,
    /// `HELP`, or any method with `?help=1`.
    Help,
    /// `HEAD`, which no endpoint supports.
    Other,
}

pub(super) struct ParsedRequest {
    pub(super) verb: Verb,
    /// The path of the namespace, `""` or `team-a/`.
    pub(super) namespace: String,
    /// The decoded path below `/v1/` and the namespace. It ends in a slash for lists.
    pub(super) path: String,
    pub(super) data: Map<String, Value>,
}

/// The method of a request with its parameters, before the namespace is known.
pub(super) struct Operation {
    verb: Verb,
    /// The decoded path below `/v1/`.
    path: String,
    data: Map<String, Value>,
}

impl Operation {
    pub(super) fn read(request: &Request<Bytes>, accepted: Accepted) -> Result<Self, ErrorResponse> {
        let Accepted { mut path, mut query } = accepted;
        let is_set = |query: &Form, name| front::flag(query.first(name)) == Some(true);
        let (verb, data) = match request.method().as_str() {
            "HELP" => (Verb::Help, Map::new()),
            _ if !query.first("help").is_empty() => (Verb::Help, Map::new()),
            "GET" if is_set(&query, "list") => {
                query.remove("list");
                (Verb::List, from_query(query))
            }
            "GET" if is_set(&query, "scan") => {
                query.remove("scan");
                (Verb::Scan, from_query(query))
            }
            "GET" => (Verb::Read, from_query(query)),
            "LIST" => (Verb::List, from_query(query)),
            "SCAN" => (Verb::Scan, from_query(query)),
            "DELETE" => (Verb::Delete, from_query(query)),
            "HEAD" => (Verb::Other, from_query(query)),
            "POST" | "PUT" => (Verb::Write, from_body(request, &path, &query)?),
            "PATCH" => (Verb::Patch, from_patch(request, &path)?),
            // Rejected once the namespace is known.
            "OPTIONS" => (Verb::Other, Map::new()),
            _ => return Err(ErrorResponse::without_message(StatusCode::METHOD_NOT_ALLOWED)),
        };
        if matches!(verb, Verb::List | Verb::Scan) && !path.ends_with('/') {
            path.push('/');
        }
        Ok(Self { verb, path, data })
    }

    /// Resolves the namespace, and rejects what the server does not pass to an engine.
    pub(super) fn resolve(
        self,
        request: &Request<Bytes>,
        namespaces: &Namespaces,
    ) -> Result<ParsedRequest, ErrorResponse> {
        let Self { verb, path, data } = self;
        if path::is_relative(&path) {
            return Err(bad_request("relative paths not supported"));
        }
        let header = request.headers().get(NAMESPACE).map(|header| decode::lossy(header.as_bytes()));
        let (namespace, path) = namespaces
            .resolve(&header.unwrap_or_default(), &path)
            .ok_or_else(|| ErrorResponse::new(StatusCode::NOT_FOUND, "namespace not found"))?;
        if !namespace.is_empty() && path::is_root_only(path) {
            return Err(bad_request("operation only available in root namespace"));
        }
        if path.ends_with('/') && matches!(verb, Verb::Write | Verb::Patch) {
            return Err(bad_request("cannot write to a path ending in '/'"));
        }
        if request.method() == Method::OPTIONS && verb == Verb::Other {
            return Err(bad_request("cannot handle internal-only request operation"));
        }
        Ok(ParsedRequest { verb, namespace, path: path.to_owned(), data })
    }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).unwrap_or_default()
}

fn from_query(mut query: Form) -> Map<String, Value> {
    query.remove("help");
    query.into_lists()
}

fn from_body(
    request: &Request<Bytes>,
    path: &str,
    query: &Form,
) -> Result<Map<String, Value>, ErrorResponse> {
    let body = request.body();
    let is_form = !matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
        && media_type::parse(text(request.headers(), &CONTENT_TYPE)).as_deref() == Ok(FORM);
    if !is_form {
        return from_json(body, path);
    }
    let form = Form::parse(&decode::lossy(body));
    if form.has_invalid || query.has_invalid || body.len() > MAX_FORM_LEN {
        return Err(bad_request("error parsing form data"));
    }
    Ok(form.into_joined())
}

fn from_patch(request: &Request<Bytes>, path: &str) -> Result<Map<String, Value>, ErrorResponse> {
    let media_type = media_type::parse(text(request.headers(), &CONTENT_TYPE)).map_err(bad_request)?;
    if media_type != MERGE_PATCH {
        let problem = format!("PATCH requires Content-Type of {MERGE_PATCH}, provided {media_type}");
        return Err(ErrorResponse::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    from_json(request.body(), path)
}

fn from_json(body: &[u8], path: &str) -> Result<Map<String, Value>, ErrorResponse> {
    // Other engines respond with the numbers of the request. No namespace has the name of one of these.
    let engine = path.split('/').find(|part| ["auth", "identity", "secret", "sys"].contains(part));
    let is_typed = matches!(engine, Some("auth" | "identity"));
    let numbers = if is_typed { Numbers::AsText } else { Numbers::AsNumber };
    json::decode(body, numbers).map_err(bad_request)
}
