//! The blocking adapter.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    BlockingTransport, Transport,
    transport::{TransportError, TransportErrorKind},
};
use identity_hyper::{BlockingAdapter, HyperTransport};
use tokio::runtime::{Builder, Runtime};

use crate::support::{A_MOMENT, Server, ok, path, patient, serve};

fn echo() -> (Runtime, Server) {
    serve(|mut peer| async move {
        while let Some(request) = peer.request().await {
            match path(&request) {
                "/hang-up" => return,
                "/unresponsive" => {}
                path => {
                    peer.write(ok(path)).await;
                }
            }
        }
    })
}

#[test]
fn threads_call_concurrently() {
    let (_runtime, server) = echo();
    let transport = BlockingAdapter::new(patient().build()).unwrap();
    thread::scope(|scope| {
        for i in 0..16 {
            let (transport, server) = (&transport, &server);
            scope.spawn(move || {
                for j in 0..10 {
                    let path = format!("/{i}/{j}");
                    assert_eq!(transport.send(server.get(&path)).unwrap().body(), &path);
                }
            });
        }
    });
    assert_eq!(server.seen().requests.len(), 160);
    assert!(server.seen().connections < 80, "{:?}", server.seen());
}

#[test]
fn it_can_be_used_and_dropped_within_another_runtime() {
    let (_runtime, server) = echo();
    let single = Builder::new_current_thread().build().unwrap();
    let multi = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for runtime in [single, multi] {
        runtime.block_on(async {
            let transport = BlockingAdapter::new(HyperTransport::new()).unwrap();
            assert_eq!(transport.send(server.get("/v1")).unwrap().body(), "/v1");
            drop(transport);
        });
    }
}

#[test]
fn errors_are_the_same_as_without_blocking() {
    let (_runtime, server) = echo();
    let transport = BlockingAdapter::new(patient().timeout(Duration::from_millis(300)).build()).unwrap();
    let kind = |path| transport.send(server.post(path, "{}")).unwrap_err().kind();
    let start = Instant::now();
    assert_eq!(kind("/unresponsive"), TransportErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(kind("/hang-up"), TransportErrorKind::Interrupted);
    assert_eq!(server.seen().requests.len(), 2);
    transport.send(server.get("/v1")).unwrap();
}

/// The first adapter's connections end with its runtime, but the pool is shared.
#[test]
fn a_dropped_adapter_leaves_its_clones_usable() {
    let (_runtime, server) = echo();
    let shared = patient().build();
    let kept = BlockingAdapter::new(shared.clone()).unwrap();
    for _ in 0..5 {
        let dropped = BlockingAdapter::new(shared.clone()).unwrap();
        dropped.send(server.get("/v1")).unwrap();
        drop(dropped);
        // Its runtime ends in the background.
        thread::sleep(A_MOMENT);
        kept.send(server.get("/v1")).unwrap();
    }
}

#[test]
fn dropping_it_does_not_wait() {
    let (_runtime, server) = echo();
    let transport = Arc::new(BlockingAdapter::new(patient().build()).unwrap());
    let (busy, call) = (Arc::clone(&transport), server.get("/unresponsive"));
    thread::spawn(move || busy.send(call));
    while server.seen().requests.is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    drop(transport);
    assert!(start.elapsed() < Duration::from_secs(2));
}

struct Panics;

#[async_trait]
impl Transport for Panics {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        assert_ne!(request.uri().path(), "/panic", "a panic on purpose");
        Ok(Response::new(Bytes::from_static(b"fine")))
    }
}

#[test]
fn a_panicking_transport_returns_an_error() {
    let transport = BlockingAdapter::new(Arc::new(Panics)).unwrap();
    let call = |path: &str| crate::support::request("GET", &format!("http://127.0.0.1{path}"), "");
    assert_eq!(transport.send(call("/panic")).unwrap_err().kind(), TransportErrorKind::Other);
    assert_eq!(transport.send(call("/v1")).unwrap().body(), "fine");
}

#[test]
fn it_can_be_shared_between_threads() {
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}
    let transport: Arc<dyn Transport> = Arc::new(Panics);
    let transport = BlockingAdapter::new(transport).unwrap();
    is_shared(&transport);
    let transport: Arc<dyn BlockingTransport> = Arc::new(transport);
    is_shared(&transport);
}
