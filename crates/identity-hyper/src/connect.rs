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
use crate::dial::dial;
use crate::events::TRACING_TARGET;
use crate::proxy::{Proxy, ProxyError, Via};
use crate::socket::Socket;
use crate::stream::Stream;
use crate::tls::{Tls, TlsError};
use crate::tunnel::{is_socks, tunnel, with_port};

/// How long at least a server may take to say whether it accepts the client's certificate.
const PATIENCE: Duration = Duration::from_millis(100);

/// Opens connections to `http`, `https` and `unix` addresses, through a proxy if there is one on the way, all
/// within one time limit.
///
/// A `unix` address has the path of the socket where the host stands, in hexadecimal, as a
/// [`Target`](identity_core::Target) writes it.
#[derive(Clone, Debug)]
pub struct Connector(Arc<Inner>);

/// Behind one `Arc`, as hyper clones the connector for every call.
#[derive(Debug)]
struct Inner {
    proxies: Proxy,
    tls: Tls,
    timeout: Duration,
    /// How long the kernel waits for sent data to be acknowledged.
    user_timeout: Duration,
    warned: Warned,
}

/// Of what has been warned.
#[derive(Debug)]
struct Warned {
    plain: Once,
    unverified: Once,
}

impl Connector {
    /// Opens connections with these settings. `timeout` is for all of it: the name, TCP, the proxy, TLS.
    pub fn new(timeout: Duration, tls: impl Into<Tls>, proxy: &Proxy) -> Self {
        Self::for_attempts_of(Duration::from_secs(15), timeout, tls, proxy)
    }

    /// Has the kernel give up a connection whose data is not acknowledged before an `attempt` ends, so that
    /// nothing of it is delivered once it has been retried.
    pub(crate) fn for_attempts_of(
        attempt: Duration,
        timeout: Duration,
        tls: impl Into<Tls>,
        proxy: &Proxy,
    ) -> Self {
        let user_timeout = (attempt / 3 * 2).max(Duration::from_secs(1));
        let warned = Warned { plain: Once::new(), unverified: Once::new() };
        Self(Arc::new(Inner { proxies: proxy.clone(), tls: tls.into(), timeout, user_timeout, warned }))
    }

    /// Opens a connection within the time limit.
    pub(crate) async fn connect(&self, uri: &Uri) -> Result<Stream, BoxError> {
        timeout(self.0.timeout, self.0.open(uri)).await?
    }
}

impl Inner {
    async fn open(&self, uri: &Uri) -> Result<Stream, BoxError> {
        match uri.scheme_str() {
            Some("https") => {
                let tls = self.tls.configs().await?;
                if tls.skip_verify {
                    self.warned.unverified.call_once(|| {
                        warn!(target: TRACING_TARGET, "servers are not verified: whoever is on the way can read the token");
                    });
                }
                let name = match &tls.server_name {
                    Some(name) => name.clone(),
                    None => server_name(uri)?,
                };
                let stream = self.reach(uri).await?;
                let begun = Instant::now();
                let mut stream = secure(stream, Arc::clone(&tls.server), name).await?;
                if tls.asked.get() {
                    accepted(&mut stream, PATIENCE.max(2 * begun.elapsed())).await?;
                }
                Ok(stream.into())
            }
            Some("http") => {
                if !is_loopback(uri) {
                    self.warned.plain.call_once(|| {
                        let server = uri.authority().map(Authority::as_str);
                        warn!(target: TRACING_TARGET, server, "tokens and secrets are sent without encryption");
                    });
                }
                self.reach(uri).await
            }
            Some("unix") => socket(uri).await,
            _ => Err("the scheme is none of http, https and unix".into()),
        }
    }

    /// Connects to the server, or has a proxy do it.
    async fn reach(&self, uri: &Uri) -> Result<Stream, BoxError> {
        let Some(proxy) = self.proxies.on_the_way(uri) else { return self.dial(uri).await };
        let stream = self.tunnel(proxy, uri).await;
        stream.map_err(|source| ProxyError { address: proxy.address(), source }.into())
    }

    async fn tunnel(&self, proxy: &Via, uri: &Uri) -> Result<Stream, BoxError> {
        let is_https = proxy.uri().scheme_str() == Some("https");
        let at = if is_socks(proxy.uri()) { with_port(proxy.uri(), 1080)? } else { proxy.uri().clone() };
        let mut stream = self.dial(&at).await?;
        if is_https {
            let tls = self.tls.configs().await?;
            stream = secure(stream, Arc::clone(&tls.proxy), server_name(&at)?).await?.into();
        }
        tunnel(stream, proxy, uri).await
    }

    async fn dial(&self, uri: &Uri) -> Result<Stream, BoxError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        Ok(Socket::new(dial(host, port).await?, Some(self.user_timeout)).into())
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
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

async fn secure(
    stream: Stream,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> io::Result<TlsStream<Stream>> {
    TlsConnector::from(config).connect(name, stream).await
}

/// With TLS 1.3 a server judges the client's certificate after the handshake. Over HTTP/2 it speaks first, so that
/// its verdict can be heard before a request is lost with the connection. Some servers do not: they are not
/// waited for.
async fn accepted(stream: &mut TlsStream<Stream>, patience: Duration) -> io::Result<()> {
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
    Ok(name
        .map_err(|error| TlsError::new("no certificate can be for the host of the address").because(error))?)
}

#[cfg(unix)]
async fn socket(uri: &Uri) -> Result<Stream, BoxError> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let path = socket_path(uri).ok_or("the path of the socket is not in hexadecimal")?;
    Ok(tokio::net::UnixStream::connect(OsString::from_vec(path)).await?.into())
}

#[cfg(not(unix))]
async fn socket(_: &Uri) -> Result<Stream, BoxError> {
    Err("this system has no Unix sockets".into())
}
