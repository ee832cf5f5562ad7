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

use crate::endpoint::{Method, Operation};
use crate::error::RequestError;
use crate::path::{self, EMPTY, RESERVED};
use crate::secret::{self, ZeroizingBuffer};
use crate::ser::NOT_WHOLE_SECONDS;
use crate::target::{NAMESPACE, REQUEST, TOKEN, Target, TokenRequired};

const OWN_HEADERS: [HeaderName; 8] =
    [TOKEN, NAMESPACE, REQUEST, AUTHORIZATION, HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION];

/// The longest path that an [`http::Uri`] holds, with room for a query.
const LONGEST: usize = 60_000;

/// A request in the making, and the only way to write one: whatever goes in is checked and encoded here.
pub struct RequestBuilder {
    operation: Operation,
    method: Method,
    path: String,
    /// What follows in the operation's path, from the `{name}` of the next parameter on.
    rest: &'static str,
    query: String,
    headers: HeaderMap,
    awaits_token: bool,
    body: Bytes,
}

impl RequestBuilder {
    pub(crate) fn new(target: &Target, operation: Operation) -> Self {
        let Operation { method, path, .. } = operation;
        let operation =
            Operation { idempotent: !matches!(method, Method::Post | Method::Patch), ..operation };
        // A clone would have no room for what is added here, and by the transport.
        let mut headers = HeaderMap::with_capacity(12);
        headers.extend(target.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut draft = Self {
            operation,
            method,
            path: String::with_capacity(target.base.len() + path.len() + 40),
            rest: path,
            query: String::new(),
            headers,
            awaits_token: target.awaits_token,
            body: Bytes::new(),
        };
        draft.path.push_str(&target.base);
        if let (Some(mount), Some(rest)) = (&target.mount, path.strip_prefix("identity/")) {
            draft.path.push_str(mount);
            draft.path.push('/');
            draft.rest = rest;
        }
        draft.go_on();
        if method == Method::List && target.list_as_get {
            draft.method = Method::Get;
            draft.query("list", "true")
        } else {
            draft
        }
    }

    /// Fills in the next `{name}` of the path. Any text is sent as one segment, and arrives as it is.
    ///
    /// Refused is what a path cannot carry: nothing at all, characters that are not to be seen other than the
    /// space, a `.` or `..` between slashes (the server would take it for another path), and in a write a
    /// slash at the end. Characters that are newer than the server's Unicode it refuses itself, with 400
    /// and no words.
    pub fn path_param(mut self, name: &'static str, value: &str) -> Result<Self, RequestError> {
        let write = !self.method.is_read() && self.method != Method::Delete;
        let problem =
            path::validate(value).or((write && value.ends_with('/')).then_some("must not end in `/`"));
        if let Some(problem) = problem {
            let hint = if value.is_empty() { "" } else { " in a path; give it in a body, or use the id" };
            return Err(RequestError::new(name, format!("{problem}{hint}")));
        }
        self.fill(name, |path| path.extend(utf8_percent_encode(value, RESERVED)))?;
        Ok(self)
    }

    /// Fills in the next `{name}` of the path with an identifier or a name of the kind the server's patterns
    /// allow: letters, digits and `_`, and in between also `-` and `.`.
    pub fn path_name(mut self, name: &'static str, value: &str) -> Result<Self, RequestError> {
        if value.is_empty() {
            return Err(RequestError::new(name, EMPTY));
        }
        let bytes = value.as_bytes();
        let joins = |edge: Option<&u8>| edge.is_some_and(|edge| matches!(edge, b'-' | b'.'));
        // Without a way out in between, so that it is done many bytes at a time.
        let fits = bytes.iter().fold(true, |fits, byte| {
            fits & (byte.is_ascii_alphanumeric() | matches!(byte, b'_' | b'-' | b'.'))
        });
        if !fits || joins(bytes.first()) || joins(bytes.last()) {
            return Err(RequestError::new(
                name,
                "must be letters, digits and `_`, with `-` and `.` only in between",
            ));
        }
        self.fill(name, |path| path.push_str(value))?;
        Ok(self)
    }

    /// Fills in the next `{name}` of the path with a UUID in lower case, the only kind of identifier that MFA methods have: other words in their
    /// place name other operations.
    pub fn path_uuid(mut self, name: &'static str, value: &str) -> Result<Self, RequestError> {
        let is_uuid = value.len() == 36
            && value.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            });
        if !is_uuid {
            let problem = if value.is_empty() { EMPTY } else { "must be a UUID in lower case" };
            return Err(RequestError::new(name, problem));
        }
        self.fill(name, |path| path.push_str(value))?;
        Ok(self)
    }

    fn fill(&mut self, name: &'static str, push: impl FnOnce(&mut String)) -> Result<(), RequestError> {
        let after = self.rest.strip_prefix('{').and_then(|rest| rest.strip_prefix(name)?.strip_prefix('}'));
        self.rest = after.ok_or(RequestError::new(name, "is not the next parameter of the path"))?;
        push(&mut self.path);
        self.go_on();
        if self.path.len() > LONGEST {
            return Err(RequestError::new(name, "is too long for a URL"));
        }
        Ok(())
    }

    /// Writes the path up to the next parameter.
    fn go_on(&mut self) {
        let next = self.rest.bytes().position(|byte| byte == b'{').unwrap_or(self.rest.len());
        let (literal, rest) = self.rest.split_at(next);
        self.path.push_str(literal);
        self.rest = rest;
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        push_pair(&mut self.query, name, value);
        self
    }

    /// Sets a header. Those that the target and the transport see to are refused: token, namespace,
    /// `Authorization`, `Host`, and what HTTP itself is made of.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self, RequestError> {
        let refuse = |problem| RequestError::new(name.as_str().to_owned(), problem);
        if OWN_HEADERS.contains(&name) {
            return Err(refuse("is a header that the request sets itself"));
        }
        // `HeaderValue` takes bytes that are not ASCII, and each server makes something else of them.
        let value = HeaderValue::from_str(value)
            .ok()
            .filter(|_| value.is_ascii())
            .ok_or_else(|| refuse("is a header, and must be visible ASCII characters"))?;
        // HTTP/1.1 strips them on the way.
        if value.to_str().is_ok_and(|value| value.trim() != value) {
            return Err(refuse("is a header, and must not begin or end with a blank"));
        }
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets a JSON body. It is wiped from memory when the request is dropped.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Result<Self, RequestError> {
        let mut buffer = ZeroizingBuffer::default();
        serde_json::to_writer(&mut buffer, body).map_err(|error| unwritable(&buffer, &error))?;
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = buffer.into_bytes();
        Ok(self)
    }

    /// Sets a body of form fields. It is wiped from memory when the request is dropped.
    #[must_use]
    pub fn form(mut self, fields: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let mut buffer = ZeroizingBuffer::default();
        for (index, (name, value)) in fields.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            // A buffer in memory takes whatever is written to it.
            let _ =
                write!(buffer, "{separator}{}={}", form_encoded(name.as_ref()), form_encoded(value.as_ref()));
        }
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(CONTENT_TYPE, content_type);
        self.body = buffer.into_bytes();
        self
    }

    /// Makes the request with this token in place of the target's.
    pub fn token(mut self, token: &SecretString) -> Result<Self, RequestError> {
        self.headers.insert(TOKEN, secret::header("", token)?);
        self.awaits_token = false;
        Ok(self)
    }

    /// Makes the request with `Authorization: Bearer` and without the target's token.
    pub fn bearer_auth(self, token: &SecretString) -> Result<Self, RequestError> {
        self.authorization("Bearer ", token)
    }

    fn authorization(mut self, scheme: &str, credentials: &SecretString) -> Result<Self, RequestError> {
        self = self.without_token();
        self.headers.insert(AUTHORIZATION, secret::header(scheme, credentials)?);
        Ok(self)
    }

    /// Makes the request on behalf of nobody: without a token.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.headers.remove(TOKEN);
        self.awaits_token = false;
        self
    }

    /// Makes the request with `Authorization: Basic`, as OAuth clients do (RFC 6749, 2.3.1), and without the
    /// target's token.
    pub fn basic_auth(self, client_id: &str, client_secret: &SecretString) -> Result<Self, RequestError> {
        let mut pair = Zeroizing::new(String::with_capacity(512));
        pair.extend(form_encoded(client_id));
        pair.push(':');
        pair.extend(form_encoded(client_secret.expose_secret()));
        self.authorization("Basic ", &SecretString::from(BASE64.encode(pair.as_bytes())))
    }

    /// Says whether doing this twice is the same as doing it once, so that it may be sent again after a lost
    /// answer. Unless said otherwise, `POST` and `PATCH` are not, and the other verbs are.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.operation.idempotent = idempotent;
        self
    }

    /// Marks the operation as one that [creates](Operation::creates) an object under a generated identifier.
    #[must_use]
    pub fn creates(mut self) -> Self {
        self.operation.creates = true;
        self
    }

    pub(crate) fn finish(self, target: &Target) -> Result<http::Request<Bytes>, RequestError> {
        let mut path = self.path;
        if let Some(rest) = self.rest.strip_prefix('{') {
            let name = rest.split('}').next().unwrap_or_default();
            return Err(RequestError::new(name, "is a parameter of the path that was not given"));
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
        if self.awaits_token {
            request.extensions_mut().insert(TokenRequired);
        }
        Ok(request)
    }
}

impl fmt::Debug for RequestBuilder {
    /// Leaves out the query and the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("operation", &self.operation)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Explains why a body cannot be written. Names the field if its value is at fault: the field's key was written
/// last.
fn unwritable(buffer: &ZeroizingBuffer, error: &serde_json::Error) -> RequestError {
    let written = str::from_utf8(buffer.as_slice()).unwrap_or_default();
    let key =
        written.strip_suffix("\":").and_then(|text| text.rsplit_once('"')).map(|(_, key)| key.to_owned());
    match key.filter(|_| error.to_string() == NOT_WHOLE_SECONDS) {
        Some(field) => RequestError::new(field, NOT_WHOLE_SECONDS),
        None => RequestError::new("body", "cannot be written as JSON"),
    }
}

/// As in a query or a form; `%20` is as good as `+`.
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
