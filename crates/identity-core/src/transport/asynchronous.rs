use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use crate::transport::error::TransportError;
use crate::transport::forward::forward;
use crate::transport::node::{ConsistencyToken, NodeHealth};

/// Sends requests to the server and returns its responses.
///
/// A transport needs no knowledge of Vault. A response of any status is `Ok`, including 4xx, 5xx and
/// redirects. Layers find the [`Operation`](crate::endpoint::Operation) in the extensions of the request.
///
/// An implementation must:
///
/// * send requests with the method `LIST` unchanged;
/// * not follow redirects to addresses that are not configured, because they would receive the token. A
///   cluster-aware transport may follow redirects between known nodes, and must report any other as
///   [`TransportErrorKind::Redirect`](crate::transport::TransportErrorKind::Redirect);
/// * keep the URL out of its errors, because it contains identifiers.
///
/// ```
/// use bytes::Bytes;
/// use identity_core::{Transport, transport::{TransportError, async_trait}};
///
/// /// Responds to every request with "no content".
/// struct NoContent;
///
/// #[async_trait]
/// impl Transport for NoContent {
///     async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
///         let mut response = http::Response::new(Bytes::new());
///         *response.status_mut() = http::StatusCode::NO_CONTENT;
///         Ok(response)
///     }
/// }
/// ```
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` and returns the complete response.
    ///
    /// # Errors
    ///
    /// Fails if no complete response is received. Statuses are not errors.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;

    /// Returns the transport that this one wraps. All other methods delegate to it by default, so a wrapper
    /// has to implement only this method and [`send`](Self::send). Defaults to `None`.
    fn inner(&self) -> Option<&dyn Transport> {
        None
    }

    /// Returns `true` if the transport adds the token to requests that are marked with
    /// [`TokenRequired`](crate::transport::TokenRequired). A client whose target has no token then marks its
    /// requests. Defaults to `false`.
    fn supplies_token(&self) -> bool {
        self.inner().is_some_and(Transport::supplies_token)
    }

    /// Returns the total timeout of a call. Defaults to `None`: no timeout.
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

    /// Records the tokens of another transport. Later calls then see its writes. Defaults to doing nothing.
    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        if let Some(inner) = self.inner() {
            inner.observe_tokens(tokens);
        }
    }
}

/// The time by which a call must end, in the [extensions](http::Request::extensions) of its request.
///
/// A client sets it for the calls of a composite operation, which share one timeout. A transport with a total
/// timeout ends the call at whichever is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Instant);

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
