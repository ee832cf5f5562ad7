//! How much a client asks of a server.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use http::Request;
use identity_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tower::Layer;

use crate::exchange::{Call, Exchange, LONGEST, Layered, SendResult};
use crate::service::ServiceTransport;

mod rate;

pub use rate::RateLimit;

use rate::Turns;

/// How many calls there are at once; the others wait for their turn, first come, first served.
///
/// A call has its place until it has ended, repeats and the waits between them included. One whose time is up while it waits fails with
/// [`Connect`](TransportErrorKind::NotSent): it was not sent.
///
/// It is [a setting](crate::HyperTransportBuilder::concurrency_limit) of the default transport, and a tower layer by itself. The layer knows no
/// time limit: put it within one.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct ConcurrencyLimit(usize);

impl ConcurrencyLimit {
    /// At most `calls` at once; with 0 none is sent.
    pub fn new(calls: usize) -> Self {
        Self(calls)
    }

    fn places(self) -> Semaphore {
        Semaphore::new(self.0.min(Semaphore::MAX_PERMITS))
    }
}

impl<S> Layer<S> for ConcurrencyLimit {
    type Service = Layered<Limit<ServiceTransport<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(Limit::new(Some(*self), None, LONGEST, ServiceTransport::new(inner)))
    }
}

impl<S> Layer<S> for RateLimit {
    type Service = Layered<Limit<ServiceTransport<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(Limit::new(None, Some(*self), LONGEST, ServiceTransport::new(inner)))
    }
}

/// See [`ConcurrencyLimit`] and [`RateLimit`].
#[derive(Debug)]
pub struct Limit<E> {
    limits: Limits,
    /// Of a call, with all the waiting.
    timeout: Duration,
    pub(crate) inner: E,
}

#[derive(Debug)]
struct Limits {
    places: Option<Semaphore>,
    turns: Option<Turns>,
}

impl<E> Limit<E> {
    pub(crate) fn new(
        concurrency: Option<ConcurrencyLimit>,
        rate: Option<RateLimit>,
        timeout: Duration,
        inner: E,
    ) -> Self {
        let places = concurrency.map(ConcurrencyLimit::places);
        Self { limits: Limits { places, turns: rate.map(Turns::new) }, timeout, inner }
    }
}

impl Limits {
    fn are_set(&self) -> bool {
        self.places.is_some() || self.turns.is_some()
    }

    /// Waits for a place first: who has a turn shall use it at once.
    async fn enter(&self, deadline: Instant) -> Result<Option<SemaphorePermit<'_>>, TransportError> {
        // A semaphore that is never closed always gives a permit in the end.
        let place = match &self.places {
            Some(places) => places.acquire().await.ok(),
            None => None,
        };
        if let Some(turns) = &self.turns {
            turns.wait(deadline).await?;
        }
        Ok(place)
    }
}

impl<E: Exchange> Limit<E> {
    async fn wait_and_send(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let call = Call::within(self.timeout, self.timeout).no_longer_than(call);
        let entered = timeout_at(call.deadline(), self.limits.enter(call.deadline())).await;
        let _place = entered.unwrap_or_else(|_| Err(too_late()))?;
        if Instant::now() >= call.deadline() {
            return Err(too_late());
        }
        self.inner.exchange(request, &call).await
    }
}

impl<E: Exchange> Exchange for Limit<E> {
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        if self.limits.are_set() {
            Either::Left(Box::pin(self.wait_and_send(request, call)))
        } else {
            Either::Right(self.inner.exchange(request, call))
        }
    }

    fn renew(&self) {
        self.inner.renew();
    }
}

fn too_late() -> TransportError {
    TransportError::new(TransportErrorKind::NotSent, "the time was up before the call had its turn")
}
