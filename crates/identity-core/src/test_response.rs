//! Responses from typed values, for test doubles: the inverse of
//! [`ApiResponse`](crate::endpoint::ApiResponse).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::Serialize;

use crate::alias::AliasWrite;
use crate::endpoint::Endpoint;
use crate::error::{ApiError, MergeConflict, OAuthError, RetryAfter};
use crate::key_list::KeyList;
use crate::upsert::Upsert;
use crate::wrap_info::WrapInfo;

/// An endpoint whose responses can be encoded: `decode` of `encode_response(output)` returns `output`.
///
/// Test doubles use it to return typed values over an untyped transport. Implement it for your own
/// [`Endpoint`] only to use it with a test double.
///
/// ```
/// use identity_core::{Endpoint, entity::ListEntityNames, test_response::EncodeResponse};
///
/// let response = ListEntityNames::encode_response(&["alice".to_owned()].into_iter().collect());
/// assert_eq!(ListEntityNames::parse_response(&response)?.keys, ["alice"]);
/// # Ok::<(), identity_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "no typed response can be encoded for `{Self}`",
    note = "implement `EncodeResponse` for it, or respond with an `http::Response`"
)]
pub trait EncodeResponse: Endpoint {
    /// Encodes the response of a server that returns `output`.
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

/// Returns `200` with a body without envelope. See
/// [`ApiResponse::json`](crate::endpoint::ApiResponse::json).
pub fn json<T: Serialize + ?Sized>(output: &T) -> Response<Bytes> {
    body(StatusCode::OK, output)
}

/// Returns `200` with `data` in an envelope. See
/// [`ApiResponse::data`](crate::endpoint::ApiResponse::data).
pub fn data<T: Serialize + ?Sized>(output: &T) -> Response<Bytes> {
    json(&Envelope { data: Some(output), ..Envelope::default() })
}

/// Returns `200` with `data` in an envelope, or `204` for `None`. See
/// [`ApiResponse::optional_data`](crate::endpoint::ApiResponse::optional_data).
#[allow(clippy::ref_option, reason = "the output of an endpoint is passed by reference")]
pub fn optional_data<T: Serialize>(output: &Option<T>) -> Response<Bytes> {
    output.as_ref().map_or_else(|| no_content(&()), data)
}

/// Returns `204`. See
/// [`ApiResponse::no_content`](crate::endpoint::ApiResponse::no_content).
pub fn no_content(_: &()) -> Response<Bytes> {
    response(StatusCode::NO_CONTENT, Bytes::new())
}

/// Returns `200` with the new object, or `204`. See
/// [`ApiResponse::upsert`](crate::endpoint::ApiResponse::upsert).
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

/// Returns `200` with the keys, or `404` if there are none. See
/// [`ApiResponse::list`](crate::endpoint::ApiResponse::list).
pub fn list<K: Serialize + Ord, I: Serialize>(output: &KeyList<K, I>) -> Response<Bytes> {
    if output.is_empty() { not_found() } else { data(output) }
}

/// Returns `200` with a wrapping token. See
/// [`ApiResponse::wrap_info`](crate::endpoint::ApiResponse::wrap_info).
pub fn wrap_info(output: &WrapInfo) -> Response<Bytes> {
    json(&Envelope { wrap_info: Some(&output.exposed()), ..Envelope::default() })
}

/// Returns `404` without a message. See
/// [`ApiResponse::is_not_found`](crate::endpoint::ApiResponse::is_not_found).
pub fn not_found() -> Response<Bytes> {
    api_error(&ApiError::not_found())
}

/// Returns an error response.
pub fn api_error(error: &ApiError) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        errors: Option<&'a [String]>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        data: &'a [MergeConflict],
        #[serde(flatten)]
        oauth: Option<&'a OAuthError>,
    }
    let mut response = match error.unexpected_content_type() {
        Some(_) => response(error.status(), Bytes::from_static(b"not Vault's")),
        None => body(
            error.status(),
            &Body {
                request_id: error.request_id(),
                errors: (error.has_empty_errors() || !error.errors().is_empty()).then_some(error.errors()),
                data: error.conflicts(),
                oauth: error.oauth(),
            },
        ),
    };
    let content_type = error.unexpected_content_type().and_then(|value| value.parse().ok());
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
