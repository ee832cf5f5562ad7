//! Consistency: how responses of stale nodes are classified, and how the index is shared.

use std::thread;
use std::time::Duration;

use identity_tests::faulty::{Faulty, Response};
use vault_identity::entity::{CreateEntity, UpdateEntityById};
use vault_identity::{BlockingClient, Error};

use crate::consistency::index;
use crate::support::{ENTITY, client_with, server_and_client, single_attempt, target};

async fn rejected(response: Response) -> Error {
    let server = Faulty::always(response);
    let client = client_with(&server, single_attempt());
    client.entities().create(&CreateEntity::unnamed()).await.unwrap_err()
}

#[tokio::test]
async fn a_stale_node_a_quota_and_a_standby_are_distinguished() {
    let stale = rejected(Response::json(429, r#"{"errors":[]}"#).header("Retry-After", "1")).await;
    assert!(stale.is_not_yet_consistent() && !stale.is_rate_limited());
    let quota = "request path \"identity/entity\": rate limit quota exceeded";
    let quota = rejected(Response::error(429, quota)).await;
    assert!(quota.is_rate_limited() && !quota.is_not_yet_consistent());
    let health = rejected(Response::json(429, r#"{"standby":true,"sealed":false}"#)).await;
    assert!(!health.is_not_yet_consistent());
    for error in [stale, quota, health] {
        assert!(error.is_retryable() && !error.may_have_been_applied(), "the server did nothing: {error:?}");
    }
}

#[tokio::test]
async fn a_412_was_not_applied() {
    for body in [r#"{"errors":[]}"#, r#"{"errors":["required index state not present"]}"#, ""] {
        let error = rejected(Response::json(412, body)).await;
        assert!(error.is_not_yet_consistent() && error.is_retryable(), "{error:?}");
        assert!(!error.may_have_been_applied());
    }
}

#[tokio::test]
async fn a_missing_index_is_not_an_error() {
    let (server, client) = server_and_client(Response::json(200, ENTITY));
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.headers("x-vault-index").is_empty()));
}

#[tokio::test]
async fn a_malformed_index_is_not_an_error() {
    for value in ["", "x", "\u{1}", "é", "eyJjbHVzdGVyIjo1fQ==", &"A".repeat(5000)] {
        let (_server, client) = server_and_client(Response::json(200, ENTITY).header("X-Vault-Index", value));
        for _ in 0..3 {
            if let Err(error) = client.entities().read("e1").await {
                assert!(value.contains('\u{1}'), "{value}: {error:?}");
            }
        }
    }
}

/// Each thread uses a clone.
#[test]
fn clones_share_an_index_that_never_decreases() {
    let server =
        Faulty::start(|n, _| Response::json(200, ENTITY).header("X-Vault-Index", &index(n as u64 + 1)));
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
    let server = Faulty::always(Response::json(200, ENTITY).header("X-Vault-Index", &index(7)));
    let first = client_with(&server, single_attempt());
    first.entities().read("e1").await.unwrap();
    let apart = client_with(&server, single_attempt());
    apart.entities().read("e1").await.unwrap();
    let informed = client_with(&server, single_attempt());
    informed.observe_tokens(first.consistency_tokens());
    informed.entities().read("e1").await.unwrap();
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.header("x-vault-index")).collect();
    assert_eq!(sent, [None, None, Some(index(7).as_str())]);
}

#[tokio::test]
async fn the_order_of_the_addresses_does_not_matter() {
    let node = || {
        Faulty::start(|_, request| match request.path() {
            "/v1/sys/health" => Response::status(200),
            _ => Response::json(200, ENTITY).header("X-Vault-Index", &index(7)),
        })
    };
    let nodes = [node(), node()];
    let client = |order: [usize; 2]| {
        let addresses = order.map(|node| nodes[node].url());
        client_with(&nodes[order[0]], single_attempt().addresses(addresses).unwrap())
    };
    let (first, informed) = (client([0, 1]), client([1, 0]));
    first.entities().read("e1").await.unwrap();
    informed.observe_tokens(first.consistency_tokens());
    informed.entities().read("e1").await.unwrap();
    let requests = nodes[1].requests();
    let read = requests.iter().rfind(|request| request.path() != "/v1/sys/health").unwrap();
    assert_eq!(read.header("x-vault-index"), Some(index(7).as_str()));
}

/// As after a restore, or when another cluster has taken over the address.
#[tokio::test]
async fn a_rejected_index_does_not_discard_a_newer_one() {
    let old = index(7);
    let server = Faulty::start(move |n, request| match (n, request.header("x-vault-index")) {
        (0, _) => Response::json(200, ENTITY).header("X-Vault-Index", &old),
        // Long enough for the other call to receive a newer one.
        (1, _) => {
            Response::error(400, "failed to decode \"X-Vault-Index\"").after(Duration::from_millis(300))
        }
        (2, _) => Response::json(200, ENTITY).header("X-Vault-Index", "Tg=="),
        _ => Response::json(200, ENTITY),
    });
    let client = client_with(&server, single_attempt());
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    let (slow, entities) = (client.clone(), client.entities());
    let slow = tokio::spawn(async move { slow.entities().read("e1").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    entities.update(&UpdateEntityById::new("e1")).await.unwrap();
    slow.await.unwrap().unwrap();
    entities.read("e1").await.unwrap();
    assert_eq!(server.requests().last().unwrap().header("x-vault-index"), Some("Tg=="));
}
