//! What the server checks before it reads the operation of a request, in its order.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value};

use super::form::Form;
use super::{decode, path, text};
use crate::headers;
use crate::limits::{NO_UTF8, is_printable};
use crate::response::{ErrorResponse, ServerResponse, bad_request};

const MAX_BODY_LEN: usize = 32 * 1024 * 1024;

/// A request that the server reads.
pub(crate) struct Accepted {
    /// The decoded path below `/v1/`.
    pub(super) path: String,
    pub(super) query: Form,
}

/// Accepts a request, or returns its response.
pub(crate) fn accept(request: &Request<Bytes>) -> Result<Accepted, ServerResponse> {
    let raw_path = request.uri().path();
    if !raw_path.starts_with('/') || !decode::is_escaped_correctly(raw_path) {
        return Err(ServerResponse::MalformedTarget);
    }
    let decoded = decode::percent_decoded(raw_path);
    if !is_printable(&decoded) {
        return Err(ServerResponse::UnprintablePath);
    }
    if request.body().len() > MAX_BODY_LEN {
        return Err(ServerResponse::BodyTooLarge);
    }

    let api_path = decoded.strip_prefix("/v1/");
    let names_namespace = !text(request.headers(), &headers::NAMESPACE).is_empty();
    if names_namespace && api_path.is_some_and(path::is_root_only_early) {
        return Err(ServerResponse::Error(bad_request("operation unavailable in namespaces")));
    }
    if api_path.is_none() && *decoded != *"/" && !decoded.starts_with("/ui") {
        return Err(not_found());
    }
    let query = Form::parse(request.uri().query().unwrap_or_default());
    if api_path.is_some() && request.method() == Method::GET && !has_valid_flags(&query) {
        return Err(ServerResponse::Error(ErrorResponse::without_message(StatusCode::BAD_REQUEST)));
    }
    if !is_index(text(request.headers(), &headers::INDEX)) {
        return Err(ServerResponse::Error(bad_request("failed to decode \"X-Vault-Index\"")));
    }
    if let Some(clean) = path::redirect(raw_path) {
        return Err(redirect(request, &clean));
    }
    match api_path {
        Some(path) if decode::is_utf8(raw_path) => Ok(Accepted { path: path.to_owned(), query }),
        Some(path) => {
            let path = path.replace(char::REPLACEMENT_CHARACTER, &NO_UTF8.to_string());
            Ok(Accepted { path, query })
        }
        None if decoded.starts_with("/ui/") => Err(not_found()),
        None => Err(redirect(request, "/ui/")),
    }
}

fn not_found() -> ServerResponse {
    ServerResponse::Error(ErrorResponse::without_message(StatusCode::NOT_FOUND))
}

fn has_valid_flags(query: &Form) -> bool {
    let flags = (flag(query.first("list")), flag(query.first("scan")));
    matches!(flags, (Some(list), Some(scan)) if !(list && scan))
}

/// Parses a flag like Go's `strconv.ParseBool`. Absent is `false`.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Returns `true` if the header is absent or an object in Base64, whatever its fields.
fn is_index(header: &str) -> bool {
    let is_object = |json: Vec<u8>| serde_json::from_slice::<Option<Map<String, Value>>>(&json).is_ok();
    header.is_empty() || BASE64_STANDARD.decode(header).is_ok_and(is_object)
}

fn redirect(request: &Request<Bytes>, path: &str) -> ServerResponse {
    /// The characters of a URI that Go escapes in a path.
    const ESCAPED: &AsciiSet =
        &CONTROLS.add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
    let mut location = utf8_percent_encode(path, ESCAPED).to_string();
    let query = request.uri().query().filter(|query| !query.is_empty() && path != "/ui/");
    if let Some(query) = query {
        location.push('?');
        location.extend(utf8_percent_encode(query, CONTROLS));
    }
    let has_body = [Method::GET, Method::HEAD].contains(request.method());
    ServerResponse::Redirect { location, has_body }
}
