use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    Transport,
    transport::{Deadline, TransportError, TransportErrorKind},
};
use tokio::time::{Instant, timeout_at};
use tower::Service;

/// Longer times are as good as this one, and overflow the clock.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(crate) type SendResult = Result<Response<Bytes>, TransportError>;

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
pub struct Call(Option<Times>);

#[derive(Clone, Copy, Debug)]
struct Times {
    begun: Instant,
    head_by: Instant,
    deadline: Instant,
}

impl Call {
    /// A call that may take as long as it likes.
    pub(crate) const UNLIMITED: Self = Self(None);

    /// A call that begins now, and ends in so long at most: the head of its answer has to be there by then,
    /// and all of it by the deadline.
    pub(crate) fn within(head: Duration, deadline: Duration) -> Self {
        let begun = Instant::now();
        let head_by = begun + head.min(deadline).min(LONGEST);
        Self(Some(Times { begun, head_by, deadline: begun + deadline.min(LONGEST) }))
    }

    /// A call that ends by the [`Deadline`] of the request, if it has one.
    pub(crate) fn of(request: &mut Request<Bytes>) -> Self {
        let deadline = request.extensions_mut().remove();
        deadline.map_or(Self::UNLIMITED, |Deadline(deadline)| {
            let deadline = deadline.into();
            Self(Some(Times { begun: Instant::now(), head_by: deadline, deadline }))
        })
    }

    /// The same call, that has to end by the deadline of an outer one.
    pub(crate) fn no_longer_than(self, outer: &Self) -> Self {
        match (self.0, outer.0) {
            (Some(times), Some(outer)) => Self(Some(Times {
                head_by: times.head_by.min(outer.deadline),
                deadline: times.deadline.min(outer.deadline),
                ..times
            })),
            (times, outer) => Self(times.or(outer)),
        }
    }

    /// Another attempt of the same call, that begins now and has as long for the head of its answer.
    pub(crate) fn again(self) -> Self {
        Self(self.0.map(|times| {
            let begun = Instant::now();
            let head_by = times.deadline.min(begun + (times.head_by - times.begun));
            Times { begun, head_by, ..times }
        }))
    }

    /// When this attempt began.
    pub(crate) fn begun(&self) -> Instant {
        self.0.map_or_else(Instant::now, |times| times.begun)
    }

    /// When the head of the answer has to be there.
    pub(crate) fn head_by(&self) -> Instant {
        self.0.map_or_else(|| Instant::now() + LONGEST, |times| times.head_by)
    }

    /// When the whole answer has to be there.
    pub(crate) fn deadline(&self) -> Instant {
        self.0.map_or_else(|| Instant::now() + LONGEST, |times| times.deadline)
    }
}

impl<T: Transport> Exchange for T {
    async fn exchange(
        &self,
        request: &mut Request<Bytes>,
        call: &Call,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = timeout_at(call.head_by(), self.send(request.clone())).await;
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
        Box::pin(async move {
            let call = Call::of(&mut request);
            exchange.exchange(&mut request, &call).await
        })
    }
}
