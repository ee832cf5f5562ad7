//! Reuse of connections.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Received, Response};
use tokio::task::JoinSet;
use vault_identity::entity::CreateEntity;

use crate::support::{ENTITY, client, eventually, server_and_client, timed};

/// Responds with an entity of the requested name.
fn requested_entity(request: &Received) -> Response {
    let name = request.path().rsplit('/').next().unwrap_or_default();
    Response::json(200, format!(r#"{{"data":{{"id":"e1","name":"{name}"}}}}"#))
}

#[tokio::test]
async fn a_closed_port_is_known_not_to_have_received_the_request() {
    let server = Faulty::always(Response::dropped());
    let address = Faulty::closed();
    let target = vault_identity::Target::new(&format!("http://{address}")).unwrap();
    let client = client(&server).with_target(target);
    let create = CreateEntity::unnamed();
    let error = client.entities().create(&create).await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied(), "{error:?}");
    let _server = Faulty::start_at(address, |_, _| Response::status(204));
    assert!(client.entities().create(&create).await.unwrap().created().is_none());
}

/// Whenever a call is dropped, its connection is not reused before it is clean.
#[tokio::test]
async fn dropped_calls_do_not_affect_later_ones() {
    let server = Faulty::start(|n, request| match n % 3 {
        0 => requested_entity(request).drip(Duration::from_micros(100)),
        1 => requested_entity(request).after(Duration::from_millis(5)),
        _ => requested_entity(request),
    });
    let client = client(&server);
    for round in 0..300_u64 {
        let limit = Duration::from_micros(round * 97 % 15_000);
        let name = format!("n{round}");
        if let Ok(found) = tokio::time::timeout(limit, client.entities().read_by_name(&name)).await {
            assert_eq!(found.unwrap().name, name);
        }
    }
    for round in 0..20 {
        let name = format!("later{round}");
        assert_eq!(client.entities().read_by_name(&name).await.unwrap().name, name);
    }
    let requests = server.requests().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.requests().len(), requests, "nothing is sent in the background");
    drop(client);
    eventually("all connections are closed", || server.open() == 0).await;
}

#[tokio::test]
async fn connections_closed_by_the_server_are_not_reused() {
    for last in [Response::then_close, Response::then_reset, Response::then_half_close] {
        let server = Faulty::start(move |_, request| last(requested_entity(request)));
        let client = client(&server);
        for round in 0..10 {
            let name = format!("n{round}");
            assert_eq!(client.entities().read_by_name(&name).await.unwrap().name, name);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert_eq!(server.requests().len(), 10, "each is sent once");
    }
}

#[tokio::test]
async fn a_second_response_is_not_matched_to_the_next_request() {
    let server = Faulty::start(|_, request| requested_entity(request).repeat_twice());
    let client = client(&server);
    for round in 0..20 {
        let name = format!("n{round}");
        assert_eq!(client.entities().read_by_name(&name).await.unwrap().name, name);
    }
    assert_eq!((server.connections(), server.requests().len()), (20, 20));
}

#[tokio::test]
async fn many_concurrent_calls_all_end() {
    let server = Faulty::start(|_, request| requested_entity(request).after(Duration::from_millis(20)));
    let client = client(&server);
    let mut calls = JoinSet::new();
    for round in 0..200 {
        let client = client.clone();
        calls.spawn(async move {
            let name = format!("n{round}");
            assert_eq!(client.entities().read_by_name(&name).await.unwrap().name, name);
        });
    }
    let (calls, time) = timed(calls.join_all()).await;
    assert_eq!(calls.len(), 200);
    assert!(time < Duration::from_secs(8), "{time:?}");
}

#[tokio::test]
async fn a_connection_serves_many_calls() {
    let (server, client) = server_and_client(Response::json(200, ENTITY));
    for _ in 0..50 {
        client.entities().read("e1").await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}
