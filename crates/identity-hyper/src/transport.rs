use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use identity_core::Transport;
use identity_core::error::RequestError;
use identity_core::transport::TransportError;

use crate::connect::Connector;
use crate::consistency::ReadYourWrites;
use crate::layer::VaultLayer;
use crate::limit::RateLimit;
use crate::map_request::Hook;
use crate::nodes::{Node, ReadPreference};
use crate::pool::Pool;
use crate::proxy::Proxy;
use crate::redirect::RedirectPolicy;
use crate::retry::RetryPolicy;
use crate::stack::{Stack, StackSettings};
use crate::tls::Tls;
use crate::token::{SharedTokenSource, TokenSource};

/// The default transport: HTTP/1.1 and HTTP/2 over a connection pool, with retries, read-your-writes
/// consistency, failover between the nodes of a cluster, and spans for `tracing`.
///
/// Clones share the connection pool and all state. Sending needs a tokio runtime with time and I/O; creating
/// the transport needs none. A connection is tied to the runtime in which it was opened, so use a transport
/// per runtime.
///
/// ```
/// use identity_hyper::{HyperTransport, RetryPolicy};
/// use std::time::Duration;
///
/// let transport = HyperTransport::builder()
///     .timeout(Duration::from_secs(20))
///     .retry_policy(RetryPolicy::new().max_retries(3))
///     .build();
/// println!("{transport:?}");
/// ```
///
/// # Tracing
///
#[doc = include_str!("tracing.md")]
#[derive(Clone)]
pub struct HyperTransport(Arc<Stack<Pool>>);

impl HyperTransport {
    /// Creates a transport with the defaults of [`HyperTransport::builder`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder {
            stack: StackSettings {
                connect_timeout: Duration::from_secs(5),
                attempt_timeout: Duration::from_secs(15),
                timeout: Duration::from_secs(60),
                retry_policy: RetryPolicy::new(),
                addresses: Vec::new(),
                read_preference: ReadPreference::default(),
                redirect_policy: RedirectPolicy::default(),
                token_source: None,
                consistency: ReadYourWrites::default(),
                rate_limit: None,
                concurrency_limit: None,
                map_request: None,
            },
            response_limit: 64 * 1024 * 1024,
            header_limit: 100,
            idle_timeout: Duration::from_secs(90),
            connection_lifetime: Duration::from_secs(300),
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

impl Transport for HyperTransport {
    fn send<'a: 'b, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'b>> {
        // `Arc` implements `Transport` too, with a box of its own.
        (*self.0).send(request)
    }

    /// Returns the stack, which holds the token source, the timeout and the nodes.
    fn inner(&self) -> Option<&dyn Transport> {
        Some(&*self.0)
    }
}

/// Configures and builds a [`HyperTransport`].
///
/// ```
/// use identity_hyper::{HyperTransport, Proxy, ReadPreference, RedirectPolicy, TokenFile};
///
/// let transport = HyperTransport::builder()
///     .addresses(["https://vault-1.test:8200", "https://vault-2.test:8200"])?
///     .read_preference(ReadPreference::RoundRobin)
///     .redirect_policy(RedirectPolicy::Nodes)
///     .token_source(TokenFile::new("/run/agent/token"))
///     .proxy(Proxy::from_env()?)
///     .build();
/// println!("{transport:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HyperTransportBuilder {
    stack: StackSettings,
    response_limit: usize,
    header_limit: usize,
    idle_timeout: Duration,
    connection_lifetime: Duration,
    tls: Tls,
    proxy: Proxy,
}

impl HyperTransportBuilder {
    /// Sets the time limit for opening a connection: name resolution, TCP, the proxy and TLS. It also limits
    /// a health probe, and the silence after which an HTTP/2 connection is pinged, and closed without a
    /// response. Defaults to 5 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.stack.connect_timeout = timeout;
        self
    }

    /// Sets the time to wait for the response headers of an idempotent call before it is retried, on another
    /// node if there is one. Other calls wait until the [`timeout`](Self::timeout). Defaults to 15 seconds.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.stack.attempt_timeout = timeout;
        self
    }

    /// Sets the total time of a call, from waiting for its turn to the last byte of the response, including
    /// all retries and backoff. Defaults to 60 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.stack.timeout = timeout;
        self
    }

    /// Sets how often failed calls are retried, and the backoff in between. Defaults to [`RetryPolicy::new`].
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.stack.retry_policy = policy;
        self
    }

    /// Sets the nodes of the cluster. A call to one of them is sent to the node that [`ReadPreference`]
    /// selects, with failover to the others. A failed node is used again once its health probe succeeds.
    ///
    /// The address of the target has to be one of these, with the same scheme, host, port and path. Calls to
    /// other addresses are sent there, with a warning. A single address is neither selected nor probed.
    ///
    /// # Errors
    ///
    /// Fails if an address is invalid, or if some are `http` and others `https`: failover would then send the
    /// token unencrypted. For the same reason, if these are `https`, a call to another machine over `http`
    /// fails.
    pub fn addresses(
        mut self,
        addresses: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, RequestError> {
        let addresses: Vec<String> = addresses.into_iter().map(Into::into).collect();
        let nodes = addresses.iter().map(|address| Node::new(address)).collect::<Result<Vec<_>, _>>()?;
        let has = |scheme| nodes.iter().any(|node| node.scheme == scheme);
        if has(Scheme::HTTP) && has(Scheme::HTTPS) {
            return Err(RequestError::new("address", "must not be `http` where another one is `https`"));
        }
        self.stack.addresses = addresses;
        Ok(self)
    }

    /// Sets the node to which reads go. It has no effect with fewer than two [`addresses`](Self::addresses).
    /// Defaults to the leader.
    pub fn read_preference(mut self, preference: ReadPreference) -> Self {
        self.stack.read_preference = preference;
        self
    }

    /// Sets which redirects are followed. Defaults to those between the [`addresses`](Self::addresses).
    pub fn redirect_policy(mut self, policy: RedirectPolicy) -> Self {
        self.stack.redirect_policy = policy;
        self
    }

    /// Sets the source of the token for requests to a
    /// [`Target::with_transport_token`](identity_core::Target::with_transport_token). A target with its own
    /// token does not use it. Defaults to none: such requests are sent without a token.
    pub fn token_source(mut self, source: impl TokenSource + 'static) -> Self {
        self.stack.token_source = Some(SharedTokenSource::new(source));
        self
    }

    /// Sets the read-your-writes mode. Defaults to forwarding stale reads to the leader.
    pub fn consistency(mut self, mode: ReadYourWrites) -> Self {
        self.stack.consistency = mode;
        self
    }

    /// Sets a hook that modifies each attempt of a call, and each health probe, just before it is sent.
    ///
    /// The hook sees the final request, including the token header. Its changes apply to this attempt only.
    /// It must not change the authority of the URL, because the token would go to another server. It runs on
    /// the calling task and must not block. Setting another hook replaces this one. Defaults to none.
    ///
    /// ```
    /// use identity_core::http::HeaderValue;
    /// use identity_hyper::HyperTransport;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// let attempts = AtomicU64::new(0);
    /// let transport = HyperTransport::builder()
    ///     .map_request(move |request| {
    ///         let attempt = attempts.fetch_add(1, Ordering::Relaxed);
    ///         request.headers_mut().insert("x-attempt", HeaderValue::from(attempt));
    ///     })
    ///     .build();
    /// println!("{transport:?}");
    /// ```
    pub fn map_request(mut self, map: impl Fn(&mut Request<Bytes>) + Send + Sync + 'static) -> Self {
        self.stack.map_request = Some(Hook::new(map));
        self
    }

    /// Sets the maximum size of a response body in bytes. A larger one fails the call with
    /// [`ResponseTooLarge`](identity_core::transport::TransportErrorKind::ResponseTooLarge). At most the
    /// first MiB of an error response is read. Lists have no pages: raise the limit for more than about
    /// 200,000 entities. Defaults to 64 MiB.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Sets the maximum number of headers of an HTTP/1.1 response, up to 10,000. Together they may have 64
    /// KiB. Over HTTP/2, headers may have 16 KiB in any number. Defaults to 100.
    pub fn header_limit(mut self, headers: usize) -> Self {
        self.header_limit = headers.min(10_000);
        self
    }

    /// Limits calls per second. Defaults to no limit.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.stack.rate_limit = Some(limit);
        self
    }

    /// Limits concurrent calls; further calls wait in order of arrival. With 0, no call is sent.
    ///
    /// A call keeps its slot until it ends, including retries and backoff. If it waits longer than the
    /// [`timeout`](Self::timeout), it fails with
    /// [`NotSent`](identity_core::transport::TransportErrorKind::NotSent). Defaults to no limit.
    pub fn concurrency_limit(mut self, calls: usize) -> Self {
        self.stack.concurrency_limit = Some(calls);
        self
    }

    /// Sets how long the pool keeps an unused connection. Defaults to 90 seconds.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how long a connection is used. A new one resolves the name and reads the certificates again.
    /// Defaults to 5 minutes.
    pub fn connection_lifetime(mut self, lifetime: Duration) -> Self {
        self.connection_lifetime = lifetime;
        self
    }

    /// Sets how `https` servers are verified, and the client certificate for mTLS. Defaults to the trust
    /// store of the operating system and no client certificate.
    pub fn tls(mut self, tls: impl Into<Tls>) -> Self {
        self.tls = tls.into();
        self
    }

    /// Sets the proxy. Loopback addresses and Unix sockets are reached directly. Defaults to none: proxy
    /// environment variables are ignored, so that they cannot redirect tokens unnoticed.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Builds the transport. Transports from clones of one builder share the
    /// [`token_source`](Self::token_source) and nothing else.
    pub fn build(self) -> HyperTransport {
        let (attempt, connect) = (self.stack.attempt_timeout, self.stack.connect_timeout);
        let pool = Pool::new(
            Connector::with_attempt_timeout(attempt, connect, self.tls, &self.proxy),
            connect,
            self.idle_timeout,
            self.connection_lifetime,
            self.header_limit,
            self.response_limit,
        );
        HyperTransport(Arc::new(self.stack.build(pool)))
    }

    /// Builds a tower layer with these settings, for another HTTP client in place of the connection pool.
    ///
    /// The settings of the pool have no effect: `response_limit`, `header_limit`, `idle_timeout`,
    /// `connection_lifetime`, `tls` and `proxy`. The [`attempt_timeout`](Self::attempt_timeout) includes
    /// reading the response, because a service returns only the whole response.
    pub fn into_layer(self) -> VaultLayer {
        VaultLayer::new(self.stack)
    }
}
