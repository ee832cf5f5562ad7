//! The answers of a server, written from typed values: the inverse of [`ApiResponse`](crate::endpoint::ApiResponse), for test
//! doubles.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::Serialize;

use crate::{
    Endpoint, KeyList, Upsert,
    alias::AliasWrite,
    error::{ApiError, MergeConflict, OAuthError, RetryAfter},
};

/// An endpoint whose answers can be written as well as read: `decode(respond(output))` is `output`.
///
/// It serves test doubles, which answer typed values over an untyped transport. An [`Endpoint`] of your own
/// needs it only there.
#[diagnostic::on_unimplemented(
    message = "no typed answer can be written for `{Self}`",
    note = "implement `EncodeResponse` for it, or answer with a whole `http::Response`"
)]
pub trait EncodeResponse: Endpoint {
    /// The answer of a server that says `output`.
    fn encode_response(output: &Self::Output) -> Response<Bytes>;
}

#[derive(Serialize)]
struct Envelope<'a, T: ?Sized> {
    request_id: &'a str,
    lease_id: &'a str,
    renewable: bool,
    lease_duration: u64,
    data: Option<&'a T>,
    wrap_info: Option<&'a T>,
    warnings: Option<&'a [String]>,
    auth: Option<()>,
}

impl<T: ?Sized> Default for Envelope<'_, T> {
    fn default() -> Self {
        Self {
            request_id: "",
            lease_id: "",
            renewable: false,
            lease_duration: 0,
            data: None,
            wrap_info: None,
            warnings: None,
            auth: None,
        }
    }
}

/// `200` and a body without envelope. See [`ApiResponse::json`](crate::endpoint::ApiResponse::json).
pub fn json<T: Serialize + ?Sized>(output: &T) -> Response<Bytes> {
    body(StatusCode::OK, output)
}

/// `200` and an envelope with data. See [`ApiResponse::data`](crate::endpoint::ApiResponse::data).
pub fn data<T: Serialize + ?Sized>(output: &T) -> Response<Bytes> {
    json(&Envelope { data: Some(output), ..Envelope::default() })
}

/// `200` and an envelope with data, or `204`. See [`ApiResponse::optional_data`](crate::endpoint::ApiResponse::optional_data).
#[allow(clippy::ref_option, reason = "an endpoint's output is handed on as it is")]
pub fn optional_data<T: Serialize>(output: &Option<T>) -> Response<Bytes> {
    output.as_ref().map_or_else(|| no_content(&()), data)
}

/// `204`. See [`ApiResponse::no_content`](crate::endpoint::ApiResponse::no_content).
pub fn no_content(_: &()) -> Response<Bytes> {
    response(StatusCode::NO_CONTENT, Bytes::new())
}

/// `200` and what is new, or `204`. See [`ApiResponse::upsert`](crate::endpoint::ApiResponse::upsert).
pub fn upsert<T: Serialize>(output: &Upsert<T>) -> Response<Bytes> {
    match output {
        Upsert::Created(created) => data(created),
        Upsert::Updated => no_content(&()),
    }
}

/// Returns `200` with the identifiers of an alias, or `204` if nothing changed.
pub(crate) fn alias_write<I: Serialize, C: Serialize>(output: &AliasWrite<I, C>) -> Response<Bytes> {
    match output {
        AliasWrite::Written(ids) => data(ids),
        AliasWrite::Unchanged => no_content(&()),
    }
}

/// `200` and keys, or `404` if there are none. See [`ApiResponse::list`](crate::endpoint::ApiResponse::list).
pub fn list<K: Serialize + Ord, I: Serialize>(output: &KeyList<K, I>) -> Response<Bytes> {
    if output.is_empty() { not_found() } else { data(output) }
}

/// `200` and an envelope that stands for another answer. See [`ApiResponse::wrap_info`](crate::endpoint::ApiResponse::wrap_info).
pub fn wrap_info(output: &crate::wrapping::WrapInfo) -> Response<Bytes> {
    json(&Envelope { wrap_info: Some(&output.exposed()), ..Envelope::default() })
}

/// `404` and no words. See [`ApiResponse::is_not_found`](crate::endpoint::ApiResponse::is_not_found).
pub fn not_found() -> Response<Bytes> {
    api_error(&ApiError::not_found())
}

/// A refusal with its status and words.
pub fn api_error(error: &ApiError) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Refusal<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        errors: Option<&'a [String]>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        data: &'a [MergeConflict],
        #[serde(flatten)]
        oauth: Option<&'a OAuthError>,
    }
    let mut response = match error.foreign() {
        Some(_) => response(error.status(), Bytes::from_static(b"not Vault's")),
        None => body(
            error.status(),
            &Refusal {
                request_id: error.request_id(),
                errors: (error.is_bare() || !error.errors().is_empty()).then_some(error.errors()),
                data: error.conflicts(),
                oauth: error.oauth(),
            },
        ),
    };
    let content_type = error.foreign().and_then(|foreign| foreign.parse().ok());
    let retry_after = match error.retry_after() {
        Some(RetryAfter::Delay(delay)) => Some(delay.as_secs().into()),
        Some(RetryAfter::At(time)) => {
            DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok().and_then(|time| time.parse().ok())
        }
        None => None,
    };
    let headers = [(CONTENT_TYPE, content_type), (RETRY_AFTER, retry_after)];
    for (name, value) in headers {
        if let Some(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn body<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Response<Bytes> {
    response(status, serde_json::to_vec(value).map(Bytes::from).unwrap_or_default())
}

fn response(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
