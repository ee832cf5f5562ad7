//! The [`Transport`] trait, and what a transport reports.

mod attempts;
mod node;

pub use ::async_trait::async_trait;

pub use attempts::{Attempt, Attempts};
pub use node::{ConsistencyToken, NodeHealth, NodeState};

pub use crate::target::TokenRequired;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

    /// Returns the transport that this one sends through. All other methods default to what that transport
    /// returns, so a transport around another one implements this method and [`send`](Self::send). Defaults to
    /// `None`.
    fn inner(&self) -> Option<&dyn Transport> {
        None
    }

    /// Returns `true` if the transport adds the token to requests that are marked with [`TokenRequired`]. A
    /// client whose target has no token then marks its requests. Defaults to `false`.
    fn supplies_token(&self) -> bool {
        self.inner().is_some_and(Transport::supplies_token)
    }

    /// Returns the total time that a call may take. Defaults to `None`: calls are not limited.
    fn timeout(&self) -> Option<Duration> {
        self.inner()?.timeout()
    }

    /// Closes pooled connections as soon as their calls have ended. Defaults to doing nothing.
    fn reset_connections(&self) {
        if let Some(inner) = self.inner() {
            inner.reset_connections();
        }
    }

    /// Returns the state of each node of the cluster. Defaults to an empty list.
    async fn health(&self) -> Vec<NodeHealth> {
        match self.inner() {
            Some(inner) => inner.health().await,
            None => Vec::new(),
        }
    }

    /// Returns the newest index of each cluster and namespace that the transport has seen. Defaults to an
    /// empty list.
    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.inner().map(Transport::consistency_tokens).unwrap_or_default()
    }

    /// Records the tokens of another transport, so that later calls see what it has written. Defaults to
    /// doing nothing.
    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        if let Some(inner) = self.inner() {
            inner.observe_tokens(tokens);
        }
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

    /// Returns the transport that this one sends through: see [`Transport::inner`].
    fn inner(&self) -> Option<&dyn BlockingTransport> {
        None
    }

    /// Returns `true` if the transport adds the token: see [`Transport::supplies_token`].
    fn supplies_token(&self) -> bool {
        self.inner().is_some_and(BlockingTransport::supplies_token)
    }

    /// Returns the total time that a call may take: see [`Transport::timeout`].
    fn timeout(&self) -> Option<Duration> {
        self.inner()?.timeout()
    }

    /// Closes pooled connections: see [`Transport::reset_connections`].
    fn reset_connections(&self) {
        if let Some(inner) = self.inner() {
            inner.reset_connections();
        }
    }

    /// Returns the state of each node of the cluster: see [`Transport::health`].
    fn health(&self) -> Vec<NodeHealth> {
        self.inner().map(BlockingTransport::health).unwrap_or_default()
    }

    /// Returns the newest indexes: see [`Transport::consistency_tokens`].
    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.inner().map(BlockingTransport::consistency_tokens).unwrap_or_default()
    }

    /// Records the tokens of another transport: see [`Transport::observe_tokens`].
    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        if let Some(inner) = self.inner() {
            inner.observe_tokens(tokens);
        }
    }
}

/// Forwards every method of a transport to the one that a pointer points to.
macro_rules! forward {
    ($trait:ident) => {
        fn supplies_token(&self) -> bool {
            (**self).supplies_token()
        }

        fn timeout(&self) -> Option<Duration> {
            (**self).timeout()
        }

        fn reset_connections(&self) {
            (**self).reset_connections();
        }

        fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
            (**self).consistency_tokens()
        }

        fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
            (**self).observe_tokens(tokens);
        }

        fn inner(&self) -> Option<&dyn $trait> {
            (**self).inner()
        }
    };
}

impl<T: BlockingTransport + ?Sized> BlockingTransport for Arc<T> {
    fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request)
    }

    fn health(&self) -> Vec<NodeHealth> {
        (**self).health()
    }

    forward!(BlockingTransport);
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

    async fn health(&self) -> Vec<NodeHealth> {
        (**self).health().await
    }

    forward!(Transport);
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Box<T> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request).await
    }

    async fn health(&self) -> Vec<NodeHealth> {
        (**self).health().await
    }

    forward!(Transport);
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

    /// Returns `true` if another attempt of the same call may succeed. Whether it may also be made is a matter
    /// of [`may_have_been_applied`](Self::may_have_been_applied).
    pub fn is_transient(&self) -> bool {
        !self.is_permanent
            && !matches!(self.kind, TransportErrorKind::ResponseTooLarge | TransportErrorKind::Other)
    }

    /// Returns `true` if the server may have carried out the last attempt, if it was a write. `could_forward`
    /// states whether the node was allowed to forward the request to the leader.
    pub fn may_have_been_applied(&self, could_forward: bool) -> bool {
        match self.kind {
            TransportErrorKind::NotSent => false,
            // A redirect that cannot be followed is not a standby's, so nothing is known of the request.
            TransportErrorKind::Redirect => could_forward || self.is_permanent,
            _ => true,
        }
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
