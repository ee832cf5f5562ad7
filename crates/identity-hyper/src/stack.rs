//! The layers of the transport, in their order.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::Transport;
use identity_core::transport::{ConsistencyToken, NodeHealth, TransportError};

use crate::address::base_address;
use crate::consistency::{ConsistencyTracker, Consistent, ReadYourWrites};
use crate::exchange::{Call, Exchange};
use crate::limit::{Limit, RateLimit};
use crate::map_request::{Hook, MapRequest};
use crate::nodes::{Cluster, Node, Nodes, ReadPreference};
use crate::observe::Trace;
use crate::redirect::RedirectPolicy;
use crate::retry::{Retry, RetryPolicy, RetrySettings};
use crate::token::{AddToken, SharedTokenSource};

/// The settings of all layers around the connection pool.
#[derive(Clone, Debug)]
pub(crate) struct StackSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) retry_policy: RetryPolicy,
    pub(crate) addresses: Vec<String>,
    pub(crate) read_preference: ReadPreference,
    pub(crate) redirect_policy: RedirectPolicy,
    pub(crate) token_source: Option<SharedTokenSource>,
    pub(crate) consistency: ReadYourWrites,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) concurrency_limit: Option<usize>,
    pub(crate) map_request: Option<Hook>,
}

impl StackSettings {
    pub(crate) fn build<E: Exchange + 'static>(self, inner: E) -> Stack<E> {
        // The builder has validated them.
        let nodes: Vec<Node> = self.addresses.iter().filter_map(|address| Node::new(address).ok()).collect();
        let addresses = nodes.iter().map(|node| base_address(node.probe.uri()).into_owned());
        let tracker = ConsistencyTracker::of_cluster(addresses);
        let nodes = Nodes::new(
            Cluster::new(nodes, self.read_preference),
            self.redirect_policy,
            self.connect_timeout,
            MapRequest::new(self.map_request, inner),
        );
        let consistent = Consistent::new(self.consistency, tracker, nodes);
        let settings = RetrySettings {
            policy: self.retry_policy,
            timeout: self.timeout,
            attempt_timeout: self.attempt_timeout,
            follows_redirects: self.redirect_policy != RedirectPolicy::Never,
        };
        let retry = Retry::new(settings, AddToken::new(self.token_source, consistent));
        let limit = Limit::new(self.concurrency_limit, self.rate_limit, self.timeout, retry);
        Stack(Trace { inner: limit })
    }
}

/// From the outermost layer to the innermost one.
type Layers<E> = Trace<Limit<WithRetries<E>>>;
type WithRetries<E> = Retry<AddToken<WithConsistency<E>>>;
type WithConsistency<E> = Consistent<Nodes<MapRequest<E>>>;

pub(crate) struct Stack<E>(Layers<E>);

impl<E> Stack<E> {
    fn retry(&self) -> &WithRetries<E> {
        &self.0.inner.inner
    }

    fn consistent(&self) -> &WithConsistency<E> {
        &self.retry().inner.inner
    }
}

impl<E: Exchange + 'static> Transport for Stack<E> {
    /// Without `async_trait`, so that the future holds the request only once.
    fn send<'a: 'b, 'b>(
        &'a self,
        mut request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'b>> {
        Box::pin(async move {
            let call = Call::from_request(&mut request);
            self.0.exchange(&mut request, &call).await
        })
    }

    fn supplies_token(&self) -> bool {
        self.retry().inner.source.is_some()
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.retry().timeout())
    }

    fn reset_connections(&self) {
        self.0.reset_connections();
    }

    fn health<'a: 'b, 'b>(&'a self) -> Pin<Box<dyn Future<Output = Vec<NodeHealth>> + Send + 'b>> {
        Box::pin(self.consistent().inner.health())
    }

    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.consistent().tracker.tokens()
    }

    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        self.consistent().tracker.observe(tokens);
    }
}
