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
use crate::exchange::LONGEST;
use crate::socket::Abort;

pub(super) type Body = Full<Bytes>;

/// How many streams that the client has reset are remembered, so that what the server still sends on them is
/// ignored. h2 answers each frame on a forgotten stream with a reset, and gives up the connection after 1024.
const RESET_STREAMS: usize = 4096;

/// An open connection, driven by a task of its own.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: Sender,
    /// `None` for a Unix socket.
    abort: Option<Abort>,
    /// When it is too old to be used again.
    pub(super) expires: Instant,
    pub(super) generation: u64,
    /// Whether a call over it has been answered.
    pub(super) is_proven: bool,
}

#[derive(Debug)]
pub(super) enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// How connections speak HTTP.
#[derive(Clone, Debug)]
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(super) fn new(header_limit: usize, silence: Duration) -> Self {
        let mut http1 = http1::Builder::new();
        // Any limit but hyper's own costs each answer an allocation.
        if header_limit != 100 {
            http1.max_headers(header_limit);
        }
        // What is read at once, and the longest head.
        http1.max_buf_size(64 * 1024);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            // A connection that has gone silent is given up, rather than kept until the system does.
            .keep_alive_interval(silence.min(LONGEST))
            .keep_alive_timeout(silence.min(LONGEST))
            .max_concurrent_reset_streams(RESET_STREAMS)
            // It protects servers from clients. Here calls that were dropped would end those of others.
            .max_local_error_reset_streams(None);
        Self { http1, http2 }
    }
}

impl Connection {
    pub(super) async fn open(settings: &Settings, uri: &Uri, generation: u64) -> Result<Self, BoxError> {
        let stream = settings.connector.connect(uri).await?;
        let (is_http2, abort) = (stream.is_http2(), stream.abort_handle());
        let io = TokioIo::new(stream);
        let sender = if is_http2 {
            let (mut sender, connection) = settings.protocols.http2.handshake(io).await?;
            let failed = drive(connection);
            reason(sender.ready().await, failed).await?;
            Sender::Http2(sender)
        } else {
            let (mut sender, connection) = settings.protocols.http1.handshake(io).await?;
            let failed = drive(connection);
            reason(sender.ready().await, failed).await?;
            Sender::Http1(sender)
        };
        let expires = Instant::now() + settings.lifetime.min(LONGEST);
        Ok(Self { sender, abort, expires, generation, is_proven: false })
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

    /// Whether it can take a request now: over HTTP/1.1 not before all of the last exchange is over.
    pub(super) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }

    /// Another handle for the same connection, unless its protocol knows one request at a time.
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

    /// Whether not a byte has come over it; of a Unix socket that is not known.
    pub(super) fn is_silent(&self) -> bool {
        self.abort.as_ref().is_some_and(Abort::is_silent)
    }

    /// Makes sure that nothing more of what was sent reaches the server.
    pub(super) fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

/// Drives a connection, and keeps what it ends with.
fn drive<C>(connection: C) -> oneshot::Receiver<hyper::Error>
where
    C: Future<Output = hyper::Result<()>> + Send + 'static,
{
    let (ended, failed) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            let _ = ended.send(error);
        }
    });
    failed
}

/// "The connection was closed" hides why, such as a client certificate that was refused.
async fn reason(ready: hyper::Result<()>, failed: oneshot::Receiver<hyper::Error>) -> Result<(), BoxError> {
    match ready {
        Ok(()) => Ok(()),
        Err(closed) => Err(failed.await.unwrap_or(closed).into()),
    }
}

/// The error of h2 behind one of hyper.
pub(super) fn http2_error(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}
