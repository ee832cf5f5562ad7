//! `FakeVault` as a tower service with delays, and its address.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use identity_core::{
    BlockingTransport, Endpoint, Transport,
    entity::{CreateEntity, ListEntityNames},
    oidc::ReadDiscovery,
};
use identity_fake::{FakeVault, Fault};
use tower::timeout::TimeoutLayer;
use tower::{ServiceBuilder, ServiceExt};

const LATE: Duration = Duration::from_millis(300);

fn create(vault: &FakeVault) -> Request<Bytes> {
    CreateEntity::named("alice").request(&vault.target()).unwrap()
}

fn names(vault: &FakeVault) -> Vec<String> {
    let list = ListEntityNames::new().request(&vault.target()).unwrap();
    ListEntityNames::parse_response(&BlockingTransport::send(vault, list).unwrap()).unwrap().keys
}

/// Wakes a thread in place of a runtime.
struct Unpark(Thread, AtomicBool);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.1.store(true, Ordering::SeqCst);
        self.0.unpark();
    }
}

#[test]
fn delays_need_no_runtime() {
    let vault = FakeVault::new();
    vault.fail_next(Fault::Delay(LATE));
    let start = Instant::now();
    assert_eq!(BlockingTransport::send(&vault, create(&vault)).unwrap().status(), 200);
    assert!(start.elapsed() >= LATE);

    vault.fail_next(Fault::Delay(LATE));
    let start = Instant::now();
    let unpark = Arc::new(Unpark(thread::current(), AtomicBool::new(false)));
    let waker = Waker::from(unpark.clone());
    let mut send = pin!(Transport::send(&vault, create(&vault)));
    let mut polls = 0;
    let response = loop {
        polls += 1;
        if let Poll::Ready(response) = send.as_mut().poll(&mut Context::from_waker(&waker)) {
            break response;
        }
        assert!(start.elapsed() < LATE || polls > 1, "it blocks");
        while !unpark.1.swap(false, Ordering::SeqCst) {
            thread::park_timeout(Duration::from_secs(9));
            assert!(start.elapsed() < Duration::from_secs(9), "it is never woken");
        }
    };
    assert_eq!(response.unwrap().status(), 204);
    assert!(start.elapsed() >= LATE && polls >= 2);
    assert_eq!(names(&vault), ["alice"]);
}

#[tokio::test(flavor = "current_thread")]
async fn delayed_requests_take_effect_immediately() {
    let vault = FakeVault::new();
    vault.fail_next(Fault::Delay(Duration::from_secs(3600)));
    let given_up = tokio::time::timeout(LATE, Transport::send(&vault, create(&vault))).await;
    assert!(given_up.is_err());
    assert_eq!(names(&vault), ["alice"]);
    // Other requests are not delayed.
    vault.fail_next(Fault::Delay(LATE));
    let slow = Transport::send(&vault, create(&vault));
    let start = Instant::now();
    let (slow, quick) = tokio::join!(slow, async {
        names(&vault);
        start.elapsed()
    });
    assert!(slow.is_ok() && quick < LATE);
}

#[tokio::test]
async fn tower_layers_wrap_the_server() {
    let vault = FakeVault::new();
    let service = ServiceBuilder::new().layer(TimeoutLayer::new(LATE)).service(vault.clone());
    let response = service.clone().oneshot(create(&vault)).await.unwrap();
    assert_eq!(response.status(), 200);

    vault.fail_next(Fault::Delay(Duration::from_secs(3600)));
    let error = service.clone().oneshot(create(&vault)).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>());
    vault.fail_next(Fault::ConnectionRefused);
    let error = service.oneshot(create(&vault)).await.unwrap_err();
    assert!(error.is::<identity_core::transport::TransportError>());
}

#[test]
fn issuers_begin_with_the_address() {
    for (vault, address) in [
        (FakeVault::new(), "http://fake.vault"),
        (FakeVault::new().with_address("http://127.0.0.1:8200"), "http://127.0.0.1:8200"),
    ] {
        let request = ReadDiscovery::new().request(&vault.target()).unwrap();
        assert_eq!(
            request.uri().to_string(),
            format!("{address}/v1/identity/oidc/.well-known/openid-configuration")
        );
        let response = BlockingTransport::send(&vault, request).unwrap();
        let discovery: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(discovery["issuer"], format!("{address}/v1/identity/oidc"));
    }
}
