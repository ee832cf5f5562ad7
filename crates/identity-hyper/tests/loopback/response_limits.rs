//! Limits of the size of responses.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use identity_core::{Transport, transport::TransportErrorKind};
use tokio::time::sleep;

use crate::support::{A_MOMENT, Server, ok, patient, request};

const LIMIT: usize = 100_000;

#[tokio::test]
async fn the_limit_is_exact() {
    let closing = |len| format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(len));
    let chunked = |len| {
        let body = "x".repeat(len);
        let (begin, end) = body.split_at(len / 2);
        let (first, second) = (begin.len(), end.len());
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{first:x}\r\n{begin}\r\n{second:x}\r\n{end}\r\n0\r\n\r\n"
        )
    };
    let framings: [&dyn Fn(usize) -> String; 3] = [&|len| ok("x".repeat(len)), &chunked, &closing];
    let transport = patient().response_limit(LIMIT).build();
    for framing in framings {
        for (len, fits) in [(LIMIT, true), (LIMIT + 1, false), (LIMIT - 1, true)] {
            let response = framing(len);
            let server = Server::start(move |mut peer| {
                let response = response.clone();
                async move {
                    peer.request().await;
                    peer.write(response).await;
                }
            });
            match transport.send(server.get("/v1")).await {
                Ok(response) => assert!(fits && response.body().len() == len),
                Err(error) => {
                    assert!(!fits && error.kind() == TransportErrorKind::ResponseTooLarge, "{error:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_limit_of_zero_rejects_every_body() {
    let transport = patient().response_limit(0).build();
    transport.send(Server::responding(ok("")).get("/v1")).await.unwrap();
    let error = transport.send(Server::responding(ok("x")).get("/v1")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::ResponseTooLarge);
}

#[tokio::test]
async fn the_largest_limits_can_be_set() {
    // The hook sees panics of the transport's own tasks, which run on this thread.
    let (here, panicked) = (thread::current().id(), Arc::new(AtomicUsize::new(0)));
    let (count, hook) = (Arc::clone(&panicked), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        count.fetch_add(usize::from(thread::current().id() == here), Relaxed);
        hook(info);
    }));

    let server = Server::responding(ok("{}"));
    let transport = patient()
        .connect_timeout(Duration::MAX)
        .timeout(Duration::MAX)
        .idle_timeout(Duration::MAX)
        .response_limit(usize::MAX)
        .header_limit(usize::MAX)
        .build();
    for _ in 0..3 {
        transport.send(server.get("/v1")).await.unwrap();
        sleep(A_MOMENT / 10).await;
    }
    assert_eq!(panicked.load(Relaxed), 0);
    assert_eq!(server.seen().connections, 1);
}

#[tokio::test]
async fn the_smallest_limits_can_be_set() {
    let server = Server::responding(ok("{}"));
    let transport = patient().idle_timeout(Duration::ZERO).build();
    for _ in 0..3 {
        transport.send(server.get("/v1")).await.unwrap();
    }
    let silent = Server::start(|mut peer| async move { while peer.request().await.is_some() {} });
    let error = patient().timeout(Duration::ZERO).build().send(silent.get("/v1")).await.unwrap_err();
    assert!(matches!(error.kind(), TransportErrorKind::NotSent | TransportErrorKind::Timeout), "{error:?}");
    let url = format!("https://{}/v1", silent.address);
    let transport = patient().connect_timeout(Duration::ZERO).build();
    let error = transport.send(request("GET", &url, "")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
}

#[tokio::test]
async fn a_content_length_of_a_tebibyte_is_rejected_at_once() {
    for length in [1 << 40, u64::MAX - 2] {
        let server = Server::responding(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
        let start = Instant::now();
        let error = patient().build().send(server.get("/v1")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::ResponseTooLarge);
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn an_endless_response_is_not_read_to_its_end() {
    for head in ["", "Transfer-Encoding: chunked\r\n"] {
        let written = Arc::new(AtomicUsize::new(0));
        let server = Server::start({
            let written = Arc::clone(&written);
            move |mut peer| {
                let written = Arc::clone(&written);
                async move {
                    peer.request().await;
                    peer.write(format!("HTTP/1.1 200 OK\r\n{head}\r\n")).await;
                    while peer.write(format!("1000\r\n{}\r\n", "x".repeat(0x1000))).await {
                        written.fetch_add(0x1000, Relaxed);
                    }
                    // The client has closed the connection.
                    written.fetch_or(1, Relaxed);
                }
            }
        });
        let transport = patient().response_limit(LIMIT).build();
        let error = transport.send(server.get("/v1")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::ResponseTooLarge);
        while written.load(Relaxed) & 1 == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        // The limit plus the buffers of the two sockets.
        assert!(written.load(Relaxed) < 32 << 20, "{written:?}");
    }
}

#[tokio::test]
async fn a_response_that_is_too_large_does_not_affect_the_next_call() {
    let server = Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            let len = if request.contains("large") { LIMIT + 1 } else { 5 };
            peer.write(ok("x".repeat(len))).await;
        }
    });
    let transport = patient().response_limit(LIMIT).build();
    for _ in 0..5 {
        transport.send(server.get("/large")).await.unwrap_err();
        assert_eq!(transport.send(server.get("/small")).await.unwrap().body(), "xxxxx");
    }
}

#[tokio::test]
async fn endless_headers_are_an_error() {
    let headers = "X-Flood: 0123456789\r\n".repeat(10_000);
    let one_header = format!("X-Flood: {}\r\n", "x".repeat(10_000_000));
    for flood in [headers, one_header] {
        let server = Server::responding(format!("HTTP/1.1 200 OK\r\n{flood}Content-Length: 0\r\n\r\n"));
        let error = patient().build().send(server.get("/v1")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Other, "{error:?}");
        assert_eq!(server.seen().requests.len(), 1);
    }
}
