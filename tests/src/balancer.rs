use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::Cluster;

/// The address that balancers connect from, by which [`Network`](crate::Network) distinguishes their packets
/// from those of clients.
#[cfg(target_os = "linux")]
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const HEALTH_INTERVAL: Duration = Duration::from_millis(500);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(5);

/// A load balancer in front of a cluster. It stops on drop.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Balancer {
    /// Starts a TCP balancer, which forwards connections with their TLS to the leader.
    ///
    /// # Errors
    ///
    /// Fails if no port is free.
    pub fn tcp(cluster: &Cluster) -> io::Result<Self> {
        Self::start(cluster, |connection, nodes| async move {
            if let Some(node) = nodes.leader() {
                let _ = forward_connection(connection, nodes.0[node].tls).await;
            }
        })
    }

    /// Starts an HTTP/1.1 balancer without TLS, which forwards each request once, to the unsealed nodes in
    /// turn. Its own responses are 502, 503 and 504 with an HTML page.
    ///
    /// # Errors
    ///
    /// Fails if no port is free.
    pub fn http(cluster: &Cluster) -> io::Result<Self> {
        let client: HttpClient =
            Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build(connector());
        let turn = Arc::new(AtomicUsize::new(0));
        Self::start(cluster, move |connection, nodes| {
            let (client, turn) = (client.clone(), Arc::clone(&turn));
            async move {
                let service = service_fn(|request| {
                    let node = nodes.next(turn.fetch_add(1, Ordering::Relaxed));
                    let (client, plain) = (client.clone(), node.map(|node| nodes.0[node].plain));
                    async move { Ok::<_, Infallible>(forward_request(&client, plain, request).await) }
                });
                let server = hyper::server::conn::http1::Builder::new();
                let _ = server.serve_connection(TokioIo::new(connection), service).await;
            }
        })
    }

    fn start<F>(
        cluster: &Cluster,
        serve: impl Fn(TcpStream, Arc<Nodes>) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let nodes = Arc::new(Nodes(cluster.backends().map(|(tls, plain)| Node {
            tls,
            plain,
            health: AtomicU16::default(),
        })));
        let checks: HttpClient =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector());
        runtime.block_on(nodes.check(&checks));
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let checked = Arc::clone(&nodes);
        runtime.spawn(async move {
            loop {
                sleep(HEALTH_INTERVAL).await;
                checked.check(&checks).await;
            }
        });
        runtime.spawn(async move {
            loop {
                if let Ok((connection, _)) = listener.accept().await {
                    tokio::spawn(serve(connection, Arc::clone(&nodes)));
                }
            }
        });
        Ok(Self { address, _runtime: runtime })
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

type Body = BoxBody<Bytes, hyper::Error>;
type HttpClient = Client<HttpConnector, Body>;

/// The nodes with their last health.
struct Nodes([Node; 3]);

struct Node {
    tls: SocketAddr,
    plain: SocketAddr,
    /// The status of `sys/health`, or 0.
    health: AtomicU16,
}

impl Nodes {
    async fn check(&self, client: &HttpClient) {
        for node in &self.0 {
            let request = Request::get(format!("http://{}/v1/sys/health", node.plain)).body(empty());
            let response = timeout(HEALTH_TIMEOUT, client.request(request.expect("a request"))).await;
            let health =
                response.map_or(0, |response| response.map_or(0, |response| response.status().as_u16()));
            node.health.store(health, Ordering::Relaxed);
        }
    }

    fn leader(&self) -> Option<usize> {
        (0..3).find(|node| self.0[*node].health.load(Ordering::Relaxed) == 200)
    }

    /// Returns the first unsealed node, beginning with this one.
    fn next(&self, turn: usize) -> Option<usize> {
        let is_unsealed = |node: &usize| matches!(self.0[*node].health.load(Ordering::Relaxed), 200 | 429);
        (turn..turn + 3).map(|node| node % 3).find(is_unsealed)
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector
}

async fn forward_connection(mut client: TcpStream, backend: SocketAddr) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    #[cfg(target_os = "linux")]
    socket.bind((SOURCE, 0).into())?;
    let mut server = timeout(CONNECT_TIMEOUT, socket.connect(backend)).await??;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

async fn forward_request(
    client: &HttpClient,
    backend: Option<SocketAddr>,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let Some(backend) = backend else { return page(503) };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Ok(uri) = format!("http://{backend}{path}").parse() else { return page(502) };
    *request.uri_mut() = uri;
    match timeout(GATEWAY_TIMEOUT, client.request(request.map(BodyExt::boxed))).await {
        Ok(Ok(response)) => response.map(BodyExt::boxed),
        Ok(Err(error)) if error.is_connect() => page(503),
        Ok(Err(_)) => page(502),
        Err(_) => page(504),
    }
}

fn page(status: u16) -> Response<Body> {
    let page = Full::from(format!("<html><body><h1>{status}</h1></body></html>"));
    let response = Response::builder().status(status).header("content-type", "text/html");
    response.body(page.map_err(|never| match never {}).boxed()).expect("a response")
}

fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed()
}
