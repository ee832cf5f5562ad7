use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use identity_core::{Transport, TransportError};
use tokio::time::timeout;

use crate::classify::classify;
use crate::collect::collect;
use crate::connect::Connector;
use crate::pause::Pause;
use crate::proxy::Proxy;
use crate::tls::Tls;

/// Longer times are as good as this one, and overflow hyper's clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The default transport: `http` and `https`, HTTP/1.1 and HTTP/2, over a pool of connections that its clones
/// share.
///
/// It needs a tokio runtime with time and I/O to send, but none to be made. A connection lives in the runtime
/// that it was opened in: in several runtimes, use a transport for each. TLS is verified as the operating
/// system does it.
#[derive(Clone)]
pub struct HyperTransport {
    client: Client<Connector, Full<Bytes>>,
    timeout: Duration,
    response_limit: usize,
    pause: Arc<Pause>,
}

impl HyperTransport {
    /// A transport with the defaults of [`HyperTransport::builder`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A transport to be set up.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(60),
            response_limit: 256 * 1024 * 1024,
            idle_timeout: Duration::from_secs(90),
            tls: Tls::new(),
            proxy: Proxy::none(),
        }
    }
}

impl Default for HyperTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // hyper says nothing of an empty body, and some proxies then refuse the request.
        if request.body().is_empty()
            && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH)
        {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let answer = async {
            if self.pause.ends_now() {
                // Lets a runtime that has done something else see which pooled connections are closed.
                tokio::task::yield_now().await;
            }
            let response = self.client.request(request.map(Full::new)).await?;
            collect(response, self.response_limit).await
        };
        let in_time = timeout(self.timeout, answer).await;
        in_time.unwrap_or_else(|elapsed| Err(elapsed.into())).map_err(classify)
    }
}

/// Sets up a [`HyperTransport`].
#[derive(Clone, Debug)]
#[must_use]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    timeout: Duration,
    response_limit: usize,
    idle_timeout: Duration,
    tls: Tls,
    proxy: Proxy,
}

impl HyperTransportBuilder {
    /// How long it may take to open a connection, TLS included. 5 seconds unless said otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call may take in all, from the connection to the last byte of the answer. 60 seconds unless
    /// said otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes the body of an answer may have. 256 MiB unless said otherwise.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// How long a connection is kept that is not used. 90 seconds unless said otherwise.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How servers at `https` are verified, and what certificate they are shown. As the operating system
    /// does it, and none, unless said otherwise.
    pub fn tls(mut self, tls: impl Into<Tls>) -> Self {
        self.tls = tls.into();
        self
    }

    /// Through which proxy connections go. [`Proxy::none`] unless said otherwise: the environment of a process
    /// is not to reroute a token without its author's knowledge.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// The transport.
    pub fn build(self) -> HyperTransport {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.idle_timeout.min(LONGEST))
            .timer(TokioTimer::new())
            // A connection that has gone silent is given up, rather than kept until the system does.
            .http2_keep_alive_interval(self.connect_timeout.min(LONGEST))
            .http2_keep_alive_timeout(self.connect_timeout.min(LONGEST))
            .build(Connector::new(self.connect_timeout, self.tls, &self.proxy));
        HyperTransport {
            client,
            timeout: self.timeout,
            response_limit: self.response_limit,
            pause: Arc::new(Pause::new()),
        }
    }
}
