//! Which calls are retried, how often, and when.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Response};
use tokio::task::JoinSet;
use vault_identity::entity::{CreateEntity, UpdateEntityById, WriteEntityByName};
use vault_identity::transport::{RetryPolicy, TransportErrorKind};

use crate::support::{ENTITY, client_with, error_text, retrying, timed};

const NOT_ACTIVE: &str = "local node not active but active cluster node not found";
const CANCELED: &str = "1 error occurred:\n\t* failed to persist packed storage entry: context canceled\n\n";

/// Starts a server that fails this many times and then succeeds.
fn failing(times: usize, failure: Response) -> Faulty {
    let mut responses = vec![failure; times];
    responses.push(Response::json(200, ENTITY));
    Faulty::in_turn(responses)
}

#[tokio::test]
async fn an_unresponsive_node_is_left_for_another_within_the_call() {
    let silent = Faulty::always(Response::none());
    let well = Faulty::always(Response::json(200, ENTITY));
    let builder = retrying().attempt_timeout(Duration::from_millis(300));
    let client = client_with(&silent, builder.addresses([silent.url(), well.url()]).unwrap());
    let (read, time) = timed(client.entities().read("e1")).await;
    read.unwrap();
    assert!(time < Duration::from_secs(3), "{time:?}");
}

#[tokio::test]
async fn an_unresponsive_server_is_retried_if_the_call_is_idempotent() {
    let builder = retrying().attempt_timeout(Duration::from_millis(200)).timeout(Duration::from_secs(2));
    let server = failing(2, Response::none());
    client_with(&server, builder.clone()).entities().read("e1").await.unwrap();
    assert_eq!(server.requests().len(), 3);
    let server = Faulty::always(Response::none());
    let client = client_with(&server, builder.timeout(Duration::from_millis(700)));
    let (create, time) = timed(client.entities().create(&CreateEntity::unnamed())).await;
    let error = create.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::Timeout);
    assert!(error.may_have_been_applied());
    assert_eq!(server.requests().len(), 1);
    assert!(time >= Duration::from_millis(690), "{time:?}: it has the whole timeout");
}

#[tokio::test]
async fn a_delay_beyond_the_deadline_fails_at_once() {
    for wait in ["3600", "18446744073709551615", "Wed, 30 Dec 9998 23:59:59 GMT"] {
        for status in [429, 503] {
            let server =
                failing(5, Response::error(status, "rate limit quota exceeded").header("Retry-After", wait));
            let (read, time) = timed(client_with(&server, retrying()).entities().read("e1")).await;
            assert_eq!(read.unwrap_err().api().unwrap().status(), status);
            assert_eq!(server.requests().len(), 1);
            assert!(time < Duration::from_secs(1), "{time:?}");
        }
    }
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let server = failing(1, Response::error(429, "quota exceeded").header("Retry-After", "1"));
    let client = client_with(&server, retrying());
    let (create, time) = timed(client.entities().create(&CreateEntity::unnamed())).await;
    create.unwrap().created().unwrap();
    assert!((1.0..3.0).contains(&time.as_secs_f64()), "{time:?}");
}

#[tokio::test]
async fn an_unusable_retry_after_leaves_the_own_backoff() {
    for wait in ["0", "-1", "soon", "99999999999999999999", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let server = failing(3, Response::error(429, "quota exceeded").header("Retry-After", wait));
        let (read, time) = timed(client_with(&server, retrying()).entities().read("e1")).await;
        read.unwrap();
        // Half of 50, 100 and 200 ms at least.
        assert!(time >= Duration::from_millis(175), "{wait}: {time:?}");
        assert!(time < Duration::from_secs(2), "{wait}: {time:?}");
    }
}

#[tokio::test]
async fn transient_failures_of_idempotent_calls_are_retried() {
    for failure in [
        Response::error(500, NOT_ACTIVE),
        Response::error(500, CANCELED),
        Response::status(502).header("Content-Type", "text/html").body("<html>"),
        Response::error(503, "overloaded"),
        Response::status(504),
        Response::dropped(),
        Response::reset(),
        Response::json(200, ENTITY).truncate(30),
    ] {
        let server = failing(3, failure.clone());
        client_with(&server, retrying()).entities().read("e1").await.unwrap();
        assert_eq!(server.requests().len(), 4, "{failure:?}");
        let server = failing(3, failure.clone());
        let update = UpdateEntityById::new("e1");
        client_with(&server, retrying()).entities().update(&update).await.unwrap();
        assert_eq!(server.requests().len(), 4, "{failure:?}");
    }
}

#[tokio::test]
async fn a_500_that_may_be_permanent_is_retried_twice() {
    let server = Faulty::always(Response::error(500, "the disk is full"));
    let error = client_with(&server, retrying()).entities().read("e1").await.unwrap_err();
    assert_eq!(error.api().unwrap().status(), 500);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_non_idempotent_call_waits_for_a_port_to_open() {
    let address = Faulty::closed();
    let target = vault_identity::Target::new(&format!("http://{address}")).unwrap();
    let client = vault_identity::Client::new(target, retrying().build());
    let create = CreateEntity::unnamed();
    let opening = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Faulty::start_at(address, |_, _| Response::json(200, ENTITY))
    };
    let (created, server) = tokio::join!(client.entities().create(&create), opening);
    created.unwrap().created().unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// A wrong address is reported before the time for a failover is over.
#[tokio::test]
async fn a_server_that_was_never_reached_is_given_up_sooner() {
    let server = Faulty::always(Response::status(204));
    let target = vault_identity::Target::new(&format!("http://{}", Faulty::closed())).unwrap();
    let client = vault_identity::Client::new(target, retrying().timeout(Duration::from_secs(60)).build());
    let (deleted, time) = timed(client.entities().delete("e1")).await;
    assert_eq!(deleted.unwrap_err().transport().unwrap().kind(), TransportErrorKind::NotSent);
    assert!((5..12).contains(&time.as_secs()), "{time:?}");
    client
        .with_target(vault_identity::Target::new(&server.url()).unwrap())
        .entities()
        .delete("e1")
        .await
        .unwrap();
}

#[tokio::test]
async fn the_retry_of_an_applied_write_succeeds() {
    let server = Faulty::in_turn([Response::dropped(), Response::status(204)]);
    let write = WriteEntityByName::new("alice");
    let written = client_with(&server, retrying()).entities().write_by_name(&write).await.unwrap();
    assert!(written.created().is_none());
    assert_eq!(server.requests().iter().filter(|request| request.path().contains("/name/")).count(), 2);
}

#[tokio::test]
async fn a_node_that_is_down_or_sealed_is_skipped() {
    let sealed = Faulty::always(Response::error(503, "Vault is sealed"));
    let down = format!("http://{}", Faulty::closed());
    for bad in [sealed.url(), down] {
        let well = Faulty::always(Response::json(200, ENTITY));
        let target = vault_identity::Target::new(&bad).unwrap();
        let transport = retrying().addresses([bad, well.url()]).unwrap().build();
        let client = vault_identity::Client::new(target, transport);
        for _ in 0..5 {
            client.entities().read("e1").await.unwrap();
            client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
        }
    }
    let sent = sealed.requests().iter().filter(|request| request.path().contains("entity")).count();
    assert!(sent <= 2, "the sealed node is remembered: {sent}");
}

#[tokio::test]
async fn a_sealed_server_is_retried_twice() {
    let server = Faulty::always(Response::error(503, "Vault is sealed"));
    let (read, time) = timed(client_with(&server, retrying()).entities().read("e1")).await;
    assert!(read.unwrap_err().is_sealed());
    assert_eq!(server.requests().len(), 3);
    assert!(time < Duration::from_secs(1), "{time:?}");
    let other = Faulty::always(Response::error(503, "Vault is sealed"));
    let builder = retrying().addresses([server.url(), other.url()]).unwrap();
    let (read, time) = timed(client_with(&server, builder).entities().read("e1")).await;
    assert!(read.unwrap_err().is_sealed());
    assert!(time < Duration::from_secs(2), "{time:?}");
    assert!(!other.requests().is_empty());
}

#[tokio::test]
async fn the_retry_budget_prevents_retry_storms() {
    const CALLS: usize = 1000;
    let server = Faulty::always(Response::error(503, "overloaded"));
    let client = client_with(&server, retrying().timeout(Duration::from_millis(400)));
    let all = async {
        for _ in 0..10 {
            let mut calls = JoinSet::new();
            for _ in 0..CALLS / 10 {
                let client = client.clone();
                calls.spawn(async move { client.entities().read("e1").await.unwrap_err() });
            }
            calls.join_all().await;
        }
    };
    let ((), time) = timed(all).await;
    let retries = server.requests().len() - CALLS;
    let seconds = usize::try_from(time.as_secs()).unwrap() + 1;
    assert!(retries <= 100 + 10 * seconds, "{retries} retries in {time:?}");
    assert!(retries >= 50, "{retries} retries");
}

#[tokio::test]
async fn a_dropped_call_is_not_retried() {
    let server = Faulty::always(Response::error(503, "overloaded"));
    let client = client_with(&server, retrying());
    let call = tokio::time::timeout(Duration::from_millis(200), client.entities().read("e1"));
    call.await.unwrap_err();
    let requests = server.requests().len();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(server.requests().len(), requests);
}

#[tokio::test]
async fn an_error_lists_each_attempt() {
    let mut responses = vec![Response::error(502, "canary")];
    responses.push(Response::dropped());
    let server = Faulty::in_turn(responses);
    let client = client_with(&server, retrying().retry_policy(RetryPolicy::new().max_retries(4)));
    let error = client.entities().read_by_name("canary").await.unwrap_err();
    let attempts = error.attempts();
    assert_eq!(attempts.len(), server.requests().len(), "{error:?}");
    assert!(attempts.iter().all(|attempt| attempt.node == server.address().to_string()), "{attempts:?}");
    assert!(attempts[0].outcome.contains("502"), "{attempts:?}");
    assert!(attempts[1].outcome.contains("connection was lost"), "{attempts:?}");
    assert!(!error_text(&error).contains("canary"), "{error:?}");
    assert!(format!("{error:#}").contains(&format!("after {} attempts", attempts.len())), "{error:#}");
}

#[tokio::test]
async fn an_error_lists_the_last_attempt_too() {
    let server =
        Faulty::in_turn([Response::dropped(), Response::error(502, "canary"), Response::error(400, "bad")]);
    let error = client_with(&server, retrying()).entities().read_by_name("canary").await.unwrap_err();
    let attempts = error.attempts();
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    assert!(attempts.iter().all(|attempt| attempt.node == server.address().to_string()), "{attempts:?}");
    assert!(attempts[0].outcome.contains("connection was lost"), "{attempts:?}");
    assert!(attempts[1].outcome.contains("502") && attempts[2].outcome.contains("400"), "{attempts:?}");
    assert!(!error_text(&error).contains("canary"), "{error:?}");
    assert!(format!("{error:#}").contains("3 attempts"), "{error:#}");
}
