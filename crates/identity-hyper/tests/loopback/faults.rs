//! Failed connections, and responses that are missing, incomplete or invalid.

use std::future::pending;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::Uri;
use identity_core::{
    Endpoint, Target, Transport,
    entity::CreateEntity,
    transport::{Attempts, TransportErrorKind},
};
use identity_hyper::{HyperTransport, HyperTransportBuilder, Proxy};
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;
use tokio::time::sleep;

use crate::support::{AMPLE, NO_CONTENT, Server, ok, patient, request};
use crate::tls::story;

const SHORT: Duration = Duration::from_millis(300);

/// Returns a range that contains no other time limit of the tests.
fn about(limit: Duration) -> RangeInclusive<Duration> {
    limit..=limit + Duration::from_secs(3)
}

#[tokio::test]
async fn a_closed_port_means_that_the_request_was_not_sent() {
    // Bound, so that no other test opens it.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = closed.local_addr().unwrap();
    for scheme in ["http", "https"] {
        let call = request("POST", &format!("{scheme}://{address}/v1"), "{}");
        let error = patient().build().send(call).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent);
    }
}

#[tokio::test]
async fn an_unknown_host_means_that_the_request_was_not_sent() {
    for host in ["nowhere.invalid", "256.256.256.256", "a..b", &"a".repeat(300)] {
        let call = request("GET", &format!("http://{host}:8200/v1"), "");
        let error = patient().build().send(call).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{host}");
    }
}

#[tokio::test]
async fn an_address_without_host_is_an_error() {
    patient().build().send(request("GET", "/v1", "")).await.unwrap_err();
}

/// It must not fall back to plain HTTP, which would expose the token.
#[tokio::test]
async fn an_unknown_scheme_means_that_the_request_was_not_sent() {
    let server = Server::responding(NO_CONTENT);
    for scheme in ["ftp", "wss", "HTTPS"] {
        let mut call = server.get("/v1");
        let builder = Uri::builder().scheme(scheme).authority(server.address.to_string());
        *call.uri_mut() = builder.path_and_query("/v1").build().unwrap();
        let error = patient().build().send(call).await.expect_err(scheme);
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{scheme}");
        assert!(server.seen().requests.is_empty(), "{scheme}");
    }
}

#[tokio::test]
async fn a_handshake_without_response_means_that_the_request_was_not_sent() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
    });
    let transport = patient().connect_timeout(SHORT).timeout(AMPLE).build();
    let start = Instant::now();
    let error =
        transport.send(request("GET", &format!("https://{}/v1", server.address), "")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    assert!(about(SHORT).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_deadline_while_connecting_means_that_the_request_was_not_sent() {
    let server = Server::start(|peer| async move {
        let _peer = peer;
        pending::<()>().await;
    });
    let proxied = |builder: HyperTransportBuilder| {
        builder.proxy(Proxy::all(&format!("http://{}", server.address)).unwrap())
    };
    let local = format!("https://{}/v1", server.address);
    for (builder, url) in [
        (patient(), local.as_str()),
        (proxied(patient()), "https://vault.example.com/v1"),
        (proxied(patient()), "http://vault.example.com/v1"),
    ] {
        for method in ["GET", "POST"] {
            let transport = builder.clone().timeout(SHORT).build();
            let start = Instant::now();
            let error = transport.send(request(method, url, "{}")).await.unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::NotSent, "{method} {url} {error:?}");
            assert!(about(SHORT).contains(&start.elapsed()), "{:?}", start.elapsed());
        }
    }
}

/// It may belong to another call, or come from a proxy.
#[tokio::test]
async fn a_read_with_an_invalid_response_is_retried_once() {
    for (broken, method, connections) in
        [(1, "GET", Ok(2)), (2, "GET", Err(2)), (1, "LIST", Ok(2)), (1, "POST", Err(1))]
    {
        let number = Arc::new(AtomicUsize::new(0));
        let server = Server::start(move |mut peer| {
            let is_broken = number.fetch_add(1, Ordering::Relaxed) < broken;
            async move {
                while peer.request().await.is_some() {
                    peer.write(if is_broken { "nonsense\r\n\r\n" } else { NO_CONTENT }).await;
                }
            }
        });
        let outcome = patient().build().send(request(method, &server.url("/v1"), "")).await;
        let seen = server.seen().connections;
        match outcome {
            Ok(_) => assert_eq!(connections, Ok(seen), "{broken} {method}"),
            Err(error) => {
                assert_eq!(error.kind(), TransportErrorKind::Other, "{error:?}");
                assert_eq!(connections, Err(seen), "{broken} {method}");
            }
        }
    }
}

/// Vault does this at its TLS port if the method is `LIST`.
#[tokio::test]
async fn a_server_that_closes_without_a_byte_was_not_reached() {
    let server = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        let _ = peer.stream.read(&mut [0; 1024]).await;
    });
    let start = Instant::now();
    let error = HyperTransport::new().send(request("LIST", &server.url("/v1"), "")).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert!(story(&error).contains("without sending a byte; its address may begin with https://"));
}

#[tokio::test]
async fn a_server_without_tls_means_that_the_request_was_not_sent() {
    let server = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        peer.request().await;
    });
    let call = request("GET", &format!("https://{}/v1", server.address), "");
    let error = patient().build().send(call).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    assert_eq!(server.seen().connections, 1);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = Server::start(|mut peer| async move { while peer.request().await.is_some() {} });
    let transport = patient().connect_timeout(AMPLE).timeout(SHORT).build();
    for calls in 1..=2 {
        let start = Instant::now();
        let error = transport.send(server.post("/v1", "{}")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout);
        assert!(about(SHORT).contains(&start.elapsed()), "{:?}", start.elapsed());
        assert_eq!(server.seen().requests.len(), calls);
        assert_eq!(server.seen().connections, calls, "a connection that owes a response is not used again");
    }
}

/// Each byte arrives in time, but the response does not.
#[tokio::test]
async fn a_slow_response_is_a_timeout() {
    for skip in [0, 40] {
        let server = Server::start(move |mut peer| async move {
            peer.request().await;
            let raw = ok("x".repeat(1000));
            peer.write(&raw[..skip]).await;
            for byte in raw[skip..].chars() {
                sleep(Duration::from_millis(50)).await;
                peer.write(byte.to_string()).await;
            }
        });
        let start = Instant::now();
        let error = patient().timeout(SHORT).build().send(server.get("/v1")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Timeout);
        assert!(about(SHORT).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_flood_of_interim_responses_is_a_timeout() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        while peer.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)).await {}
    });
    let start = Instant::now();
    let error = patient().timeout(SHORT).build().send(server.get("/v1")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert!(about(SHORT).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_stops_reading_the_body_is_a_timeout() {
    let server = Server::start(|peer| async move {
        let _peer = peer;
        pending::<()>().await;
    });
    let call = server.post("/v1", vec![b' '; 30_000_000]);
    let start = Instant::now();
    let error = patient().timeout(SHORT).build().send(call).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert!(about(SHORT).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_incomplete_response_is_an_interruption() {
    for raw in [
        "",
        "H",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        for reset in [false, true] {
            let server = Server::start(move |mut peer| async move {
                peer.request().await;
                peer.write(raw).await;
                if reset {
                    peer.reset();
                }
            });
            let error = patient().build().send(server.post("/v1", "{}")).await.unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{raw:?} {error:?}");
            assert_eq!(server.seen().requests.len(), 1, "{raw:?}");
        }
    }
}

#[tokio::test]
async fn an_invalid_response_is_an_error_of_its_own() {
    for raw in [
        "nonsense\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n",
        "\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{46}",
    ] {
        let server = Server::start(move |mut peer| async move {
            peer.request().await;
            peer.write(raw).await;
            peer.request().await;
        });
        let error = patient().build().send(server.post("/v1", "{}")).await.expect_err(raw);
        assert_eq!(error.kind(), TransportErrorKind::Other, "{raw:?} {error:?}");
        assert_eq!(server.seen().requests.len(), 1, "{raw:?}");
    }
}

/// A reset before anything was sent is reported as not sent.
#[tokio::test]
async fn a_reset_before_the_request_was_read_is_an_interruption() {
    let at_once = Server::start(|peer| async move { peer.reset() });
    let at_the_first_byte = Server::start(|peer| async move {
        peer.first_bytes().await;
        peer.reset();
    });
    let midway = Server::start(|mut peer| async move {
        peer.stream.read_exact(&mut vec![0; 1_000_000]).await.unwrap();
        peer.reset();
    });
    for (server, may_be_unsent) in [(at_once, true), (at_the_first_byte, false), (midway, false)] {
        let error = patient().build().send(server.post("/v1", vec![b' '; 30_000_000])).await.unwrap_err();
        let is_unsent = error.kind() == TransportErrorKind::NotSent;
        assert!(error.kind() == TransportErrorKind::Interrupted || is_unsent && may_be_unsent, "{error:?}");
        assert_eq!(server.seen().connections, 1);
    }
}

#[tokio::test]
async fn errors_do_not_contain_the_token() {
    let server = Server::start(|mut peer| async move {
        peer.request().await;
        peer.write("nonsense\r\n\r\n").await;
    });
    for url in [server.url("/v1"), "http://nowhere.invalid/v1".to_owned(), "/v1".to_owned()] {
        let mut call = request("POST", &url, "s.secret");
        call.headers_mut().insert("x-vault-token", "s.secret".parse().unwrap());
        let error = patient().build().send(call).await.unwrap_err();
        assert!(!format!("{error:?}").contains("s.secret"), "{error:?}");
    }
}

#[tokio::test]
async fn the_transport_recovers_from_failures() {
    let server = Server::start(|mut peer| async move {
        if peer.request().await.is_some_and(|request| request.contains("good")) {
            peer.write(NO_CONTENT).await;
        }
    });
    let transport = patient().build();
    for _ in 0..5 {
        transport.send(server.get("/bad")).await.unwrap_err();
        transport.send(server.get("/good")).await.unwrap();
    }
}

/// A named create is retried if the response is not HTTP, and the server may have applied both.
#[tokio::test]
async fn a_write_that_is_retried_after_an_invalid_response_is_in_doubt() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |mut peer| {
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            peer.request().await;
            peer.write(if is_first { "what?\r\n\r\n" } else { NO_CONTENT }).await;
        }
    });
    let target = Target::new(&format!("http://{}", server.address)).unwrap();
    let call = CreateEntity::named("alice").request(&target).unwrap();
    let response = patient().build().send(call).await.unwrap();
    assert_eq!(server.seen().requests.len(), 2);
    assert!(response.extensions().get().is_some_and(Attempts::any_in_doubt));
}
