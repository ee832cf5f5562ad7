//! A scripted server that records what it receives.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use identity_hyper::{HyperTransport, HyperTransportBuilder, RedirectPolicy, RetryPolicy};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Enough for anything that does not wait, even on a slow machine.
pub(crate) const AMPLE: Duration = Duration::from_secs(10);

/// Longer than it takes to notice that the other side has closed a connection.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(100);

pub(crate) const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// A transport without retries. Its timeouts are so long that a test that reaches one has failed.
pub(crate) fn patient() -> HyperTransportBuilder {
    HyperTransport::builder()
        .connect_timeout(AMPLE)
        .timeout(AMPLE)
        .retry_policy(RetryPolicy::off())
        .redirect_policy(RedirectPolicy::Never)
}

/// A complete response with a body.
pub(crate) fn ok(body: impl AsRef<str>) -> String {
    let body = body.as_ref();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The recorded connections and requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// The bytes of each request.
    pub(crate) requests: Vec<String>,
}

/// A server that listens until the runtime ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    /// Runs `script` for each connection.
    pub(crate) fn start<F, P>(script: F) -> Self
    where
        F: Fn(Peer) -> P + Send + 'static,
        P: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let address = listener.local_addr().expect("an address");
        let listener = TcpListener::from_std(listener).expect("a listener in the runtime");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let server = Self { address, seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                lock(&seen).connections += 1;
                let seen = Arc::clone(&seen);
                tokio::spawn(script(Peer { stream, received: BytesMut::new(), seen }));
            }
        });
        server
    }

    /// Sends the same response to each request.
    pub(crate) fn responding(response: impl Into<Bytes>) -> Self {
        let response = response.into();
        Self::start(move |mut peer| {
            let response = response.clone();
            async move {
                while peer.request().await.is_some() {
                    peer.write(&response).await;
                }
            }
        })
    }

    /// Sends the same response to each request over a Unix socket. Returns access to the recording.
    #[cfg(unix)]
    pub(crate) fn on_socket(listener: UnixListener, response: String) -> impl Fn() -> Seen {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let recorded = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                lock(&seen).connections += 1;
                let mut peer = Peer { stream, received: BytesMut::new(), seen: Arc::clone(&seen) };
                let response = response.clone();
                tokio::spawn(async move {
                    while peer.request().await.is_some() {
                        peer.write(&response).await;
                    }
                });
            }
        });
        move || lock(&recorded).clone()
    }

    pub(crate) fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Request<Bytes> {
        request("GET", &self.url(path), "")
    }

    pub(crate) fn post(&self, path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
        request("POST", &self.url(path), body)
    }
}

/// Starts a server on its own runtime, for synchronous tests. It ends with the runtime.
pub(crate) fn serve<F, P>(script: F) -> (Runtime, Server)
where
    F: Fn(Peer) -> P + Send + 'static,
    P: Future<Output = ()> + Send + 'static,
{
    let runtime = Runtime::new().expect("a runtime");
    let guard = runtime.enter();
    let server = Server::start(script);
    drop(guard);
    (runtime, server)
}

pub(crate) fn request(method: &str, url: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::builder().method(method).uri(url).body(body.into()).expect("a valid request")
}

/// The server's end of a connection.
pub(crate) struct Peer<S = TcpStream> {
    pub(crate) stream: S,
    received: BytesMut,
    seen: Arc<Mutex<Seen>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Reads the next request with its body. Returns `None` if the client has closed the connection.
    pub(crate) async fn request(&mut self) -> Option<String> {
        loop {
            if let Some(len) = request_len(&self.received) {
                let request = String::from_utf8_lossy(&self.received.split_to(len)).into_owned();
                lock(&self.seen).requests.push(request.clone());
                return Some(request);
            }
            if self.stream.read_buf(&mut self.received).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Returns `false` if the client has closed the connection.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok() && self.stream.flush().await.is_ok()
    }
}

impl Peer {
    /// Waits for the first bytes without consuming them.
    pub(crate) async fn first_bytes(&self) {
        let _ = self.stream.peek(&mut [0]).await;
    }

    /// Closes the connection with a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("a socket with linger");
    }

    /// Performs the TLS handshake. Returns `None` if it fails.
    pub(crate) async fn secure(self, acceptor: &TlsAcceptor) -> Option<Peer<TlsStream<TcpStream>>> {
        let stream = acceptor.accept(self.stream).await.ok()?;
        Some(Peer { stream, received: self.received, seen: self.seen })
    }
}

/// The path of a request, as received.
pub(crate) fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

/// The request line, followed by the headers in alphabetical order.
pub(crate) fn head(request: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = request.split("\r\n\r\n").next().unwrap_or_default().split("\r\n").collect();
    lines[1..].sort_unstable();
    lines
}

fn request_len(received: &[u8]) -> Option<usize> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..end]);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let len = end + length.map_or(0, |length| length.parse().expect("a length"));
    (received.len() >= len).then_some(len)
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
