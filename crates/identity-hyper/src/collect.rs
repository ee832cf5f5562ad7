use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use identity_core::{TransportError, TransportErrorKind};
use tower::{BoxError, Layer, Service};

/// Collects the body of an answer, up to a limit: from a service of streams it makes one of [`Bytes`].
///
/// An answer that says it is larger, or turns out to be, is a [`TooLarge`](TransportErrorKind::TooLarge) and
/// the rest is not read.
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
            let (head, body) = answer.await.map_err(Into::into)?.into_parts();
            Ok(Response::from_parts(head, collect(pin!(body), limit).await?))
        })
    }
}

/// Reads the body to its end.
pub(crate) async fn collect<B>(mut body: Pin<&mut B>, limit: usize) -> Result<Bytes, BoxError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let too_large = || Err(TransportError::from(TransportErrorKind::TooLarge).into());
    if body.size_hint().lower() > limit as u64 {
        return too_large();
    }
    // Most answers come in one piece, which is then not copied.
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(Into::into)?.into_data() else { continue };
        if whole.len() + pieces.len() + piece.len() > limit {
            return too_large();
        }
        if whole.is_empty() && pieces.is_empty() {
            whole = piece;
            continue;
        }
        pieces.extend_from_slice(&std::mem::take(&mut whole));
        pieces.extend_from_slice(&piece);
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}
