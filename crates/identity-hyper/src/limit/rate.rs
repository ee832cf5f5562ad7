use std::time::Duration;

use identity_core::{error::RequestError, transport::TransportError};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::deadline_exceeded;
use crate::exchange::MAX_DURATION;

/// Limits calls per second; further calls wait in order of arrival.
///
/// Retries do not count: they have the [retry budget](crate::RetryPolicy). A call whose turn would come after
/// its deadline fails at once with [`NotSent`](identity_core::transport::TransportErrorKind::NotSent). A call
/// that is dropped while it waits does not use up its turn.
///
/// [`HyperTransportBuilder::rate_limit`](crate::HyperTransportBuilder::rate_limit) sets it.
///
/// ```
/// use identity_hyper::{HyperTransport, RateLimit};
///
/// let limit = RateLimit::per_second(20.0)?.burst(5)?;
/// let transport = HyperTransport::builder().rate_limit(limit).concurrency_limit(8).build();
/// println!("{transport:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct RateLimit {
    interval: Duration,
    burst: u32,
}

impl RateLimit {
    /// Allows `calls` per second. The burst is the same number, and at least 1.
    ///
    /// # Errors
    ///
    /// Fails unless `calls` is a finite number above 0.
    pub fn per_second(calls: f64) -> Result<Self, RequestError> {
        if !(calls.is_finite() && calls > 0.0) {
            return Err(RequestError::new("rate", "must be above 0"));
        }
        let interval = Duration::try_from_secs_f64(calls.recip()).unwrap_or(MAX_DURATION).min(MAX_DURATION);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is above 0, and saturates"
        )]
        let burst = (calls as u32).max(1);
        Ok(Self { interval, burst })
    }

    /// Sets the number of calls that may be sent at once after an idle period.
    ///
    /// # Errors
    ///
    /// Fails if `calls` is 0.
    pub fn burst(self, calls: u32) -> Result<Self, RequestError> {
        if calls == 0 {
            return Err(RequestError::new("burst", "must be above 0"));
        }
        Ok(Self { burst: calls, ..self })
    }
}

/// The generic cell rate algorithm (GCRA).
#[derive(Debug)]
pub(super) struct Turns {
    interval: Duration,
    /// How much earlier than at an even pace a turn may be.
    tolerance: Duration,
    /// The next turn at an even pace. The lock is held during the wait, so its queue is the order of arrival.
    next: Mutex<Instant>,
}

impl Turns {
    pub(super) fn new(limit: RateLimit) -> Self {
        let tolerance = limit.interval.saturating_mul(limit.burst - 1).min(MAX_DURATION);
        Self { interval: limit.interval, tolerance, next: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn. Fails at once if it is after the deadline.
    pub(super) async fn wait(&self, deadline: Instant) -> Result<(), TransportError> {
        // Measured before the lock is taken, so that a late wake-up does not delay the following callers.
        let arrived = Instant::now();
        let mut next = self.next.lock().await;
        let turn = next.checked_sub(self.tolerance).map_or(arrived, |turn| turn.max(arrived));
        if turn > deadline {
            return Err(deadline_exceeded());
        }
        sleep_until(turn).await;
        *next = turn.max(*next) + self.interval;
        Ok(())
    }
}
