use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use identity_core::transport::{TransportError, TransportErrorKind};
use tower::{BoxError, Layer, Service};

/// Collects the body of an answer, up to a limit: from a service of streams it makes one of [`Bytes`].
///
/// A response that is announced as larger, or turns out to be, is a
/// [`ResponseTooLarge`](TransportErrorKind::ResponseTooLarge) and the rest is not read. Of an error response the first MiB is
/// collected.
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
            let body = collect(pin!(body), head.status, limit).await?;
            Ok(Response::from_parts(head, body))
        })
    }
}

/// More of an error response is not read: its status counts, and the message is at the beginning.
const MAX_REFUSAL_LEN: usize = 1024 * 1024;

/// Reads the body to its end, or that of an error response until nothing more is needed.
pub(crate) async fn collect<B>(
    mut body: Pin<&mut B>,
    status: StatusCode,
    limit: usize,
) -> Result<Bytes, BoxError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let is_refusal = !status.is_success();
    let limit = if is_refusal { limit.min(MAX_REFUSAL_LEN) } else { limit };
    let too_large = || {
        let cause = format!("it has more than {limit} bytes; `response_limit` sets the limit");
        Err(TransportError::new(TransportErrorKind::ResponseTooLarge, cause).into())
    };
    if !is_refusal && body.size_hint().lower() > limit as u64 {
        return too_large();
    }
    // Most answers come in one piece, which is then not copied.
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut piece) = frame.map_err(Into::into)?.into_data() else { continue };
        let room = limit - whole.len() - pieces.len();
        let is_enough = piece.len() > room;
        if is_enough && !is_refusal {
            return too_large();
        }
        piece.truncate(room);
        if whole.is_empty() && pieces.is_empty() {
            whole = piece;
        } else {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&piece);
        }
        if is_enough {
            break;
        }
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}
