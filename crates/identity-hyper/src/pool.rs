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
use http::{Method, Request, Response};
use http_body_util::Full;
use identity_core::transport::{TokenRequired, TransportError, TransportErrorKind};
use tokio::time::sleep_until;
use tower::BoxError;

use crate::classify::{classify, classify_connect};
use crate::collect::collect;
use crate::connect::Connector;
use crate::exchange::{Call, Exchange, LONGEST, SendResult};
use crate::pause::Pause;
use crate::request::{attempts, is_idempotent, is_read};

mod connection;
mod error;
mod kept;
mod lease;

use connection::{Connection, Protocols, http2_error};
use kept::{Kept, Taken, lock};
use lease::{Failure, Lease, State};

use error::SilentClose;

pub(crate) use error::is_silent_close;

/// How often a call waits for a connection to share that is of no use when it is there: it may be closed at once, or
/// too old by a setting. Then the call opens one of its own, whose failure tells why.
const JOINS: usize = 3;

/// One attempt: a pooled connection, the request, the whole answer, within the time of the call.
///
/// Over HTTP/1.1 a connection has one call at a time. Over HTTP/2 reads share one; a write has one to itself,
/// as it has to be [aborted](crate::socket::Socket) with the write.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Arc<Settings>,
    kept: Arc<Mutex<Kept>>,
    pause: Pause,
}

#[derive(Debug)]
pub(crate) struct Settings {
    connector: Connector,
    protocols: Protocols,
    lifetime: Duration,
    response_limit: usize,
}

/// How far an attempt has come.
#[derive(Debug, Default)]
struct Progress(AtomicU8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Connecting,
    Sent,
    HeadSeen,
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
            kept: Arc::new(Mutex::new(Kept::new(idle_timeout.min(LONGEST)))),
            pause: Pause::new(),
        }
    }

    /// A connection, and the host header for its requests.
    async fn lease(
        &self,
        request: &Request<Bytes>,
        call: &Call,
        fresh: bool,
    ) -> Result<(Lease<'_>, Option<HeaderValue>), BoxError> {
        let uri = request.uri();
        let may_share = || is_read(request) && is_idempotent(request);
        let mut has_yielded = false;
        let mut joined = 0;
        loop {
            let taken = lock(&self.kept).take(uri, call.begun(), may_share, fresh);
            let taken = taken.ok_or("the address has no host")?;
            let Taken { origin, host, shared, .. } = taken;
            let lease = |connection, shared| Lease {
                kept: &self.kept,
                origin,
                connection: Some(connection),
                shared,
                state: State::Unused,
            };
            if let Some(connection) = taken.connection {
                return Ok((lease(connection, shared), host));
            }
            if taken.is_near && !has_yielded {
                has_yielded = true;
                tokio::task::yield_now().await;
            } else if taken.may_join && !fresh && joined < JOINS {
                joined += 1;
                Box::pin(self.join(origin, taken.generation, uri)).await?;
            } else {
                let opened = Box::pin(Connection::open(&self.settings, uri, taken.generation)).await?;
                return Ok((lease(opened, None), host));
            }
        }
    }

    /// Waits for a connection that several calls may share, and opens it if nobody does. It is among the kept
    /// ones afterwards.
    async fn join(&self, origin: usize, generation: u64, uri: &Uri) -> Result<(), BoxError> {
        let opening = {
            let mut kept = lock(&self.kept);
            kept.opening(origin).unwrap_or_else(|| {
                let (settings, pool, uri) = (Arc::clone(&self.settings), Arc::clone(&self.kept), uri.clone());
                let open = async move {
                    let connection = Connection::open(&settings, &uri, generation).await?;
                    // Given back at once.
                    drop(Lease {
                        kept: &pool,
                        origin,
                        connection: Some(connection),
                        shared: None,
                        state: State::Unused,
                    });
                    Ok(())
                };
                let opening = open.boxed().shared();
                kept.set_opening(origin, &opening);
                opening
            })
        };
        Ok(opening.await?)
    }

    /// What is sent of the request: all but its extensions.
    fn outgoing(
        request: &mut Request<Bytes>,
        is_http2: bool,
        host: Option<HeaderValue>,
    ) -> Request<Full<Bytes>> {
        let mut outgoing = Request::new(Full::new(request.body().clone()));
        *outgoing.method_mut() = request.method().clone();
        // hyper reads the answer's headers into the same map: it gets the one that has room, and the copy stays.
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
        // hyper says nothing of an empty body, and some proxies then refuse the request.
        if request.body().is_empty()
            && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *outgoing.headers_mut() = headers;
        outgoing
    }

    /// Sends the request and reads the answer.
    async fn answer(&self, request: &mut Request<Bytes>, call: &Call, progress: &Progress) -> SendResult {
        if self.pause.ends_at(call.begun()) {
            // Lets a runtime that has done something else see which pooled connections are closed.
            tokio::task::yield_now().await;
        }
        let mut failed = None;
        loop {
            let (mut lease, host) = match self.lease(request, call, failed.is_some()).await {
                Ok(leased) => leased,
                // What was sent before tells more.
                Err(error) => return Err(failed.unwrap_or_else(|| classify_connect(error))),
            };
            let outgoing = Self::outgoing(request, lease.is_http2(), host);
            progress.set(Phase::Sent);
            let failure = match lease.send(outgoing).await {
                Ok(mut response) => {
                    progress.set(Phase::HeadSeen);
                    let (status, limit) = (response.status(), self.settings.response_limit);
                    let body = collect(Pin::new(response.body_mut()), status, limit).await;
                    let body = body.map_err(|error| after_head(classify(error)))?;
                    lease.state = State::Done;
                    drop(lease);
                    remember_secret(request, &mut response);
                    return Ok(response.map(|_| body));
                }
                Err(failure) => failure,
            };
            let Failure { error, is_unsent } = failure;
            let is_plain = request.uri().scheme() == Some(&Scheme::HTTP);
            let is_garbage = is_garbage(&error);
            let error = if is_unsent {
                TransportError::new(TransportErrorKind::NotSent, error)
            } else if is_garbage && lease.is_http2() {
                TransportError::new(TransportErrorKind::Other, error)
            } else {
                match classify(error.into()) {
                    error if error.kind() == TransportErrorKind::Interrupted && lease.is_silent() => {
                        TransportError::new(error.kind(), SilentClose { is_plain })
                    }
                    error => error,
                }
            };
            if failed.is_some() || !(is_garbage && is_idempotent(request) || is_unsent && lease.is_proven()) {
                let is_first_in_doubt = failed.is_some() && error.kind() == TransportErrorKind::NotSent;
                return Err(failed.filter(|_| is_first_in_doubt).unwrap_or(error));
            }
            if is_unsent {
                progress.set(Phase::Connecting);
            } else if !is_read(request) {
                attempts(request).mark_in_doubt();
            }
            failed = Some(error);
        }
    }

    /// Ends when the time of the call is up.
    async fn in_time(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let progress = Progress::default();
        let mut answer = pin!(self.answer(request, call, &progress));
        // One timer for both: when it rings and the head is there, it is set to the end of the call.
        let mut limit = call.head_by();
        let mut timer = pin!(sleep_until(limit));
        let in_time = poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            while timer.as_mut().poll(context).is_ready() {
                if progress.is(Phase::Connecting) {
                    let problem = "the time was up before there was a connection";
                    return Poll::Ready(Err(TransportError::new(TransportErrorKind::NotSent, problem)));
                }
                if limit == call.deadline() || !progress.is(Phase::HeadSeen) {
                    return Poll::Ready(Err(TransportErrorKind::Timeout.into()));
                }
                limit = call.deadline();
                timer.as_mut().reset(limit);
            }
            Poll::Pending
        });
        in_time.await
    }
}

impl Exchange for Pool {
    /// In a box of its own: one for the whole call would be larger than what allocators have at hand.
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        Box::pin(self.in_time(request, call))
    }

    fn renew(&self) {
        lock(&self.kept).renew();
    }
}

/// Whatever a server says after the head of its response, it has received the request.
fn after_head(error: TransportError) -> TransportError {
    if error.kind() == TransportErrorKind::NotSent {
        let problem = "the server has turned the request away after the head of its response";
        return TransportError::new(TransportErrorKind::Interrupted, problem);
    }
    error
}

/// Whether something came that is no HTTP, by mistake perhaps or for another call on the connection.
fn is_garbage(error: &hyper::Error) -> bool {
    let is_http2_garbage = |error: &h2::Error| error.is_go_away() && error.is_library();
    // hyper's own predicate for such a head comes with its feature `server` only.
    let is_too_large = error.to_string() == "message head is too large";
    error.is_parse() && !is_too_large || http2_error(error).is_some_and(is_http2_garbage)
}

/// Keeps what a refusal may repeat, for it to be masked there.
fn remember_secret(request: &Request<Bytes>, response: &mut Response<impl Sized>) {
    if response.status().is_client_error() || response.status().is_server_error() {
        let secret = request.headers().values().find(|value| value.is_sensitive());
        if let Some(secret) = secret {
            TokenRequired::redact_in(response, secret.clone());
        }
    }
}
