//! Consistency: each call sees what was written before it.

use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty, Received};
use tokio::task::JoinSet;
use vault_identity::transport::ReadYourWrites;
use vault_identity::{
    entity::{CreateEntity, MergeEntities, UpdateEntityById},
    lookup::LookupEntity,
};

use crate::support::{ENTITY, client_with, patient, timed};

/// The header of a server that has come so far: base64 of a JSON object.
pub(crate) fn index(value: u64) -> String {
    use base64::Engine;
    let json = format!(r#"{{"cluster":"c1","value":"{value}"}}"#);
    base64::engine::general_purpose::STANDARD.encode(json)
}

fn answer(value: u64) -> Answer {
    Answer::json(200, ENTITY).header("X-Vault-Index", &index(value))
}

fn sent(request: &Received) -> (Option<&str>, Option<&str>) {
    (request.header("x-vault-index"), request.header("x-vault-inconsistent"))
}

#[tokio::test]
async fn the_latest_index_is_sent_with_every_later_request() {
    let server = Faulty::start(|n, _| answer(100 + n as u64));
    let client = client_with(&server, patient());
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
    let [server, other] = [0, 1].map(|_| Faulty::always(answer(7)));
    let client = client_with(&server, patient());
    client.entities().read("e1").await.unwrap();
    client.with_namespace("team").unwrap().entities().read("e1").await.unwrap();
    client.with_target(crate::support::target(&other)).entities().read("e1").await.unwrap();
    client.entities().read("e1").await.unwrap();
    let requests = server.requests();
    assert_eq!(sent(&requests[1]), (None, None), "another namespace");
    assert_eq!(sent(&other.requests()[0]), (None, None), "another server");
    assert_eq!(sent(&requests[2]).0, Some(index(7).as_str()));
}

/// Of creations, which are made once, whatever the index of the response.
#[tokio::test]
async fn an_index_never_decreases() {
    let order = [9, 100, 20, 99, 3];
    let server = Faulty::start(move |n, _| answer(order[n % order.len()]));
    let client = client_with(&server, patient());
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

/// Seen of a leader that had hung, and went on.
#[tokio::test]
async fn a_stale_read_is_retried() {
    let order = [100, 50, 70, 100, 99, 101];
    let server = Faulty::start(move |n, _| answer(order[n]));
    let client = client_with(&server, patient());
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    client.entities().read("e1").await.unwrap();
    assert_eq!(server.requests().len(), 4);
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    assert_eq!(server.requests().len(), 6);
}

/// A lookup is a read, though it is a `POST`.
#[tokio::test]
async fn a_stale_lookup_or_delete_is_retried_and_a_create_is_not() {
    let order = [100, 50, 101, 60, 102, 70, 103, 80, 90];
    let server = Faulty::start(move |n, _| answer(order[n]));
    let client = client_with(&server, patient());
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

/// That there was nothing to delete comes without an index, also from a leader that has hung.
#[tokio::test]
async fn a_delete_without_effect_is_confirmed_once() {
    // Without an index there is nothing to compare with.
    let nothing = || Answer::status(204);
    let server = Faulty::always(nothing());
    client_with(&server, patient()).entities().delete("e1").await.unwrap();
    assert_eq!(server.requests().len(), 1);

    let server = Faulty::in_turn([answer(100), nothing(), nothing(), answer(100)]);
    let client = client_with(&server, patient());
    client.entities().read("e1").await.unwrap();
    client.entities().delete("e1").await.unwrap();
    assert_eq!(server.requests().len(), 3, "it was confirmed once");
    client.entities().read("e1").await.unwrap();
    assert_eq!(server.requests().len(), 4);

    // The first has hung, and does not know of what the other one has created since.
    let probed =
        |request: &Received, status| (request.path() == "/v1/sys/health").then(|| Answer::status(status));
    let node = |status, effect: fn(Answer) -> Answer| {
        Faulty::start(move |_, request| {
            let response =
                || if request.method() == "DELETE" { effect(Answer::status(204)) } else { answer(100) };
            probed(request, status).unwrap_or_else(response)
        })
    };
    let hung = node(200, |nothing| nothing);
    let successor = node(429, |deleted| deleted.header("X-Vault-Index", &index(101)));
    let client = client_with(&hung, patient().addresses([hung.url(), successor.url()]).unwrap());
    client.entities().read("e1").await.unwrap();
    client.entities().delete("e1").await.unwrap();
    assert_eq!((deletes(&hung), deletes(&successor)), (1, 1), "the other node was asked");
}

fn deletes(server: &Faulty) -> usize {
    server.requests().iter().filter(|request| request.method() == "DELETE").count()
}

#[tokio::test]
async fn a_cluster_restored_to_an_earlier_state_is_accepted_in_the_end() {
    let server = Faulty::start(|n, _| answer(if n == 0 { 100 } else { 50 }));
    let client = client_with(&server, patient());
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    client.entities().read("e1").await.unwrap();
    let asked = server.requests().len();
    client.entities().read("e1").await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), asked + 1);
    assert_eq!(sent(&requests[asked]).0, Some(index(50).as_str()));
}

#[tokio::test]
async fn a_call_to_a_stale_node_is_retried_even_if_not_idempotent() {
    let lagging = Answer::json(429, r#"{"errors":[]}"#).header("Retry-After", "0");
    for answer in [lagging, Answer::json(412, r#"{"errors":["required index state not present"]}"#)] {
        let server = Faulty::in_turn([answer.clone(), answer, Answer::json(200, ENTITY)]);
        let client = client_with(&server, patient());
        client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
        client.entities().merge(&MergeEntities::new("e1", ["e2"])).await.unwrap();
        assert_eq!(server.requests().len(), 4);
    }
}

#[tokio::test]
async fn an_index_that_the_server_cannot_decode_is_discarded() {
    let server = Faulty::start(|n, request| match (n, request.header("x-vault-index")) {
        (0, _) => answer(7),
        (_, Some(_)) => Answer::refusal(400, "failed to decode \"X-Vault-Index\""),
        (_, None) => Answer::json(200, ENTITY),
    });
    let client = client_with(&server, patient());
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
    let refused =
        server.requests().iter().filter(|request| request.header("x-vault-index").is_some()).count();
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn consistency_can_be_disabled() {
    let server = Faulty::always(answer(7));
    let client = client_with(&server, patient().consistency(ReadYourWrites::Off));
    for _ in 0..2 {
        client.entities().read("e1").await.unwrap();
    }
    assert!(server.requests().iter().all(|request| sent(request) == (None, None)));
}

/// A lagging server that never catches up ends with the deadline, and the error says what it was.
#[tokio::test]
async fn a_node_that_stays_stale_ends_with_the_deadline() {
    let server = Faulty::always(Answer::json(429, r#"{"errors":[]}"#));
    let client = client_with(&server, patient().timeout(Duration::from_millis(500)));
    let (read, time) = timed(client.entities().read("e1")).await;
    assert!(read.unwrap_err().is_not_yet_consistent());
    assert!(time < Duration::from_secs(2), "{time:?}");
    assert!(server.requests().len() > 1);
}
