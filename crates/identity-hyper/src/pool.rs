use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue};
use http::uri::{Authority, Scheme, Uri};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use identity_core::{SentToken, TransportError, TransportErrorKind};
use tokio::time::{Instant, sleep_until};
use tower::BoxError;

use crate::classify::classify;
use crate::collect::collect;
use crate::connect::Connector;
use crate::exchange::{Call, Exchange, LONGEST};
use crate::pause::Pause;

type Outcome = Result<Response<Bytes>, TransportError>;

/// One attempt: a pooled connection, the request, the whole answer, within the time of the call.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Settings,
    live: RwLock<Live>,
    pause: Pause,
    /// Of the address that was last asked.
    host: Mutex<Option<(Authority, HeaderValue)>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) connector: Connector,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_limit: usize,
    pub(crate) header_limit: usize,
    pub(crate) idle_timeout: Duration,
    pub(crate) lifetime: Duration,
}

/// The connections that are used now. Those of another age are closed when their last call has ended.
#[derive(Debug)]
struct Live {
    client: Client<Connector, Full<Bytes>>,
    until: Instant,
}

impl Settings {
    fn open(&self) -> Live {
        let mut client = Client::builder(TokioExecutor::new());
        // Any limit but hyper's own costs each answer an allocation.
        if self.header_limit != 100 {
            client.http1_max_headers(self.header_limit);
        }
        let client = client
            // What is read at once, and the longest head.
            .http1_max_buf_size(64 * 1024)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout.min(LONGEST))
            .timer(TokioTimer::new())
            // A connection that has gone silent is given up, rather than kept until the system does.
            .http2_keep_alive_interval(self.connect_timeout.min(LONGEST))
            .http2_keep_alive_timeout(self.connect_timeout.min(LONGEST))
            .build(self.connector.clone());
        Live { client, until: Instant::now() + self.lifetime.min(LONGEST) }
    }
}

impl Pool {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { live: RwLock::new(settings.open()), settings, pause: Pause::new(), host: Mutex::default() }
    }

    fn request(&self, request: Request<Full<Bytes>>, now: Instant) -> ResponseFuture {
        {
            let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
            if now < live.until {
                return live.client.request(request);
            }
        }
        self.renew();
        self.live.read().unwrap_or_else(PoisonError::into_inner).client.request(request)
    }

    /// The host header, which hyper would write anew for each request.
    fn host(&self, uri: &Uri) -> Option<HeaderValue> {
        let authority = uri.authority()?;
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        match &*host {
            Some((known, host)) if known.as_str() == authority.as_str() => Some(host.clone()),
            _ => {
                let text =
                    if authority.port_u16() == Some(80) { authority.host() } else { authority.as_str() };
                let value = HeaderValue::from_str(text).ok()?;
                *host = Some((authority.clone(), value.clone()));
                Some(value)
            }
        }
    }

    /// What is sent of the request: all but its extensions.
    fn outgoing(&self, request: &mut Request<Bytes>) -> Request<Full<Bytes>> {
        let mut outgoing = Request::new(Full::new(request.body().clone()));
        *outgoing.method_mut() = request.method().clone();
        *outgoing.uri_mut() = request.uri().clone();
        // hyper reads the answer's headers into the same map: it gets the one that has room, and the copy stays.
        let copy = request.headers().clone();
        let mut headers = mem::replace(request.headers_mut(), copy);
        // Over TLS it may be HTTP/2, which has no such header.
        if request.uri().scheme() == Some(&Scheme::HTTP) && !headers.contains_key(HOST) {
            if let Some(host) = self.host(request.uri()) {
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

    /// Sends the request and reads the answer; `head_seen` tells when its head is there.
    async fn answer(
        &self,
        request: &mut Request<Bytes>,
        call: &Call,
        head_seen: &AtomicBool,
    ) -> Result<Response<Bytes>, BoxError> {
        if self.pause.ends_at(call.begun()) {
            // Lets a runtime that has done something else see which pooled connections are closed.
            tokio::task::yield_now().await;
        }
        let mut response = self.request(self.outgoing(request), call.begun()).await?;
        head_seen.store(true, Ordering::Relaxed);
        let status = response.status();
        let body = collect(Pin::new(response.body_mut()), status, self.settings.response_limit).await?;
        if response.status().is_client_error() || response.status().is_server_error() {
            let secret = request.headers().values().find(|value| value.is_sensitive());
            if let Some(secret) = secret {
                response.extensions_mut().insert(SentToken(secret.clone()));
            }
        }
        Ok(response.map(|_| body))
    }

    /// Ends when the time of the call is up.
    async fn in_time(&self, request: &mut Request<Bytes>, call: &Call) -> Outcome {
        let head_seen = AtomicBool::new(false);
        let mut answer = pin!(self.answer(request, call, &head_seen));
        // One timer for both: when it rings and the head is there, it is set to the end of the call.
        let mut limit = call.head_by();
        let mut timer = pin!(sleep_until(limit));
        let in_time = poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer.map_err(classify));
            }
            while timer.as_mut().poll(context).is_ready() {
                if limit == call.deadline() || !head_seen.load(Ordering::Relaxed) {
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
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = Outcome> + Send {
        Box::pin(self.in_time(request, call))
    }

    fn renew(&self) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = self.settings.open();
    }
}
