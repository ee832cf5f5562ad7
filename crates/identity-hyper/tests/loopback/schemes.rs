//! A token that is sent to the nodes of a cluster over TLS is not sent to another one in clear.

use identity_core::{Transport, transport::TransportErrorKind};

use crate::support::{NO_CONTENT, Server, patient, request};

#[test]
fn addresses_with_and_without_encryption_do_not_mix() {
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
async fn a_target_in_clear_beside_a_cluster_with_encryption_is_refused() {
    let server = Server::answering(NO_CONTENT);
    let transport = patient().addresses(["https://a.invalid", "https://b.invalid"]).unwrap().build();
    let error = transport.send(request("GET", "http://a.invalid/v1/x", "")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_permanent()), (TransportErrorKind::NotSent, true));
    // Nobody can listen there.
    assert_eq!(transport.send(server.get("/v1/x")).await.unwrap().status(), 204);
}
