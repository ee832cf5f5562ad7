use std::error::Error as StdError;
use std::fmt;

use crate::text::Printable;
use crate::transport::attempts::Attempts;

/// An error of a transport: no complete response was received.
///
/// [`kind`](Self::kind) states whether the server may have received the request. The source is the cause.
/// `{:#}` shows both.
///
/// ```
/// use identity_core::transport::{TransportError, TransportErrorKind};
///
/// let error = TransportError::new(TransportErrorKind::NotSent, "connection refused");
/// assert_eq!(format!("{error:#}"), "the request was not sent: connection refused");
/// assert!(error.is_transient() && !error.may_have_been_applied(true));
/// ```
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
    attempts: Attempts,
    is_permanent: bool,
}

/// The state of a request without a response. The server may have received it, except after
/// [`NotSent`](Self::NotSent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request was not sent: the host name is unknown, the port is closed, the certificate was rejected,
    /// or no token, leader or free slot was available in time.
    NotSent,
    /// The call timed out.
    Timeout,
    /// The connection was lost.
    Interrupted,
    /// The response is larger than the limit. The server has received the request.
    ResponseTooLarge,
    /// The server redirected to an address that the transport does not follow. A standby also redirects after
    /// it has forwarded the request and lost its leader.
    Redirect,
    /// Another error.
    Other,
}

impl TransportError {
    /// Creates an error with its cause.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::from(kind) }
    }

    /// Marks the error as permanent: a retry of the same call fails in the same way.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.is_permanent = true;
        self
    }

    /// Returns `true` if a retry of the same call fails in the same way, for example after a rejected
    /// certificate.
    pub fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// Returns `true` if a retry of the same call may succeed. Whether the retry is safe depends on
    /// [`may_have_been_applied`](Self::may_have_been_applied).
    pub fn is_transient(&self) -> bool {
        !self.is_permanent
            && !matches!(self.kind, TransportErrorKind::ResponseTooLarge | TransportErrorKind::Other)
    }

    /// Returns `true` if the server may have applied the last attempt of a write. `could_forward` states
    /// whether the node was allowed to forward the request to the leader.
    pub fn may_have_been_applied(&self, could_forward: bool) -> bool {
        match self.kind {
            TransportErrorKind::NotSent => false,
            // A redirect that cannot be followed does not come from a standby, so its meaning is unknown.
            TransportErrorKind::Redirect => could_forward || self.is_permanent,
            _ => true,
        }
    }

    /// Sets the attempts that were made.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Attempts) -> Self {
        self.attempts = attempts;
        self
    }

    /// The attempts that were made. Empty if the transport does not record them.
    pub fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The state of the request.
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
