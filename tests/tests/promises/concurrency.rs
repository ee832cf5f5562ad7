//! Many calls at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty};
use tokio::task::JoinSet;
use vault_identity::{Client, transport::TransportErrorKind};

use crate::support::{ENTITY, client_with, once, patient, timed};

const CALLS: usize = 10_000;

/// How many of as many calls at once are good.
async fn crowd(client: &Client) -> usize {
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let client = client.clone();
        calls.spawn(async move { client.entities().read("e1").await.is_ok() });
    }
    calls.join_all().await.into_iter().filter(|good| *good).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_share_a_few_connections() {
    let server = Faulty::always(Answer::json(200, ENTITY));
    let client = client_with(&server, once().timeout(Duration::from_secs(120)).concurrency_limit(16));
    assert_eq!(crowd(&client).await, CALLS);
    assert_eq!(server.requests().len(), CALLS);
    // A place is free a moment before its connection is.
    assert!(server.connections() <= 16 * 4, "{}", server.connections());
}

/// Some of them fail, and are repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_to_a_failing_server_all_succeed() {
    let failed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&failed);
    let server = Faulty::start(move |n, _| match n % 100 {
        0 => {
            count.fetch_add(1, Ordering::Relaxed);
            Answer::refusal(502, "on the way")
        }
        50 => {
            count.fetch_add(1, Ordering::Relaxed);
            Answer::reset()
        }
        _ => Answer::json(200, ENTITY),
    });
    let client = client_with(&server, patient().timeout(Duration::from_secs(120)).concurrency_limit(16));
    assert_eq!(crowd(&client).await, CALLS);
    assert_eq!(server.requests().len(), CALLS + failed.load(Ordering::Relaxed));
}

/// All of them wait for one that is never answered, and end with their time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_queued_calls_end_with_their_deadline() {
    let silent = Faulty::always(Answer::silence());
    let client = client_with(&silent, once().timeout(Duration::from_secs(1)).concurrency_limit(1));
    let (good, time) = timed(crowd(&client)).await;
    assert_eq!(good, 0);
    assert!(time < Duration::from_secs(20), "{time:?}");
    // Those that came a little later have the place for a little.
    assert!(silent.requests().len() < CALLS / 10, "{}", silent.requests().len());
    let error = client.entities().read("e1").await.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::Timeout, "its place is free");
}
