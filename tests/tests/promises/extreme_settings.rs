//! Extreme settings, and independence of successive calls.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Response};
use tokio::runtime::Builder;
use vault_identity::Client;
use vault_identity::entity::CreateEntity;
use vault_identity::transport::{HyperTransport, RetryPolicy, TransportErrorKind};

use crate::support::{ENTITY, client_with, eventually, retrying, single_attempt, target, timed};

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_zero_attempt_timeout_ends_with_the_deadline() {
    let server = Faulty::always(Response::json(200, ENTITY).after(Duration::from_millis(50)));
    let client = client_with(&server, retrying().attempt_timeout(Duration::ZERO).timeout(SHORT));
    let (read, time) = timed(client.entities().read("e1")).await;
    let kind = read.unwrap_err().transport().unwrap().kind();
    assert!(matches!(kind, TransportErrorKind::NotSent | TransportErrorKind::Timeout), "{kind:?}");
    assert!(time < SHORT + Duration::from_secs(1) && server.connections() < 20, "{time:?}");
    // The attempt timeout does not apply to a call that is not idempotent.
    client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
}

#[tokio::test]
async fn an_attempt_cannot_outlast_the_call() {
    let server = Faulty::always(Response::none());
    for attempt in [Duration::from_secs(3600), Duration::MAX] {
        let transport = retrying().attempt_timeout(attempt).timeout(SHORT).retry_policy(RetryPolicy::off());
        let (read, time) = timed(client_with(&server, transport).entities().read("e1")).await;
        assert_eq!(read.unwrap_err().transport().unwrap().kind(), TransportErrorKind::Timeout);
        assert!(time < SHORT + Duration::from_secs(1), "{time:?}");
    }
}

#[tokio::test]
async fn a_zero_timeout_ends_the_call_at_once() {
    let server = Faulty::always(Response::none());
    for retry in
        [RetryPolicy::off(), RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO), RetryPolicy::new()]
    {
        let client =
            client_with(&server, HyperTransport::builder().timeout(Duration::ZERO).retry_policy(retry));
        for _ in 0..3 {
            let (read, time) = timed(client.entities().read("e1")).await;
            let kind = read.unwrap_err().transport().unwrap().kind();
            // The connection may open at once.
            assert!(matches!(kind, TransportErrorKind::NotSent | TransportErrorKind::Timeout), "{kind:?}");
            assert!(time < Duration::from_secs(1), "{time:?}");
        }
    }
}

#[tokio::test]
async fn endless_backoff_fails_at_once_and_zero_backoff_is_bounded_by_the_budget() {
    let server = Faulty::always(Response::status(502));
    let endless = RetryPolicy::new().backoff(Duration::MAX, Duration::MAX);
    let client = client_with(&server, retrying().retry_policy(endless));
    let (read, time) = timed(client.entities().read("e1")).await;
    read.unwrap_err();
    assert!(time < Duration::from_secs(1) && server.requests().len() == 1, "{time:?}");
    let no_backoff = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    let client = client_with(&server, retrying().retry_policy(no_backoff).timeout(SHORT));
    client.entities().read("e1").await.unwrap_err();
    assert!(server.requests().len() < 120, "{}", server.requests().len());
}

#[tokio::test]
async fn connections_are_used_for_their_lifetime() {
    for (lifetime, connections) in [(Duration::ZERO, 5..6), (SHORT, 2..4), (Duration::MAX, 1..2)] {
        let server = Faulty::always(Response::json(200, ENTITY));
        let client = client_with(&server, single_attempt().connection_lifetime(lifetime));
        for _ in 0..5 {
            client.entities().read("e1").await.unwrap();
            tokio::time::sleep(SHORT / 4).await;
        }
        let opened = server.connections();
        assert!(connections.contains(&opened), "{lifetime:?}: {opened}");
        eventually("the old ones are closed", || server.open() <= 1).await;
    }
}

#[tokio::test]
async fn attempts_are_counted_for_each_call() {
    let server = Faulty::always(Response::status(502));
    let client = client_with(&server, retrying().retry_policy(RetryPolicy::new().max_retries(2)));
    for _ in 0..3 {
        let error = client.entities().read("e1").await.unwrap_err();
        assert_eq!(error.attempts().len(), 3, "{error:?}");
    }
    let client = client_with(&server, single_attempt());
    assert_eq!(client.entities().read("e1").await.unwrap_err().attempts().len(), 1);
}

/// Nests two retry layers.
#[tokio::test]
async fn attempts_of_two_layers_are_not_counted_twice() {
    use tower::Layer as _;
    use vault_identity::transport::TransportService;
    let server = Faulty::always(Response::status(502));
    let inner = TransportService::new(retrying().retry_policy(RetryPolicy::new().max_retries(1)).build());
    let layer = retrying().retry_policy(RetryPolicy::new().max_retries(1)).into_layer();
    let client = Client::new(target(&server), layer.layer(inner));
    let error = client.entities().read("e1").await.unwrap_err();
    assert_eq!(server.requests().len(), 4);
    assert!(error.attempts().len() <= 4, "{:?}", error.attempts());
}

/// Nothing was sent over a connection that ended with its runtime, so even a write that is not idempotent is
/// retried.
#[test]
fn a_write_in_another_runtime_uses_a_new_connection() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let client = client_with(&server, single_attempt());
    for n in 1..=3 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let created = runtime.block_on(client.entities().create(&CreateEntity::unnamed()));
        created.unwrap().created().unwrap();
        assert_eq!(server.requests().len(), n);
    }
}

#[tokio::test]
async fn a_dropped_call_releases_its_slot() {
    let silent = Faulty::start(|n, _| if n < 3 { Response::none() } else { Response::json(200, ENTITY) });
    let client = client_with(&silent, single_attempt().concurrency_limit(1));
    for _ in 0..3 {
        tokio::time::timeout(SHORT / 3, client.entities().read("e1")).await.unwrap_err();
    }
    client.entities().read("e1").await.unwrap();
}
