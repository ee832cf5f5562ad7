//! Conversions between transports and tower services, and the hook on each attempt.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use identity_core::{
    Endpoint, Target, Transport,
    endpoint::{Method, Operation},
    entity::ListEntities,
    oidc::IntrospectIdToken,
    transport::{ConsistencyToken, TransportError, TransportErrorKind},
    wrapping::UnwrapResponse,
};
use identity_hyper::{CollectLayer, RetryPolicy, ServiceTransport, Token, TransportService};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::{BoxError, Layer, ServiceBuilder, service_fn};

use crate::support::{NO_CONTENT, Server, ok, patient, request};

fn any_request() -> Request<Bytes> {
    request("GET", "http://127.0.0.1/v1", "")
}

/// Returns the error of a transport whose service fails with `error`.
async fn classified(error: impl Into<BoxError>) -> TransportError {
    let error = Mutex::new(Some(error.into()));
    let service = service_fn(|_| async {
        let error = error.lock().expect("no other thread").take();
        error.map_or(Ok(Response::new(Bytes::new())), Err)
    });
    ServiceTransport::new(service).send(any_request()).await.expect_err("the service fails")
}

/// The error of a layer, with another error as its source.
#[derive(Debug)]
struct GaveUp(BoxError);

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("gave up")
    }
}

impl Error for GaveUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

const KINDS: [TransportErrorKind; 5] = [
    TransportErrorKind::NotSent,
    TransportErrorKind::Timeout,
    TransportErrorKind::Interrupted,
    TransportErrorKind::ResponseTooLarge,
    TransportErrorKind::Other,
];

#[tokio::test]
async fn a_transport_error_stays_as_it_is() {
    for kind in KINDS {
        let error = classified(TransportError::new(kind, io::Error::other("the cause"))).await;
        assert_eq!(error.kind(), kind);
        assert_eq!(error.source().unwrap().to_string(), "the cause");
    }
}

#[tokio::test]
async fn a_transport_error_within_another_error_keeps_its_kind() {
    for kind in KINDS {
        let error = classified(GaveUp(TransportError::from(kind).into())).await;
        assert_eq!(error.kind(), kind);
        assert!(error.source().unwrap().is::<GaveUp>());
    }
}

#[tokio::test]
async fn errors_of_the_operating_system_are_classified() {
    for (of_the_system, kind) in [
        (io::ErrorKind::TimedOut, TransportErrorKind::Timeout),
        (io::ErrorKind::ConnectionReset, TransportErrorKind::Interrupted),
        (io::ErrorKind::ConnectionAborted, TransportErrorKind::Interrupted),
        (io::ErrorKind::BrokenPipe, TransportErrorKind::Interrupted),
        (io::ErrorKind::NotConnected, TransportErrorKind::Interrupted),
        (io::ErrorKind::UnexpectedEof, TransportErrorKind::Interrupted),
        (io::ErrorKind::InvalidData, TransportErrorKind::Other),
        (io::ErrorKind::OutOfMemory, TransportErrorKind::Other),
    ] {
        assert_eq!(classified(io::Error::from(of_the_system)).await.kind(), kind);
        assert_eq!(classified(GaveUp(io::Error::from(of_the_system).into())).await.kind(), kind);
    }
}

#[tokio::test]
async fn an_unknown_error_is_kept_as_the_source() {
    let error = classified(GaveUp("no reason".into())).await;
    assert_eq!(error.kind(), TransportErrorKind::Other);
    assert!(error.source().unwrap().is::<GaveUp>());
    assert_eq!(error.source().unwrap().source().unwrap().to_string(), "no reason");
}

#[tokio::test]
async fn a_timeout_of_a_layer_is_a_timeout() {
    let service = ServiceBuilder::new()
        .timeout(Duration::from_millis(50))
        .service(service_fn(|_| pending::<Result<Response<Bytes>, BoxError>>()));
    let error = ServiceTransport::new(service).send(any_request()).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}

#[tokio::test]
async fn a_layer_sees_the_operation_and_no_secret() {
    let seen = Mutex::new(Vec::new());
    let transport = ServiceTransport::new(service_fn(|request: Request<Bytes>| {
        seen.lock().unwrap().push(request);
        async { Ok::<_, BoxError>(Response::new(Bytes::new())) }
    }));
    let target = Target::new("http://127.0.0.1:8200").unwrap().with_token("s.secret").unwrap();
    let list = ListEntities::new().request(&target.clone().with_list_as_get(true)).unwrap();
    let unwrap = UnwrapResponse::<IntrospectIdToken>::new("s.secret").request(&target).unwrap();
    for request in [list, unwrap] {
        transport.send(request).await.unwrap();
    }

    let seen = seen.into_inner().unwrap();
    for request in &seen {
        assert_eq!(request.headers()["x-vault-token"], "s.secret");
        assert!(request.headers()["x-vault-token"].is_sensitive());
        assert!(!format!("{request:?}").contains("s.secret"));
    }
    let operation = seen[0].extensions().get::<Operation>().unwrap();
    assert_eq!((operation.method, operation.path), (Method::List, "identity/entity/id"));
    assert!(operation.idempotent);
    assert!(!seen[1].extensions().get::<Operation>().unwrap().idempotent);
}

/// Counts concurrent calls. It does not implement `Clone`.
#[derive(Default)]
struct Crowded {
    now: AtomicUsize,
    most: Arc<AtomicUsize>,
}

#[async_trait]
impl Transport for Crowded {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        sleep(Duration::from_millis(20)).await;
        self.now.fetch_sub(1, SeqCst);
        if request.uri().path() == "/fail" {
            return Err(TransportErrorKind::ResponseTooLarge.into());
        }
        Ok(Response::new(Bytes::from(request.uri().to_string())))
    }
}

#[tokio::test]
async fn layers_wrap_any_transport() {
    let crowded = Crowded::default();
    let most = Arc::clone(&crowded.most);
    let service = ServiceBuilder::new()
        .concurrency_limit(3)
        .timeout(Duration::from_secs(5))
        .service(TransportService::new(crowded));
    let transport = ServiceTransport::new(service);

    let mut calls = JoinSet::new();
    for i in 0..12 {
        let transport = transport.clone();
        calls.spawn(async move {
            let url = format!("http://127.0.0.1/{i}");
            assert_eq!(transport.send(request("GET", &url, "")).await.unwrap().body(), &url);
        });
    }
    calls.join_all().await;
    assert_eq!(most.load(SeqCst), 3);

    let error = transport.send(request("GET", "http://127.0.0.1/fail", "")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::ResponseTooLarge);
}

#[tokio::test]
async fn a_layer_around_the_default_transport_may_retry() {
    let server = Server::start(|mut peer| async move {
        if peer.request().await.is_some_and(|request| request.contains("attempt: 3")) {
            peer.write(NO_CONTENT).await;
        }
    });
    let transport = Arc::new(patient().build());
    let persistent = ServiceTransport::new(service_fn(move |call: Request<Bytes>| {
        let transport = Arc::clone(&transport);
        async move {
            for attempt in 1.. {
                let mut call = call.clone();
                call.headers_mut().insert("attempt", attempt.into());
                match transport.send(call).await {
                    Err(error) if error.kind() == TransportErrorKind::Interrupted => {}
                    result => return result,
                }
            }
            unreachable!("the attempts are endless")
        }
    }));
    assert_eq!(persistent.send(server.get("/v1")).await.unwrap().status(), 204);
    assert_eq!(server.seen().requests.len(), 3);
}

#[tokio::test]
async fn the_body_of_any_service_can_be_collected() {
    let echo = service_fn(|request: Request<Full<Bytes>>| async {
        Ok::<_, BoxError>(Response::new(request.into_body()))
    });
    let transport = ServiceTransport::new(ServiceBuilder::new().layer(CollectLayer::new(5)).service(echo));
    let call = |body| request("POST", "http://127.0.0.1/", body);
    assert_eq!(transport.send(call("hello")).await.unwrap().body(), "hello");
    let error = transport.send(call("hello!")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::ResponseTooLarge);
}

#[tokio::test]
async fn the_hook_runs_on_each_attempt_after_the_token_is_added() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let service = service_fn({
        let seen = Arc::clone(&seen);
        move |request: Request<Bytes>| {
            seen.lock().unwrap().push(request);
            let mut response = Response::new(Bytes::new());
            *response.status_mut() =
                if seen.lock().unwrap().len() < 3 { StatusCode::BAD_GATEWAY } else { StatusCode::NO_CONTENT };
            async { Ok::<_, BoxError>(response) }
        }
    });
    let attempts = AtomicUsize::new(0);
    let transport = patient()
        .retry_policy(RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO))
        .token_source(Token::new("s.fixed").unwrap())
        .map_request(move |request| {
            assert_eq!(request.headers()["x-vault-token"], "s.fixed");
            let attempt = attempts.fetch_add(1, SeqCst);
            request.headers_mut().append("x-attempt", attempt.into());
        })
        .into_layer()
        .layer(service);
    let target = Target::new("http://127.0.0.1:8200").unwrap().with_transport_token();
    assert!(transport.supplies_token());
    let response = transport.send(ListEntities::new().request(&target).unwrap()).await.unwrap();
    assert_eq!(response.status(), 204);

    let seen = seen.lock().unwrap();
    let attempts = |request: &Request<Bytes>| {
        let values = request.headers().get_all("x-attempt").iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen.iter().map(attempts).collect::<Vec<_>>(), [["0"], ["1"], ["2"]]);
}

#[tokio::test]
async fn a_layer_redacts_its_token_in_the_errors_of_any_service() {
    let echo = service_fn(|request: Request<Bytes>| async move {
        let token = request.headers()["x-vault-token"].to_str().unwrap();
        let body = format!(r#"{{"errors":["no such token: {token}"]}}"#);
        Ok::<_, BoxError>(Response::builder().status(403).body(Bytes::from(body)).unwrap())
    });
    let transport = patient().token_source(Token::new("s.redacted").unwrap()).into_layer().layer(echo);
    let target = Target::new("http://127.0.0.1:8200").unwrap().with_transport_token();
    let response = transport.send(ListEntities::new().request(&target).unwrap()).await.unwrap();
    let error = ListEntities::parse_response(&response).unwrap_err();
    assert!(error.is_permission_denied() && !format!("{error:?}").contains("s.redacted"), "{error:?}");
}

/// A transport that only sends, and names the one inside.
struct Wrapper<T>(T);

#[async_trait]
impl<T: Transport> Transport for Wrapper<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.0.send(request).await
    }

    fn inner(&self) -> Option<&dyn Transport> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn wrappers_have_all_that_the_transport_inside_has() {
    let server = Server::responding(NO_CONTENT);
    let transport = patient()
        .addresses([server.url("")])
        .unwrap()
        .timeout(Duration::from_secs(7))
        .token_source(Token::new("s.fixed").unwrap())
        .build();
    let boxed: Box<dyn Transport> = Box::new(Wrapper(Arc::new(transport.clone())));
    let service = ServiceTransport::new(TransportService::new(Wrapper(boxed))).around(transport.clone());
    let wrapped = Wrapper(Arc::new(Wrapper(service)));

    assert_eq!(wrapped.timeout(), Some(Duration::from_secs(7)));
    assert!(wrapped.supplies_token());
    assert_eq!(wrapped.health().await.len(), 1);
    let tokens = vec![ConsistencyToken::new("vault.test:8200", "team/", "aW5kZXg=")];
    wrapped.observe_tokens(tokens.clone());
    assert_eq!(transport.consistency_tokens(), tokens);
    assert_eq!(wrapped.consistency_tokens(), tokens);

    let call = || wrapped.send(server.get("/v1"));
    call().await.unwrap();
    wrapped.reset_connections();
    call().await.unwrap();
    // Besides the probe's: each call after a reset opens a connection.
    let connections = server.seen().connections;
    call().await.unwrap();
    assert_eq!((connections, server.seen().connections), (2, 2));
}

/// Tokens may come from elsewhere: what cannot be an index is ignored.
#[test]
fn invalid_tokens_are_not_observed() {
    let transport = patient().build();
    for index in ["", "a\nb", "\u{7f}", "é", &"x".repeat(1025)] {
        transport.observe_tokens(vec![ConsistencyToken::new("vault.test:8200", "", index)]);
        assert_eq!(transport.consistency_tokens(), [], "{index:?}");
    }
}

#[tokio::test]
async fn the_hook_changes_what_the_pool_sends() {
    let server = Server::responding(NO_CONTENT);
    let transport = patient().map_request(|request| {
        request.headers_mut().insert("x-hook", HeaderValue::from_static("yes"));
    });
    transport.build().send(server.get("/v1")).await.unwrap();
    assert!(server.seen().requests[0].contains("x-hook: yes\r\n"), "{:?}", server.seen().requests);
}

/// A service must not be called before it is ready.
#[tokio::test]
async fn a_service_is_polled_until_it_is_ready() {
    let server = Server::responding(ok("{}"));
    let service =
        ServiceBuilder::new().concurrency_limit(1).service(TransportService::new(patient().build()));
    let transport = Arc::new(ServiceTransport::new(service));
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let (transport, call) = (Arc::clone(&transport), server.get("/v1"));
        calls.spawn(async move { transport.send(call).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(server.seen().connections, 1);
}
