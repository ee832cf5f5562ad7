//! A scripted server on loopback that can violate HTTP and the protocol of Vault.

mod request;
mod response;
mod tls;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

pub use request::Received;
pub use response::Response;
pub use tls::Authority;

use response::End;

/// Bound sockets that do not listen, so that their ports stay closed.
static CLOSED: Mutex<Vec<(SocketAddr, Socket)>> = Mutex::new(Vec::new());

/// A server that listens until it is dropped, which also closes its connections.
///
/// It runs in its own threads, independent of the runtime under test.
pub struct Faulty {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    connections: AtomicUsize,
    sent: AtomicU64,
    requests: Mutex<Vec<Received>>,
    /// Open connections, with their numbers.
    open: Mutex<Vec<(usize, TcpStream)>>,
}

type Script = dyn Fn(usize, &Received) -> Response + Send + Sync;

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// How a connection starts.
#[derive(Clone)]
enum Opening {
    Plain,
    Tls(Authority),
    /// Sends this before it reads anything.
    Greeting(Response),
}

impl Faulty {
    /// Starts a server that responds to each request with what `script` returns. The script receives the
    /// number of the request, from zero, and the request.
    ///
    /// # Panics
    ///
    /// Panics if no port is free, as all constructors do.
    pub fn start(script: impl Fn(usize, &Received) -> Response + Send + Sync + 'static) -> Self {
        Self::listen(&bind("127.0.0.1:0"), Opening::Plain, Arc::new(script))
    }

    /// Starts a server that sends the same response to every request.
    pub fn always(response: Response) -> Self {
        Self::start(move |_, _| response.clone())
    }

    /// Starts a server that sends these responses in turn, and repeats the last one.
    pub fn in_turn(responses: impl IntoIterator<Item = Response>) -> Self {
        let responses: Vec<Response> = responses.into_iter().collect();
        Self::start(move |n, _| responses.get(n).or(responses.last()).cloned().unwrap_or_else(Response::none))
    }

    /// Starts a server with TLS and a certificate for 127.0.0.1.
    pub fn secure(
        authority: &Authority,
        script: impl Fn(usize, &Received) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::listen(&bind("127.0.0.1:0"), Opening::Tls(authority.clone()), Arc::new(script))
    }

    /// Starts a server that sends this on each connection as soon as it is open, and does not read.
    pub fn greeting(greeting: Response) -> Self {
        Self::listen(&bind("127.0.0.1:0"), Opening::Greeting(greeting), Arc::new(|_, _| Response::none()))
    }

    /// Returns an address whose port is closed and stays closed, because it is bound without a listener.
    ///
    /// # Panics
    ///
    /// Panics if no port is free.
    pub fn closed() -> SocketAddr {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
        lock(&CLOSED).push((address, socket));
        address
    }

    /// Starts a server at an address from [`closed`](Self::closed).
    ///
    /// # Panics
    ///
    /// Panics if the address is not from `closed`.
    pub fn start_at(
        address: SocketAddr,
        script: impl Fn(usize, &Received) -> Response + Send + Sync + 'static,
    ) -> Self {
        let mut closed = lock(&CLOSED);
        let index = closed.iter().position(|(taken, _)| *taken == address).expect("a closed address");
        let (_, socket) = closed.swap_remove(index);
        socket.listen(128).expect("a bound port");
        Self::listen(&socket.into(), Opening::Plain, Arc::new(script))
    }

    fn listen(listener: &TcpListener, opening: Opening, script: Arc<Script>) -> Self {
        let scheme = if matches!(opening, Opening::Tls(_)) { "https" } else { "http" };
        let server = Self { address: address(listener), scheme, shared: Arc::default() };
        let (shared, listener) = (Arc::clone(&server.shared), listener.try_clone().expect("a listener"));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, opening, script) = (Arc::clone(&shared), opening.clone(), Arc::clone(&script));
                thread::spawn(move || shared.connection(number, stream, &opening, &*script));
            }
        });
        server
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its address as a URL.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Returns the complete requests that it has received, in order.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.shared.requests).clone()
    }

    /// Returns the number of connections that it has accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Returns the number of open connections.
    pub fn open(&self) -> usize {
        lock(&self.shared.open).len()
    }

    /// Returns the number of bytes that the network has accepted, before encryption.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for (_, stream) in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // The listener checks `ended` only when a connection arrives.
        let _ = TcpStream::connect(self.address);
    }
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faulty").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Shared {
    fn connection(&self, number: usize, stream: TcpStream, opening: &Opening, script: &Script) {
        let _ = stream.set_nodelay(true);
        let Ok(handle) = stream.try_clone() else { return };
        lock(&self.open).push((number, handle));
        if self.ended.load(Ordering::SeqCst) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let Ok(socket) = stream.try_clone() else { return };
        let end = match opening {
            Opening::Plain => self.converse(number, stream, script),
            Opening::Tls(authority) => {
                authority.accept(stream).and_then(|tls| self.converse(number, tls, script))
            }
            Opening::Greeting(greeting) => {
                let mut stream = stream;
                self.play(&mut stream, greeting)
            }
        };
        match end {
            Ok(End::Reset) => {
                let _ = SockRef::from(&socket).set_linger(Some(Duration::ZERO));
            }
            Ok(End::HalfClose) => {
                let _ = socket.shutdown(Shutdown::Write);
                drain(&socket);
            }
            Ok(End::Hold) => drain(&socket),
            Ok(End::Close | End::KeepOpen) | Err(_) => {}
        }
        lock(&self.open).retain(|(other, _)| *other != number);
    }

    fn converse(&self, number: usize, mut stream: impl Stream, script: &Script) -> io::Result<End> {
        let mut received = Vec::new();
        while let Some(request) = Received::read(&mut stream, &mut received, number)? {
            let count = {
                let mut requests = lock(&self.requests);
                requests.push(request.clone());
                requests.len() - 1
            };
            match self.play(&mut stream, &script(count, &request))? {
                End::KeepOpen => {}
                end => return Ok(end),
            }
        }
        Ok(End::Close)
    }

    fn play(&self, stream: &mut dyn Stream, response: &Response) -> io::Result<End> {
        response.play(|bytes| {
            // In pieces, so that accepted bytes are counted even if the client closes the connection.
            for piece in bytes.chunks(16 * 1024) {
                stream.write_all(piece)?;
                self.sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
            }
            stream.flush()
        })
    }
}

/// Reads until the client closes the connection.
fn drain(mut socket: &TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while socket.read(&mut buffer).is_ok_and(|len| len > 0) {}
}

fn bind(address: &str) -> TcpListener {
    TcpListener::bind(address).expect("a free port")
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("an address")
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
