use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP connection that can be aborted from outside the task that reads and writes it.
///
/// After a normal close, the kernel continues to deliver written data for minutes, so a server could execute
/// a request long after it was abandoned and retried. A connection is therefore closed normally only after an
/// orderly shutdown. Otherwise it is reset, which discards the data in flight.
#[derive(Debug)]
pub(crate) struct Socket {
    shared: Abort,
    is_shut_down: bool,
}

/// Aborts the connection of a [`Socket`].
#[derive(Clone, Debug)]
pub(crate) struct Abort(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    /// `None` once closed.
    stream: Option<TcpStream>,
    has_received: bool,
}

impl Socket {
    /// `user_timeout` limits how long the kernel waits for an acknowledgment of sent data.
    pub(crate) fn new(stream: TcpStream, user_timeout: Option<Duration>) -> Self {
        if let Some(timeout) = user_timeout {
            set_user_timeout(&stream, timeout);
        }
        let shared = Shared { stream: Some(stream), has_received: false };
        Self { shared: Abort(Arc::new(Mutex::new(shared))), is_shut_down: false }
    }

    pub(crate) fn abort_handle(&self) -> Abort {
        self.shared.clone()
    }

    #[inline]
    fn poll<T>(&self, poll: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.shared.lock().poll(poll)
    }
}

impl Abort {
    /// Resets the connection. The kernel discards data that it has not delivered.
    pub(crate) fn abort(&self) {
        if let Some(stream) = self.lock().stream.take() {
            let _ = stream.set_zero_linger();
        }
    }

    /// Returns `true` if the connection has not received a byte.
    pub(crate) fn is_silent(&self) -> bool {
        !self.lock().has_received
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    #[inline]
    fn poll<T>(
        &mut self,
        poll: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.stream {
            Some(stream) => poll(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.is_shut_down {
            self.shared.lock().stream.take();
        } else {
            self.shared.abort();
        }
    }
}

impl AsyncRead for Socket {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut shared = self.shared.lock();
        let outcome = shared.poll(|stream| stream.poll_read(context, buffer));
        shared.has_received |= !buffer.filled().is_empty();
        outcome
    }
}

impl AsyncWrite for Socket {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(|stream| stream.poll_write(context, bytes))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(|stream| stream.poll_write_vectored(context, slices))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing is buffered outside the kernel.
    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = self.poll(|stream| stream.poll_shutdown(context));
        self.is_shut_down = matches!(outcome, Poll::Ready(Ok(())));
        outcome
    }
}

#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
fn set_user_timeout(stream: &TcpStream, timeout: Duration) {
    // A failure is harmless: the kernel then uses its longer default.
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(timeout));
}

#[cfg(not(any(target_os = "android", target_os = "fuchsia", target_os = "linux")))]
fn set_user_timeout(_: &TcpStream, _: Duration) {}

#[cfg(all(test, target_os = "linux"))]
mod tests;
