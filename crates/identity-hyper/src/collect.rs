use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use identity_core::transport::{TransportError, TransportErrorKind};
use tower::{BoxError, Layer, Service};

/// Collects streamed response bodies into [`Bytes`], up to a limit.
///
/// A longer response fails with [`ResponseTooLarge`](TransportErrorKind::ResponseTooLarge). The body of an
/// error response is truncated to 1 MiB instead.
#[derive(Clone, Copy, Debug)]
pub struct CollectLayer {
    limit: usize,
}

impl CollectLayer {
    /// Creates a layer that collects at most `limit` bytes.
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

/// The service that [`CollectLayer`] creates.
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
        let response = self.inner.call(request.map(Full::new));
        Box::pin(async move {
            let (head, body) = response.await.map_err(Into::into)?.into_parts();
            let body = collect(pin!(body), head.status, limit).await?;
            Ok(Response::from_parts(head, body))
        })
    }
}

/// The rest of an error response is not read: the message is at the beginning.
const MAX_ERROR_BODY_LEN: usize = 1024 * 1024;

/// Reads the body, or the beginning of an error response.
pub(crate) async fn collect<B>(
    mut body: Pin<&mut B>,
    status: StatusCode,
    limit: usize,
) -> Result<Bytes, BoxError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let is_error = !status.is_success();
    let limit = if is_error { limit.min(MAX_ERROR_BODY_LEN) } else { limit };
    let too_large = || {
        let cause = format!("it is longer than {limit} bytes; `response_limit` sets the limit");
        Err(TransportError::new(TransportErrorKind::ResponseTooLarge, cause).into())
    };
    if !is_error && body.size_hint().lower() > limit as u64 {
        return too_large();
    }
    // Most responses have one chunk, which is not copied.
    let mut whole = Bytes::new();
    let mut chunks = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut chunk) = frame.map_err(Into::into)?.into_data() else { continue };
        let remaining = limit - whole.len() - chunks.len();
        let is_enough = chunk.len() > remaining;
        if is_enough && !is_error {
            return too_large();
        }
        chunk.truncate(remaining);
        if whole.is_empty() && chunks.is_empty() {
            whole = chunk;
        } else {
            chunks.extend_from_slice(&std::mem::take(&mut whole));
            chunks.extend_from_slice(&chunk);
        }
        if is_enough {
            break;
        }
    }
    Ok(if chunks.is_empty() { whole } else { chunks.freeze() })
}
