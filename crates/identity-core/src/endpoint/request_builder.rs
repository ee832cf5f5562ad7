use std::fmt;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use http::uri::{PathAndQuery, Uri};
use percent_encoding::{PercentEncode, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::endpoint::method::Method;
use crate::endpoint::operation::Operation;
use crate::error::request_error::RequestError;
use crate::headers::{NAMESPACE, REQUEST, TOKEN};
use crate::path::{self, EMPTY, RESERVED};
use crate::secret::{self, ZeroizingBuffer};
use crate::ser::NOT_WHOLE_SECONDS;
use crate::target::Target;
use crate::transport::token::TokenRequired;

const OWN_HEADERS: [HeaderName; 8] =
    [TOKEN, NAMESPACE, REQUEST, AUTHORIZATION, HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION];

/// The limit of [`http::Uri`] is 65,535 bytes, which include the query.
const MAX_PATH_LEN: usize = 60_000;

/// Builds requests, and validates and encodes all values. [`Endpoint::encode`](crate::Endpoint::encode)
/// receives it.
///
/// ```
/// use identity_core::endpoint::{ApiResponse, Endpoint, Method, RequestBuilder};
/// use identity_core::{Target, error::{RequestError, ResponseError}};
///
/// struct EnableAuth { path: String, kind: String }
///
/// impl Endpoint for EnableAuth {
///     type Output = ();
///     const METHOD: Method = Method::Post;
///     const PATH: &'static str = "sys/auth/{path}";
///
///     fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
///         builder.path_param("path", &self.path)?.json(&serde_json::json!({ "type": self.kind }))
///     }
///
///     fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
///         response.no_content()
///     }
/// }
///
/// let endpoint = EnableAuth { path: "team/login".to_owned(), kind: "userpass".to_owned() };
/// let request = endpoint.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/sys/auth/team%2Flogin");
/// assert_eq!(request.body(), r#"{"type":"userpass"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RequestBuilder {
    operation: Operation,
    method: Method,
    path: String,
    /// The rest of the operation's path, which begins with the `{name}` of the next parameter.
    remaining_template: &'static str,
    query: String,
    headers: HeaderMap,
    token_required: bool,
    body: Bytes,
}

impl RequestBuilder {
    pub(crate) fn new(target: &Target, operation: Operation) -> Self {
        let Operation { method, path, .. } = operation;
        let operation =
            Operation { idempotent: !matches!(method, Method::Post | Method::Patch), ..operation };
        // A clone would have no capacity for the headers that are added here and by the transport.
        let mut headers = HeaderMap::with_capacity(12);
        headers.extend(target.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut builder = Self {
            operation,
            method,
            path: String::with_capacity(target.base.len() + path.len() + 40),
            remaining_template: path,
            query: String::new(),
            headers,
            token_required: target.token_required,
            body: Bytes::new(),
        };
        builder.path.push_str(&target.base);
        if let (Some(mount), Some(rest)) = (&target.mount, path.strip_prefix("identity/")) {
            builder.path.push_str(mount);
            builder.path.push('/');
            builder.remaining_template = rest;
        }
        builder.push_literal();
        if method == Method::List && target.list_as_get {
            builder.method = Method::Get;
            builder.query("list", "true")
        } else {
            builder
        }
    }

    /// Fills in the next `{name}` of the path. The value is percent-encoded as a single segment.
    ///
    /// The server rejects characters that are newer than its Unicode version with 400 and an empty message.
    ///
    /// # Errors
    ///
    /// Fails if the value is empty, has non-printable characters, has `.` or `..` as a segment (the server
    /// would resolve it to another path), or ends in `/` in a write.
    pub fn path_param(mut self, name: &'static str, value: &str) -> Result<Self, RequestError> {
        let write = !self.method.is_read() && self.method != Method::Delete;
        let problem =
            path::validate(value).or((write && value.ends_with('/')).then_some("must not end in `/`"));
        if let Some(problem) = problem {
            let hint =
                if value.is_empty() { "" } else { " in a path; send it in a body, or use the identifier" };
            return Err(RequestError::new(name, format!("{problem}{hint}")));
        }
        self.fill_param(name, |path| path.extend(utf8_percent_encode(value, RESERVED)))?;
        Ok(self)
    }

    /// Fills in the next `{name}` of the path with an identifier or a name in the server's pattern.
    ///
    /// # Errors
    ///
    /// Fails if the value has characters other than ASCII letters, digits, `_`, `-` and `.`, or begins or
    /// ends with `-` or `.`.
    pub fn path_name(mut self, name: &'static str, value: &str) -> Result<Self, RequestError> {
        if value.is_empty() {
            return Err(RequestError::new(name, EMPTY));
        }
        let bytes = value.as_bytes();
        let joins = |edge: Option<&u8>| edge.is_some_and(|edge| matches!(edge, b'-' | b'.'));
        // Without an early exit, the compiler vectorizes the loop.
        let fits = bytes.iter().fold(true, |fits, byte| {
            fits & (byte.is_ascii_alphanumeric() | matches!(byte, b'_' | b'-' | b'.'))
        });
        if !fits || joins(bytes.first()) || joins(bytes.last()) {
            return Err(RequestError::new(
                name,
                "must be letters, digits and `_`, with `-` and `.` only in between",
            ));
        }
        self.fill_param(name, |path| path.push_str(value))?;
        Ok(self)
    }

    /// Fills in the next `{name}` of the path with a lowercase UUID, such as the identifier of an MFA method.
    ///
    /// # Errors
    ///
    /// Fails for any other value, which could be the path of another operation.
    pub fn path_uuid(mut self, name: &'static str, value: &str) -> Result<Self, RequestError> {
        let is_uuid = value.len() == 36
            && value.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            });
        if !is_uuid {
            let problem = if value.is_empty() { EMPTY } else { "must be a lowercase UUID" };
            return Err(RequestError::new(name, problem));
        }
        self.fill_param(name, |path| path.push_str(value))?;
        Ok(self)
    }

    fn fill_param(&mut self, name: &'static str, push: impl FnOnce(&mut String)) -> Result<(), RequestError> {
        let after = self
            .remaining_template
            .strip_prefix('{')
            .and_then(|rest| rest.strip_prefix(name)?.strip_prefix('}'));
        self.remaining_template =
            after.ok_or(RequestError::new(name, "is not the next parameter of the path"))?;
        push(&mut self.path);
        self.push_literal();
        if self.path.len() > MAX_PATH_LEN {
            return Err(RequestError::new(name, "is too long for a URL"));
        }
        Ok(())
    }

    /// Appends the template up to the next parameter.
    fn push_literal(&mut self) {
        let next = self
            .remaining_template
            .bytes()
            .position(|byte| byte == b'{')
            .unwrap_or(self.remaining_template.len());
        let (literal, rest) = self.remaining_template.split_at(next);
        self.path.push_str(literal);
        self.remaining_template = rest;
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        push_pair(&mut self.query, name, value);
        self
    }

    /// Sets a header.
    ///
    /// # Errors
    ///
    /// Fails if the target or the transport sets the header (the token, the namespace, `Authorization`,
    /// `Host` and framing headers), or if the value has characters other than visible ASCII and inner blanks.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self, RequestError> {
        let invalid = |problem| RequestError::new(name.as_str().to_owned(), problem);
        if OWN_HEADERS.contains(&name) {
            return Err(invalid("is a header that the request sets itself"));
        }
        // `HeaderValue` accepts bytes that are not ASCII, and servers disagree on their meaning.
        let value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| value.is_ascii())
            .ok_or_else(|| invalid("is a header, and must be visible ASCII characters"))?;
        // HTTP/1.1 trims the values of headers.
        if value.to_str().is_ok_and(|value| value.trim() != value) {
            return Err(invalid("is a header, and must not begin or end with a blank"));
        }
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets a JSON body. It is zeroized when the request is dropped.
    ///
    /// # Errors
    ///
    /// Fails if the body cannot be serialized.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Result<Self, RequestError> {
        let mut buffer = ZeroizingBuffer::default();
        serde_json::to_writer(&mut buffer, body).map_err(|error| json_error(&buffer, &error))?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = buffer.into_bytes();
        Ok(self)
    }

    /// Sets a body of form fields. It is zeroized when the request is dropped.
    #[must_use]
    pub fn form(mut self, fields: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let mut buffer = ZeroizingBuffer::default();
        for (index, (name, value)) in fields.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            // Writing to memory cannot fail.
            let _ =
                write!(buffer, "{separator}{}={}", form_encoded(name.as_ref()), form_encoded(value.as_ref()));
        }
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(CONTENT_TYPE, content_type);
        self.body = buffer.into_bytes();
        self
    }

    /// Replaces the token of the target.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty, or has characters other than visible ASCII.
    pub fn token(mut self, token: &SecretString) -> Result<Self, RequestError> {
        self.headers.insert(TOKEN, secret::header("", token)?);
        self.token_required = false;
        Ok(self)
    }

    /// Replaces the token of the target with `Authorization: Bearer`.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty, or has characters other than visible ASCII.
    pub fn bearer_auth(self, token: &SecretString) -> Result<Self, RequestError> {
        self.authorization("Bearer ", token)
    }

    fn authorization(mut self, scheme: &str, credentials: &SecretString) -> Result<Self, RequestError> {
        self = self.without_token();
        self.headers.insert(AUTHORIZATION, secret::header(scheme, credentials)?);
        Ok(self)
    }

    /// Removes the token of the target.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.headers.remove(TOKEN);
        self.token_required = false;
        self
    }

    /// Replaces the token of the target with `Authorization: Basic` for an OAuth client (RFC 6749, 2.3.1).
    ///
    /// # Errors
    ///
    /// Fails if the header cannot be created. Both values are encoded as ASCII, so this does not happen.
    pub fn basic_auth(self, client_id: &str, client_secret: &SecretString) -> Result<Self, RequestError> {
        let mut pair = Zeroizing::new(String::with_capacity(512));
        pair.extend(form_encoded(client_id));
        pair.push(':');
        pair.extend(form_encoded(client_secret.expose_secret()));
        self.authorization("Basic ", &SecretString::from(BASE64.encode(pair.as_bytes())))
    }

    /// Sets whether the request is [idempotent](Operation::idempotent) and can be retried after a lost
    /// response. Defaults to `false` for `POST` and `PATCH`, and to `true` for other methods.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.operation.idempotent = idempotent;
        self
    }

    /// Marks the operation as one that [creates](Operation::creates) an object with a generated identifier.
    #[must_use]
    pub fn creates(mut self) -> Self {
        self.operation.creates = true;
        self
    }

    pub(crate) fn finish(self, target: &Target) -> Result<http::Request<Bytes>, RequestError> {
        let mut path = self.path;
        if let Some(rest) = self.remaining_template.strip_prefix('{') {
            let name = rest.split('}').next().unwrap_or_default();
            return Err(RequestError::new(name, "is a missing parameter of the path"));
        }
        if !self.query.is_empty() {
            path.push('?');
            path.push_str(&self.query);
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(target.scheme.clone());
        parts.authority = Some(target.authority.clone());
        let no_path = || RequestError::new("path", "is not a path, or too long for a URL");
        let path = PathAndQuery::from_maybe_shared(Bytes::from(path)).map_err(|_| no_path())?;
        parts.path_and_query = Some(path);
        let uri = Uri::from_parts(parts).map_err(|_| no_path())?;

        let mut request = http::Request::new(self.body);
        *request.method_mut() = self.method.into();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(self.operation);
        if self.token_required {
            request.extensions_mut().insert(TokenRequired);
        }
        Ok(request)
    }
}

impl fmt::Debug for RequestBuilder {
    /// Redacts the query and the body, which can contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("operation", &self.operation)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Returns the error of a body that cannot be serialized. The buffer ends in the key of the field that
/// failed.
fn json_error(buffer: &ZeroizingBuffer, error: &serde_json::Error) -> RequestError {
    let written = std::str::from_utf8(buffer.as_slice()).unwrap_or_default();
    let key =
        written.strip_suffix("\":").and_then(|text| text.rsplit_once('"')).map(|(_, key)| key.to_owned());
    match key.filter(|_| error.to_string() == NOT_WHOLE_SECONDS) {
        Some(field) => RequestError::new(field, NOT_WHOLE_SECONDS),
        None => RequestError::new("body", "cannot be serialized as JSON"),
    }
}

/// Encodes for queries and forms, where `%20` and `+` are equivalent.
fn form_encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

fn push_pair(pairs: &mut String, name: &str, value: &str) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
    pairs.extend(form_encoded(name));
    pairs.push('=');
    pairs.extend(form_encoded(value));
}
