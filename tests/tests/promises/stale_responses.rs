//! Consistency: how the answers of a server that lags behind are told apart.

use std::thread;
use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::{
    BlockingClient, Error,
    entity::{CreateEntity, UpdateEntityById},
};

use crate::consistency::index;
use crate::support::{ENTITY, client_with, once, pair, target};

async fn refused(answer: Answer) -> Error {
    let server = Faulty::always(answer);
    let client = client_with(&server, once());
    client.entities().create(&CreateEntity::unnamed()).await.unwrap_err()
}

#[tokio::test]
async fn a_stale_node_a_quota_and_a_standby_are_distinguished() {
    let lagging = refused(Answer::json(429, r#"{"errors":[]}"#).header("Retry-After", "1")).await;
    assert!(lagging.is_not_yet_consistent() && !lagging.is_rate_limited());
    let quota = "request path \"identity/entity\": rate limit quota exceeded";
    let quota = refused(Answer::refusal(429, quota)).await;
    assert!(quota.is_rate_limited() && !quota.is_not_yet_consistent());
    let health = refused(Answer::json(429, r#"{"standby":true,"sealed":false}"#)).await;
    assert!(!health.is_not_yet_consistent());
    for error in [lagging, quota, health] {
        assert!(error.is_retryable() && !error.may_have_been_applied(), "the server did nothing: {error:?}");
    }
}

#[tokio::test]
async fn a_412_was_not_applied() {
    for body in [r#"{"errors":[]}"#, r#"{"errors":["required index state not present"]}"#, ""] {
        let error = refused(Answer::json(412, body)).await;
        assert!(error.is_not_yet_consistent() && error.is_retryable(), "{error:?}");
        assert!(!error.may_have_been_applied());
    }
}

#[tokio::test]
async fn a_missing_index_is_not_an_error() {
    let (server, client) = pair(Answer::json(200, ENTITY));
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.headers("x-vault-index").is_empty()));
}

#[tokio::test]
async fn a_malformed_index_is_not_an_error() {
    for value in ["", "x", "\u{1}", "é", "eyJjbHVzdGVyIjo1fQ==", &"A".repeat(5000)] {
        let (_server, client) = pair(Answer::json(200, ENTITY).header("X-Vault-Index", value));
        for _ in 0..3 {
            if let Err(error) = client.entities().read("e1").await {
                assert!(value.contains('\u{1}'), "{value}: {error:?}");
            }
        }
    }
}

/// By threads of their own, each with a clone.
#[test]
fn clones_share_an_index_that_never_decreases() {
    let server =
        Faulty::start(|n, _| Answer::json(200, ENTITY).header("X-Vault-Index", &index(n as u64 + 1)));
    let client = BlockingClient::with_default_transport(target(&server)).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            let client = client.clone();
            scope.spawn(move || {
                for _ in 0..20 {
                    client.entities().update(&UpdateEntityById::new("e1")).unwrap();
                }
            });
        }
    });
    let tokens = client.consistency_tokens();
    assert_eq!((tokens.len(), &tokens[0].index), (1, &index(160)));
}

#[tokio::test]
async fn another_transport_can_observe_the_tokens() {
    let server = Faulty::always(Answer::json(200, ENTITY).header("X-Vault-Index", &index(7)));
    let first = client_with(&server, once());
    first.entities().read("e1").await.unwrap();
    let apart = client_with(&server, once());
    apart.entities().read("e1").await.unwrap();
    let told = client_with(&server, once());
    told.observe_tokens(first.consistency_tokens());
    told.entities().read("e1").await.unwrap();
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.header("x-vault-index")).collect();
    assert_eq!(sent, [None, None, Some(index(7).as_str())]);
}

#[tokio::test]
async fn the_order_of_the_addresses_does_not_matter() {
    let node = || {
        Faulty::start(|_, request| match request.path() {
            "/v1/sys/health" => Answer::status(200),
            _ => Answer::json(200, ENTITY).header("X-Vault-Index", &index(7)),
        })
    };
    let nodes = [node(), node()];
    let client = |order: [usize; 2]| {
        let addresses = order.map(|node| nodes[node].url());
        client_with(&nodes[order[0]], once().addresses(addresses).unwrap())
    };
    let (first, told) = (client([0, 1]), client([1, 0]));
    first.entities().read("e1").await.unwrap();
    told.observe_tokens(first.consistency_tokens());
    told.entities().read("e1").await.unwrap();
    let requests = nodes[1].requests();
    let read = requests.iter().rfind(|request| request.path() != "/v1/sys/health").unwrap();
    assert_eq!(read.header("x-vault-index"), Some(index(7).as_str()));
}

/// As after a restore, or when another cluster has taken over the address.
#[tokio::test]
async fn a_rejected_index_does_not_discard_a_newer_one() {
    let old = index(7);
    let server = Faulty::start(move |n, request| match (n, request.header("x-vault-index")) {
        (0, _) => Answer::json(200, ENTITY).header("X-Vault-Index", &old),
        // Long enough for the other call to bring a new one.
        (1, _) => {
            Answer::refusal(400, "failed to decode \"X-Vault-Index\"").after(Duration::from_millis(300))
        }
        (2, _) => Answer::json(200, ENTITY).header("X-Vault-Index", "Tg=="),
        _ => Answer::json(200, ENTITY),
    });
    let client = client_with(&server, once());
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    let (slow, entities) = (client.clone(), client.entities());
    let slow = tokio::spawn(async move { slow.entities().read("e1").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    entities.update(&UpdateEntityById::new("e1")).await.unwrap();
    slow.await.unwrap().unwrap();
    entities.read("e1").await.unwrap();
    assert_eq!(server.requests().last().unwrap().header("x-vault-index"), Some("Tg=="));
}
