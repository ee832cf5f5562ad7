//! How a refusal is read: only as much of it as is kept, however large it is.

use std::time::Duration;

use http::HeaderName;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{ApiError, MergeConflict, PLAIN_HTTP, RetryAfter};
use crate::de::{self, Object};
use crate::endpoint::ApiResponse;
use crate::error::OAuthError;
use crate::text::{self, MAX_LEN};

/// More of a refusal is not read.
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
struct Conflicts(#[serde(deserialize_with = "de::few")] Vec<MergeConflict>);

impl ApiError {
    pub(crate) fn read(reply: ApiResponse<'_>) -> Self {
        let mut error = Self {
            status: reply.status,
            errors: Vec::new(),
            bare: reply.has_no_words(),
            conflicts: Vec::new(),
            retry_after: header(reply, RETRY_AFTER).and_then(parse_retry_after),
            request_id: None,
            oauth: None,
            foreign: None,
        };
        let body = reply.body.get(..MAX_BODY_LEN).unwrap_or(reply.body);
        if !error.fill(body) && !error.fill(&closed(body)) && !body.is_empty() {
            let mut content_type = header(reply, CONTENT_TYPE).unwrap_or("of no stated type").to_owned();
            text::truncate(&mut content_type, text::MAX_WORD_LEN);
            error.foreign = Some(content_type);
            if body.trim_ascii() == PLAIN_HTTP.as_bytes() {
                error.errors = vec![PLAIN_HTTP.to_owned()];
            }
        }
        error
    }

    /// Takes what is known from a body; `false` if it is not an object.
    fn fill(&mut self, body: &[u8]) -> bool {
        let Ok(Object(body)) = serde_json::from_slice::<Object<Body<'_>>>(body) else { return false };
        self.errors = read(body.errors).map(|Messages(errors)| errors).unwrap_or_default();
        self.conflicts = read(body.data).map(|Conflicts(conflicts)| conflicts).unwrap_or_default();
        self.request_id = message(body.request_id);
        self.oauth = read(body.error).map(|error| OAuthError {
            error: cut(error).into(),
            error_description: message(body.error_description).unwrap_or_default(),
            state: message(body.state),
        });
        true
    }
}

/// A field of an odd type is as good as none.
fn read<T: DeserializeOwned>(value: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(value?.get()).ok()
}

fn message(value: Option<&RawValue>) -> Option<String> {
    read(value).filter(|text: &String| !text.is_empty()).map(cut)
}

fn cut(mut text: String) -> String {
    text::truncate(&mut text, MAX_LEN);
    text
}

/// The beginning of a list of messages as a whole one. A server that repeats a large request does so there.
fn closed(body: &[u8]) -> Vec<u8> {
    let valid = body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    // An escape sequence that is cut is left out: they have at most twelve characters.
    let end = valid.char_indices().rev().take(12).filter(|(_, char)| *char == '\\').last();
    let mut valid = &valid[..end.map_or(valid.len(), |(end, _)| end)];
    if valid.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
        valid = &valid[..valid.len() - 1];
    }
    [valid.as_bytes(), br#""]}"#].concat()
}

fn header(reply: ApiResponse<'_>, name: HeaderName) -> Option<&str> {
    reply.headers.get(name)?.to_str().ok()
}

fn parse_retry_after(value: &str) -> Option<RetryAfter> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(RetryAfter::Delay(Duration::from_secs(seconds)));
    }
    jiff::fmt::rfc2822::parse(value).ok().map(|time| RetryAfter::At(time.timestamp()))
}
