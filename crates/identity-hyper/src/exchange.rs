use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{Transport, TransportError, TransportErrorKind};
use tokio::time::{Instant, timeout_at};
use tower::Service;

/// Longer times are as good as this one, and overflow the clock.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What the layers of this crate are put around, and are themselves: it sends a request and brings back the whole answer.
///
/// Unlike a [`Transport`] its future is not boxed, so that a stack of layers costs no more than its work, and the request is only lent, so
/// that it can be sent again without having been copied before. Every [`Transport`] is one.
pub trait Exchange: Send + Sync {
    /// Sends `request`, and may change it on the way.
    fn exchange(
        &self,
        request: &mut Request<Bytes>,
        call: &Call,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send;

    /// Closes the connections that are open, as soon as their calls have ended.
    fn renew(&self) {}
}

/// What the layers tell each other of a call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When this attempt began.
    pub(crate) begun: Instant,
    /// When the head of the answer has to be there.
    pub(crate) head_by: Instant,
    /// When the whole answer has to be there.
    pub(crate) deadline: Instant,
}

impl Call {
    /// A call that may take as long as it likes.
    pub(crate) fn unlimited() -> Self {
        Self::within(LONGEST)
    }

    /// A call that begins now.
    pub(crate) fn within(timeout: Duration) -> Self {
        let begun = Instant::now();
        let deadline = begun + timeout.min(LONGEST);
        Self { begun, head_by: deadline, deadline }
    }
}

impl<T: Transport> Exchange for T {
    async fn exchange(
        &self,
        request: &mut Request<Bytes>,
        call: &Call,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = timeout_at(call.head_by, self.send(request.clone())).await;
        answer.unwrap_or_else(|elapsed| Err(TransportError::new(TransportErrorKind::Timeout, elapsed)))
    }
}

/// A layer of this crate around a tower service: a tower service again.
pub struct Layered<E>(Arc<E>);

impl<E> Layered<E> {
    pub(crate) fn new(exchange: E) -> Self {
        Self(Arc::new(exchange))
    }
}

impl<E> Clone for Layered<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> fmt::Debug for Layered<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").finish_non_exhaustive()
    }
}

impl<E: Exchange + 'static> Service<Request<Bytes>> for Layered<E> {
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Bytes>) -> Self::Future {
        let exchange = Arc::clone(&self.0);
        Box::pin(async move { exchange.exchange(&mut request, &Call::unlimited()).await })
    }
}
