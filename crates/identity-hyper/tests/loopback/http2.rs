//! HTTP/2, which TLS servers such as Vault offer.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use identity_core::{Transport, transport::TransportErrorKind};
use identity_hyper::{HyperTransport, HyperTransportBuilder};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::{A_MOMENT, Server, patient, request};
use crate::tls::Ca;

/// What happens to a connection on the test's signal.
#[derive(Clone, Copy)]
pub(crate) enum End {
    HangUp,
    GoAway,
    /// The connection stays open but unresponsive.
    Silence,
}

pub(crate) struct H2 {
    pub(crate) server: Server,
    ca: Ca,
    end: Arc<Notify>,
}

impl H2 {
    pub(crate) fn start(end: End) -> Self {
        let (ca, ended) = (Ca::new(), Arc::new(Notify::new()));
        let (acceptor, now) = (ca.acceptor(&["h2", "http/1.1"]), Arc::clone(&ended));
        let server = Server::start(move |peer| {
            let (acceptor, now) = (acceptor.clone(), Arc::clone(&now));
            async move {
                let Some(peer) = peer.secure(&acceptor).await else { return };
                let mut connection = pin!(
                    http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(peer.stream), service_fn(respond))
                );
                tokio::select! {
                    _ = &mut connection => return,
                    () = now.notified() => {}
                }
                match end {
                    End::HangUp => {}
                    End::GoAway => {
                        connection.as_mut().graceful_shutdown();
                        let _ = connection.await;
                    }
                    End::Silence => pending().await,
                }
            }
        });
        Self { server, ca, end: ended }
    }

    pub(crate) fn transport(
        &self,
        set_up: impl FnOnce(HyperTransportBuilder) -> HyperTransportBuilder,
    ) -> HyperTransport {
        set_up(patient().tls(self.ca.client())).build()
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
        request(method, &format!("https://{}{path}", self.server.address), body)
    }
}

async fn respond(request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    match parts.uri.path() {
        "/unresponsive" => pending().await,
        "/broken" => Err(io::Error::other("this resets the stream")),
        "/large" => Ok(Response::new(Full::new(vec![b'x'; 200_000].into()))),
        "/flood" => {
            let mut response = Response::new(Full::default());
            for i in 0..5_000 {
                response.headers_mut().append("x-flood", i.into());
            }
            Ok(response)
        }
        path => {
            sleep(Duration::from_millis(1)).await;
            let text = format!("{} {path} {}", parts.method, String::from_utf8_lossy(&body));
            Ok(Response::new(Full::new(text.into())))
        }
    }
}

#[tokio::test]
async fn http_2_is_used_if_offered() {
    let h2 = H2::start(End::HangUp);
    let transport = h2.transport(|builder| builder);
    for (method, body) in [("LIST", ""), ("GET", ""), ("POST", "{}"), ("POST", ""), ("DELETE", "")] {
        let response = transport.send(h2.call(method, "/v1", body)).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        assert_eq!(response.body(), &format!("{method} /v1 {body}"));
    }
    assert_eq!(h2.server.seen().connections, 1);

    let forever = Duration::MAX;
    let unlimited =
        h2.transport(|builder| builder.connect_timeout(forever).timeout(forever).idle_timeout(forever));
    unlimited.send(h2.call("GET", "/v1", "")).await.unwrap();
}

#[tokio::test]
async fn concurrent_reads_share_a_connection() {
    for warm in [true, false] {
        let h2 = H2::start(End::HangUp);
        let transport = h2.transport(|builder| builder);
        if warm {
            transport.send(h2.call("GET", "/warm", "")).await.unwrap();
        }
        let mut calls = JoinSet::new();
        for i in 0..50 {
            let (transport, call) = (transport.clone(), h2.call("GET", &format!("/{i}"), ""));
            calls.spawn(async move { (i, transport.send(call).await.unwrap()) });
        }
        for (i, response) in calls.join_all().await {
            assert_eq!(response.version(), Version::HTTP_2);
            assert_eq!(response.body(), &format!("GET /{i} "));
        }
        // Before the first handshake it is unknown that one connection suffices.
        assert!(!warm || h2.server.seen().connections == 1, "{:?}", h2.server.seen());
    }
}

#[tokio::test]
async fn a_call_without_response_does_not_affect_the_others() {
    let h2 = H2::start(End::HangUp);
    let transport = h2.transport(|builder| builder.timeout(Duration::from_secs(1)));
    transport.send(h2.call("GET", "/warm", "")).await.unwrap();
    let unresponsive = tokio::spawn({
        let (transport, call) = (transport.clone(), h2.call("POST", "/unresponsive", "{}"));
        async move { transport.send(call).await }
    });
    for _ in 0..20 {
        transport.send(h2.call("GET", "/v1", "")).await.unwrap();
    }
    assert_eq!(unresponsive.await.unwrap().unwrap_err().kind(), TransportErrorKind::Timeout);
    transport.send(h2.call("GET", "/v1", "")).await.unwrap();
    // A write has its own connection, which is aborted with it.
    assert_eq!(h2.server.seen().connections, 2);
}

#[tokio::test]
async fn a_reset_stream_does_not_affect_the_others() {
    let h2 = H2::start(End::HangUp);
    let transport = h2.transport(|builder| builder.response_limit(100_000));
    for path in ["/broken", "/large"] {
        let error = transport.send(h2.call("POST", path, "{}")).await.unwrap_err();
        assert_eq!(error.kind() == TransportErrorKind::ResponseTooLarge, path == "/large", "{error:?}");
        assert_ne!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
        transport.send(h2.call("GET", "/v1", "")).await.unwrap();
    }
    assert_eq!(h2.server.seen().connections, 1);
}

#[tokio::test]
async fn a_flood_of_headers_is_an_error() {
    let h2 = H2::start(End::HangUp);
    let transport = h2.transport(|builder| builder);
    let error = transport.send(h2.call("POST", "/flood", "{}")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Other, "{error:?}");
    transport.send(h2.call("GET", "/v1", "")).await.unwrap();
}

#[tokio::test]
async fn a_dropped_connection_interrupts_all_its_calls() {
    let h2 = H2::start(End::HangUp);
    let transport = h2.transport(|builder| builder);
    transport.send(h2.call("GET", "/warm", "")).await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let (transport, call) = (transport.clone(), h2.call("GET", "/unresponsive", ""));
        calls.spawn(async move { transport.send(call).await.unwrap_err() });
    }
    sleep(A_MOMENT).await;
    h2.end.notify_one();
    for error in calls.join_all().await {
        assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{error:?}");
    }
    transport.send(h2.call("GET", "/v1", "")).await.unwrap();
    assert_eq!(h2.server.seen().connections, 2);
}

#[tokio::test]
async fn a_connection_closed_by_goaway_is_replaced() {
    let h2 = H2::start(End::GoAway);
    let transport = h2.transport(|builder| builder);
    for connections in 1..=3 {
        transport.send(h2.call("POST", "/v1", "{}")).await.unwrap();
        assert_eq!(h2.server.seen().connections, connections);
        h2.end.notify_one();
        sleep(A_MOMENT).await;
    }
}

/// As when the server's machine is down, or a firewall has dropped the connection.
#[tokio::test]
async fn an_unresponsive_connection_is_replaced() {
    let h2 = H2::start(End::Silence);
    let short = Duration::from_millis(200);
    let transport = h2.transport(|builder| builder.connect_timeout(short).timeout(short));
    transport.send(h2.call("GET", "/v1", "")).await.unwrap();
    h2.end.notify_one();
    sleep(short).await;
    let recovered = async {
        while let Err(error) = transport.send(h2.call("GET", "/v1", "")).await {
            assert!(
                matches!(error.kind(), TransportErrorKind::Timeout | TransportErrorKind::Interrupted),
                "{error:?}"
            );
        }
    };
    timeout(Duration::from_secs(3), recovered).await.expect("a new connection, as over HTTP/1.1");
}

#[tokio::test]
async fn abandoned_calls_do_not_affect_the_others() {
    let h2 = H2::start(End::HangUp);
    let transport = h2.transport(|builder| builder);
    let mut given_up = 0;
    for i in 0..100_u64 {
        let patience = Duration::from_micros(i * 7919 % 10_000);
        let path = format!("/{i}");
        match timeout(patience, transport.send(h2.call("GET", &path, ""))).await {
            Ok(response) => assert_eq!(response.unwrap().body(), &format!("GET {path} ")),
            Err(_) => given_up += 1,
        }
        if i % 5 == 0 {
            let response = transport.send(h2.call("POST", &path, "again")).await.unwrap();
            assert_eq!(response.body(), &format!("POST {path} again"));
        }
    }
    assert!(given_up >= 5, "{given_up}");
}

const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A server that responds to its first request with these frames, and may close the connection.
fn raw(ca: &Ca, frames: &'static [u8], hangs_up: bool) -> Server {
    let acceptor = ca.acceptor(&["h2"]);
    Server::start(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let Some(mut peer) = peer.secure(&acceptor).await else { return };
            peer.write(SETTINGS).await;
            let request = async { while peer.stream.read(&mut [0; 1024]).await.is_ok_and(|len| len > 0) {} };
            let _ = timeout(A_MOMENT, request).await;
            peer.write(frames).await;
            if !hangs_up {
                pending::<()>().await;
            }
        }
    })
}

/// A server that shuts down or is overloaded has not processed the request.
#[tokio::test]
async fn a_refused_stream_means_that_the_request_was_not_sent() {
    const GO_AWAY: &[u8] =
        &[0, 0, 8, 7, 0, 0, 0, 0, 0, /* the last stream */ 0, 0, 0, 0, /* no error */ 0, 0, 0, 0];
    const REFUSED: &[u8] =
        &[0, 0, 4, 3, 0, 0, 0, 0, /* the stream */ 1, /* REFUSED_STREAM */ 0, 0, 0, 7];
    let ca = Ca::new();
    for frame in [GO_AWAY, REFUSED] {
        let server = raw(&ca, frame, false);
        let call = request("POST", &format!("https://{}/v1", server.address), "{}");
        let error = patient().tls(ca.client()).build().send(call).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
        assert_eq!(server.seen().connections, 1);
    }
}

/// A protocol error, here an unexpected frame, closes the connection. Idempotent calls are retried once, on
/// another connection.
#[tokio::test]
async fn an_idempotent_call_on_a_failed_connection_is_retried_once() {
    const DATA_WITHOUT_STREAM: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0];
    let ca = Ca::new();
    for (method, connections) in [("GET", 2), ("LIST", 2), ("POST", 1)] {
        let server = raw(&ca, DATA_WITHOUT_STREAM, false);
        let call = request(method, &format!("https://{}/v1", server.address), "");
        let error = patient().tls(ca.client()).build().send(call).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Other, "{error:?}");
        assert_eq!(server.seen().connections, connections, "{method}");
    }
}

/// Reads until nothing arrives for a moment.
async fn drain(stream: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = [0; 1024];
    while timeout(A_MOMENT, stream.read(&mut buffer)).await.is_ok_and(|read| read.is_ok_and(|len| len > 0)) {}
}

/// A server may refuse the next request on a connection. The request is then sent on another connection.
#[tokio::test]
async fn a_request_refused_on_a_reused_connection_is_sent_again() {
    // A response without a body to the first request, and the end of the second one.
    const RESPONSE: &[u8] = &[0, 0, 1, 1, 5, 0, 0, 0, 1, /* 204 */ 0x89];
    const GO_AWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, /* the last stream */ 0, 0, 0, 1, 0, 0, 0, 0];
    const REFUSED: &[u8] = &[0, 0, 4, 3, 0, 0, 0, 0, 3, 0, 0, 0, 7];
    let ca = Ca::new();
    for refusal in [GO_AWAY, REFUSED] {
        let acceptor = ca.acceptor(&["h2"]);
        let server = Server::start(move |peer| {
            let acceptor = acceptor.clone();
            async move {
                let Some(mut peer) = peer.secure(&acceptor).await else { return };
                peer.write(SETTINGS).await;
                drain(&mut peer.stream).await;
                peer.write(RESPONSE).await;
                let _ = peer.stream.read(&mut [0; 1024]).await;
                drain(&mut peer.stream).await;
                peer.write(refusal).await;
                pending::<()>().await;
            }
        });
        let transport = patient().tls(ca.client()).build();
        for calls in 1..=2 {
            let call = request("POST", &format!("https://{}/v1", server.address), "{}");
            assert_eq!(transport.send(call).await.unwrap().status(), 204);
            assert_eq!(server.seen().connections, calls);
        }
    }
}

#[tokio::test]
async fn a_truncated_response_is_an_interruption() {
    // HEADERS with the status 200, and DATA that is not the last.
    const HALF: &[u8] = &[0, 0, 1, 1, 4, 0, 0, 0, 1, /* 200 */ 0x88, 0, 0, 1, 0, 0, 0, 0, 0, 1, b'{'];
    let ca = Ca::new();
    let server = raw(&ca, HALF, true);
    let call = request("POST", &format!("https://{}/v1", server.address), "{}");
    let error = patient().tls(ca.client()).build().send(call).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{error:?}");
    assert_eq!(server.seen().connections, 1);
}

/// After the response headers, a server cannot claim that it has not processed the request.
#[tokio::test]
async fn a_stream_refused_after_the_response_headers_is_an_interruption() {
    // HEADERS with the status 200, and REFUSED_STREAM.
    const REFUSED: &[u8] =
        &[0, 0, 1, 1, 4, 0, 0, 0, 1, /* 200 */ 0x88, 0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];
    let ca = Ca::new();
    let server = raw(&ca, REFUSED, false);
    let call = request("POST", &format!("https://{}/v1", server.address), "{}");
    let error = patient().tls(ca.client()).build().send(call).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{error:?}");
    assert_eq!(server.seen().connections, 1);
}

/// A connection that expires at once is not reopened in a loop.
#[tokio::test]
async fn connections_with_zero_lifetime_are_used_once() {
    let h2 = H2::start(End::Silence);
    let transport = h2.transport(|builder| builder.connection_lifetime(Duration::ZERO));
    for calls in 1..=2 {
        let result = timeout(Duration::from_secs(10), transport.send(h2.call("GET", "/v1/x", ""))).await;
        assert!(result.unwrap().is_ok());
        assert!(h2.server.seen().connections <= calls * 4, "{}", h2.server.seen().connections);
    }
}

/// Checking in its connection would spawn a task.
#[test]
fn a_call_may_be_dropped_outside_a_runtime() {
    // HEADERS with the status 200, without END_STREAM.
    const HALF: &[u8] = &[0, 0, 1, 1, 4, 0, 0, 0, 1, /* 200 */ 0x88];
    let (runtime, ca) = (Runtime::new().unwrap(), Ca::new());
    let server = runtime.block_on(async { raw(&ca, HALF, false) });
    let transport = patient().tls(ca.client()).build();
    let mut call = transport.send(request("POST", &format!("https://{}/v1", server.address), "{}"));
    let has_ended = runtime.block_on(async { timeout(Duration::from_secs(1), &mut call).await.is_ok() });
    assert!(!has_ended);
    drop(call);
}
