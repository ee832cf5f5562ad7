//! The transport retries an error if and only if it is reported as retryable.

use std::time::Duration;

use identity_core::{Error, Transport, endpoint::Operation, entity::ListEntities};
use identity_hyper::{HyperTransportBuilder, Proxy, RedirectPolicy, RetryPolicy, Tls, TokenFile};

use crate::support::{Server, patient, request};
use crate::tls::{Ca, HELLO};
use crate::token::list;

const LIST: &str = "/v1/identity/entity/id";

/// Returns whether a read is retried, and whether its error is retryable.
async fn verdicts(transport: HyperTransportBuilder, request: http::Request<bytes::Bytes>) -> (bool, bool) {
    let quick = RetryPolicy::new().max_retries(2).backoff(Duration::ZERO, Duration::ZERO);
    let mut request = request;
    request.extensions_mut().insert(Operation::for_endpoint::<ListEntities>());
    let error = transport.retry_policy(quick).build().send(request).await.expect_err("no server responds");
    let attempts = error.attempts().as_slice().len();
    (attempts > 1, Error::new(Operation::for_endpoint::<ListEntities>(), error).is_retryable())
}

#[tokio::test]
async fn permanent_errors_are_neither_retried_nor_retryable() {
    let ca = Ca::new();
    let secure = crate::tls::server(ca.acceptor(&["http/1.1"]), HELLO);
    let plain = Server::responding(HELLO);
    let no_tls = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    });
    let denied = Server::responding("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let busy = Server::responding("HTTP/1.1 503 Busy\r\n\r\n");
    let no_password = Server::start(|mut peer| async move {
        let _ = tokio::io::AsyncReadExt::read_exact(&mut peer.stream, &mut [0; 3]).await;
        peer.write([5, 0xff]).await;
    });
    let elsewhere = Server::responding("HTTP/1.1 307 No\r\nContent-Length: 0\r\n\r\n");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let through = |scheme: &str, proxy: &Server| {
        patient().proxy(Proxy::all(&format!("{scheme}://a:b@{}", proxy.address)).unwrap())
    };
    let get = |url: String| request("LIST", &format!("{url}{LIST}"), "");
    let over_tls = |server: &Server| get(format!("https://{}", server.address));
    let far = || get("http://vault.test".to_owned());
    for (name, transport, request, expected) in [
        ("token file", patient().token_source(TokenFile::new("/nowhere/token")), list(&plain), false),
        (
            "TLS on a plain port",
            patient().tls(Tls::new().ca_pem(ca.pem()).unwrap()),
            over_tls(&no_tls),
            false,
        ),
        ("unknown CA", patient().tls(Tls::new().ca_pem(Ca::new().pem()).unwrap()), over_tls(&secure), false),
        ("407", through("http", &denied), far(), false),
        ("SOCKS password", through("socks5h", &no_password), far(), false),
        ("odd redirect", patient().redirect_policy(RedirectPolicy::Nodes), get(elsewhere.url("")), false),
        ("503 of a proxy", through("http", &busy), far(), true),
        ("closed port", patient(), get(format!("http://{gone}")), true),
    ] {
        assert_eq!(verdicts(transport, request).await, (expected, expected), "{name}");
    }
}
