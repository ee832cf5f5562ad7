use tokio::net::TcpListener;

use super::*;
use crate::connect::Connector;
use crate::{Proxy, Tls};

/// The kernel must not deliver a request after its retry.
#[tokio::test]
async fn the_kernel_timeout_is_shorter_than_the_attempt_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let connect_timeout = Duration::from_secs(5);
    for (attempt_timeout, expected) in [(15, 10), (6, 4), (1, 1)] {
        let attempt_timeout = Duration::from_secs(attempt_timeout);
        let connector =
            Connector::with_attempt_timeout(attempt_timeout, connect_timeout, Tls::new(), &Proxy::none());
        let stream = connector.connect(&uri).await.unwrap();
        let handle = stream.abort_handle().unwrap();
        let shared = handle.lock();
        let timeout = socket2::SockRef::from(shared.stream.as_ref().unwrap()).tcp_user_timeout().unwrap();
        assert_eq!(timeout, Some(Duration::from_secs(expected)));
    }
}
