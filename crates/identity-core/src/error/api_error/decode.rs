//! Parses error responses of any size, and keeps only what [`ApiError`] shows.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::{ApiError, MergeConflict, PLAIN_HTTP, RetryAfter};
use crate::de::{self, Object};
use crate::error::oauth_error::OAuthError;
use crate::text::{self, MAX_LEN};

const MAX_BODY_LEN: usize = 1024 * 1024;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    request_id: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    error_description: Option<&'a RawValue>,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Messages(#[serde(deserialize_with = "de::messages")] Vec<String>);

#[derive(Deserialize)]
#[serde(transparent)]
struct Conflicts(#[serde(deserialize_with = "de::first_thousand")] Vec<MergeConflict>);

impl ApiError {
    pub(crate) fn from_parts(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut error = Self {
            status,
            errors: Vec::new(),
            errors_empty: has_empty_errors(body),
            conflicts: Vec::new(),
            retry_after: header(headers, RETRY_AFTER).and_then(parse_retry_after),
            request_id: None,
            oauth: None,
            unexpected_content_type: None,
        };
        let body = body.get(..MAX_BODY_LEN).unwrap_or(body);
        if !error.read_body(body) && !error.read_body(&closed(body)) && !body.is_empty() {
            let mut content_type = header(headers, CONTENT_TYPE).unwrap_or("no content type").to_owned();
            text::truncate(&mut content_type, text::MAX_NAME_LEN);
            error.unexpected_content_type = Some(content_type);
            if body.trim_ascii() == PLAIN_HTTP.as_bytes() {
                error.errors = vec![PLAIN_HTTP.to_owned()];
            }
        }
        error
    }

    /// Sets the fields that the body contains. Returns `false` if it is not an object.
    fn read_body(&mut self, body: &[u8]) -> bool {
        let Ok(Object(body)) = serde_json::from_slice::<Object<Body<'_>>>(body) else { return false };
        self.errors = read(body.errors).map(|Messages(errors)| errors).unwrap_or_default();
        self.conflicts = read(body.data).map(|Conflicts(conflicts)| conflicts).unwrap_or_default();
        self.request_id = read_text(body.request_id);
        self.oauth = read(body.error).map(|error| OAuthError {
            error: truncated(error).into(),
            error_description: read_text(body.error_description).unwrap_or_default(),
            state: read_text(body.state),
        });
        true
    }
}

/// Returns `true` if the body is an object whose `errors` are an empty list or `null`, as Go writes a list
/// that was never allocated.
pub(crate) fn has_empty_errors(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Errors {
        // `deserialize_with` without `default` makes the field required, though it is an `Option`.
        #[serde(deserialize_with = "Option::deserialize")]
        errors: Option<Vec<IgnoredAny>>,
    }
    serde_json::from_slice(body)
        .is_ok_and(|Object(body): Object<Errors>| body.errors.is_none_or(|errors| errors.is_empty()))
}

/// Reads a field. One of an unexpected type counts as absent.
fn read<T: DeserializeOwned>(value: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(value?.get()).ok()
}

fn read_text(value: Option<&RawValue>) -> Option<String> {
    read(value).filter(|text: &String| !text.is_empty()).map(truncated)
}

fn truncated(mut text: String) -> String {
    text::truncate(&mut text, MAX_LEN);
    text
}

/// Closes a list of messages that was cut: a server that repeats a large request does so there.
fn closed(body: &[u8]) -> Vec<u8> {
    let valid = body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    // Drops an incomplete escape sequence, which has at most twelve characters.
    let end = valid.char_indices().rev().take(12).filter(|(_, char)| *char == '\\').last();
    let mut valid = &valid[..end.map_or(valid.len(), |(end, _)| end)];
    if valid.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
        valid = &valid[..valid.len() - 1];
    }
    [valid.as_bytes(), br#""]}"#].concat()
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn parse_retry_after(value: &str) -> Option<RetryAfter> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(RetryAfter::Delay(Duration::from_secs(seconds)));
    }
    jiff::fmt::rfc2822::parse(value).ok().map(|time| RetryAfter::At(time.timestamp()))
}
