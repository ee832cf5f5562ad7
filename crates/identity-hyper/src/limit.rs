//! The layer that limits concurrency and rate.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use http::Request;
use identity_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::exchange::{Call, Exchange, SendResult};

mod rate;

pub use rate::RateLimit;

use rate::Turns;

#[derive(Debug)]
pub(crate) struct Limit<E> {
    limits: Limits,
    /// The total time of a call, including the wait.
    timeout: Duration,
    pub(crate) inner: E,
}

#[derive(Debug)]
struct Limits {
    slots: Option<Semaphore>,
    turns: Option<Turns>,
}

impl<E> Limit<E> {
    pub(crate) fn new(
        concurrency: Option<usize>,
        rate: Option<RateLimit>,
        timeout: Duration,
        inner: E,
    ) -> Self {
        let slots = concurrency.map(|calls| Semaphore::new(calls.min(Semaphore::MAX_PERMITS)));
        Self { limits: Limits { slots, turns: rate.map(Turns::new) }, timeout, inner }
    }
}

impl Limits {
    fn are_set(&self) -> bool {
        self.slots.is_some() || self.turns.is_some()
    }

    /// Waits for a slot first, because a turn has to be used at once.
    async fn enter(&self, deadline: Instant) -> Result<Option<SemaphorePermit<'_>>, TransportError> {
        // The semaphore is never closed, so it does not fail.
        let slot = match &self.slots {
            Some(slots) => slots.acquire().await.ok(),
            None => None,
        };
        if let Some(turns) = &self.turns {
            turns.wait(deadline).await?;
        }
        Ok(slot)
    }
}

impl<E: Exchange> Limit<E> {
    async fn wait_and_send(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let call = Call::within(self.timeout, self.timeout).capped_by(call);
        let entered = timeout_at(call.deadline(), self.limits.enter(call.deadline())).await;
        let _slot = entered.unwrap_or_else(|_| Err(deadline_exceeded()))?;
        if Instant::now() >= call.deadline() {
            return Err(deadline_exceeded());
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

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}

fn deadline_exceeded() -> TransportError {
    TransportError::new(TransportErrorKind::NotSent, "the deadline passed while the call waited for its turn")
}
