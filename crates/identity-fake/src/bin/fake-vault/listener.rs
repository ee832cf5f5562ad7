use std::net::SocketAddr;

use tokio::net::{TcpListener, lookup_host};

/// Listens on an address such as `localhost:8200`.
pub(crate) async fn bind(listen: &str, allow_non_loopback: bool) -> Result<TcpListener, String> {
    let found = lookup_host(listen).await.map_err(|error| format!("--listen {listen}: {error}"))?;
    // Clients that know the host only as 127.0.0.1 have to reach `localhost` too.
    let address = found.min_by_key(SocketAddr::is_ipv6);
    let address = address.ok_or_else(|| format!("--listen {listen}: the host has no address"))?;
    if !address.ip().is_loopback() && !allow_non_loopback {
        return Err(format!(
            "--listen {listen}: FakeVault has no security and listens on loopback addresses only; \
             add --allow-non-loopback if nobody else can reach this address"
        ));
    }
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}
