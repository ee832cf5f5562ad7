//! The layer that retries a call until its deadline.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::{
    endpoint::Operation,
    error::{ApiError, RetryAfter},
    transport::{Attempts, TransportErrorKind},
};
use tokio::time::{Instant, sleep, sleep_until};

use crate::budget::Budget;
use crate::events::log_retry;
use crate::exchange::{Call, Exchange, MAX_DURATION, SendResult};
use crate::pool::is_silent_close;
use crate::request::{attempts, is_not_forwarded, record_attempt};
use crate::response::{is_in_doubt, is_retry_candidate};

/// The number of retries after an error that is likely to last.
const MAX_UNCERTAIN_RETRIES: usize = 2;

/// The time after which a server that has never been reached is given up: its address may be wrong.
const INITIAL_CONNECT_WINDOW: Duration = Duration::from_secs(10);

/// How often failed calls are retried, and the backoff in between.
///
/// A call is retried until its [`timeout`](crate::HyperTransportBuilder::timeout), as its result allows. The
/// [`Operation`] in the request's extensions determines whether the call is idempotent; a request without one
/// is idempotent if it is a read.
///
/// | result | idempotent | not idempotent |
/// |---|---|---|
/// | no connection | retried; for 10 seconds if no server has ever been reached | the same |
/// | no token, the certificate is rejected, the server does not speak TLS, the proxy rejects the password | not retried | not retried |
/// | timeout, or the connection is lost | retried; for 10 seconds if the connection was closed and no server has ever sent a byte | not retried |
/// | 307 from a standby without a leader | retried | retried if the standby was not allowed to forward it |
/// | 412, or 429 without a message: not yet consistent | retried | retried |
/// | 429: rate limit | retried | retried |
/// | 503: sealed | 2 retries | 2 retries if the node was not allowed to forward it |
/// | 500: no active node | retried | retried if the node was not allowed to forward it |
/// | 408, 499, and 5xx from a gateway | retried | not retried |
/// | 500: context canceled, or leadership lost | retried | not retried |
/// | 500: a known validation error | not retried | not retried |
/// | any other 500, 501, 505 | 2 retries, unless it creates an object | not retried |
///
/// Attempts are separated by exponential backoff with jitter; a longer `Retry-After` takes precedence. If it
/// ends after the deadline, the response is returned at once. All calls share a retry budget of 100, refilled
/// by 10 a second and by 1 for each success. A call that finds it empty waits, or ends if its error is likely
/// to last.
///
/// ```
/// use identity_hyper::{HyperTransport, RetryPolicy};
/// use std::time::Duration;
///
/// let (min_delay, max_delay) = (Duration::from_millis(100), Duration::from_secs(1));
/// let policy = RetryPolicy::new().max_retries(5).backoff(min_delay, max_delay);
/// let transport = HyperTransport::builder().retry_policy(policy).build();
/// println!("{transport:?}");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicy {
    max_retries: usize,
    min_delay: Duration,
    max_delay: Duration,
}

impl RetryPolicy {
    /// Creates a policy without a maximum number of retries, with a backoff of 50 milliseconds to 2 seconds.
    pub fn new() -> Self {
        Self {
            max_retries: usize::MAX,
            min_delay: Duration::from_millis(50),
            max_delay: Duration::from_secs(2),
        }
    }

    /// Creates a policy without retries.
    pub fn off() -> Self {
        Self::new().max_retries(0)
    }

    /// Sets the maximum number of retries of a call. Defaults to as many as the timeout allows.
    pub fn max_retries(mut self, retries: usize) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the delay before the first retry, and the maximum delay to which it doubles. Jitter shortens each
    /// delay by up to a half. Defaults to 50 milliseconds and 2 seconds.
    pub fn backoff(mut self, min_delay: Duration, max_delay: Duration) -> Self {
        self.min_delay = min_delay.min(MAX_DURATION);
        self.max_delay = max_delay.min(MAX_DURATION).max(self.min_delay);
        self
    }

    fn delay(&self, retries: usize) -> Duration {
        let factor = u32::try_from(retries).ok().and_then(|retries| 2_u32.checked_pow(retries));
        let delay = self.min_delay.saturating_mul(factor.unwrap_or(u32::MAX)).min(self.max_delay);
        delay.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RetrySettings {
    pub(crate) policy: RetryPolicy,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    /// Whether a redirect comes from a standby without a leader, rather than being the final response.
    pub(crate) follows_redirects: bool,
}

#[derive(Debug)]
pub(crate) struct Retry<E> {
    settings: RetrySettings,
    budget: Budget,
    ever_connected: AtomicBool,
    pub(crate) inner: E,
}

impl<E> Retry<E> {
    pub(crate) fn new(settings: RetrySettings, inner: E) -> Self {
        Self { settings, budget: Budget::new(), ever_connected: AtomicBool::new(false), inner }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.settings.timeout
    }
}

impl<E: Exchange> Exchange for Retry<E> {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let operation = Operation::infer(request);
        // A non-idempotent call cannot be retried after a timeout, so it waits until its deadline.
        let head = if operation.idempotent { self.settings.attempt_timeout } else { MAX_DURATION };
        let call = Call::within(head, self.settings.timeout).capped_by(call);
        // The block keeps the result out of the future.
        let retried = {
            let result = self.inner.exchange(request, &call).await;
            let is_final = result.as_ref().is_ok_and(|response| !is_retry_candidate(response.status()));
            // An inner layer may have recorded attempts of a write.
            if is_final && (operation.read_only || request.extensions().get::<Attempts>().is_none()) {
                self.budget.deposit();
                self.set_connected();
                return result;
            }
            self.retry(request, operation, call, result)
        };
        retried.await
    }

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}

impl<E: Exchange> Retry<E> {
    /// Boxed, because most calls are not retried.
    fn retry<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
        operation: Operation,
        mut call: Call,
        mut result: SendResult,
    ) -> Pin<Box<dyn Future<Output = SendResult> + Send + 'a>> {
        Box::pin(async move {
            let window_end = call.started_at() + INITIAL_CONNECT_WINDOW;
            let mut retries = 0;
            loop {
                if is_in_doubt(&result) {
                    attempts(request).mark_in_doubt();
                }
                if !not_connected(&result) {
                    self.set_connected();
                }
                let response = result.as_ref().ok();
                if response.is_some_and(|response| !is_retry_candidate(response.status())) {
                    self.budget.deposit();
                }
                if response.is_some_and(|response| response.status().is_success()) {
                    break;
                }
                record_attempt(request, &result);
                let action = classify(request, operation, &result, self.settings.follows_redirects);
                let RetryAction::Retry { max_retries, min_delay, in_doubt } = action else { break };
                if retries >= max_retries.min(self.settings.policy.max_retries) {
                    break;
                }
                if in_doubt {
                    attempts(request).mark_in_doubt();
                }
                let delay = self.settings.policy.delay(retries).max(min_delay);
                match Instant::now().checked_add(delay) {
                    Some(then) if then > window_end && !self.ever_connected.load(Ordering::Relaxed) => break,
                    Some(then) if then < call.deadline() => {
                        log_retry(request, delay, retries == 0);
                        sleep_until(then).await;
                    }
                    _ => break,
                }
                let is_likely_to_last = max_retries == MAX_UNCERTAIN_RETRIES;
                let budget_deadline = if is_likely_to_last { Instant::now() } else { call.deadline() };
                if self.acquire_budget(budget_deadline).await.is_err() {
                    break;
                }
                retries += 1;
                call = call.restart();
                result = self.inner.exchange(request, &call).await;
            }
            let not_forwarded = is_not_forwarded(request);
            let mut attempts: Attempts = request.extensions_mut().remove().unwrap_or_default();
            attempts.set_not_forwarded(not_forwarded);
            match result {
                Ok(mut response) => {
                    response.extensions_mut().insert(attempts);
                    Ok(response)
                }
                Err(error) => Err(error.with_attempts(attempts)),
            }
        })
    }

    fn set_connected(&self) {
        // A load first, because a store takes the cache line from other cores.
        if !self.ever_connected.load(Ordering::Relaxed) {
            self.ever_connected.store(true, Ordering::Relaxed);
        }
    }

    async fn acquire_budget(&self, deadline: Instant) -> Result<(), BudgetExhausted> {
        loop {
            let now = Instant::now();
            match self.budget.withdraw(now) {
                Ok(()) => return Ok(()),
                Err(wait) if now + wait < deadline => sleep(wait).await,
                Err(_) => return Err(BudgetExhausted),
            }
        }
    }
}

struct BudgetExhausted;

enum RetryAction {
    Stop,
    Retry {
        /// The limit for all retries of the call.
        max_retries: usize,
        /// The `Retry-After` of the server.
        min_delay: Duration,
        /// Whether the write may have been applied.
        in_doubt: bool,
    },
}

fn classify(
    request: &Request<Bytes>,
    operation: Operation,
    result: &SendResult,
    follows_redirects: bool,
) -> RetryAction {
    let could_forward = !is_not_forwarded(request);
    let response = match result {
        Ok(response) if response.status().is_redirection() && !follows_redirects => return RetryAction::Stop,
        Ok(response) => response,
        Err(error) => {
            let in_doubt = error.may_have_been_applied(could_forward);
            if error.is_transient() && (operation.idempotent || !(in_doubt || is_in_doubt(result))) {
                return RetryAction::Retry { max_retries: usize::MAX, min_delay: Duration::ZERO, in_doubt };
            }
            return RetryAction::Stop;
        }
    };
    let Some(error) = ApiError::from_response(response) else { return RetryAction::Stop };
    let in_doubt = error.may_have_been_applied(could_forward);
    let max_retries = if error.is_transient() && (operation.idempotent || !in_doubt) {
        if error.is_sealed() { MAX_UNCERTAIN_RETRIES } else { usize::MAX }
    } else if operation.idempotent && !error.is_rejection() && !(operation.creates && in_doubt) {
        MAX_UNCERTAIN_RETRIES
    } else {
        return RetryAction::Stop;
    };
    let min_delay = error.retry_after().map_or(Duration::ZERO, RetryAfter::delay);
    RetryAction::Retry { max_retries, min_delay, in_doubt: in_doubt && !operation.read_only }
}

/// Returns `true` if no byte has been received from a server.
fn not_connected(result: &SendResult) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == TransportErrorKind::NotSent || is_silent_close(error))
}

#[cfg(test)]
mod tests;
