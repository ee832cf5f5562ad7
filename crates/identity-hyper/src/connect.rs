use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tower::{BoxError, Service, ServiceExt};

/// Opens connections: TCP, and TLS for `https`, both within one time limit.
///
/// The certificates that the system trusts are loaded when the first `https` connection is opened.
#[derive(Clone, Debug)]
pub struct Connector {
    http: HttpConnector,
    https: Arc<OnceCell<HttpsConnector<HttpConnector>>>,
    timeout: Duration,
}

impl Connector {
    pub(crate) fn new(timeout: Duration, tls: Option<ClientConfig>) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        // Where a name has several addresses, each gets its share of the time.
        http.set_connect_timeout(Some(timeout));
        let https = OnceCell::new_with(tls.map(|tls| connector(&http, tls)));
        Self { http, https: Arc::new(https), timeout }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { http, https, timeout } = self.clone();
        Box::pin(async move {
            let connect = async {
                match uri.scheme_str() {
                    Some("https") => {
                        let load = || async { Ok::<_, BoxError>(connector(&http, system_tls().await?)) };
                        https.get_or_try_init(load).await?.clone().oneshot(uri).await
                    }
                    Some("http") => Ok(MaybeHttpsStream::Http(http.oneshot(uri).await?)),
                    _ => Err("the scheme is neither http nor https".into()),
                }
            };
            tokio::time::timeout(timeout, connect).await?
        })
    }
}

fn connector(http: &HttpConnector, mut tls: ClientConfig) -> HttpsConnector<HttpConnector> {
    tls.alpn_protocols.clear();
    HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_only()
        .enable_all_versions()
        .wrap_connector(http.clone())
}

/// What the operating system trusts, verified as it does.
async fn system_tls() -> Result<ClientConfig, BoxError> {
    let load = || {
        let provider = CryptoProvider::get_default()
            .map_or_else(|| Arc::new(rustls::crypto::ring::default_provider()), Arc::clone);
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(tls)
    };
    tokio::task::spawn_blocking(load).await?
}
