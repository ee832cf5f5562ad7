//! Ten thousand concurrent calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use identity_tests::faulty::{Faulty, Response};
use tokio::task::JoinSet;
use vault_identity::Client;
use vault_identity::transport::TransportErrorKind;

use crate::support::{ENTITY, client_with, retrying, single_attempt, timed};

const CALLS: usize = 10_000;

/// Makes the calls concurrently, and returns the number of successful ones.
async fn call_concurrently(client: &Client) -> usize {
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let client = client.clone();
        calls.spawn(async move { client.entities().read("e1").await.is_ok() });
    }
    calls.join_all().await.into_iter().filter(|succeeded| *succeeded).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_share_a_few_connections() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let client =
        client_with(&server, single_attempt().timeout(Duration::from_secs(120)).concurrency_limit(16));
    assert_eq!(call_concurrently(&client).await, CALLS);
    assert_eq!(server.requests().len(), CALLS);
    // A slot is free a moment before its connection is.
    assert!(server.connections() <= 16 * 4, "{}", server.connections());
}

/// Some calls fail and are retried.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_to_a_failing_server_all_succeed() {
    let failed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&failed);
    let server = Faulty::start(move |n, _| match n % 100 {
        0 => {
            count.fetch_add(1, Ordering::Relaxed);
            Response::error(502, "gateway error")
        }
        50 => {
            count.fetch_add(1, Ordering::Relaxed);
            Response::reset()
        }
        _ => Response::json(200, ENTITY),
    });
    let client = client_with(&server, retrying().timeout(Duration::from_secs(120)).concurrency_limit(16));
    assert_eq!(call_concurrently(&client).await, CALLS);
    assert_eq!(server.requests().len(), CALLS + failed.load(Ordering::Relaxed));
}

/// All calls wait for a call without a response, and end with their deadline.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_queued_calls_end_with_their_deadline() {
    let silent = Faulty::always(Response::none());
    let client = client_with(&silent, single_attempt().timeout(Duration::from_secs(1)).concurrency_limit(1));
    let (succeeded, time) = timed(call_concurrently(&client)).await;
    assert_eq!(succeeded, 0);
    assert!(time < Duration::from_secs(20), "{time:?}");
    // Calls that started later get the slot for a moment.
    assert!(silent.requests().len() < CALLS / 10, "{}", silent.requests().len());
    let error = client.entities().read("e1").await.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::Timeout, "its slot is free");
}
