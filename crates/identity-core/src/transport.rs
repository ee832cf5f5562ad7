//! The [`Transport`] trait, and what a transport reports.

mod attempts;

pub use ::async_trait::async_trait;

pub use attempts::{Attempt, Attempts};

pub use crate::target::{SensitiveHeader, TokenRequired};

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::text::Printable;

/// Carries a request to the server and brings back its answer.
///
/// It need know nothing of Vault: every status is `Ok`, also 4xx and 5xx. What a layer on the way needs to know
/// of the call is the [`Operation`](crate::endpoint::Operation) in the request's extensions.
///
/// A redirect is handed back as it is. A transport that knows the nodes of the cluster may follow one from node
/// to node, and say of another that it is a [`Redirect`](TransportErrorKind::Redirect).
///
/// A stack of your own has to let the verb `LIST` pass, and must not follow redirects to addresses that were not
/// configured (they would carry the token away), turn any other status into an error, or put the URL, which holds
/// identifiers, into the text of one.
///
/// ```
/// use bytes::Bytes;
/// use identity_core::{Transport, transport::{TransportError, async_trait}};
///
/// /// Answers everything with "no content".
/// struct Nowhere;
///
/// #[async_trait]
/// impl Transport for Nowhere {
///     async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
///         let mut response = http::Response::new(Bytes::new());
///         *response.status_mut() = http::StatusCode::NO_CONTENT;
///         Ok(response)
///     }
/// }
/// ```
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` and collects the whole answer.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;

    /// Returns `true` if the transport adds the token to requests that are marked with
    /// [`TokenRequired`]. A client whose target has no token then marks its requests.
    /// Defaults to `false`; a transport around another one returns what that one does.
    fn supplies_token(&self) -> bool {
        false
    }

    /// Returns what the transport offers beside sending, by type. The default transport offers itself, by
    /// which a client finds the consistency marks and the health of the nodes. Defaults to nothing; a
    /// transport around another one returns what that one does.
    fn extensions(&self) -> http::Extensions {
        http::Extensions::new()
    }
}

/// When a call has to end, in the [extensions](http::Request::extensions) of its request. A client sets it
/// for calls that together have the time of one; a transport with a total timeout ends the call by then, if
/// that is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Instant);

/// The same as [`Transport`] for stacks that block the thread. Every function of this signature is one.
pub trait BlockingTransport: Send + Sync {
    /// Sends `request` and collects the whole answer.
    fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;

    /// See [`Transport::supplies_token`].
    fn supplies_token(&self) -> bool {
        false
    }

    /// See [`Transport::extensions`].
    fn extensions(&self) -> http::Extensions {
        http::Extensions::new()
    }
}

impl<T: BlockingTransport + ?Sized> BlockingTransport for Arc<T> {
    fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request)
    }

    fn supplies_token(&self) -> bool {
        (**self).supplies_token()
    }

    fn extensions(&self) -> http::Extensions {
        (**self).extensions()
    }
}

impl<F> BlockingTransport for F
where
    F: Fn(http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> + Send + Sync,
{
    fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self(request)
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request).await
    }

    fn supplies_token(&self) -> bool {
        (**self).supplies_token()
    }

    fn extensions(&self) -> http::Extensions {
        (**self).extensions()
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Box<T> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request).await
    }

    fn supplies_token(&self) -> bool {
        (**self).supplies_token()
    }

    fn extensions(&self) -> http::Extensions {
        (**self).extensions()
    }
}

/// No answer, or not a whole one.
///
/// Its [`kind`](Self::kind) says whether the server may have seen the request; the source says what went
/// wrong. `{:#}` shows both.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
    attempts: Attempts,
    is_permanent: bool,
}

/// What is known of a request that brought no answer. Only after [`NotSent`](Self::NotSent) is it certain
/// that the server did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request was not sent: the name is unknown, the port closed, the certificate refused; there is no
    /// token, no leader, or no turn in time.
    NotSent,
    /// The time was up. The server may have seen the request.
    Timeout,
    /// The connection broke off. The server may have seen the request.
    Interrupted,
    /// The answer is larger than the limit. The server has seen the request.
    ResponseTooLarge,
    /// The server sends the request elsewhere, and it was not followed. A standby does so as well when it has
    /// passed the request on and lost its leader, so the server may have acted.
    Redirect,
    /// Anything else. The server may have seen the request.
    Other,
}

impl TransportError {
    /// An error with its cause.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::from(kind) }
    }

    /// Marks the error as permanent: another attempt of the same call fails in the same way.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.is_permanent = true;
        self
    }

    /// Returns `true` if another attempt of the same call fails in the same way, as with a rejected
    /// certificate or a missing token file.
    pub fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// Adds what was tried before giving up.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Attempts) -> Self {
        self.attempts = attempts;
        self
    }

    /// What was tried before giving up. Empty if the transport does not tell.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// What is known of the request.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, source: None, attempts: Attempts::default(), is_permanent: false }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = match self.kind {
            TransportErrorKind::NotSent => "the request was not sent",
            TransportErrorKind::Timeout => "timed out before the whole response arrived",
            TransportErrorKind::Interrupted => "the connection was lost before the whole response arrived",
            TransportErrorKind::ResponseTooLarge => "the response is larger than the limit",
            TransportErrorKind::Redirect => "the server redirects",
            TransportErrorKind::Other => "the transport failed",
        }
        .to_owned();
        f.write_str(&last)?;
        let mut source = self.source().filter(|_| f.alternate());
        while let Some(error) = source {
            let text = error.to_string();
            // Some errors repeat their source.
            if !last.contains(&text) {
                write!(f, ": {}", Printable(&text))?;
                last = text;
            }
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
