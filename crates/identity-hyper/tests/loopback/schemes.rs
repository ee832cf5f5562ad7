//! A token for `https` nodes is not sent in plaintext.

use identity_core::{Transport, transport::TransportErrorKind};

use crate::support::{NO_CONTENT, Server, patient, request};

#[test]
fn http_and_https_addresses_cannot_be_mixed() {
    for addresses in [["https://a", "http://b"], ["http://127.0.0.1:8200", "https://a"]] {
        let error = patient().addresses(addresses).unwrap_err();
        assert_eq!(error.to_string(), "`address` must not be `http` where another one is `https`");
    }
    for addresses in
        [["https://a", "https://b"], ["http://a", "http://b"], ["https://a", "unix:///run/a.sock"]]
    {
        assert!(patient().addresses(addresses).is_ok(), "{addresses:?}");
    }
}

#[tokio::test]
async fn an_http_target_with_https_addresses_is_rejected() {
    let server = Server::responding(NO_CONTENT);
    let transport = patient().addresses(["https://a.invalid", "https://b.invalid"]).unwrap().build();
    let error = transport.send(request("GET", "http://a.invalid/v1/x", "")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_permanent()), (TransportErrorKind::NotSent, true));
    // Traffic to a loopback address cannot be intercepted.
    assert_eq!(transport.send(server.get("/v1/x")).await.unwrap().status(), 204);
}
