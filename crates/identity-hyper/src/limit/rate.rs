use std::time::Duration;

use identity_core::{error::RequestError, transport::TransportError};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::too_late;
use crate::exchange::LONGEST;

/// How many calls there are in a second; the others wait for their turn, first come, first served.
///
/// Calls count, not their repeats, which have [a budget](crate::RetryPolicy) of their own. A call whose turn comes after its time is up fails with
/// [`Connect`](identity_core::transport::TransportErrorKind::NotSent): it was not sent. One that is given up while it waits costs the others nothing.
///
/// It is [a setting](crate::HyperTransportBuilder::rate_limit) of the default transport, and a tower layer by itself. The layer knows no time
/// limit: put it within one.
///
/// ```
/// use identity_hyper::RateLimit;
///
/// let limit = RateLimit::per_second(20.0)?.burst(5)?;
/// println!("{limit:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct RateLimit {
    /// Between two calls, in the long run.
    interval: Duration,
    burst: u32,
}

impl RateLimit {
    /// At most `calls` a second; as many at once, and at least one. Refused unless it is a number above 0.
    pub fn per_second(calls: f64) -> Result<Self, RequestError> {
        if !(calls.is_finite() && calls > 0.0) {
            return Err(RequestError::new("rate", "must be above 0"));
        }
        let interval = Duration::try_from_secs_f64(calls.recip()).unwrap_or(LONGEST).min(LONGEST);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is above 0, and ends at the largest"
        )]
        let burst = (calls as u32).max(1);
        Ok(Self { interval, burst })
    }

    /// How many may be sent at once after a rest. Refused if it is 0.
    pub fn burst(self, calls: u32) -> Result<Self, RequestError> {
        if calls == 0 {
            return Err(RequestError::new("burst", "must be above 0"));
        }
        Ok(Self { burst: calls, ..self })
    }
}

/// Gives out turns at a rate: the generic cell rate algorithm.
#[derive(Debug)]
pub(super) struct Turns {
    interval: Duration,
    /// How much earlier a turn may be than at an even pace.
    tolerance: Duration,
    /// When the next turn would be at an even pace. Who waits for it holds the lock, and the others queue for that.
    next: Mutex<Instant>,
}

impl Turns {
    pub(super) fn new(limit: RateLimit) -> Self {
        let tolerance = limit.interval.saturating_mul(limit.burst - 1).min(LONGEST);
        Self { interval: limit.interval, tolerance, next: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn, or says at once that it is past the deadline.
    pub(super) async fn wait(&self, deadline: Instant) -> Result<(), TransportError> {
        // From here on it waits, and not from when the lock is its own: who wakes late makes the others no later.
        let arrived = Instant::now();
        let mut next = self.next.lock().await;
        let turn = next.checked_sub(self.tolerance).map_or(arrived, |turn| turn.max(arrived));
        if turn > deadline {
            return Err(too_late());
        }
        sleep_until(turn).await;
        *next = turn.max(*next) + self.interval;
        Ok(())
    }
}
