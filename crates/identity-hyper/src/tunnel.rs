use std::future::ready;
use std::io;

use http::Uri;
use http::uri::{Authority, PathAndQuery};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use identity_core::{ExposeSecret, SecretString};
use tokio::net::lookup_host;
use tower::{BoxError, ServiceExt, service_fn};

use crate::connection::Connection;
use crate::proxy::ProxyServer;

/// The scheme of SOCKS proxies for which the client resolves names.
const SOCKS_WITH_LOCAL_DNS: &str = "socks5";

pub(crate) fn is_socks(proxy: &Uri) -> bool {
    matches!(proxy.scheme_str(), Some("socks5h" | SOCKS_WITH_LOCAL_DNS))
}

/// Opens a tunnel to `server` through the proxy at the other end of `stream`.
pub(crate) async fn tunnel(
    stream: Connection,
    proxy: &ProxyServer,
    server: &Uri,
) -> Result<Connection, BoxError> {
    let uri = proxy.uri().clone();
    let mut server = with_port(server, if server.scheme_str() == Some("https") { 443 } else { 80 })?;
    let mut stream = Some(TokioIo::new(stream));
    let open = service_fn(move |_: Uri| {
        ready(stream.take().ok_or(io::ErrorKind::NotConnected).map_err(io::Error::from))
    });
    let stream = if is_socks(&uri) {
        if uri.scheme_str() == Some(SOCKS_WITH_LOCAL_DNS) {
            server = resolve_locally(&server).await?;
        }
        let mut socks = SocksV5::new(uri, open);
        if let Some(user) = proxy.user() {
            let secret = |secret: &SecretString| secret.expose_secret().to_owned();
            socks = socks.with_auth(secret(&user.name), secret(&user.password));
        }
        socks.oneshot(server).await?
    } else {
        let mut connect = Tunnel::new(uri, open);
        if let Some(user) = proxy.user() {
            connect = connect.with_auth(user.basic_auth_header()?);
        }
        connect.oneshot(server).await?
    };
    Ok(stream.into_inner())
}

/// Adds a default port to the address.
pub(crate) fn with_port(uri: &Uri, port: u16) -> Result<Uri, http::Error> {
    match uri.authority() {
        Some(authority) if authority.port().is_none() => {
            with_authority(uri, format!("{authority}:{port}").try_into()?)
        }
        _ => Ok(uri.clone()),
    }
}

async fn resolve_locally(uri: &Uri) -> Result<Uri, BoxError> {
    let Some(authority) = uri.authority() else { return Ok(uri.clone()) };
    let address = lookup_host(authority.as_str()).await?.next();
    let address =
        address.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name resolves to no address"))?;
    Ok(with_authority(uri, address.to_string().try_into()?)?)
}

fn with_authority(uri: &Uri, authority: Authority) -> Result<Uri, http::Error> {
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    Ok(Uri::from_parts(parts)?)
}
