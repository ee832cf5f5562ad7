use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full, Limited};
use identity_core::{TransportError, TransportErrorKind};
use tower::{BoxError, Layer, Service};

/// Collects the body of an answer, up to a limit: from a service of streams it makes one of [`Bytes`].
///
/// An answer that says it is larger, or turns out to be, is a [`TooLarge`](TransportErrorKind::TooLarge) and the rest is not read.
#[derive(Clone, Copy, Debug)]
pub struct CollectLayer {
    limit: usize,
}

impl CollectLayer {
    /// Collects up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for CollectLayer {
    type Service = Collect<S>;

    fn layer(&self, inner: S) -> Collect<S> {
        Collect { inner, limit: self.limit }
    }
}

/// See [`CollectLayer`].
#[derive(Clone, Debug)]
pub struct Collect<S> {
    inner: S,
    limit: usize,
}

impl<S, B> Service<Request<Bytes>> for Collect<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Bytes>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let limit = self.limit;
        let answer = self.inner.call(request.map(Full::new));
        Box::pin(async move {
            let (parts, body) = answer.await.map_err(Into::into)?.into_parts();
            if body.size_hint().lower() > limit as u64 {
                return Err(TransportError::from(TransportErrorKind::TooLarge).into());
            }
            let body = Limited::new(body, limit).collect().await?.to_bytes();
            Ok(Response::from_parts(parts, body))
        })
    }
}
