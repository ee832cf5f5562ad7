//! Composite operations, derived clients and the blocking client.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use identity_mock::MockTransport;
use vault_identity::{
    BlockingClient, Client, GroupId, KeyList, Target,
    entity::{BatchDeleteEntities, ListEntities, ReadEntityById},
    error::ErrorKind,
    group::{Group, ReadGroupById, UpdateGroupById},
    transport::TransportErrorKind,
};

fn target() -> Target {
    Target::new("http://vault.test").unwrap().with_token("canary-token").unwrap()
}

fn group(members: &[&str]) -> Group {
    let mut group = Group::default();
    group.id = GroupId::new("g");
    group.member_entity_ids = members.iter().map(|&id| id.into()).collect();
    group
}

#[tokio::test]
async fn adding_a_member_keeps_the_others() {
    let mock = MockTransport::new();
    let mut order = identity_mock::Sequence::new();
    mock.expect(&ReadGroupById::new("g")).in_sequence(&mut order).respond_with(&group(&["a", "b"]));
    let update = UpdateGroupById::new("g").member_entity_ids(["a", "b", "c"]);
    mock.expect(&update).in_sequence(&mut order).respond_with(&None);
    mock.expect(&ReadGroupById::new("g")).in_sequence(&mut order).respond_with(&group(&["a", "b", "c"]));
    let client = Client::new(target(), mock);
    client.groups().add_member_entities("g", ["c", "a"]).await.unwrap();
}

#[tokio::test]
async fn an_existing_member_is_not_written() {
    let mock = MockTransport::new();
    mock.expect(&ReadGroupById::new("g")).respond_with(&group(&["a"]));
    Client::new(target(), mock).groups().add_member_entities("g", ["a"]).await.unwrap();
}

#[tokio::test]
async fn removing_the_last_member_sends_an_empty_list() {
    let mock = MockTransport::new();
    let mut order = identity_mock::Sequence::new();
    mock.expect(&ReadGroupById::new("g")).in_sequence(&mut order).respond_with(&group(&["a"]));
    let update = UpdateGroupById::new("g").member_entity_ids([""; 0]);
    mock.expect(&update).in_sequence(&mut order).respond_with(&None);
    mock.expect(&ReadGroupById::new("g")).in_sequence(&mut order).respond_with(&group(&[]));
    Client::new(target(), mock).groups().remove_member_entities("g", ["a", "x"]).await.unwrap();
}

#[tokio::test]
async fn a_written_change_that_cannot_be_verified_may_have_been_applied() {
    let mock = MockTransport::new();
    let mut order = identity_mock::Sequence::new();
    mock.expect_any::<ReadGroupById>().in_sequence(&mut order).respond_with(&group(&["a"]));
    mock.expect_any::<UpdateGroupById>().in_sequence(&mut order).respond_with(&None);
    mock.expect_any::<ReadGroupById>().in_sequence(&mut order).transport_error(TransportErrorKind::NotSent);
    let error = Client::new(target(), mock).groups().add_member_entities("g", ["b"]).await.unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    assert!(error.is_retryable());

    let mock = MockTransport::new();
    mock.expect_any::<ReadGroupById>().transport_error(TransportErrorKind::Timeout);
    let error = Client::new(target(), mock).groups().add_member_entities("g", ["b"]).await.unwrap_err();
    assert!(!error.may_have_been_applied(), "{error}");
}

#[tokio::test]
async fn delete_many_that_fails_after_its_first_request_may_have_been_applied() {
    for first in [true, false] {
        let mock = MockTransport::new();
        let mut order = identity_mock::Sequence::new();
        if first {
            mock.expect_any::<BatchDeleteEntities>().in_sequence(&mut order).respond_with(&());
        }
        mock.expect_any::<BatchDeleteEntities>()
            .in_sequence(&mut order)
            .transport_error(TransportErrorKind::NotSent);
        let ids = (0..=BatchDeleteEntities::MAX_IDS).map(|id| id.to_string());
        let error = Client::new(target(), mock).entities().delete_many(ids).await.unwrap_err();
        assert_eq!(error.may_have_been_applied(), first, "{error}");
    }
}

#[tokio::test]
async fn a_change_undone_by_another_writer_is_retried_up_to_a_limit() {
    let mock = MockTransport::new();
    mock.expect_any::<ReadGroupById>().times(5).respond_with(&group(&["a"]));
    mock.expect_any::<UpdateGroupById>().times(5).respond_with(&None);
    let error = Client::new(target(), mock).groups().add_member_entities("g", ["b"]).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Conflict));
    assert_eq!(
        error.to_string(),
        "POST identity/group/id/{id} failed: another writer undid the change each time"
    );
    assert!(error.is_retryable() && error.may_have_been_applied());
}

/// The messages are those of the recordings `group/create-unknown-member-entity.json` and
/// `create-unknown-member-group.json`.
#[tokio::test]
async fn a_member_deleted_after_the_group_was_read_is_left_out() {
    let unknown = |kind: &str, id: &str| format!("1 error occurred:\n\t* invalid {kind} ID \"{id}\"\n\n");
    for (kind, of_groups) in [("entity", false), ("member group", true)] {
        let group = |members: &[&str]| {
            let mut group = group(if of_groups { &[] } else { members });
            if of_groups {
                group.member_group_ids = members.iter().map(|&id| id.into()).collect();
            }
            group
        };
        let update = |members: &[&str]| {
            let update = UpdateGroupById::new("g");
            if of_groups {
                update.member_group_ids(members.iter().copied())
            } else {
                update.member_entity_ids(members.iter().copied())
            }
        };
        let mock = MockTransport::new();
        let mut order = identity_mock::Sequence::new();
        mock.expect_any::<ReadGroupById>().in_sequence(&mut order).respond_with(&group(&["b"]));
        mock.expect(&update(&["a", "b"]))
            .in_sequence(&mut order)
            .error(http::StatusCode::INTERNAL_SERVER_ERROR, [unknown(kind, "b")]);
        mock.expect_any::<ReadGroupById>().in_sequence(&mut order).respond_with(&group(&[]));
        mock.expect(&update(&["a"])).in_sequence(&mut order).respond_with(&None);
        mock.expect_any::<ReadGroupById>().in_sequence(&mut order).respond_with(&group(&["a"]));
        let client = Client::new(target(), mock.clone());
        let add = async || {
            if of_groups {
                client.groups().add_member_groups("g", ["a"]).await
            } else {
                client.groups().add_member_entities("g", ["a"]).await
            }
        };
        add().await.unwrap();
        mock.checkpoint();

        // An unknown member that is to be added is an error, and so is one that stays unknown.
        mock.expect_any::<ReadGroupById>().respond_with(&group(&[]));
        mock.expect_any::<UpdateGroupById>()
            .error(http::StatusCode::INTERNAL_SERVER_ERROR, [unknown(kind, "a")]);
        assert_eq!(add().await.unwrap_err().api().unwrap().status(), 500);
        mock.checkpoint();
        mock.expect_any::<ReadGroupById>().times(5).respond_with(&group(&["b"]));
        mock.expect_any::<UpdateGroupById>()
            .times(5)
            .error(http::StatusCode::INTERNAL_SERVER_ERROR, [unknown(kind, "b")]);
        assert_eq!(add().await.unwrap_err().api().unwrap().status(), 500);
        mock.checkpoint();

        // The message may be part of a name of the caller.
        mock.expect_any::<ReadGroupById>().respond_with(&group(&["b"]));
        mock.expect_any::<UpdateGroupById>()
            .error(http::StatusCode::INTERNAL_SERVER_ERROR, [format!("other: {}", unknown(kind, "b"))]);
        add().await.unwrap_err();
    }
}

#[tokio::test]
async fn delete_many_sends_chunks_and_nothing_for_an_empty_list() {
    let mock = MockTransport::new();
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    mock.expect_where::<BatchDeleteEntities>(move |call| {
        seen.lock().unwrap().push(call.body["entity_ids"].as_array().unwrap().len());
        true
    })
    .times(3)
    .respond_with(&());
    let client = Client::new(target(), mock.clone());
    client.entities().delete_many([""; 0]).await.unwrap();
    client.entities().delete_many((0..2500).map(|n| format!("id-{n}"))).await.unwrap();
    mock.checkpoint();
    let mut sizes = sizes.lock().unwrap().clone();
    sizes.dedup();
    assert_eq!(sizes, [999, 502]);
}

#[tokio::test]
async fn a_derived_client_has_its_own_target_and_the_same_transport() {
    let mock = MockTransport::new();
    for (header, value) in [("x-vault-namespace", "team-a"), ("x-vault-token", "other")] {
        mock.expect_where::<ListEntities>(move |call| {
            call.headers.get(header).is_some_and(|given| given == value)
        })
        .respond_with(&KeyList::default());
    }
    let client = Client::new(target(), mock);
    assert!(client.with_namespace("team-a").unwrap().entities().list().await.unwrap().is_empty());
    assert!(client.with_token("other").unwrap().entities().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn calls_can_be_spawned() {
    let mock = MockTransport::new();
    mock.expect_any::<ReadEntityById>().not_found();
    let client = Client::new(target(), mock);
    let found = tokio::spawn(async move { client.entities().find("x").await }).await.unwrap().unwrap();
    assert!(found.is_none());
}

#[test]
fn an_error_names_the_operation_and_no_identifier() {
    let mock = MockTransport::new();
    mock.expect_any::<ReadEntityById>().transport_error(TransportErrorKind::Interrupted);
    let client = BlockingClient::new(target(), mock);
    let error = client.entities().read("canary-id").unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET identity/entity/id/{id} failed: the connection was lost before the whole response arrived"
    );
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn the_blocking_client_works_within_a_runtime() {
    let mock = MockTransport::new();
    mock.expect_any::<ReadEntityById>().not_found();
    let client = BlockingClient::new(target(), mock);
    assert!(client.entities().find("x").unwrap().is_none());
}

#[test]
fn members_are_changed_through_the_blocking_client() {
    let mock = MockTransport::new();
    mock.expect(&ReadGroupById::new("g")).respond_with(&group(&["a"]));
    BlockingClient::new(target(), mock).groups().remove_member_entities("g", ["b"]).unwrap();
}

#[test]
fn no_client_shows_its_token() {
    let client = Client::new(target(), MockTransport::new());
    let blocking = BlockingClient::new(target(), MockTransport::new());
    let shown = format!("{client:?} {client:#?} {blocking:?} {:?}", client.entities());
    assert!(shown.contains("vault.test") && !shown.contains("canary"), "{shown}");
}

#[cfg(feature = "hyper")]
#[test]
fn the_default_clients_are_made_without_a_runtime() {
    use vault_identity::transport::{BlockingAdapter, HyperTransport, RetryPolicy};

    assert!(Client::with_address("http://127.0.0.1:1", "token").is_ok());
    assert!(BlockingClient::with_address("http://127.0.0.1:1", "token").is_ok());
    // The default policy retries for a minute.
    let transport = HyperTransport::builder().retry_policy(RetryPolicy::off()).build();
    let nowhere = Target::new("http://127.0.0.1:1").unwrap();
    let client = BlockingClient::new(nowhere, BlockingAdapter::new(transport).unwrap());
    let error = client.entities().list().unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport(error) if error.kind() == TransportErrorKind::NotSent)
    );
    assert!(Client::with_address("127.0.0.1:1", "token").is_err());
}

/// The response has its own explanation, so that a guess about encoded characters would mislead.
#[test]
fn plaintext_to_a_tls_port_is_not_blamed_on_the_path() {
    let plain_http = |_| {
        let body = "Client sent an HTTP request to an HTTPS server.\n";
        Ok(http::Response::builder().status(400).body(body.into()).unwrap())
    };
    let client = BlockingClient::new(target(), plain_http);
    let error = client.entities().read_by_name("a/b").unwrap_err().to_string();
    assert!(error.ends_with("Client sent an HTTP request to an HTTPS server."), "{error}");
}
