use std::error::Error;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Uri;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::BoxError;

use super::Settings;
use crate::exchange::MAX_DURATION;
use crate::socket::Abort;

pub(super) type Body = Full<Bytes>;

/// The number of reset streams that h2 remembers, to ignore late frames on them. For each frame on a
/// forgotten stream h2 sends a reset, and after 1024 of them it closes the connection.
const RESET_STREAMS: usize = 4096;

/// An open connection, driven by its own task.
#[derive(Debug)]
pub(super) struct PooledConnection {
    pub(super) sender: Sender,
    /// `None` for a Unix socket.
    abort: Option<Abort>,
    pub(super) expires: Instant,
    pub(super) generation: u64,
    pub(super) has_responded: bool,
}

#[derive(Debug)]
pub(super) enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// The HTTP settings of connections.
#[derive(Clone, Debug)]
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(super) fn new(header_limit: usize, silence: Duration) -> Self {
        let mut http1 = http1::Builder::new();
        // Any limit but hyper's own costs each response an allocation.
        if header_limit != 100 {
            http1.max_headers(header_limit);
        }
        // Also limits the response headers.
        http1.max_buf_size(64 * 1024);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            // Closes an unresponsive connection long before the kernel would.
            .keep_alive_interval(silence.min(MAX_DURATION))
            .keep_alive_timeout(silence.min(MAX_DURATION))
            .max_concurrent_reset_streams(RESET_STREAMS)
            // This limit protects servers. In a client, dropped calls would close the connection of others.
            .max_local_error_reset_streams(None);
        Self { http1, http2 }
    }
}

impl PooledConnection {
    pub(super) async fn open(settings: &Settings, uri: &Uri, generation: u64) -> Result<Self, BoxError> {
        let stream = settings.connector.connect(uri).await?;
        let (is_http2, abort) = (stream.is_http2(), stream.abort_handle());
        let io = TokioIo::new(stream);
        let sender = if is_http2 {
            let (mut sender, connection) = settings.protocols.http2.handshake(io).await?;
            let failure = drive(connection);
            connect_error(sender.ready().await, failure).await?;
            Sender::Http2(sender)
        } else {
            let (mut sender, connection) = settings.protocols.http1.handshake(io).await?;
            let failure = drive(connection);
            connect_error(sender.ready().await, failure).await?;
            Sender::Http1(sender)
        };
        let expires = Instant::now() + settings.lifetime.min(MAX_DURATION);
        Ok(Self { sender, abort, expires, generation, has_responded: false })
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    pub(super) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Returns `true` if a request can be sent now. HTTP/1.1 must first finish the last exchange.
    pub(super) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }

    /// Returns another handle to an HTTP/2 connection.
    pub(super) fn share(&self) -> Option<Self> {
        let Sender::Http2(sender) = &self.sender else { return None };
        Some(Self { sender: Sender::Http2(sender.clone()), abort: self.abort.clone(), ..*self })
    }

    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Body>>> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(request).await,
            Sender::Http2(sender) => sender.try_send_request(request).await,
        }
    }

    /// Returns `true` if the connection has received no byte. Always `false` for a Unix socket.
    pub(super) fn is_silent(&self) -> bool {
        self.abort.as_ref().is_some_and(Abort::is_silent)
    }

    /// Resets the connection, which discards undelivered data.
    pub(super) fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

/// Spawns a task that drives the connection. The receiver gets its error.
fn drive<C>(connection: C) -> oneshot::Receiver<hyper::Error>
where
    C: Future<Output = hyper::Result<()>> + Send + 'static,
{
    let (ended, failure) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            let _ = ended.send(error);
        }
    });
    failure
}

/// Replaces hyper's "connection closed" by its cause, such as a rejected client certificate.
async fn connect_error(
    ready: hyper::Result<()>,
    failure: oneshot::Receiver<hyper::Error>,
) -> Result<(), BoxError> {
    match ready {
        Ok(()) => Ok(()),
        Err(closed) => Err(failure.await.unwrap_or(closed).into()),
    }
}

/// Returns the h2 error inside a hyper error.
pub(super) fn http2_error(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}
