//! The stack around a tower service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{Transport, transport::TransportError};
use tower::{BoxError, Layer, Service};

use crate::service::ServiceTransport;
use crate::stack::{Stack, StackSettings};

/// Adds everything that [`HyperTransport`](crate::HyperTransport) does around its connection pool to a tower
/// service: tracing, limits, retries, the token, read-your-writes and the nodes of a cluster.
///
/// [`HyperTransportBuilder::into_layer`](crate::HyperTransportBuilder::into_layer) creates it. The service
/// gets each attempt as a request with its full URL. Its errors are classified as by [`ServiceTransport`].
///
/// ```
/// use std::time::Duration;
///
/// use identity_hyper::hyper_util::client::legacy::Client;
/// use identity_hyper::hyper_util::rt::{TokioExecutor, TokioTimer};
/// use identity_hyper::{CollectLayer, Connector, HyperTransport, Proxy, Tls, TokenFile};
/// use tower::ServiceBuilder;
///
/// let connector = Connector::new(Duration::from_secs(5), Tls::new(), &Proxy::none());
/// let pool = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
/// let layer = HyperTransport::builder().token_source(TokenFile::new("/run/agent/token")).into_layer();
/// let transport = ServiceBuilder::new()
///     .layer(layer)
///     .concurrency_limit(8)
///     .layer(CollectLayer::new(64 * 1024 * 1024))
///     .service(pool);
/// println!("{transport:?}");
/// ```
#[derive(Clone, Debug)]
pub struct VaultLayer(StackSettings);

impl VaultLayer {
    pub(crate) fn new(settings: StackSettings) -> Self {
        Self(settings)
    }
}

impl<S> Layer<S> for VaultLayer
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    type Service = Vault<S>;

    fn layer(&self, inner: S) -> Vault<S> {
        Vault(Arc::new(self.0.clone().build(ServiceTransport::new(inner))))
    }
}

/// The service that a [`VaultLayer`] creates. It is a [`Transport`] too, and its clones share their state.
pub struct Vault<S>(Arc<Stack<ServiceTransport<S>>>);

impl<S> Clone for Vault<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for Vault<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl<S> Transport for Vault<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn send<'a: 'b, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'b>> {
        (*self.0).send(request)
    }

    fn inner(&self) -> Option<&dyn Transport> {
        Some(&*self.0)
    }
}

impl<S> Service<Request<Bytes>> for Vault<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let stack = Arc::clone(&self.0);
        Box::pin(async move { (*stack).send(request).await })
    }
}
