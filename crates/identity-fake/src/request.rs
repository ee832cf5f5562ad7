//! Parses an HTTP request, as the server does before it dispatches to an engine.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Request, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::limits::is_printable;
use super::namespaces::Namespaces;
use super::response::{ErrorResponse, bad_request};

const MAX_BODY_LEN: usize = 32 * 1024 * 1024;
const MAX_STRINGS: usize = 1000;
const FORM: &str = "application/x-www-form-urlencoded";
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

/// Returns the canonical path to redirect to if the path is not clean. The server checks it before it decodes
/// escapes.
pub(super) fn redirect_path(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let mut is_clean = true;
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "" if segments.peek().is_none() => {}
            "" | "." => is_clean = false,
            ".." => {
                is_clean = false;
                parts.pop();
            }
            segment => parts.push(segment),
        }
    }
    if is_clean {
        return None;
    }
    let slash = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    Some(format!("/{}{slash}", parts.join("/")))
}

/// Returns `false` if the server rejects the path for unprintable characters.
pub(super) fn has_printable_path(path: &str) -> bool {
    match percent_decode_str(path).decode_utf8() {
        Ok(decoded) => is_printable(&decoded),
        Err(_) => true,
    }
}

impl ParsedRequest {
    pub(super) fn parse(request: &Request<Bytes>, namespaces: &Namespaces) -> Result<Self, ErrorResponse> {
        let path = request.uri().path().strip_prefix("/v1/");
        let path = path.ok_or(ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
        let path = percent_decode_str(path).decode_utf8_lossy();
        let header = text(request.headers(), "x-vault-namespace");
        let (namespace, path) = namespaces
            .resolve(header.trim_matches('/'), &path)
            .ok_or_else(|| ErrorResponse::new(StatusCode::NOT_FOUND, "namespace not found"))?;
        let mut path = path.to_owned();
        if path.split('/').any(|part| part == "." || part == "..") {
            return Err(bad_request("relative paths not supported"));
        }

        let query = pairs(request.uri().query().unwrap_or_default());
        let (verb, data) = match request.method().as_str() {
            "GET" => match (flag(&query, "list")?, flag(&query, "scan")?) {
                (true, true) => return Err(ErrorResponse::without_message(StatusCode::BAD_REQUEST)),
                (true, false) => (Verb::List, without(query, "list")),
                (false, true) => (Verb::Scan, without(query, "scan")),
                (false, false) => (Verb::Read, query),
            },
            "LIST" => (Verb::List, query),
            "DELETE" => (Verb::Delete, query),
            "SCAN" => (Verb::Scan, query),
            "HEAD" => (Verb::Other, query),
            "POST" | "PUT" => (Verb::Write, body(request, &path)?),
            "PATCH" => {
                let content_type = text(request.headers(), CONTENT_TYPE.as_str());
                let content_type = content_type.split(';').next().unwrap_or_default().trim().to_lowercase();
                if content_type.is_empty() {
                    return Err(bad_request("mime: no media type"));
                }
                if content_type != MERGE_PATCH {
                    let problem =
                        format!("PATCH requires Content-Type of {MERGE_PATCH}, provided {content_type}");
                    return Err(ErrorResponse::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
                }
                (Verb::Patch, body(request, &path)?)
            }
            "OPTIONS" => return Err(bad_request("cannot handle internal-only request operation")),
            _ => return Err(ErrorResponse::without_message(StatusCode::METHOD_NOT_ALLOWED)),
        };
        if matches!(verb, Verb::List | Verb::Scan) && !path.ends_with('/') {
            path.push('/');
        }
        Ok(Self { verb, namespace, path, data })
    }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).unwrap_or_default()
}

fn flag(query: &Map<String, Value>, name: &str) -> Result<bool, ErrorResponse> {
    let flag = query.get(name);
    // The first of several values counts.
    let flag = flag.and_then(|values| values.get(0)).or(flag);
    match flag.and_then(Value::as_str).unwrap_or_default() {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(ErrorResponse::without_message(StatusCode::BAD_REQUEST)),
    }
}

fn without(mut query: Map<String, Value>, name: &str) -> Map<String, Value> {
    query.remove(name);
    query
}

/// Parses a query or a form. A repeated name becomes a list.
fn pairs(text: &str) -> Map<String, Value> {
    let mut pairs = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let [name, value] = [name, value].map(|text| {
            let text =
                if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        });
        match pairs.get_mut(&name) {
            None => {
                pairs.insert(name, value.into());
            }
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
        }
    }
    pairs
}

fn body(request: &Request<Bytes>, path: &str) -> Result<Map<String, Value>, ErrorResponse> {
    let bytes = request.body();
    if bytes.len() > MAX_BODY_LEN {
        return Err(ErrorResponse::new(StatusCode::PAYLOAD_TOO_LARGE, "http: request body too large"));
    }
    if path.ends_with('/') {
        return Err(bad_request("cannot write to a path ending in '/'"));
    }
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let is_form = text(request.headers(), CONTENT_TYPE.as_str()).starts_with(FORM);
    if is_form && !bytes.starts_with(b"{") && !bytes.starts_with(b"[") {
        return Ok(pairs(&String::from_utf8_lossy(bytes)));
    }
    let decoded: Result<Value, _> = serde_json::from_slice(bytes);
    let kind = match decoded {
        Ok(Value::Null) => return Ok(Map::new()),
        Ok(Value::Object(fields)) => {
            if fields.iter().map(|(_, value)| 1 + count_strings(value)).sum::<usize>() > MAX_STRINGS {
                let problem = "refused JSON input due to high complexity: exceeded maximum number of strings";
                return Err(bad_request(problem));
            }
            return Ok(fields);
        }
        Ok(Value::Array(_)) => "array",
        Ok(Value::String(_)) => "string",
        Ok(Value::Number(_)) => "number",
        Ok(Value::Bool(_)) => "bool",
        Err(error) => {
            return Err(bad_request(format!("failed to decode JSON input: {}", syntax_error(bytes, &error))));
        }
    };
    let problem = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
    Err(bad_request(format!("failed to decode JSON input: {problem}")))
}

/// Counts strings in keys and values.
fn count_strings(value: &Value) -> usize {
    match value {
        Value::String(_) => 1,
        Value::Array(items) => items.iter().map(count_strings).sum(),
        Value::Object(fields) => fields.values().map(|value| 1 + count_strings(value)).sum(),
        _ => 0,
    }
}

/// Approximates the message of the server for invalid JSON.
fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected EOF".to_owned();
    }
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = line.get(error.column().saturating_sub(1)).copied().unwrap_or(b' ');
    format!("invalid character '{}' looking for beginning of value", char::from(at))
}
