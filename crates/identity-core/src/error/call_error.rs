use std::error::Error as StdError;
use std::fmt;

use http::{HeaderValue, StatusCode};

use crate::endpoint::method::Method;
use crate::endpoint::operation::Operation;
use crate::error::api_error::ApiError;
use crate::error::decode_error::DecodeError;
use crate::error::request_error::RequestError;
use crate::error::response_error::ResponseError;
use crate::text::redact;
use crate::transport::attempts::{Attempt, Attempts};
use crate::transport::error::{TransportError, TransportErrorKind};

/// An error of a call.
///
/// `Display` names the operation, the status and the reason, as in
/// `LIST identity/entity/id failed: 403 permission denied`. [`source`](StdError::source) adds details: the
/// attempts before the last one, or that the client sent no token. `{:#}` and `Debug` show everything on one
/// line. To downcast the cause of a failed connection, start at [`transport`](Self::transport).
///
/// Errors show no tokens. They show no identifiers or names of the request either, unless the message of the
/// server or the cause repeats them. Messages are redacted and truncated, and their control characters are
/// escaped.
///
/// `?` converts a [`RequestError`] or an [`ApiError`] to an `Error` without an operation.
///
/// ```
/// use identity_core::{Endpoint, entity::ReadEntityById};
///
/// let response = http::Response::builder().status(403).body(r#"{"errors":["permission denied"]}"#)?;
/// let error = ReadEntityById::parse_response(&response).unwrap_err();
/// assert_eq!(error.to_string(), "GET identity/entity/id/{id} failed: 403 permission denied");
/// assert!(error.is_permission_denied() && !error.is_retryable());
/// # Ok::<(), http::Error>(())
/// ```
pub struct Error {
    operation: Operation,
    kind: ErrorKind,
    attempts: Option<Box<Attempts>>,
    hint: Option<&'static str>,
    details: Option<Box<Detail>>,
}

/// The operation of an error without a call: a write, because it is not known to be a read.
const NO_OPERATION: Operation =
    Operation { method: Method::Post, path: "", read_only: false, idempotent: false, creates: false };

struct Detail {
    text: String,
    next: Option<Box<Detail>>,
}

/// The stage of a call that failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request has an invalid parameter. Nothing was sent.
    Request(RequestError),
    /// No complete response was received.
    Transport(TransportError),
    /// The response is an error.
    Api(Box<ApiError>),
    /// The response is a success, but cannot be decoded. A write may have been applied.
    Decode(DecodeError),
    /// The change was applied, but another writer undid it each time.
    Conflict,
}

impl Error {
    /// Creates an error of a call of `operation`.
    pub fn new(operation: Operation, kind: impl Into<ErrorKind>) -> Self {
        let kind = kind.into();
        let (attempts, detail) = match &kind {
            ErrorKind::Transport(error) => (error.attempts().clone(), None),
            ErrorKind::Decode(error) => (Attempts::default(), error.source().map(ToString::to_string)),
            _ => (Attempts::default(), None),
        };
        let this = Self { operation, kind, attempts: None, hint: None, details: None }.after(attempts);
        match detail {
            Some(detail) => this.with_detail(detail),
            None => this,
        }
    }

    /// Adds the attempts of the transport, from the extensions of the response.
    #[must_use]
    pub fn after(mut self, attempts: Attempts) -> Self {
        let number = attempts.as_slice().len();
        let text = (number > 1).then(|| format!("after {number} attempts: {attempts}"));
        self.attempts = Some(Box::new(attempts));
        match text {
            Some(text) => self.with_detail(text),
            None => self,
        }
    }

    fn with_detail(mut self, text: String) -> Self {
        self.details = Some(Box::new(Detail { text, next: self.details.take() }));
        self
    }

    /// The attempts of the transport. The last one led to this error. Empty if the transport does not record
    /// attempts.
    pub fn attempts(&self) -> &[Attempt] {
        self.attempts.as_deref().map_or(&[], Attempts::as_slice)
    }

    /// The HTTP method of the operation, or `POST` if the error has no operation.
    pub fn method(&self) -> Method {
        self.operation.method
    }

    /// The path of the operation with its placeholders, such as `identity/entity/id/{id}`. Empty if the error
    /// has no operation.
    pub fn path(&self) -> &'static str {
        self.operation.path
    }

    /// The stage that failed, with its error.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The error response, if there is one.
    pub fn api(&self) -> Option<&ApiError> {
        match &self.kind {
            ErrorKind::Api(api) => Some(api),
            _ => None,
        }
    }

    /// The error of the transport, if it failed.
    pub fn transport(&self) -> Option<&TransportError> {
        match &self.kind {
            ErrorKind::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// [Redacts](crate::error::redact) secrets of request headers in the messages of the server.
    #[must_use]
    pub fn redact<'a>(mut self, secrets: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let secrets: Vec<_> = secrets.into_iter().collect();
        match &mut self.kind {
            ErrorKind::Api(api) => api.redact(&secrets),
            ErrorKind::Decode(error) => {
                error.redact(&secrets);
                let mut detail = self.details.as_deref_mut();
                while let Some(Detail { text, next }) = detail {
                    *text = redact(text, secrets.iter().copied()).into_owned();
                    detail = next.as_deref_mut();
                }
            }
            _ => {}
        }
        self
    }

    /// Records that an earlier call of a composite operation changed something, or may have:
    /// [`may_have_been_applied`](Self::may_have_been_applied) then returns `true` even if this call only
    /// reads.
    #[must_use]
    pub fn after_write(mut self) -> Self {
        self.operation.read_only = false;
        self.attempts.get_or_insert_default().mark_in_doubt();
        self
    }

    /// Records that the request carried no token. The source of a 403 then mentions it.
    #[must_use]
    pub fn mark_unauthenticated(self) -> Self {
        if self.is_permission_denied() {
            self.with_detail("the client sent no token".to_owned())
        } else {
            self
        }
    }

    /// Adds a possible reason for a request that was not sent, such as an unset variable, or that was
    /// rejected by a proxy. `Display` shows it in parentheses. Other errors ignore it.
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        let was_not_sent = self.transport().is_some_and(|error| error.kind() == TransportErrorKind::NotSent);
        if was_not_sent || self.api().is_some_and(|api| !api.is_from_server()) {
            self.hint = Some(hint);
        }
        self
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.api().is_some_and(|api| api.status() == status)
    }

    /// Returns `true` if the object does not exist (404 without a message). A wrong namespace, mount or path
    /// below `/v1/` is a 404 with a message, and returns `false`. A wrong path in the address cannot be
    /// distinguished.
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Returns `true` if the server reports that the token is missing, unknown, or lacks the permission
    /// (403). Returns `false` for a 403 of a proxy.
    pub fn is_permission_denied(&self) -> bool {
        self.api().is_some_and(ApiError::is_permission_denied)
    }

    /// Returns `true` if the server is sealed, or not yet initialized (503).
    pub fn is_sealed(&self) -> bool {
        self.api().is_some_and(ApiError::is_sealed)
    }

    /// Returns `true` if a rate limit was exceeded (429). See [`ApiError::retry_after`].
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS) && !self.is_not_yet_consistent()
    }

    /// Returns `true` if the node has not yet seen an earlier write (412, or 429 without a message): a read
    /// would have been stale.
    pub fn is_not_yet_consistent(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_yet_consistent)
    }

    /// Returns `true` if the error is transient and a retry is safe: the call is idempotent, or was certainly
    /// not applied.
    pub fn is_retryable(&self) -> bool {
        let is_transient = match &self.kind {
            ErrorKind::Transport(error) => error.is_transient(),
            ErrorKind::Api(api) => api.is_transient(),
            ErrorKind::Conflict => return true,
            ErrorKind::Request(_) | ErrorKind::Decode(_) => false,
        };
        is_transient && (self.operation.idempotent || !self.any_may_have_been_applied())
    }

    /// Returns `true` if the call is a write that the server may have applied, in any of its
    /// [attempts](Self::attempts): there was no response, or an ambiguous one.
    pub fn may_have_been_applied(&self) -> bool {
        !self.operation.read_only && self.any_may_have_been_applied()
    }

    fn any_may_have_been_applied(&self) -> bool {
        let attempts = self.attempts.as_deref();
        let could_forward = !attempts.is_some_and(Attempts::is_not_forwarded);
        attempts.is_some_and(Attempts::any_in_doubt)
            || match &self.kind {
                ErrorKind::Request(_) => false,
                ErrorKind::Transport(error) => error.may_have_been_applied(could_forward),
                ErrorKind::Api(api) => api.may_have_been_applied(could_forward),
                ErrorKind::Decode(_) | ErrorKind::Conflict => true,
            }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operation != NO_OPERATION {
            write!(f, "{} failed: ", self.operation)?;
        }
        match &self.kind {
            ErrorKind::Request(error) => write!(f, "{error}")?,
            ErrorKind::Transport(error) => write!(f, "{error:#}")?,
            ErrorKind::Api(error) => write!(f, "{error}")?,
            ErrorKind::Decode(error) => write!(f, "the response cannot be decoded: {error}")?,
            ErrorKind::Conflict => f.write_str("another writer undid the change each time")?,
        }
        if let Some(hint) = self.hint {
            write!(f, " ({hint})")?;
        }
        let mut detail = self.details.as_deref().filter(|_| f.alternate());
        while let Some(Detail { text, next }) = detail {
            write!(f, ": {text}")?;
            detail = next.as_deref();
        }
        Ok(())
    }
}

/// The same as `{:#}`, because `main` prints a returned error with `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.details.as_deref().map(|detail| detail as _)
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Detail {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.next.as_deref().map(|detail| detail as _)
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        Self::new(NO_OPERATION, error)
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::new(NO_OPERATION, ResponseError::from(error))
    }
}

impl From<ResponseError> for ErrorKind {
    fn from(error: ResponseError) -> Self {
        match error {
            ResponseError::Api(error) => Self::Api(error),
            ResponseError::Decode(error) => Self::Decode(error),
        }
    }
}

impl From<RequestError> for ErrorKind {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl From<TransportError> for ErrorKind {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}
