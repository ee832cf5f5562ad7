use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream;

use crate::socket::{Abort, Socket};

/// The number of bytes to read before yielding to other tasks.
const READ_BUDGET: usize = 16 * 1024;

/// A connection opened by a [`Connector`](crate::Connector): TCP, a Unix socket, or TLS over either.
#[derive(Debug)]
pub struct Connection {
    kind: Kind,
    /// The number of bytes read since the last wait.
    read: usize,
}

#[derive(Debug)]
enum Kind {
    Tcp(Socket),
    #[cfg(unix)]
    Unix(UnixStream),
    /// Over another connection: with an `https` proxy, TLS over TLS.
    Tls(Box<TlsStream<Connection>>),
}

impl Connection {
    pub(crate) fn tcp(socket: Socket) -> Self {
        Self::new(Kind::Tcp(socket))
    }

    #[cfg(unix)]
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self::new(Kind::Unix(stream))
    }

    pub(crate) fn tls(stream: TlsStream<Self>) -> Self {
        Self::new(Kind::Tls(Box::new(stream)))
    }

    fn new(kind: Kind) -> Self {
        Self { kind, read: 0 }
    }

    /// Returns `true` if TLS negotiated HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        matches!(&self.kind, Kind::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2"))
    }

    /// Returns a handle that aborts the underlying TCP connection.
    pub(crate) fn abort_handle(&self) -> Option<Abort> {
        match &self.kind {
            Kind::Tcp(socket) => Some(socket.abort_handle()),
            #[cfg(unix)]
            Kind::Unix(_) => None,
            Kind::Tls(stream) => stream.get_ref().0.abort_handle(),
        }
    }
}

impl connect::Connection for Connection {
    fn connected(&self) -> connect::Connected {
        let connected = connect::Connected::new();
        if self.is_http2() { connected.negotiated_h2() } else { connected }
    }
}

macro_rules! forward {
    ($stream:expr, $method:ident $(, $argument:expr)*) => {
        match &mut $stream.get_mut().kind {
            Kind::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Kind::Unix(stream) => Pin::new(stream).$method($($argument),*),
            Kind::Tls(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Connection {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // hyper reads while data is available, so a server that sends headers endlessly would block the task.
        if self.read >= READ_BUDGET {
            self.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let outcome = forward!(self.as_mut(), poll_read, context, buffer);
        self.read = if outcome.is_ready() { self.read + (buffer.filled().len() - before) } else { 0 };
        outcome
    }
}

impl AsyncWrite for Connection {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        forward!(self, poll_write, context, bytes)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write_vectored, context, slices)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Tcp(socket) => socket.is_write_vectored(),
            #[cfg(unix)]
            Kind::Unix(stream) => stream.is_write_vectored(),
            Kind::Tls(stream) => stream.is_write_vectored(),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_shutdown, context)
    }
}
