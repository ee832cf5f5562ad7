//! Abandoned attempts must not be delivered later: their connections are reset.

use std::future::pending;
use std::io;
use std::time::Duration;

use http::Request;
use identity_core::bytes::Bytes;
use identity_core::{Transport, transport::TransportErrorKind};
use identity_hyper::{HyperTransport, HyperTransportBuilder, Proxy, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::{A_MOMENT, AMPLE, NO_CONTENT, Server, ok, patient, request};
use crate::tls::Ca;

const SHORT: Duration = Duration::from_millis(300);

/// Returns `true` if the connection ends with a reset, which discards data in flight.
async fn is_reset(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return true,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Returns `true` if the next connection to end is reset.
async fn next(ends: &mut UnboundedReceiver<bool>) -> bool {
    timeout(AMPLE, ends.recv()).await.expect("the connection ends").expect("the server runs")
}

/// Sends the request, then drops its future or lets it time out.
async fn abandon(transport: HyperTransport, call: Request<Bytes>, is_dropped: bool) {
    if is_dropped {
        timeout(SHORT, transport.send(call)).await.expect_err("there is no response");
    } else {
        let error = transport.send(call).await.expect_err("there is no response");
        assert_eq!(error.kind(), TransportErrorKind::Timeout, "{error:?}");
    }
}

fn transport(is_dropped: bool) -> HyperTransportBuilder {
    patient().timeout(if is_dropped { AMPLE } else { SHORT })
}

/// Responds only to the first request of each connection.
fn unresponsive(ends: &UnboundedSender<bool>) -> Server {
    let ends = ends.clone();
    Server::start(move |mut peer| {
        let ends = ends.clone();
        async move {
            peer.request().await;
            peer.write(NO_CONTENT).await;
            let _ = ends.send(is_reset(&mut peer.stream).await);
        }
    })
}

#[tokio::test]
async fn an_abandoned_http_1_call_resets_its_connection() {
    let (ends, mut ended) = unbounded_channel();
    for is_dropped in [false, true] {
        for method in ["GET", "POST"] {
            let server = unresponsive(&ends);
            let transport = transport(is_dropped).build();
            transport.send(server.get("/first")).await.unwrap();
            abandon(transport, request(method, &server.url("/unresponsive"), ""), is_dropped).await;
            assert!(next(&mut ended).await, "{method} {is_dropped}");
        }
    }
}

#[tokio::test]
async fn an_incomplete_request_body_is_not_delivered() {
    let (ends, mut ended) = unbounded_channel();
    for is_dropped in [false, true] {
        let ends = ends.clone();
        let server = Server::start(move |mut peer| {
            let ends = ends.clone();
            async move {
                peer.first_bytes().await;
                sleep(2 * SHORT).await;
                let _ = ends.send(is_reset(&mut peer.stream).await);
            }
        });
        let transport = transport(is_dropped).build();
        abandon(transport, server.post("/v1", vec![b' '; 30_000_000]), is_dropped).await;
        assert!(next(&mut ended).await, "{is_dropped}");
    }
}

#[tokio::test]
async fn an_abandoned_call_over_tls_and_a_tunnel_resets_its_connection() {
    for protocol in ["h2", "http/1.1"] {
        for is_dropped in [false, true] {
            let (ends, mut ended) = unbounded_channel();
            let ca = Ca::new();
            let acceptor = ca.acceptor(&[protocol]);
            let server = Server::start(move |peer| {
                let acceptor = acceptor.clone();
                async move {
                    if let Some(mut peer) = peer.secure(&acceptor).await {
                        let _ = peer.stream.read(&mut [0; 10_000]).await;
                        pending::<()>().await;
                    }
                }
            });
            let behind = server.address;
            let proxy = Server::start(move |mut peer| {
                let ends = ends.clone();
                async move {
                    peer.request().await;
                    peer.write("HTTP/1.1 200 OK\r\n\r\n").await;
                    let mut stream = TcpStream::connect(behind).await.unwrap();
                    let end = copy_bidirectional(&mut peer.stream, &mut stream).await;
                    let _ = stream.shutdown().await;
                    let _ = ends.send(end.is_err());
                }
            });
            let proxied = Proxy::all(&format!("http://{}", proxy.address)).unwrap();
            // Loopback addresses bypass the proxy.
            let tls = Tls::from(ca.client()).server_name("127.0.0.1").unwrap();
            let transport = transport(is_dropped).proxy(proxied).tls(tls).build();
            abandon(transport, request("POST", "https://vault.example.com/v1", "{}"), is_dropped).await;
            assert!(next(&mut ended).await, "{protocol} {is_dropped}");
        }
    }
}

/// An orderly close, which the server does not count as an error.
#[tokio::test]
async fn an_unused_connection_is_closed_normally() {
    let (ends, mut ended) = unbounded_channel();
    let server = unresponsive(&ends);
    let transport = patient().build();
    transport.send(server.get("/first")).await.unwrap();
    drop(transport);
    assert!(!next(&mut ended).await);
}

/// The kernel closes the connection even if no task drives it.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_runtime_does_not_keep_the_connection_open() {
    let (ends, mut ended) = unbounded_channel();
    let server = unresponsive(&ends);
    let call = server.post("/unresponsive", "{}");
    let first = server.get("/first");
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let transport = transport(true).build();
        runtime.block_on(transport.send(first)).unwrap();
        runtime.block_on(abandon(transport, call, true));
        // From here on, no task drives the connection.
        runtime
    });
    let runtime = client.join().unwrap();
    assert!(next(&mut ended).await);
    runtime.shutdown_background();
}

/// An abandoned HTTP/2 read resets only its stream.
#[tokio::test]
async fn abandoned_reads_do_not_affect_other_calls() {
    let h2 = crate::http2::H2::start(crate::http2::End::HangUp);
    let transport = h2.transport(|builder| builder);
    transport.send(h2.call("GET", "/warm", "")).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..16_u64 {
        let transport = transport.clone();
        let calls: Vec<_> =
            (0..400).map(|_| (h2.call("GET", "/v1", ""), h2.call("GET", "/v1", ""))).collect();
        tasks.spawn(async move {
            let mut given_up = 0;
            for (i, (abandoned, call)) in (0_u64..).zip(calls) {
                let patience = Duration::from_micros((task * 400 + i) * 7919 % 4_000);
                given_up += usize::from(timeout(patience, transport.send(abandoned)).await.is_err());
                transport.send(call).await.unwrap();
            }
            given_up
        });
    }
    let given_up: usize = tasks.join_all().await.into_iter().sum();
    assert!(given_up > 1500, "{given_up}");
    assert_eq!(h2.server.seen().connections, 1);
}

/// Unlike a read, a write has its own connection, which is aborted with it.
#[tokio::test]
async fn abandoned_writes_do_not_affect_other_calls() {
    let h2 = crate::http2::H2::start(crate::http2::End::HangUp);
    let transport = h2.transport(|builder| builder);
    let mut tasks = JoinSet::new();
    for method in ["GET", "POST", "LIST", "DELETE", "POST"] {
        let transport = transport.clone();
        let calls: Vec<_> =
            (0..30).map(|_| (h2.call("POST", "/unresponsive", "{}"), h2.call(method, "/v1", ""))).collect();
        tasks.spawn(async move {
            for (abandoned, call) in calls {
                timeout(A_MOMENT / 10, transport.send(abandoned)).await.unwrap_err();
                transport.send(call).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn a_response_abandoned_midway_does_not_affect_the_next_call() {
    let response = ok("x".repeat(1000));
    let server = Server::start(move |mut peer| {
        let response = response.clone();
        async move {
            while let Some(request) = peer.request().await {
                if request.contains("half") {
                    peer.write(&response[..500]).await;
                    pending::<()>().await;
                }
                peer.write(&response).await;
            }
        }
    });
    let transport = patient().build();
    for _ in 0..5 {
        timeout(A_MOMENT, transport.send(server.post("/half", ""))).await.unwrap_err();
        assert_eq!(transport.send(server.post("/whole", "")).await.unwrap().body().len(), 1000);
    }
}
