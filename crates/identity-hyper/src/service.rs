use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use tokio::time::timeout_at;
use tower::{BoxError, Service, ServiceExt};

use crate::classify::classify;
use crate::exchange::{Call, Exchange, SendResult};
use crate::response::attach_sensitive_header;

/// Turns a tower [`Service`] into a [`Transport`].
///
/// Each request is sent through a clone of the service. The service's errors become [`TransportError`]s: a
/// `TransportError` stays as it is, errors of hyper, of tower's timeout and of the operating system are
/// classified, and all others are [`Other`](TransportErrorKind::Other).
///
/// ```
/// use identity_core::{bytes::Bytes, http};
/// use identity_hyper::ServiceTransport;
///
/// let always_empty = tower::service_fn(|_: http::Request<Bytes>| async {
///     Ok::<_, std::convert::Infallible>(http::Response::new(Bytes::new()))
/// });
/// let transport = ServiceTransport::new(always_empty);
/// println!("{transport:?}");
/// ```
#[derive(Clone)]
pub struct ServiceTransport<S> {
    service: S,
    inner: Option<Arc<dyn Transport>>,
}

impl<S> ServiceTransport<S> {
    /// Creates a transport that sends requests through `service`.
    pub fn new(service: S) -> Self {
        Self { service, inner: None }
    }

    /// Sets the transport inside the service, which the service hides. Its token source, timeout, health and
    /// consistency tokens become those of this transport: see [`Transport::inner`].
    ///
    /// ```
    /// use identity_core::Transport;
    /// use identity_hyper::{HyperTransport, ServiceTransport, TokenFile, TransportService};
    ///
    /// let inner = HyperTransport::builder().token_source(TokenFile::new("/run/agent/token")).build();
    /// let service = tower::ServiceBuilder::new()
    ///     .concurrency_limit(8)
    ///     .service(TransportService::new(inner.clone()));
    /// let transport = ServiceTransport::new(service).around(inner);
    /// assert!(transport.supplies_token());
    /// ```
    #[must_use]
    pub fn around(mut self, inner: impl Transport + 'static) -> Self {
        self.inner = Some(Arc::new(inner));
        self
    }
}

impl<S> fmt::Debug for ServiceTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl<S> Transport for ServiceTransport<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.service.clone().oneshot(request).await.map_err(|error| classify(error.into()))
    }

    fn inner(&self) -> Option<&dyn Transport> {
        self.inner.as_deref()
    }
}

impl<S> Exchange for ServiceTransport<S>
where
    Self: Transport,
{
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let mut response = timeout_at(call.head_deadline(), self.send(request.clone()))
            .await
            .map_err(|elapsed| TransportError::new(TransportErrorKind::Timeout, elapsed))??;
        attach_sensitive_header(request, &mut response);
        Ok(response)
    }

    fn reset_connections(&self) {
        Transport::reset_connections(self);
    }
}

/// Turns a [`Transport`] into a tower [`Service`], to put layers around it. [`ServiceTransport`] turns the
/// result into a transport again.
///
/// ```
/// use identity_hyper::{HyperTransport, ServiceTransport, TransportService};
///
/// let service = tower::ServiceBuilder::new()
///     .concurrency_limit(8)
///     .service(TransportService::new(HyperTransport::new()));
/// let transport = ServiceTransport::new(service);
/// println!("{transport:?}");
/// ```
pub struct TransportService<T>(Arc<T>);

impl<T> TransportService<T> {
    /// Creates a service that sends requests through `transport`.
    pub fn new(transport: T) -> Self {
        Self(Arc::new(transport))
    }
}

impl<T> Clone for TransportService<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for TransportService<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportService").finish_non_exhaustive()
    }
}

impl<T: Transport + 'static> Service<Request<Bytes>> for TransportService<T> {
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let transport = Arc::clone(&self.0);
        Box::pin(async move { (*transport).send(request).await })
    }
}
