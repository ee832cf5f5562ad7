use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http::uri::{PathAndQuery, Scheme, Uri};
use http::{Method, Request};
use http_body_util::Full;
use identity_core::transport::{TransportError, TransportErrorKind};
use tokio::time::sleep_until;
use tower::BoxError;

use crate::classify::{classify, classify_connect};
use crate::collect::collect;
use crate::connect::Connector;
use crate::exchange::{Call, Exchange, MAX_DURATION, SendResult};
use crate::idle_gap::IdleGap;
use crate::request::{attempts, is_idempotent, is_read};
use crate::response::attach_sensitive_header;

mod error;
mod lease;
mod pooled;
mod state;

use lease::{Failure, Lease, LeaseState};
use pooled::{PooledConnection, Protocols, http2_error};
use state::{Checkout, PoolState, lock};

use error::SilentClose;

pub(crate) use error::is_silent_close;

/// How often a call waits for a shared connection that turns out to be closed or expired. After that it opens
/// its own, whose error explains the cause.
const MAX_JOINS: usize = 3;

/// The time between two calls after which pooled connections may have been closed unnoticed.
const IDLE_GAP: Duration = Duration::from_millis(20);

/// The connection pool. It sends one attempt and reads its response within the call's deadlines.
///
/// An HTTP/1.1 connection serves one call at a time. Over HTTP/2, reads share a connection, but a write has
/// its own, so that [aborting](crate::socket::Socket) the write affects no other call.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    state: Arc<Mutex<PoolState>>,
    idle_gap: IdleGap,
}

#[derive(Debug)]
pub(crate) struct Settings {
    connector: Connector,
    protocols: Protocols,
    lifetime: Duration,
    response_limit: usize,
}

/// The phase of an attempt, which decides the error of a timeout.
#[derive(Debug, Default)]
struct Progress(AtomicU8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Connecting,
    Sent,
    HeadReceived,
}

impl Progress {
    fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    fn is(&self, phase: Phase) -> bool {
        self.0.load(Ordering::Relaxed) == phase as u8
    }
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        connect_timeout: Duration,
        idle_timeout: Duration,
        lifetime: Duration,
        header_limit: usize,
        response_limit: usize,
    ) -> Self {
        let protocols = Protocols::new(header_limit, connect_timeout);
        Self {
            settings: Arc::new(Settings { connector, protocols, lifetime, response_limit }),
            state: Arc::new(Mutex::new(PoolState::new(idle_timeout.min(MAX_DURATION)))),
            idle_gap: IdleGap::new(),
        }
    }

    /// Returns a connection and the `Host` header for its requests.
    async fn lease(
        &self,
        request: &Request<Bytes>,
        call: &Call,
        needs_new: bool,
    ) -> Result<(Lease<'_>, Option<HeaderValue>), BoxError> {
        let uri = request.uri();
        let may_share = || is_read(request) && is_idempotent(request);
        let mut has_yielded = false;
        let mut joined = 0;
        loop {
            let checkout = lock(&self.state).check_out(uri, call.started_at(), may_share, needs_new);
            let checkout = checkout.ok_or("the address has no host")?;
            let Checkout { origin, host, shared, .. } = checkout;
            let lease = |connection, shared| Lease {
                pool: &self.state,
                origin,
                connection: Some(connection),
                shared,
                state: LeaseState::Unused,
            };
            if let Some(connection) = checkout.connection {
                return Ok((lease(connection, shared), host));
            }
            if checkout.is_almost_ready && !has_yielded {
                has_yielded = true;
                tokio::task::yield_now().await;
            } else if checkout.can_join && !needs_new && joined < MAX_JOINS {
                joined += 1;
                Box::pin(self.join_open(origin, checkout.generation, uri)).await?;
            } else {
                let opened =
                    Box::pin(PooledConnection::open(&self.settings, uri, checkout.generation)).await?;
                return Ok((lease(opened, None), host));
            }
        }
    }

    /// Waits for a connection that other calls are opening, or opens it. It is in the pool afterwards.
    async fn join_open(&self, origin: usize, generation: u64, uri: &Uri) -> Result<(), BoxError> {
        let opening = {
            let mut state = lock(&self.state);
            state.pending_open(origin).unwrap_or_else(|| {
                let (settings, pool, uri) =
                    (Arc::clone(&self.settings), Arc::clone(&self.state), uri.clone());
                let open = async move {
                    let connection = PooledConnection::open(&settings, &uri, generation).await?;
                    // Dropping the lease checks the connection in.
                    drop(Lease {
                        pool: &pool,
                        origin,
                        connection: Some(connection),
                        shared: None,
                        state: LeaseState::Unused,
                    });
                    Ok(())
                };
                let opening = open.boxed().shared();
                state.set_pending_open(origin, &opening);
                opening
            })
        };
        Ok(opening.await?)
    }

    /// Copies the request without its extensions.
    fn to_hyper_request(
        request: &mut Request<Bytes>,
        is_http2: bool,
        host: Option<HeaderValue>,
    ) -> Request<Full<Bytes>> {
        let mut outgoing = Request::new(Full::new(request.body().clone()));
        *outgoing.method_mut() = request.method().clone();
        // hyper reuses the map for the response's headers, so it gets the one with spare capacity.
        let copy = request.headers().clone();
        let mut headers = mem::replace(request.headers_mut(), copy);
        if is_http2 {
            *outgoing.uri_mut() = request.uri().clone();
        } else {
            let path = request.uri().path_and_query().cloned();
            *outgoing.uri_mut() = path.unwrap_or_else(|| PathAndQuery::from_static("/")).into();
            if let Some(host) = host.filter(|_| !headers.contains_key(HOST)) {
                headers.insert(HOST, host);
            }
        }
        // hyper sends no `Content-Length` for an empty body, and some proxies then reject the request.
        if request.body().is_empty()
            && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *outgoing.headers_mut() = headers;
        outgoing
    }

    async fn send_and_collect(
        &self,
        request: &mut Request<Bytes>,
        call: &Call,
        progress: &Progress,
    ) -> SendResult {
        if self.idle_gap.elapsed_since_last(call.started_at()) > IDLE_GAP {
            // The runtime may have to run first to notice that pooled connections were closed.
            tokio::task::yield_now().await;
        }
        let mut failed = None;
        loop {
            let (mut lease, host) = match self.lease(request, call, failed.is_some()).await {
                Ok(leased) => leased,
                // The error of the first attempt is more informative.
                Err(error) => return Err(failed.unwrap_or_else(|| classify_connect(error))),
            };
            let outgoing = Self::to_hyper_request(request, lease.is_http2(), host);
            progress.set(Phase::Sent);
            let failure = match lease.send(outgoing).await {
                Ok(mut response) => {
                    progress.set(Phase::HeadReceived);
                    let (status, limit) = (response.status(), self.settings.response_limit);
                    let body = collect(Pin::new(response.body_mut()), status, limit).await;
                    let body = body.map_err(|error| interrupted_after_head(classify(error)))?;
                    lease.state = LeaseState::Done;
                    drop(lease);
                    attach_sensitive_header(request, &mut response);
                    return Ok(response.map(|_| body));
                }
                Err(failure) => failure,
            };
            let Failure { error, was_not_processed } = failure;
            let is_plain = request.uri().scheme() == Some(&Scheme::HTTP);
            let is_malformed = is_malformed(&error);
            let error = if was_not_processed {
                TransportError::new(TransportErrorKind::NotSent, error)
            } else if is_malformed && lease.is_http2() {
                TransportError::new(TransportErrorKind::Other, error)
            } else {
                match classify(error.into()) {
                    error if error.kind() == TransportErrorKind::Interrupted && lease.is_silent() => {
                        TransportError::new(error.kind(), SilentClose { is_plain })
                    }
                    error => error,
                }
            };
            if failed.is_some()
                || !(is_malformed && is_idempotent(request) || was_not_processed && lease.has_responded())
            {
                let is_first_in_doubt = failed.is_some() && error.kind() == TransportErrorKind::NotSent;
                return Err(failed.filter(|_| is_first_in_doubt).unwrap_or(error));
            }
            if was_not_processed {
                progress.set(Phase::Connecting);
            } else if !is_read(request) {
                attempts(request).mark_in_doubt();
            }
            failed = Some(error);
        }
    }

    async fn with_deadlines(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let progress = Progress::default();
        let mut sending = pin!(self.send_and_collect(request, call, &progress));
        // One timer serves both deadlines: once the response headers are there, it is reset to the second.
        let mut limit = call.head_deadline();
        let mut timer = pin!(sleep_until(limit));
        let response = poll_fn(|context| {
            if let Poll::Ready(response) = sending.as_mut().poll(context) {
                return Poll::Ready(response);
            }
            while timer.as_mut().poll(context).is_ready() {
                if progress.is(Phase::Connecting) {
                    let problem = "the timeout expired before a connection was open";
                    return Poll::Ready(Err(TransportError::new(TransportErrorKind::NotSent, problem)));
                }
                if limit == call.deadline() || !progress.is(Phase::HeadReceived) {
                    return Poll::Ready(Err(TransportErrorKind::Timeout.into()));
                }
                limit = call.deadline();
                timer.as_mut().reset(limit);
            }
            Poll::Pending
        });
        response.await
    }
}

impl Exchange for Pool {
    /// Boxed separately: a single future for the whole call would exceed the allocator's size classes.
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        Box::pin(self.with_deadlines(request, call))
    }

    fn reset_connections(&self) {
        lock(&self.state).reset();
    }
}

/// A server that has sent response headers has received the request, even if it then reports otherwise.
fn interrupted_after_head(error: TransportError) -> TransportError {
    if error.kind() == TransportErrorKind::NotSent {
        let problem = "the server rejected the request after its response headers";
        return TransportError::new(TransportErrorKind::Interrupted, problem);
    }
    error
}

/// Returns `true` if the server sent invalid HTTP, perhaps left over from another call on the connection.
fn is_malformed(error: &hyper::Error) -> bool {
    let is_http2_garbage = |error: &h2::Error| error.is_go_away() && error.is_library();
    // hyper's own predicate requires its feature `server`.
    let is_too_large = error.to_string() == "message head is too large";
    error.is_parse() && !is_too_large || http2_error(error).is_some_and(is_http2_garbage)
}
