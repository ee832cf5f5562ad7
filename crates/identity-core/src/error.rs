//! Errors by stage: [`RequestError`] before anything is sent, [`TransportError`] on the way, [`ApiError`] from the
//! server, [`DecodeError`] for a response that cannot be read, and [`Error`] around them all.

mod api_error;
pub(crate) mod disposition;
mod oauth_error;

pub use api_error::{ApiError, MergeConflict, RetryAfter};
pub use oauth_error::{OAuthError, OAuthErrorCode};

pub use crate::text::redact;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use http::{HeaderValue, StatusCode};

use crate::subject::Mismatch;
use crate::transport::{TransportError, TransportErrorKind};
use crate::{
    endpoint::{Method, Operation},
    transport::{Attempt, Attempts},
};

/// Why a call brought no result.
///
/// `Display` names the operation, the status and the reason, as in
/// `LIST identity/entity/id failed: 403 permission denied`. [`source`](StdError::source) goes on with details
/// that are not the reason: that the client sent no token, and the attempts that came before. `{:#}` and
/// `Debug` show both, in one line. To reach the cause of a failed connection as a type, start at
/// [`transport`](Self::transport).
///
/// None of them shows a token, nor an identifier or name of the request, unless the server's message or the
/// cause repeats it. Messages are redacted, cut, and their control characters escaped.
///
/// A [`RequestError`] or an [`ApiError`] becomes an `Error` without an operation by `?`.
pub struct Error {
    operation: Operation,
    kind: ErrorKind,
    attempts: Option<Box<Attempts>>,
    hint: Option<&'static str>,
    details: Option<Box<Detail>>,
}

/// Of an error that is not one of a call. A write, as it is not known whether it was a read.
const NO_OPERATION: Operation =
    Operation { method: Method::Post, path: "", read_only: false, idempotent: false, creates: false };

/// What an error adds to its reason.
struct Detail {
    text: String,
    next: Option<Box<Detail>>,
}

/// The stage of a call that failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be written; nothing was sent.
    Request(RequestError),
    /// No answer came, or not a whole one.
    Transport(TransportError),
    /// The server refused.
    Api(Box<ApiError>),
    /// The status is a success, but the response is not that of the operation. A write may have been carried
    /// out.
    Decode(DecodeError),
    /// What was asked has been done, and another writer has undone it each time.
    Conflict,
}

impl Error {
    /// An error of the call that `operation` describes.
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

    /// Adds what the transport has tried, as the response's extensions have it.
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

    /// What the transport has tried, and how each attempt ended: the last one is what this error tells.
    /// Empty if it does not tell, or has not tried.
    pub fn attempts(&self) -> &[Attempt] {
        self.attempts.as_deref().map_or(&[], Attempts::as_slice)
    }

    /// The verb of the operation; `POST` if this is not an error of a call.
    pub fn method(&self) -> Method {
        self.operation.method
    }

    /// The path of the operation with its placeholders, such as `identity/entity/id/{id}`. Empty if this is
    /// not an error of a call.
    pub fn path(&self) -> &'static str {
        self.operation.path
    }

    /// The stage that failed, with its details.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The server's refusal, if it was one.
    pub fn api(&self) -> Option<&ApiError> {
        match &self.kind {
            ErrorKind::Api(api) => Some(api),
            _ => None,
        }
    }

    /// The transport's failure, if it was one.
    pub fn transport(&self) -> Option<&TransportError> {
        match &self.kind {
            ErrorKind::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// [Redacts](crate::error::redact) the secrets of the request's headers in what the server says.
    #[must_use]
    pub fn redact<'a>(mut self, secrets: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let secrets: Vec<_> = secrets.into_iter().collect();
        match &mut self.kind {
            ErrorKind::Api(api) => api.redact(&secrets),
            ErrorKind::Decode(error) => {
                error.problem = redact(&error.problem, secrets.iter().copied()).into_owned().into();
                if let Some(mismatch) = &mut error.mismatch {
                    mismatch.answered = redact(&mismatch.answered, secrets.iter().copied()).into_owned();
                }
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

    /// Records that an earlier call of the same operation has changed something, or may have: then this error
    /// [may have been applied](Self::may_have_been_applied), even if its own call only reads.
    #[must_use]
    pub fn after_write(mut self) -> Self {
        self.operation.read_only = false;
        self.attempts.get_or_insert_default().mark_in_doubt();
        self
    }

    /// Records that the request carried no token: the source of a 403 then says so, as servers do not.
    #[must_use]
    pub fn mark_unauthenticated(self) -> Self {
        if self.is_permission_denied() {
            self.with_detail("the client sent no token".to_owned())
        } else {
            self
        }
    }

    /// Adds what may be the reason that a request was not sent, such as a variable that is not set, or that
    /// it was refused by something on the way to the server. `Display` shows it in parentheses.
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        let was_not_sent = self.transport().is_some_and(|error| error.kind() == TransportErrorKind::NotSent);
        if was_not_sent || self.api().is_some_and(|api| api.vault_messages().is_none()) {
            self.hint = Some(hint);
        }
        self
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.api().is_some_and(|api| api.status() == status)
    }

    /// Whether there is no such object. A wrong path below `/v1/`, namespace or mount is also answered with
    /// 404, but is not meant here; a wrong path in the address is, for the server's answer is the same.
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Returns `true` if the server reports that the token is missing, unknown, or not allowed to do this
    /// (403). A 403 of something on the way to the server, such as a proxy's page, is not meant.
    pub fn is_permission_denied(&self) -> bool {
        self.api().is_some_and(ApiError::is_permission_denied)
    }

    /// Whether the server is sealed, or not yet initialised (503).
    pub fn is_sealed(&self) -> bool {
        self.api().is_some_and(ApiError::is_sealed)
    }

    /// Whether a rate limit was exceeded (429). See [`ApiError::retry_after`].
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS) && !self.is_not_yet_consistent()
    }

    /// Whether the server has not yet seen an earlier write (412, or 429 without a message).
    pub fn is_not_yet_consistent(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_yet_consistent)
    }

    /// Whether the call may succeed later as it is, and making it again does no harm, even if it has been
    /// carried out already. Never for a transport error that [is permanent](TransportError::is_permanent).
    pub fn is_retryable(&self) -> bool {
        let is_transient = match &self.kind {
            ErrorKind::Transport(error) => error.is_transient(),
            ErrorKind::Api(api) => api.is_transient(),
            ErrorKind::Conflict => return true,
            ErrorKind::Request(_) | ErrorKind::Decode(_) => false,
        };
        is_transient && (self.operation.idempotent || !self.any_may_have_been_applied())
    }

    /// Whether this is a write that the server may have carried out all the same: no answer came, or one that
    /// leaves it open, be it to the last of several [attempts](Self::attempts) or to an earlier one.
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
            ErrorKind::Decode(error) => write!(f, "the response cannot be read: {error}")?,
            ErrorKind::Conflict => f.write_str("another writer has undone the change each time")?,
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

/// What a `main` that returns it prints.
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

/// What [`Endpoint::decode`](crate::Endpoint::decode) makes of an answer that brings no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResponseError {
    /// The server refused.
    Api(Box<ApiError>),
    /// The server agreed, but its answer could not be read.
    Decode(DecodeError),
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl StdError for ResponseError {}

impl From<ApiError> for ResponseError {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<DecodeError> for ResponseError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
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

/// A value that cannot be sent, refused before anything was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    parameter: Cow<'static, str>,
    problem: Cow<'static, str>,
}

impl RequestError {
    /// Names the parameter and says what is wrong with it, as in `name` and `must not be empty`. Leave the
    /// value itself out.
    pub fn new(parameter: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { parameter: parameter.into(), problem: problem.into() }
    }

    /// The same problem, of a parameter that goes by another name.
    #[must_use]
    pub fn of(self, parameter: impl Into<Cow<'static, str>>) -> Self {
        Self { parameter: parameter.into(), ..self }
    }

    /// The name of the parameter.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.parameter, self.problem)
    }
}

impl StdError for RequestError {}

/// An answer of a 2xx status that is not what the operation promises.
///
/// `Display` shows where the problem is, and never the content of the response. If the response is about
/// another object than was asked for, the [`source`](StdError::source) names both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    problem: Cow<'static, str>,
    mismatch: Option<Box<Mismatch>>,
}

impl DecodeError {
    /// Says what is wrong with the answer. Leave its content out.
    pub fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self { problem: problem.into(), mismatch: None }
    }

    /// Returns `true` if the response is about another object than was asked for.
    pub fn is_mismatch(&self) -> bool {
        self.mismatch.is_some()
    }

    pub(crate) fn about_another(mismatch: Mismatch) -> Self {
        Self { problem: "the response is about another object".into(), mismatch: Some(mismatch.into()) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl StdError for DecodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.mismatch.as_deref().map(|mismatch| mismatch as _)
    }
}
