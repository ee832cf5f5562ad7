//! The kinds of responses that the server sends.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, STRICT_TRANSPORT_SECURITY,
};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

/// The result of a handler: data, no data, or an error.
pub(super) type HandlerResult = Result<Option<Value>, ErrorResponse>;

#[derive(Debug)]
pub(super) struct ErrorResponse {
    pub(super) status: StatusCode,
    pub(super) errors: Vec<String>,
    pub(super) data: Option<Value>,
}

impl ErrorResponse {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, errors: vec![message.into()], data: None }
    }

    /// Removes the multi-error wrapper, which the server omits on unauthenticated paths.
    pub(super) fn without_wrapper_if(mut self, needs_no_token: bool) -> Self {
        for error in self.errors.iter_mut().filter(|_| needs_no_token) {
            if let Some(text) = error.strip_prefix("1 error occurred:\n\t* ") {
                *error = text.trim_end().to_owned();
            }
        }
        self
    }

    /// Creates an error without a message.
    pub(super) fn without_message(status: StatusCode) -> Self {
        Self { status, errors: Vec::new(), data: None }
    }

    /// Creates an error in the multi-error format of the server's core.
    pub(super) fn from_core(status: StatusCode, message: &str) -> Self {
        Self::new(status, multi_error(&[message]))
    }

    /// Removes the prefix of invalid fields. Handlers that look up the object first do not add it.
    pub(super) fn without_prefix(mut self) -> Self {
        for error in &mut self.errors {
            if let Some(rest) = error.strip_prefix("Field validation failed: ") {
                *error = rest.to_owned();
            }
        }
        self
    }

    pub(super) fn no_handler(path: &str) -> Self {
        let problem = format!("no handler for route \"{path}\". route entry not found.");
        Self::new(StatusCode::NOT_FOUND, problem)
    }

    pub(super) fn unsupported_path() -> Self {
        Self::from_core(StatusCode::NOT_FOUND, "unsupported path")
    }

    pub(super) fn unsupported_operation() -> Self {
        Self::from_core(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation")
    }
}

pub(super) fn bad_request(message: impl Into<String>) -> ErrorResponse {
    ErrorResponse::new(StatusCode::BAD_REQUEST, message)
}

pub(super) fn forbidden(message: impl Into<String>) -> ErrorResponse {
    ErrorResponse::new(StatusCode::FORBIDDEN, message)
}

/// Creates a 500. The server also responds with it to some invalid input.
pub(super) fn internal(message: &str) -> ErrorResponse {
    ErrorResponse::from_core(StatusCode::INTERNAL_SERVER_ERROR, message)
}

/// Formats errors like `hashicorp/go-multierror`.
pub(super) fn multi_error(errors: &[impl AsRef<str>]) -> String {
    let noun = if errors.len() == 1 { "error" } else { "errors" };
    let errors_in_lines = errors.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("\n\t* ");
    format!("{} {noun} occurred:\n\t* {errors_in_lines}\n\n", errors.len())
}

/// Returns the data of a list, `None` for an empty one: the server responds to it with 404.
pub(super) fn key_list(keys: &[String], infos: Option<Map<String, Value>>) -> Option<Value> {
    if keys.is_empty() {
        return None;
    }
    Some(match infos {
        Some(infos) if !infos.is_empty() => json!({ "keys": keys, "key_info": infos }),
        _ => json!({ "keys": keys }),
    })
}

/// Quotes a string like Go's `%q`.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\x1f' | '\x7f' => quoted.push_str(&escaped('x', 2, char)),
            _ if char.is_control() || (char.is_whitespace() && char != ' ') => {
                quoted.push_str(&escaped('u', 4, char));
            }
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

fn escaped(letter: char, width: usize, char: char) -> String {
    format!("\\{letter}{:0width$x}", u32::from(char))
}

pub(super) enum ServerResponse {
    /// 200 with the envelope.
    Data {
        data: Value,
        warnings: Vec<String>,
    },
    /// Another status with the envelope.
    DataWithStatus {
        status: StatusCode,
        data: Value,
        warnings: Vec<String>,
    },
    /// 200 with the envelope of a token.
    Auth {
        auth: Value,
        warnings: Vec<String>,
    },
    /// 200 with the envelope, and with a copy of the data beside it.
    DataAtTopLevel {
        data: Value,
        warnings: Vec<String>,
    },
    /// 200 with the envelope of a wrapped response.
    Wrapped(Value),
    /// 200 without an envelope.
    Raw(Value),
    Custom {
        status: StatusCode,
        body: Value,
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// 204.
    NoContent,
    Error(ErrorResponse),
    /// 307 to another path.
    Redirect {
        location: String,
        has_body: bool,
    },
    /// 400 of the HTTP library.
    MalformedTarget,
    /// 400 without headers and body.
    UnprintablePath,
    /// 413 without the headers of other responses.
    BodyTooLarge,
}

impl ServerResponse {
    pub(super) fn data(data: Value) -> Self {
        Self::Data { data, warnings: Vec::new() }
    }

    /// Adds warnings to an envelope.
    pub(super) fn with_warnings(mut self, more: Vec<String>) -> Self {
        if let Self::Data { warnings, .. } = &mut self {
            warnings.extend(more);
        }
        self
    }

    /// Copies the data of an envelope to its fields.
    pub(super) fn with_copied_data(self) -> Self {
        match self {
            Self::Data { data, warnings } => Self::DataAtTopLevel { data, warnings },
            other => other,
        }
    }

    pub(super) fn into_response(self, request_id: String) -> Response<Bytes> {
        let (status, body) = match self {
            Self::Data { data, warnings } => (StatusCode::OK, Some(envelope(request_id, data, &warnings))),
            Self::DataWithStatus { status, data, warnings } => {
                (status, Some(envelope(request_id, data, &warnings)))
            }
            Self::Auth { auth, warnings } => {
                let mut body = envelope(request_id, Value::Null, &warnings);
                body["auth"] = auth;
                (StatusCode::OK, Some(body))
            }
            Self::DataAtTopLevel { data, warnings } => {
                let mut body = if data.is_null() { json!({}) } else { data.clone() };
                if let (Some(body), Value::Object(envelope)) =
                    (body.as_object_mut(), envelope(request_id, data, &warnings))
                {
                    body.extend(envelope);
                }
                (StatusCode::OK, Some(body))
            }
            Self::Wrapped(info) => {
                let mut body = envelope(String::new(), Value::Null, &[]);
                body["wrap_info"] = info;
                (StatusCode::OK, Some(body))
            }
            Self::Raw(body) => (StatusCode::OK, Some(body)),
            Self::Custom { status, body, headers } => {
                let is_empty = body.is_null();
                let mut response = Self::Raw(body).into_response(request_id);
                if is_empty {
                    response.body_mut().clear();
                }
                *response.status_mut() = status;
                for (name, value) in headers {
                    response.headers_mut().insert(name, value);
                }
                return response;
            }
            Self::NoContent => (StatusCode::NO_CONTENT, None),
            Self::Error(error) => {
                let mut body = json!({ "errors": error.errors });
                if let Some(data) = error.data {
                    body["data"] = data;
                }
                (error.status, Some(body))
            }
            Self::Redirect { location, has_body } => return redirect(&location, has_body),
            Self::MalformedTarget => {
                let mut response =
                    bare(StatusCode::BAD_REQUEST, &[(CONTENT_TYPE, PLAIN), (CONNECTION, CLOSE)]);
                *response.body_mut() = "400 Bad Request".into();
                return response;
            }
            Self::UnprintablePath => return bare(StatusCode::BAD_REQUEST, &[]),
            Self::BodyTooLarge => {
                let headers = [(CONTENT_TYPE, JSON), (CONNECTION, CLOSE)];
                let mut response = bare(StatusCode::PAYLOAD_TOO_LARGE, &headers);
                *response.body_mut() = r#"{"errors":["http: request body too large"]}"#.into();
                return response;
            }
        };
        let mut response = bare(status, &[NO_STORE, ONLY_TLS, (CONTENT_TYPE, JSON)]);
        if let Some(body) = body {
            *response.body_mut() = serde_json::to_vec(&body).unwrap_or_default().into();
        }
        response
    }
}

const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
const ONLY_TLS: (HeaderName, HeaderValue) =
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

fn bare(status: StatusCode, headers: &[(HeaderName, HeaderValue)]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response.headers_mut().extend(headers.iter().cloned());
    response
}

fn redirect(location: &str, has_body: bool) -> Response<Bytes> {
    let header = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    let mut response = bare(StatusCode::TEMPORARY_REDIRECT, &[NO_STORE, ONLY_TLS, (LOCATION, header)]);
    if has_body {
        response.headers_mut().insert(CONTENT_TYPE, HTML);
        let html = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&#34;"), ('\'', "&#39;")];
        let escaped = html.iter().fold(location.to_owned(), |text, (char, to)| text.replace(*char, to));
        *response.body_mut() = format!("<a href=\"{escaped}\">Temporary Redirect</a>.\n\n").into();
    }
    response
}

#[allow(clippy::needless_pass_by_value, reason = "they become part of it")]
pub(super) fn envelope(request_id: String, data: Value, warnings: &[String]) -> Value {
    json!({
        "request_id": request_id,
        "lease_id": "",
        "renewable": false,
        "lease_duration": 0,
        "data": data,
        "wrap_info": null,
        "warnings": if warnings.is_empty() { Value::Null } else { json!(warnings) },
        "auth": null,
    })
}
