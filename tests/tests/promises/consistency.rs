//! Consistency: each call sees all earlier writes of the client.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Received, Response};
use tokio::task::JoinSet;
use vault_identity::entity::{CreateEntity, MergeEntities, UpdateEntityById};
use vault_identity::lookup::LookupEntity;
use vault_identity::transport::ReadYourWrites;

use crate::support::{ENTITY, client_with, retrying, timed};

/// Returns a value of `X-Vault-Index`: base64 of a JSON object.
pub(crate) fn index(value: u64) -> String {
    use base64::Engine;
    let json = format!(r#"{{"cluster":"c1","value":"{value}"}}"#);
    base64::engine::general_purpose::STANDARD.encode(json)
}

fn with_index(value: u64) -> Response {
    Response::json(200, ENTITY).header("X-Vault-Index", &index(value))
}

fn sent(request: &Received) -> (Option<&str>, Option<&str>) {
    (request.header("x-vault-index"), request.header("x-vault-inconsistent"))
}

#[tokio::test]
async fn the_latest_index_is_sent_with_every_later_request() {
    let server = Faulty::start(|n, _| with_index(100 + n as u64));
    let client = client_with(&server, retrying());
    let entities = client.entities();
    entities.update(&UpdateEntityById::new("e1")).await.unwrap();
    entities.read("e1").await.unwrap();
    entities.delete("e1").await.unwrap();
    client
        .clone()
        .with_token("s.other")
        .unwrap()
        .entities()
        .create(&CreateEntity::unnamed())
        .await
        .unwrap()
        .created()
        .unwrap();
    let requests = server.requests();
    assert_eq!(sent(&requests[0]), (None, None));
    for (n, request) in requests.iter().enumerate().skip(1) {
        let newest = index(99 + n as u64);
        assert_eq!(sent(request), (Some(newest.as_str()), Some("forward-active-node")), "{n}");
    }
}

#[tokio::test]
async fn an_index_belongs_to_its_namespace_and_server() {
    let [server, other] = [0, 1].map(|_| Faulty::always(with_index(7)));
    let client = client_with(&server, retrying());
    client.entities().read("e1").await.unwrap();
    client.with_namespace("team").unwrap().entities().read("e1").await.unwrap();
    client.with_target(crate::support::target(&other)).entities().read("e1").await.unwrap();
    client.entities().read("e1").await.unwrap();
    let requests = server.requests();
    assert_eq!(sent(&requests[1]), (None, None), "another namespace");
    assert_eq!(sent(&other.requests()[0]), (None, None), "another server");
    assert_eq!(sent(&requests[2]).0, Some(index(7).as_str()));
}

/// Uses creates, which are not retried whatever the index of the response.
#[tokio::test]
async fn an_index_never_decreases() {
    let order = [9, 100, 20, 99, 3];
    let server = Faulty::start(move |n, _| with_index(order[n % order.len()]));
    let client = client_with(&server, retrying());
    for _ in order {
        let _ = client.entities().create(&CreateEntity::unnamed()).await.unwrap();
    }
    let requests = server.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.header("x-vault-index")).collect();
    let (nine, hundred) = (index(9), index(100));
    let hundred = Some(hundred.as_str());
    assert_eq!(sent, [None, Some(nine.as_str()), hundred, hundred, hundred]);

    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(
            async move { client.entities().create(&CreateEntity::unnamed()).await.unwrap().is_created() },
        );
    }
    calls.join_all().await;
    assert!(server.requests()[5..].iter().all(|request| request.header("x-vault-index") == hundred));
}

/// A resumed leader serves such reads.
#[tokio::test]
async fn a_stale_read_is_retried() {
    let order = [100, 50, 70, 100, 99, 101];
    let server = Faulty::start(move |n, _| with_index(order[n]));
    let client = client_with(&server, retrying());
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    client.entities().read("e1").await.unwrap();
    assert_eq!(server.requests().len(), 4);
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    assert_eq!(server.requests().len(), 6);
}

/// A lookup is a read, although it is a `POST`.
#[tokio::test]
async fn a_stale_lookup_or_delete_is_retried_and_a_create_is_not() {
    let order = [100, 50, 101, 60, 102, 70, 103, 80, 90];
    let server = Faulty::start(move |n, _| with_index(order[n]));
    let client = client_with(&server, retrying());
    let entities = client.entities();
    entities.update(&UpdateEntityById::new("e1")).await.unwrap();
    client.lookup().entity(&LookupEntity::by_id("e1")).await.unwrap().unwrap();
    assert_eq!(server.requests().len(), 3);
    entities.delete("e1").await.unwrap();
    assert_eq!(server.requests().len(), 5);
    entities.delete_by_name("alice").await.unwrap();
    assert_eq!(server.requests().len(), 7);
    assert!(entities.create(&CreateEntity::named("alice")).await.unwrap().is_created());
    assert!(entities.create(&CreateEntity::unnamed()).await.unwrap().is_created());
    assert_eq!(server.requests().len(), 9);
}

/// The response to a delete without effect has no index. A resumed leader may send it wrongly.
#[tokio::test]
async fn a_delete_without_effect_is_confirmed_once() {
    // Without an index there is nothing to compare.
    let no_content = || Response::status(204);
    let server = Faulty::always(no_content());
    client_with(&server, retrying()).entities().delete("e1").await.unwrap();
    assert_eq!(server.requests().len(), 1);

    let server = Faulty::in_turn([with_index(100), no_content(), no_content(), with_index(100)]);
    let client = client_with(&server, retrying());
    client.entities().read("e1").await.unwrap();
    client.entities().delete("e1").await.unwrap();
    assert_eq!(server.requests().len(), 3, "it was confirmed once");
    client.entities().read("e1").await.unwrap();
    assert_eq!(server.requests().len(), 4);

    // The first node was suspended, and does not know the objects that its successor has created since.
    let probed =
        |request: &Received, status| (request.path() == "/v1/sys/health").then(|| Response::status(status));
    let node = |status, effect: fn(Response) -> Response| {
        Faulty::start(move |_, request| {
            let response =
                || if request.method() == "DELETE" { effect(Response::status(204)) } else { with_index(100) };
            probed(request, status).unwrap_or_else(response)
        })
    };
    let resumed = node(200, |nothing| nothing);
    let successor = node(429, |deleted| deleted.header("X-Vault-Index", &index(101)));
    let client = client_with(&resumed, retrying().addresses([resumed.url(), successor.url()]).unwrap());
    client.entities().read("e1").await.unwrap();
    client.entities().delete("e1").await.unwrap();
    assert_eq!((deletes(&resumed), deletes(&successor)), (1, 1), "the other node received it");
}

fn deletes(server: &Faulty) -> usize {
    server.requests().iter().filter(|request| request.method() == "DELETE").count()
}

#[tokio::test]
async fn a_cluster_restored_to_an_earlier_state_is_accepted_in_the_end() {
    let server = Faulty::start(|n, _| with_index(if n == 0 { 100 } else { 50 }));
    let client = client_with(&server, retrying());
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    client.entities().read("e1").await.unwrap();
    let before = server.requests().len();
    client.entities().read("e1").await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), before + 1);
    assert_eq!(sent(&requests[before]).0, Some(index(50).as_str()));
}

#[tokio::test]
async fn a_call_to_a_stale_node_is_retried_even_if_not_idempotent() {
    let stale = Response::json(429, r#"{"errors":[]}"#).header("Retry-After", "0");
    for response in [stale, Response::json(412, r#"{"errors":["required index state not present"]}"#)] {
        let server = Faulty::in_turn([response.clone(), response, Response::json(200, ENTITY)]);
        let client = client_with(&server, retrying());
        client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
        client.entities().merge(&MergeEntities::new("e1", ["e2"])).await.unwrap();
        assert_eq!(server.requests().len(), 4);
    }
}

#[tokio::test]
async fn an_index_that_the_server_cannot_decode_is_discarded() {
    let server = Faulty::start(|n, request| match (n, request.header("x-vault-index")) {
        (0, _) => with_index(7),
        (_, Some(_)) => Response::error(400, "failed to decode \"X-Vault-Index\""),
        (_, None) => Response::json(200, ENTITY),
    });
    let client = client_with(&server, retrying());
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
    let rejected =
        server.requests().iter().filter(|request| request.header("x-vault-index").is_some()).count();
    assert_eq!(rejected, 1);
}

#[tokio::test]
async fn consistency_can_be_disabled() {
    let server = Faulty::always(with_index(7));
    let client = client_with(&server, retrying().consistency(ReadYourWrites::Off));
    for _ in 0..2 {
        client.entities().read("e1").await.unwrap();
    }
    assert!(server.requests().iter().all(|request| sent(request) == (None, None)));
}

#[tokio::test]
async fn a_node_that_stays_stale_ends_with_the_deadline() {
    let server = Faulty::always(Response::json(429, r#"{"errors":[]}"#));
    let client = client_with(&server, retrying().timeout(Duration::from_millis(500)));
    let (read, time) = timed(client.entities().read("e1")).await;
    assert!(read.unwrap_err().is_not_yet_consistent());
    assert!(time < Duration::from_secs(2), "{time:?}");
    assert!(server.requests().len() > 1);
}
