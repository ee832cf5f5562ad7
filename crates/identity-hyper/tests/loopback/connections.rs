//! The connection pool: sharing, reuse and replacement.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use identity_core::{Transport, transport::TransportErrorKind};
use identity_hyper::HyperTransport;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::{A_MOMENT, NO_CONTENT, Server, ok, path, patient};

#[tokio::test]
async fn sequential_calls_share_a_connection() {
    let server = Server::responding(ok("{}"));
    let transport = HyperTransport::new();
    for _ in 0..20 {
        transport.clone().send(server.get("/v1")).await.unwrap();
    }
    assert_eq!(server.seen().requests.len(), 20);
    assert_eq!(server.seen().connections, 1);
}

#[tokio::test]
async fn concurrent_calls_do_not_wait_for_each_other() {
    let all_here = Arc::new(Barrier::new(8));
    let server = Server::start(move |mut peer| {
        let all_here = Arc::clone(&all_here);
        async move {
            while let Some(request) = peer.request().await {
                all_here.wait().await;
                peer.write(ok(path(&request))).await;
            }
        }
    });
    let transport = patient().build();
    let mut calls = JoinSet::new();
    for i in 0..8 {
        let (transport, request) = (transport.clone(), server.get(&format!("/{i}")));
        calls.spawn(async move { (i, transport.send(request).await.unwrap()) });
    }
    for (i, response) in calls.join_all().await {
        assert_eq!(response.body(), &format!("/{i}"));
    }
    assert_eq!(server.seen().connections, 8);
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write(NO_CONTENT).await;
    });
    let transport = patient().build();
    for calls in 1..=5 {
        transport.send(server.post("/v1", "{}")).await.unwrap();
        sleep(A_MOMENT).await;
        assert_eq!(server.seen().requests.len(), calls);
        assert_eq!(server.seen().connections, calls);
    }
}

#[tokio::test]
async fn connection_close_is_respected() {
    let server = Server::responding("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let transport = patient().build();
    for _ in 0..5 {
        transport.send(server.post("/v1", "{}")).await.unwrap();
    }
    assert_eq!(server.seen().connections, 5);
}

#[tokio::test]
async fn a_post_is_sent_once_even_on_a_reused_connection() {
    for reset in [false, true] {
        let server = Server::start(move |mut peer| async move {
            peer.request().await;
            peer.write(NO_CONTENT).await;
            peer.request().await;
            if reset {
                peer.reset();
            }
        });
        let transport = patient().build();
        transport.send(server.post("/first", "{}")).await.unwrap();
        let error = transport.send(server.post("/second", "{}")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Interrupted);
        sleep(A_MOMENT).await;
        assert_eq!(server.seen().requests.len(), 2);
        assert_eq!(server.seen().connections, 1);
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_timeout() {
    let closed = Arc::new(Barrier::new(2));
    let server = Server::start({
        let closed = Arc::clone(&closed);
        move |mut peer| {
            let closed = Arc::clone(&closed);
            async move {
                while peer.request().await.is_some() {
                    peer.write(NO_CONTENT).await;
                }
                closed.wait().await;
            }
        }
    });
    let transport = patient().idle_timeout(A_MOMENT).build();
    transport.send(server.get("/v1")).await.unwrap();
    timeout(Duration::from_secs(5), closed.wait()).await.expect("the client closes the connection");
}

#[tokio::test]
async fn extra_bytes_after_a_response_do_not_become_the_next_response() {
    for surplus in [ok("forged"), "x".to_owned(), "\r\n\r\n".to_owned(), "HTTP/1.1 200 OK\r\n".to_owned()] {
        let response = ok("true") + &surplus;
        let server = Server::responding(response);
        let transport = patient().build();
        for _ in 0..10 {
            let response = transport.send(server.get("/v1")).await.unwrap();
            assert_eq!(response.body(), "true", "{surplus:?}");
        }
        assert_eq!(server.seen().requests.len(), 10, "{surplus:?}");
    }
}

#[tokio::test]
async fn a_204_with_a_body_does_not_affect_the_next_call() {
    let server = Server::responding("HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nforged");
    let transport = patient().build();
    for _ in 0..10 {
        let response = transport.send(server.get("/v1")).await.unwrap();
        assert_eq!(response.status(), 204);
        assert!(response.body().is_empty());
    }
}

#[tokio::test]
async fn a_response_sent_before_the_request_body_is_delivered() {
    let server = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        peer.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}").await;
        pending::<()>().await;
    });
    let transport = patient().build();
    for calls in 1..=2 {
        let response = transport.send(server.post("/v1", vec![b' '; 30_000_000])).await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(
            server.seen().connections,
            calls,
            "the connection still has to transmit the rest of the body"
        );
    }
}

/// Calls are abandoned at each stage: before the request is read, in the middle of the response, and at the
/// end.
#[tokio::test]
async fn abandoned_calls_do_not_affect_the_others() {
    let server = Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            let response = ok(path(&request));
            let (begin, end) = response.split_at(response.len() - 2);
            sleep(Duration::from_millis(1)).await;
            peer.write(begin).await;
            sleep(Duration::from_millis(1)).await;
            if !peer.write(end).await {
                return;
            }
        }
    });
    let transport = patient().build();
    let mut given_up = 0;
    for i in 0..100_u64 {
        let patience = Duration::from_micros(i * 7919 % 20_000);
        let path = format!("/{i}");
        match timeout(patience, transport.send(server.get(&path))).await {
            Ok(response) => assert_eq!(response.unwrap().body(), &path),
            Err(_) => given_up += 1,
        }
        if i % 5 == 0 {
            let path = format!("/{i}/again");
            assert_eq!(transport.send(server.get(&path)).await.unwrap().body(), &path);
        }
    }
    assert!(given_up >= 5, "{given_up}");
}
