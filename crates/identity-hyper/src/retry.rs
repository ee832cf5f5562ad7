use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    Error,
    endpoint::{ApiResponse, Operation},
    error::RetryAfter,
    transport::{Attempts, TransportErrorKind},
};
use tokio::time::{Instant, sleep, sleep_until};
use tower::Layer;

use crate::budget::Budget;
use crate::events::log_retry;
use crate::exchange::{Call, Exchange, LONGEST, Layered, SendResult};
use crate::pool::is_silent_close;
use crate::request::{attempts, is_not_forwarded, operation, record_attempt};
use crate::response::{is_in_doubt, is_retry_candidate};
use crate::service::ServiceTransport;

/// How often a server that is sealed everywhere, or fails in a way that may last, is asked again.
const FEW: usize = 2;

/// How long a server is looked for that has never been reached: its address may be wrong.
const FIRST_CONTACT: Duration = Duration::from_secs(10);

/// Retries calls until one deadline: how often, and how far apart.
///
/// The [`Operation`] in the request's extensions determines whether a call may be retried; of requests
/// without one, only reads are.
///
/// | outcome | idempotent | not idempotent |
/// |---|---|---|
/// | no connection | again; for 10 seconds if no server has ever sent a byte | the same |
/// | no token, the certificate is rejected, TLS is not spoken, the proxy rejects the password | | |
/// | time is up, or the connection breaks off | again; if no server has ever sent a byte, a closed connection for 10 seconds | |
/// | 307 of a standby without leader | again | again, if the request was not to be forwarded |
/// | 412, or 429 without a word: not consistent yet | again | again |
/// | 429: rate limit | again | again |
/// | 503: sealed | twice more | twice more, if the request was not to be forwarded |
/// | 500: no active node | again | again, if the request was not to be forwarded |
/// | 408, 499, and 5xx of something on the way | again | |
/// | 500: context canceled, or leadership lost | again | |
/// | 500: a known validation error | | |
/// | any other 500, 501, 505 | twice more, unless it creates an object | |
///
/// Attempts are separated by exponential backoff with jitter; a longer `Retry-After` takes precedence. If
/// that is beyond the deadline, the response is returned at once. All calls together have a retry budget of
/// 100, which grows by 10 a second and by one for each success. A call that finds it empty waits, unless its
/// error is not expected to pass: then it ends.
///
/// [`HyperTransportBuilder::retry_policy`](crate::HyperTransportBuilder::retry_policy) takes it, and so does
/// [`RetryLayer`]. Timeouts are settings of these, not of the policy.
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicy {
    most: usize,
    shortest: Duration,
    longest: Duration,
}

impl RetryPolicy {
    /// As many repeats as there is time for, 50 milliseconds to 2 seconds apart.
    pub fn new() -> Self {
        Self { most: usize::MAX, shortest: Duration::from_millis(50), longest: Duration::from_secs(2) }
    }

    /// Nothing is repeated.
    pub fn off() -> Self {
        Self::new().max_retries(0)
    }

    /// How often a call is repeated at most.
    pub fn max_retries(mut self, repeats: usize) -> Self {
        self.most = repeats;
        self
    }

    /// How long to wait before the first repeat, and how long at most before the later ones. 50 milliseconds and 2 seconds unless said
    /// otherwise.
    pub fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest = shortest.min(LONGEST);
        self.longest = longest.min(LONGEST).max(self.shortest);
        self
    }

    /// About twice as long each time, and never quite as long as another call.
    fn wait(&self, repeats: usize) -> Duration {
        let doubled = u32::try_from(repeats).ok().and_then(|repeats| 2_u32.checked_pow(repeats));
        let longest = self.shortest.saturating_mul(doubled.unwrap_or(u32::MAX)).min(self.longest);
        longest.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds a [`RetryPolicy`] policy and a timeout to a tower service.
///
/// [`HyperTransport`](crate::HyperTransport) has settings of its own for both.
///
/// ```
/// use identity_hyper::{HyperTransport, RetryPolicy, RetryLayer, ServiceTransport, TransportService};
/// use std::time::Duration;
///
/// let service = tower::ServiceBuilder::new()
///     .layer(RetryLayer::new(RetryPolicy::new().max_retries(3)).timeout(Duration::from_secs(20)))
///     .service(TransportService::new(HyperTransport::new()));
/// let transport = ServiceTransport::new(service);
/// println!("{transport:?}");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryLayer {
    pub(crate) policy: RetryPolicy,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    /// Whether a redirect is a standby without a leader, and not an answer like any other.
    pub(crate) redirects: bool,
}

impl RetryLayer {
    /// Retries as `policy` says, within the default timeouts.
    pub fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            timeout: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(15),
            redirects: true,
        }
    }

    /// Sets the total time of a call, including all retries, delays and the reading of the response. Defaults
    /// to 60 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time to wait for the response of an idempotent call before it is retried. Other calls wait
    /// until the [`timeout`](Self::timeout). Defaults to 15 seconds.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::new(RetryPolicy::new())
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Layered<Retry<ServiceTransport<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(Retry::new(self.clone(), ServiceTransport::new(inner)))
    }
}

/// See [`RetryLayer`].
#[derive(Debug)]
pub struct Retry<E> {
    settings: RetryLayer,
    budget: Budget,
    /// Whether there has ever been a connection.
    reached: AtomicBool,
    pub(crate) inner: E,
}

impl<E> Retry<E> {
    pub(crate) fn new(retry: RetryLayer, inner: E) -> Self {
        Self { settings: retry, budget: Budget::new(), reached: AtomicBool::new(false), inner }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.settings.timeout
    }
}

impl<E: Exchange> Exchange for Retry<E> {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        // Others can do nothing but wait.
        let operation = operation(request);
        let patience = if operation.idempotent { self.settings.attempt_timeout } else { LONGEST };
        let call = Call::within(patience, self.settings.timeout).no_longer_than(call);
        // In a block, so that the future does not keep room for the outcome.
        let repeated = {
            let outcome = self.inner.exchange(request, &call).await;
            let is_final = outcome.as_ref().is_ok_and(|response| !is_retry_candidate(response.status()));
            // A layer further in may have noted attempts of a write.
            if is_final && (operation.read_only || request.extensions().get::<Attempts>().is_none()) {
                self.budget.deposit();
                self.note_contact();
                return outcome;
            }
            self.repeat(request, call, outcome)
        };
        repeated.await
    }

    fn renew(&self) {
        self.inner.renew();
    }
}

impl<E: Exchange> Retry<E> {
    /// In a box, as most calls do not come here.
    fn repeat<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
        mut call: Call,
        mut outcome: SendResult,
    ) -> Pin<Box<dyn Future<Output = SendResult> + Send + 'a>> {
        Box::pin(async move {
            let operation = operation(request);
            let first_contact = call.begun() + FIRST_CONTACT;
            let mut repeats = 0;
            loop {
                if is_in_doubt(&outcome) {
                    attempts(request).mark_in_doubt();
                }
                if !is_unreached(&outcome) {
                    self.note_contact();
                }
                let response = outcome.as_ref().ok();
                if response.is_some_and(|response| !is_retry_candidate(response.status())) {
                    self.budget.deposit();
                }
                if response.is_some_and(|response| response.status().is_success()) {
                    break;
                }
                record_attempt(request, &outcome);
                let verdict = judge(request, operation, &outcome, self.settings.redirects);
                let Some(verdict) =
                    verdict.filter(|verdict| repeats < verdict.most.min(self.settings.policy.most))
                else {
                    break;
                };
                if verdict.in_doubt {
                    attempts(request).mark_in_doubt();
                }
                let wait = self.settings.policy.wait(repeats).max(verdict.wait);
                match Instant::now().checked_add(wait) {
                    Some(then) if then > first_contact && !self.reached.load(Ordering::Relaxed) => break,
                    Some(then) if then < call.deadline() => {
                        log_retry(request, wait, repeats == 0);
                        sleep_until(then).await;
                    }
                    _ => break,
                }
                // What is not expected to pass is not worth a wait.
                let patience = if verdict.most == FEW { Instant::now() } else { call.deadline() };
                if !self.afford(patience).await {
                    break;
                }
                repeats += 1;
                call = call.again();
                outcome = self.inner.exchange(request, &call).await;
            }
            let not_forwarded = is_not_forwarded(request);
            let mut attempts: Attempts = request.extensions_mut().remove().unwrap_or_default();
            attempts.set_not_forwarded(not_forwarded);
            match outcome {
                Ok(mut response) => {
                    response.extensions_mut().insert(attempts);
                    Ok(response)
                }
                Err(error) => Err(error.with_attempts(attempts)),
            }
        })
    }

    fn note_contact(&self) {
        if !self.reached.load(Ordering::Relaxed) {
            self.reached.store(true, Ordering::Relaxed);
        }
    }

    /// Waits for a repeat to be affordable; not if that is beyond the deadline.
    async fn afford(&self, deadline: Instant) -> bool {
        loop {
            let now = Instant::now();
            match self.budget.withdraw(now) {
                Ok(()) => return true,
                Err(wait) if now + wait < deadline => sleep(wait).await,
                Err(_) => return false,
            }
        }
    }
}

/// How a call that failed goes on.
struct Verdict {
    /// How often it is repeated in all.
    most: usize,
    /// How long the server wants to be left alone.
    wait: Duration,
    /// Whether it may have been carried out all the same.
    in_doubt: bool,
}

/// `None` if it ends here.
fn judge(
    request: &Request<Bytes>,
    operation: Operation,
    outcome: &SendResult,
    redirects: bool,
) -> Option<Verdict> {
    let not_forwarded = is_not_forwarded(request);
    let response = match outcome {
        Ok(response) => response,
        Err(error) => {
            let passing = match error.kind() {
                _ if error.is_permanent() => false,
                TransportErrorKind::NotSent => operation.idempotent || !is_in_doubt(outcome),
                TransportErrorKind::Timeout | TransportErrorKind::Interrupted => operation.idempotent,
                TransportErrorKind::Redirect => operation.idempotent || not_forwarded,
                _ => false,
            };
            let in_doubt = match error.kind() {
                TransportErrorKind::NotSent => false,
                TransportErrorKind::Redirect => !not_forwarded,
                _ => true,
            };
            return passing.then_some(Verdict { most: usize::MAX, wait: Duration::ZERO, in_doubt });
        }
    };
    if response.status().is_redirection() && !redirects {
        return None;
    }
    let error = refusal(operation, response, not_forwarded)?;
    let api = error.api()?;
    let is_unclear_creation = operation.creates && error.may_have_been_applied();
    let most = if error.is_retryable() {
        if error.is_sealed() { FEW } else { usize::MAX }
    } else if operation.idempotent && !api.is_rejection() && !is_unclear_creation {
        FEW
    } else {
        return None;
    };
    let wait = api.retry_after().map_or(Duration::ZERO, RetryAfter::delay);
    Some(Verdict { most, wait, in_doubt: error.may_have_been_applied() })
}

/// The error that a response is, if it is one.
fn refusal(operation: Operation, response: &Response<Bytes>, not_forwarded: bool) -> Option<Error> {
    let error = Error::new(operation, ApiResponse::from(response).body().err()?);
    let mut attempts = Attempts::default();
    attempts.set_not_forwarded(not_forwarded);
    Some(error.after(attempts))
}

/// Whether not a byte has come from a server.
fn is_unreached(outcome: &SendResult) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == TransportErrorKind::NotSent || is_silent_close(error))
}

#[cfg(test)]
mod tests;
