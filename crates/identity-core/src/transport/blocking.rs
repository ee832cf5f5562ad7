use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::transport::error::TransportError;
use crate::transport::forward::forward;
use crate::transport::node::{ConsistencyToken, NodeHealth};

/// A [`Transport`](crate::Transport) that blocks the thread. Every function with the signature of
/// [`send`](Self::send) is one.
///
/// ```
/// use bytes::Bytes;
/// use identity_core::{BlockingTransport, Endpoint, Target};
/// use identity_core::{entity::DeleteEntityById, transport::TransportError};
///
/// let transport = |request: http::Request<Bytes>| -> Result<http::Response<Bytes>, TransportError> {
///     assert_eq!(request.method(), "DELETE");
///     let mut response = http::Response::new(Bytes::new());
///     *response.status_mut() = http::StatusCode::NO_CONTENT;
///     Ok(response)
/// };
/// let request = DeleteEntityById::new("7fbd40c1").request(&Target::new("http://127.0.0.1:8200")?)?;
/// DeleteEntityById::parse_response(&transport.send(request)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait BlockingTransport: Send + Sync {
    /// Sends `request` and returns the complete response.
    ///
    /// # Errors
    ///
    /// Fails if no complete response is received. Statuses are not errors.
    fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;

    /// Returns the transport that this one wraps. See [`Transport::inner`](crate::Transport::inner).
    fn inner(&self) -> Option<&dyn BlockingTransport> {
        None
    }

    /// Returns `true` if the transport adds the token. See
    /// [`Transport::supplies_token`](crate::Transport::supplies_token).
    fn supplies_token(&self) -> bool {
        self.inner().is_some_and(BlockingTransport::supplies_token)
    }

    /// Returns the total timeout of a call. See [`Transport::timeout`](crate::Transport::timeout).
    fn timeout(&self) -> Option<Duration> {
        self.inner()?.timeout()
    }

    /// Closes pooled connections. See [`Transport::reset_connections`](crate::Transport::reset_connections).
    fn reset_connections(&self) {
        if let Some(inner) = self.inner() {
            inner.reset_connections();
        }
    }

    /// Returns the state of each node of the cluster. See [`Transport::health`](crate::Transport::health).
    fn health(&self) -> Vec<NodeHealth> {
        self.inner().map(BlockingTransport::health).unwrap_or_default()
    }

    /// Returns the newest indexes. See
    /// [`Transport::consistency_tokens`](crate::Transport::consistency_tokens).
    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.inner().map(BlockingTransport::consistency_tokens).unwrap_or_default()
    }

    /// Records the tokens of another transport. See
    /// [`Transport::observe_tokens`](crate::Transport::observe_tokens).
    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        if let Some(inner) = self.inner() {
            inner.observe_tokens(tokens);
        }
    }
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
