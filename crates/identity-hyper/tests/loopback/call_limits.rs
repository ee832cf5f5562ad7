//! Limits of concurrency and rate.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{Transport, transport::TransportErrorKind};
use identity_hyper::{HyperTransport, HyperTransportBuilder, RateLimit, RetryPolicy};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tower::{Layer, service_fn};

use crate::support::{A_MOMENT, NO_CONTENT, Server, ok, patient, request};

/// Counts concurrent calls.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    async fn join(&self, stay: Duration) {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(now, SeqCst);
        sleep(stay).await;
        self.now.fetch_sub(1, SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_calls_all_get_a_slot() {
    const CALLS: usize = 10_000;
    let crowd = Arc::new(Crowd::default());
    let server = Server::start({
        let crowd = Arc::clone(&crowd);
        move |mut peer| {
            let crowd = Arc::clone(&crowd);
            async move {
                while peer.request().await.is_some() {
                    crowd.join(Duration::ZERO).await;
                    peer.write(NO_CONTENT).await;
                }
            }
        }
    });
    let transport = patient().timeout(Duration::from_secs(300)).concurrency_limit(8).build();
    let mut calls = JoinSet::new();
    for i in 0..CALLS {
        let (transport, call) = (transport.clone(), server.get("/v1"));
        calls.spawn(async move {
            // One in ten is dropped, usually while it waits.
            let patience = Duration::from_secs(if i % 10 == 0 { 0 } else { 300 });
            timeout(patience, transport.send(call)).await.is_ok_and(|result| result.is_ok())
        });
    }
    let succeeded = calls.join_all().await.into_iter().filter(|succeeded| *succeeded).count();
    assert!(succeeded >= CALLS / 10 * 9, "{succeeded}");
    assert!(crowd.most.load(SeqCst) <= 8, "{:?}", crowd.most);
    assert!(crowd.most.load(SeqCst) > 1, "{:?}", crowd.most);
}

#[tokio::test(start_paused = true)]
async fn calls_are_sent_in_order_of_arrival() {
    let served = Arc::new(Mutex::new(Vec::new()));
    let crowd = Arc::new(Crowd::default());
    let transport = unlimited_time().concurrency_limit(2).into_layer().layer(service_fn({
        let (served, crowd) = (Arc::clone(&served), Arc::clone(&crowd));
        move |request: Request<Bytes>| {
            served.lock().unwrap().push(request.uri().path().to_owned());
            let crowd = Arc::clone(&crowd);
            async move {
                crowd.join(Duration::from_secs(1)).await;
                Ok::<_, Infallible>(Response::new(Bytes::new()))
            }
        }
    }));
    let transport = Arc::new(transport);
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for i in 0..10 {
        let transport = Arc::clone(&transport);
        calls.spawn(
            async move { transport.send(request("GET", &format!("http://a/{i}"), "")).await.unwrap() },
        );
    }
    calls.join_all().await;
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(crowd.most.load(SeqCst), 2);
    assert_eq!(*served.lock().unwrap(), (0..10).map(|i| format!("/{i}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_call_that_waits_too_long_was_not_sent() {
    let server = Server::start(|mut peer| async move { while peer.request().await.is_some() {} });
    let transport = patient().timeout(A_MOMENT * 3).concurrency_limit(1).build();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (transport, call) = (transport.clone(), server.post("/v1", "{}"));
        calls.spawn(async move { transport.send(call).await.unwrap_err() });
    }
    let start = Instant::now();
    let errors = calls.join_all().await;
    assert!(start.elapsed() < A_MOMENT * 30, "waiting counts: {:?}", start.elapsed());
    let unsent = errors.iter().filter(|error| error.kind() == TransportErrorKind::NotSent).count();
    assert!(unsent > 0);
    assert!(server.seen().requests.len() <= errors.len() - unsent, "{errors:?}");
    assert!(errors.iter().any(|error| error.kind() == TransportErrorKind::Timeout), "{errors:?}");
}

#[tokio::test]
async fn a_limit_of_zero_sends_nothing() {
    let server = Server::responding(ok("{}"));
    let transport = patient().timeout(A_MOMENT).concurrency_limit(0).build();
    let error = transport.send(server.get("/v1")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    assert_eq!(server.seen().connections, 0);
    patient().concurrency_limit(usize::MAX).build().send(server.get("/v1")).await.unwrap();
}

/// Returns a builder whose calls may take a day.
fn unlimited_time() -> HyperTransportBuilder {
    HyperTransport::builder().timeout(Duration::from_secs(24 * 60 * 60))
}

/// Returns a transport with a rate limit, and the times at which its calls are sent.
fn rated(limit: RateLimit) -> (Arc<impl Transport>, Arc<Mutex<Vec<Duration>>>) {
    let (start, passed) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let transport = unlimited_time().rate_limit(limit).into_layer().layer(service_fn({
        let passed = Arc::clone(&passed);
        move |_: Request<Bytes>| {
            passed.lock().unwrap().push(start.elapsed());
            async { Ok::<_, Infallible>(Response::new(Bytes::new())) }
        }
    }));
    (Arc::new(transport), passed)
}

async fn call_at_once(transport: &Arc<impl Transport + 'static>, count: usize) {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        let transport = Arc::clone(transport);
        calls.spawn(async move { transport.send(request("GET", "http://a/v1", "")).await.unwrap() });
    }
    calls.join_all().await;
}

fn millis(times: &Mutex<Vec<Duration>>) -> Vec<u128> {
    // tokio's timers have a resolution of one millisecond.
    times.lock().unwrap().drain(..).map(|time| (time.as_millis() + 5) / 10 * 10).collect()
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept_and_an_idle_period_allows_a_burst() {
    let (transport, passed) = rated(RateLimit::per_second(10.0).unwrap().burst(3).unwrap());
    call_at_once(&transport, 7).await;
    assert_eq!(millis(&passed), [0, 0, 0, 100, 200, 300, 400]);
    sleep(Duration::from_millis(99_600)).await;
    call_at_once(&transport, 5).await;
    assert_eq!(millis(&passed), [100_000, 100_000, 100_000, 100_100, 100_200]);
}

#[tokio::test(start_paused = true)]
async fn the_burst_defaults_to_the_rate() {
    for (rate, burst) in [(0.5, 1), (1.0, 1), (2.9, 2), (50.0, 50)] {
        let (transport, passed) = rated(RateLimit::per_second(rate).unwrap());
        call_at_once(&transport, burst + 1).await;
        let at_once = millis(&passed).into_iter().filter(|time| *time == 0).count();
        assert_eq!(at_once, burst, "{rate}");
    }
}

/// Each timer is a millisecond late.
#[tokio::test(start_paused = true)]
async fn a_high_rate_is_not_lowered_by_the_clock() {
    let (transport, passed) = rated(RateLimit::per_second(10_000.0).unwrap().burst(1).unwrap());
    call_at_once(&transport, 10_000).await;
    let last = millis(&passed).pop().unwrap();
    assert!((1000..1100).contains(&last), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_does_not_use_up_its_turn() {
    let (transport, passed) = rated(RateLimit::per_second(1.0).unwrap());
    call_at_once(&transport, 1).await;
    for _ in 0..50 {
        timeout(Duration::from_millis(10), call_at_once(&transport, 3)).await.unwrap_err();
    }
    call_at_once(&transport, 2).await;
    assert_eq!(millis(&passed), [0, 1000, 2000]);
}

#[tokio::test]
async fn a_turn_beyond_the_deadline_fails_at_once() {
    let server = Server::responding(ok("{}"));
    let rate = RateLimit::per_second(0.01).unwrap();
    let transport = patient().retry_policy(RetryPolicy::new()).rate_limit(rate).build();
    let start = Instant::now();
    transport.send(server.get("/v1")).await.unwrap();
    let error = transport.send(server.get("/v1")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(server.seen().requests.len(), 1);
}

#[tokio::test]
async fn retries_need_no_turn() {
    let responses = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |mut peer| {
        let responses = Arc::clone(&responses);
        async move {
            while peer.request().await.is_some() {
                let busy = responses.fetch_add(1, SeqCst) < 2;
                let too_many = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
                peer.write(if busy { too_many } else { NO_CONTENT }).await;
            }
        }
    });
    let rate = RateLimit::per_second(0.01).unwrap();
    let transport = patient().retry_policy(RetryPolicy::new()).rate_limit(rate).build();
    transport.send(server.get("/v1")).await.unwrap();
    assert_eq!(server.seen().requests.len(), 3);
}

#[tokio::test]
async fn the_time_of_an_attempt_begins_after_the_wait() {
    let server = Server::start(|mut peer| async move {
        while peer.request().await.is_some() {
            sleep(A_MOMENT).await;
            peer.write(NO_CONTENT).await;
        }
    });
    let rate = RateLimit::per_second(1.0).unwrap();
    let transport = patient().attempt_timeout(A_MOMENT * 5).rate_limit(rate).build();
    for _ in 0..2 {
        transport.send(server.get("/v1")).await.unwrap();
    }
    assert_eq!(server.seen().requests.len(), 2);
}

#[tokio::test]
async fn an_invalid_rate_is_rejected() {
    for rate in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(RateLimit::per_second(rate).unwrap_err().parameter(), "rate", "{rate}");
    }
    let limit = RateLimit::per_second(1.0).unwrap();
    assert_eq!(limit.burst(0).unwrap_err().parameter(), "burst");

    let server = Server::responding(ok("{}"));
    for rate in [f64::MIN_POSITIVE, 5e-324, 1e-9, 1.0, 1e9, f64::MAX] {
        for burst in [1, u32::MAX] {
            let limit = RateLimit::per_second(rate).unwrap().burst(burst).unwrap();
            let transport = patient().timeout(Duration::MAX).rate_limit(limit).build();
            transport.send(server.get("/v1")).await.unwrap();
        }
    }
}
