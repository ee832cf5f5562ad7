use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// The delay before the next address is tried in parallel. RFC 8305 recommends 250 milliseconds.
const CONNECTION_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the first address of a name that accepts (Happy Eyeballs, RFC 8305).
pub(crate) async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = connect_to_any(interleave(lookup_host((host, port)).await?.collect())).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Alternates between IPv4 and IPv6, so that a broken family causes little delay. Keeps the resolver's first
/// address first.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == is_first_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let pairs = std::iter::from_fn(|| match (first.next(), second.next()) {
        (None, None) => None,
        pair => Some(pair),
    });
    pairs.flat_map(|(first, second)| first.into_iter().chain(second)).collect()
}

/// Tries the next address when one fails or the delay passes. Earlier attempts continue.
async fn connect_to_any(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut error = io::Error::new(io::ErrorKind::NotFound, "the name resolves to no address");
    let mut addresses = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    loop {
        attempts.extend(addresses.next().map(TcpStream::connect));
        let delay = if addresses.len() == 0 { Duration::MAX } else { CONNECTION_ATTEMPT_DELAY };
        match timeout(delay, attempts.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(failed))) => error = failed,
            Ok(None) => return Err(error),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[test]
    fn families_alternate_and_the_first_stays_first() {
        let addresses = |text: &[&str]| text.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        for (given, expected) in [
            (&["[::1]:1", "[::2]:1", "1.0.0.1:1"][..], &["[::1]:1", "1.0.0.1:1", "[::2]:1"][..]),
            (
                &["1.0.0.1:1", "1.0.0.2:1", "[::1]:1", "[::2]:1", "[::3]:1"],
                &["1.0.0.1:1", "[::1]:1", "1.0.0.2:1", "[::2]:1", "[::3]:1"],
            ),
            (&["1.0.0.2:1", "1.0.0.1:1"], &["1.0.0.2:1", "1.0.0.1:1"]),
            (&[], &[]),
        ] {
            assert_eq!(interleave(addresses(given)), addresses(expected));
        }
    }

    /// A listener with a full queue: Linux drops further connection attempts, like an unreachable host.
    #[cfg(target_os = "linux")]
    async fn unresponsive() -> (TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) =
            timeout(Duration::from_millis(100), TcpStream::connect(listener.local_addr().unwrap())).await
        {
            queue.push(stream.unwrap());
        }
        (listener, queue)
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn unresponsive_addresses_delay_the_connection_by_less_than_a_second() {
        let (first, second) = (unresponsive().await, unresponsive().await);
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let well = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = |listener: &TcpListener| listener.local_addr().unwrap();
        let addresses = vec![at(&first.0), closed.local_addr().unwrap(), at(&second.0), at(&well)];
        let start = Instant::now();
        let stream = connect_to_any(addresses).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), at(&well));
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn the_error_is_that_of_the_last_address() {
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = closed.local_addr().unwrap();
        let error = connect_to_any(vec![address, address]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(connect_to_any(Vec::new()).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
