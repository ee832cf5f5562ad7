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
use identity_core::transport::{ConsistencyToken, NodeHealth, TransportError};

use crate::address::base_address;
use crate::connect::Connector;
use crate::consistency::{Consistency, Consistent};
use crate::exchange::{Call, Exchange};
use crate::limit::{ConcurrencyLimit, Limit, RateLimit};
use crate::nodes::{Cluster, Node, Nodes, ReadPreference};
use crate::observe::Trace;
use crate::pool::Pool;
use crate::proxy::Proxy;
use crate::redirect::RedirectPolicy;
use crate::retry::{Retry, RetryLayer, RetryPolicy};
use crate::tls::Tls;
use crate::token::{AddToken, TokenLayer, TokenSource};

/// From the outside to the inside.
type Stack = Trace<Limit<Retry<AddToken<Consistent<Nodes<Pool>>>>>>;

/// The default transport: `http` and `https`, HTTP/1.1 and HTTP/2, over a pool of connections that its clones
/// share; it repeats what may be repeated, sees its own writes, knows the nodes of a cluster, and [tells](crate::TraceLayer) `tracing` of it.
///
/// It needs a tokio runtime with time and I/O to send, but none to be made. A connection lives in the runtime
/// that it was opened in: in several runtimes, use a transport for each. TLS is verified as the operating
/// system does it.
#[derive(Clone)]
pub struct HyperTransport(Arc<Stack>);

impl HyperTransport {
    /// A transport with the defaults of [`HyperTransport::builder`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A transport to be set up.
    pub fn builder() -> HyperTransportBuilder {
        HyperTransportBuilder {
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(15),
            timeout: Duration::from_secs(60),
            retry: RetryPolicy::new(),
            addresses: Vec::new(),
            reads: ReadPreference::default(),
            redirects: RedirectPolicy::default(),
            tokens: None,
            consistency: Consistency::new(),
            response_limit: 64 * 1024 * 1024,
            header_limit: 100,
            rate_limit: None,
            concurrency_limit: None,
            idle_timeout: Duration::from_secs(90),
            connection_lifetime: Duration::from_secs(300),
            tls: Tls::new(),
            proxy: Proxy::none(),
        }
    }

    /// How far this transport and its clones have come, to be handed to another process.
    pub fn consistency(&self) -> &Consistency {
        &self.with_token().inner.consistency
    }

    fn with_token(&self) -> &AddToken<Consistent<Nodes<Pool>>> {
        &self.0.inner.inner.inner
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
    /// Written out, so that the future holds the request only once.
    fn send<'a: 'b, 'b>(
        &'a self,
        mut request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'b>> {
        Box::pin(async move {
            let call = Call::of(&mut request);
            self.0.exchange(&mut request, &call).await
        })
    }

    /// Returns `true` if the transport has a [token source](HyperTransportBuilder::token_source).
    fn supplies_token(&self) -> bool {
        self.with_token().source.is_some()
    }

    /// Returns the [total time](HyperTransportBuilder::timeout) of a call.
    fn timeout(&self) -> Option<Duration> {
        Some(self.0.inner.inner.timeout())
    }

    /// Closes the connections as soon as their calls have ended. Later calls open new ones.
    fn reset_connections(&self) {
        self.0.renew();
    }

    /// Probes each of the [addresses](HyperTransportBuilder::addresses) and returns its state. The list is empty
    /// if none have been set. If no node is the leader, reads may be stale, and writes fail.
    fn health<'a: 'b, 'b>(&'a self) -> Pin<Box<dyn Future<Output = Vec<NodeHealth>> + Send + 'b>> {
        Box::pin(self.with_token().inner.inner.health())
    }

    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.consistency().tokens()
    }

    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        self.consistency().observe(tokens);
    }
}

/// Sets up a [`HyperTransport`].
#[derive(Clone, Debug)]
#[must_use]
pub struct HyperTransportBuilder {
    connect_timeout: Duration,
    attempt_timeout: Duration,
    timeout: Duration,
    retry: RetryPolicy,
    addresses: Vec<String>,
    reads: ReadPreference,
    redirects: RedirectPolicy,
    tokens: Option<TokenLayer>,
    consistency: Consistency,
    response_limit: usize,
    header_limit: usize,
    rate_limit: Option<RateLimit>,
    concurrency_limit: Option<ConcurrencyLimit>,
    idle_timeout: Duration,
    connection_lifetime: Duration,
    tls: Tls,
    proxy: Proxy,
}

impl HyperTransportBuilder {
    /// How long it may take to open a connection: the name, TCP, the proxy, TLS. 5 seconds unless said otherwise.
    ///
    /// It is also how long a node may take to say how it is, and after what silence a connection of HTTP/2 is
    /// asked whether it still is one, and then given up.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long the head of an answer may be out before a call that is idempotent is tried again, on another
    /// node if there is one. Never longer than [`timeout`](Self::timeout). Defaults to 15 seconds.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may take in all, from the first connection to the last byte of the answer, with all
    /// repeats and waits, those for its turn included. 60 seconds unless said otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how often failed calls are retried, and how long to wait in between. Defaults to [`RetryPolicy::new`].
    ///
    /// A policy has no timeouts: set [`timeout`](Self::timeout) and
    /// [`attempt_timeout`](Self::attempt_timeout).
    ///
    /// ```compile_fail,E0599
    /// use identity_hyper::{HyperTransport, RetryPolicy};
    /// use std::time::Duration;
    /// HyperTransport::builder().retry_policy(RetryPolicy::off().deadline(Duration::from_millis(200)));
    /// ```
    pub fn retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The nodes of one cluster. A call to one of them goes to whichever is best: see [`ReadPreference`]. A node that
    /// fails is left for another one, and asked again when it says of itself that it is well.
    ///
    /// An address is as in [`Target::new`](identity_core::Target::new), and refused likewise. Calls to other
    /// addresses are not affected: the target's has to be one of these, with the same scheme, host, port and
    /// path; of another one there is a warning. Of one address alone nothing is chosen or asked.
    ///
    /// # Errors
    ///
    /// Fails if an address is not valid, or if some are `http` and others `https`: when a node fails, the
    /// token would be sent to the next one in clear. For the same reason a call over `http` to another
    /// machine fails if these are `https`.
    pub fn addresses(
        mut self,
        addresses: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, RequestError> {
        self.addresses = addresses.into_iter().map(Into::into).collect();
        let nodes = self.addresses.iter().map(|address| Node::new(address)).collect::<Result<Vec<_>, _>>()?;
        let has = |scheme| nodes.iter().any(|node| node.scheme == scheme);
        if has(Scheme::HTTP) && has(Scheme::HTTPS) {
            return Err(RequestError::new("address", "must not be `http` where another one is `https`"));
        }
        Ok(self)
    }

    /// Which of several [addresses](Self::addresses) reads go to; with less than two there is no choice.
    /// Defaults to the leader.
    pub fn read_preference(mut self, reads: ReadPreference) -> Self {
        self.reads = reads;
        self
    }

    /// What becomes of redirects: only those between the [addresses](Self::addresses) are followed unless said
    /// otherwise.
    pub fn redirect_policy(mut self, redirects: RedirectPolicy) -> Self {
        self.redirects = redirects;
        self
    }

    /// Sets the source of the token, for requests to a
    /// [`Target::with_transport_token`](identity_core::Target::with_transport_token). A target with a
    /// token of its own does not ask the source. Defaults to none: such requests are sent without a token.
    pub fn token_source(mut self, source: impl TokenSource + 'static) -> Self {
        self.tokens = Some(TokenLayer::new(source));
        self
    }

    /// Whether calls see what was written before them. They do unless said otherwise.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }

    /// Sets how many bytes the body of a response may have. A longer one fails the call with
    /// [`ResponseTooLarge`](identity_core::transport::TransportErrorKind::ResponseTooLarge); of an error response at most the first MiB
    /// is read. Lists have no pages: raise the limit for more than about 200,000 entities. Defaults to 64
    /// MiB.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// How many headers an answer of HTTP/1.1 may have, 10 000 at most. 100 unless said otherwise. All of them may
    /// have 64 KiB. Over HTTP/2 there may be as many as fit into 16 KiB.
    pub fn header_limit(mut self, headers: usize) -> Self {
        self.header_limit = headers.min(10_000);
        self
    }

    /// How many calls are sent in a second. As many as there are unless said otherwise.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// How many calls there are at once; the others [wait](ConcurrencyLimit) for their turn, and with 0 none is sent. As many as there are
    /// unless said otherwise.
    pub fn concurrency_limit(mut self, calls: usize) -> Self {
        self.concurrency_limit = Some(ConcurrencyLimit::new(calls));
        self
    }

    /// How long a connection is kept that is not used. 90 seconds unless said otherwise.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long connections are used before new ones are opened, for which names are resolved and
    /// certificates read anew. 5 minutes unless said otherwise.
    pub fn connection_lifetime(mut self, lifetime: Duration) -> Self {
        self.connection_lifetime = lifetime;
        self
    }

    /// How servers at `https` are verified, and what certificate they are shown. As the operating system
    /// does it, and none, unless said otherwise.
    pub fn tls(mut self, tls: impl Into<Tls>) -> Self {
        self.tls = tls.into();
        self
    }

    /// Sets the proxy. Unix sockets, and this machine, are reached without one. Defaults to none: the
    /// proxy variables of the environment are ignored, so that they cannot redirect tokens unnoticed.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// The transport. Those of one builder share what they know of [consistency](Self::consistency) and the
    /// [token source](Self::token_source), and nothing else.
    pub fn build(self) -> HyperTransport {
        let (attempt, connect) = (self.attempt_timeout, self.connect_timeout);
        let pool = Pool::new(
            Connector::with_attempt_timeout(attempt, connect, self.tls, &self.proxy),
            self.connect_timeout,
            self.idle_timeout,
            self.connection_lifetime,
            self.header_limit,
            self.response_limit,
        );
        // They have been read once, by `addresses`.
        let nodes: Vec<Node> = self.addresses.iter().filter_map(|address| Node::new(address).ok()).collect();
        let addresses = nodes.iter().map(|node| base_address(node.probe.uri()).into_owned());
        let consistency = self.consistency.of_cluster(addresses);
        let nodes = Nodes::new(Cluster::new(nodes, self.reads), self.redirects, self.connect_timeout, pool);
        let consistent = Consistent::new(consistency, nodes);
        let retry = RetryLayer {
            policy: self.retry,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            redirects: self.redirects != RedirectPolicy::Never,
        };
        let limited = Limit::new(
            self.concurrency_limit,
            self.rate_limit,
            self.timeout,
            Retry::new(retry, AddToken::new(self.tokens, consistent)),
        );
        HyperTransport(Arc::new(Trace { inner: limited }))
    }
}
