use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::{Authority, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::AsyncBufReadExt;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::{BoxError, Service};
use tracing::warn;

use crate::address::{is_loopback, socket_path};
use crate::connection::Connection;
use crate::dial::dial;
use crate::events::TRACING_TARGET;
use crate::proxy::{Proxy, ProxyError, ProxyServer};
use crate::socket::Socket;
use crate::tls::{Tls, TlsError};
use crate::tunnel::{is_socks, tunnel, with_port};

/// The minimum time to wait for a server to reject the client certificate.
const CLIENT_CERT_VERDICT_TIMEOUT: Duration = Duration::from_millis(100);

/// Opens connections to `http`, `https` and `unix` addresses, with a proxy, TLS and a timeout.
///
/// It is a [`Service`] for the clients of [`hyper_util`], and part of
/// [`HyperTransport`](crate::HyperTransport). The host of a `unix` address is the socket's path in
/// hexadecimal, as in a [`Target`](identity_core::Target).
///
/// ```
/// use std::time::Duration;
///
/// use http_body_util::Full;
/// use identity_core::bytes::Bytes;
/// use identity_hyper::hyper_util::{client::legacy::Client, rt::TokioExecutor};
/// use identity_hyper::{Connector, Proxy, Tls};
///
/// let connector = Connector::new(Duration::from_secs(5), Tls::new(), &Proxy::none());
/// let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
/// println!("{client:?}");
/// ```
#[derive(Clone, Debug)]
pub struct Connector(Arc<Inner>);

/// In one `Arc`, because hyper clones the connector for each call.
#[derive(Debug)]
struct Inner {
    proxies: Proxy,
    tls: Tls,
    timeout: Duration,
    /// How long the kernel waits for sent data to be acknowledged.
    user_timeout: Duration,
    warned: WarnOnce,
}

#[derive(Debug)]
struct WarnOnce {
    plain: Once,
    unverified: Once,
}

impl Connector {
    /// Creates a connector. `timeout` covers name resolution, TCP, the proxy and the TLS handshake.
    pub fn new(timeout: Duration, tls: impl Into<Tls>, proxy: &Proxy) -> Self {
        Self::with_attempt_timeout(Duration::from_secs(15), timeout, tls, proxy)
    }

    /// Sets the kernel's timeout for unacknowledged data below the attempt's, so that the kernel does not
    /// deliver a request after its retry.
    pub(crate) fn with_attempt_timeout(
        attempt: Duration,
        timeout: Duration,
        tls: impl Into<Tls>,
        proxy: &Proxy,
    ) -> Self {
        let user_timeout = (attempt / 3 * 2).max(Duration::from_secs(1));
        let warned = WarnOnce { plain: Once::new(), unverified: Once::new() };
        Self(Arc::new(Inner { proxies: proxy.clone(), tls: tls.into(), timeout, user_timeout, warned }))
    }

    pub(crate) async fn connect(&self, uri: &Uri) -> Result<Connection, BoxError> {
        timeout(self.0.timeout, self.0.open(uri)).await?
    }
}

impl Inner {
    async fn open(&self, uri: &Uri) -> Result<Connection, BoxError> {
        match uri.scheme_str() {
            Some("https") => {
                let tls = self.tls.configs().await?;
                if tls.accept_invalid_certs {
                    self.warned.unverified.call_once(|| {
                        warn!(target: TRACING_TARGET, "servers are not verified: an attacker on the network path can read the token");
                    });
                }
                let name = match &tls.server_name {
                    Some(name) => name.clone(),
                    None => server_name(uri)?,
                };
                let stream = self.connect_via_proxy(uri).await?;
                let started = Instant::now();
                let mut stream = tls_handshake(stream, Arc::clone(&tls.server), name).await?;
                if tls.client_cert_recorder.was_requested() {
                    await_client_cert_verdict(
                        &mut stream,
                        CLIENT_CERT_VERDICT_TIMEOUT.max(2 * started.elapsed()),
                    )
                    .await?;
                }
                Ok(Connection::tls(stream))
            }
            Some("http") => {
                if !is_loopback(uri) {
                    self.warned.plain.call_once(|| {
                        let server = uri.authority().map(Authority::as_str);
                        warn!(target: TRACING_TARGET, server, "tokens and secrets are sent without encryption");
                    });
                }
                self.connect_via_proxy(uri).await
            }
            Some("unix") => connect_unix(uri).await,
            _ => Err("the scheme must be http, https or unix".into()),
        }
    }

    async fn connect_via_proxy(&self, uri: &Uri) -> Result<Connection, BoxError> {
        let Some(proxy) = self.proxies.intercept(uri) else { return self.dial(uri).await };
        let stream = self.tunnel(proxy, uri).await;
        stream.map_err(|source| ProxyError { address: proxy.address(), source }.into())
    }

    async fn tunnel(&self, proxy: &ProxyServer, uri: &Uri) -> Result<Connection, BoxError> {
        let is_https = proxy.uri().scheme_str() == Some("https");
        let at = if is_socks(proxy.uri()) { with_port(proxy.uri(), 1080)? } else { proxy.uri().clone() };
        let mut stream = self.dial(&at).await?;
        if is_https {
            let tls = self.tls.configs().await?;
            let encrypted = tls_handshake(stream, Arc::clone(&tls.proxy), server_name(&at)?).await?;
            stream = Connection::tls(encrypted);
        }
        tunnel(stream, proxy, uri).await
    }

    async fn dial(&self, uri: &Uri) -> Result<Connection, BoxError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        Ok(Connection::tcp(Socket::new(dial(host, port).await?, Some(self.user_timeout))))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Connection>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(TokioIo::new(this.connect(&uri).await?)) })
    }
}

async fn tls_handshake(
    stream: Connection,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> io::Result<TlsStream<Connection>> {
    TlsConnector::from(config).connect(name, stream).await
}

/// With TLS 1.3, a client certificate is rejected only after the handshake. HTTP/2 servers send SETTINGS
/// first, so wait briefly for that frame or the alert before sending a request. Some servers send nothing.
async fn await_client_cert_verdict(stream: &mut TlsStream<Connection>, patience: Duration) -> io::Result<()> {
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        if let Ok(heard) = timeout(patience, stream.fill_buf()).await {
            heard?;
        }
    }
    Ok(())
}

fn server_name(uri: &Uri) -> Result<ServerName<'static>, BoxError> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned());
    Ok(name.map_err(|error| {
        TlsError::new("the host of the address is not a valid TLS server name").with_source(error)
    })?)
}

#[cfg(unix)]
async fn connect_unix(uri: &Uri) -> Result<Connection, BoxError> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let path = socket_path(uri).ok_or("the path of the socket is not in hexadecimal")?;
    Ok(Connection::unix(tokio::net::UnixStream::connect(OsString::from_vec(path)).await?))
}

#[cfg(not(unix))]
async fn connect_unix(_: &Uri) -> Result<Connection, BoxError> {
    Err("Unix sockets are not supported on this platform".into())
}
