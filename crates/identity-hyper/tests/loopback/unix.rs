//! Requests over a Unix socket.

use std::path::Path;

use identity_core::{Endpoint, Target, Transport, entity::ListEntities, transport::TransportErrorKind};
use identity_hyper::RetryPolicy;
use tokio::net::UnixListener;

use crate::support::{Seen, Server, head, ok, patient, request};
use crate::tls::story;

/// The address of a socket in a directory whose name needs escaping.
fn address(directory: &Path) -> String {
    format!("unix://{}/an%20agent.sock", directory.display())
}

#[tokio::test]
async fn requests_over_a_unix_socket_share_a_connection() {
    let directory = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(directory.path().join("an agent.sock")).unwrap();
    let seen = Server::on_socket(listener, ok("hello"));
    let target = Target::new(&address(directory.path())).unwrap().with_token("s.example").unwrap();
    let transport = patient().build();
    for _ in 0..3 {
        let response = transport.send(ListEntities::new().request(&target).unwrap()).await.unwrap();
        assert_eq!(response.body(), "hello");
    }
    let Seen { connections, requests } = seen();
    assert_eq!((connections, requests.len()), (1, 3));
    assert_eq!(
        head(&requests[0]),
        [
            "LIST /v1/identity/entity/id HTTP/1.1",
            "host: localhost",
            "x-vault-request: true",
            "x-vault-token: s.example"
        ]
    );
}

#[tokio::test]
async fn a_missing_socket_means_that_the_request_was_not_sent() {
    let directory = tempfile::tempdir().unwrap();
    let target = Target::new(&address(directory.path())).unwrap();
    let error = patient().build().send(ListEntities::new().request(&target).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    assert!(story(&error).contains("No such file"), "{}", story(&error));

    let transport = patient()
        .retry_policy(RetryPolicy::new().max_retries(1))
        .addresses([address(directory.path())])
        .unwrap();
    let transport = transport.build();
    let error = transport.send(ListEntities::new().request(&target).unwrap()).await.unwrap_err();
    let socket = directory.path().join("an agent.sock").display().to_string();
    let nodes: Vec<&str> = error.attempts().as_slice().iter().map(|attempt| &*attempt.node).collect();
    assert_eq!(nodes, [&*socket; 2]);
    assert_eq!(transport.health().await[0].address, socket);
}

#[tokio::test]
async fn an_invalid_socket_path_means_that_the_request_was_not_sent() {
    for host in ["localhost", "2", "2g", "+1", "2f00"] {
        let call = request("GET", &format!("unix://{host}/v1"), "");
        let error = patient().build().send(call).await.expect_err(host);
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    }
}
