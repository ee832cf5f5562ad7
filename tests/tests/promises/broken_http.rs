//! Responses that are truncated, have a wrong length, or are not HTTP.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Response};
use vault_identity::entity::CreateEntity;
use vault_identity::transport::TransportErrorKind;

use crate::hostile_responses;
use crate::support::{ENTITY, client, client_with, error_text, errors_of_all_calls, single_attempt, timed};

/// Starts a server that sends this response once, and then an entity.
fn recovering(response: Response) -> Faulty {
    Faulty::in_turn([response, Response::json(200, ENTITY)])
}

#[tokio::test]
async fn a_truncated_response_is_an_error_and_ends_the_connection() {
    for (name, response) in hostile_responses::truncated() {
        let server = recovering(response);
        let client = client(&server);
        let error = client.entities().create(&CreateEntity::unnamed()).await.expect_err(name);
        let kind = error.transport().unwrap_or_else(|| panic!("{name}: {error:?}")).kind();
        assert_eq!(kind, TransportErrorKind::Interrupted, "{name}");
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{name}");
        assert_eq!(server.requests().len(), 1, "{name}");
        assert_eq!(client.entities().read("e1").await.unwrap().name, "alice", "{name}");
        assert_eq!(server.connections(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_content_length_too_short_affects_no_later_response() {
    let body = r#"{"data":{"id":"e1","name":"alice"}}{"data":{"id":"e2","name":"mallory"}}"#;
    let short = Response::status(200).header("Content-Length", &ENTITY.len().to_string()).body(body);
    let server = recovering(short);
    let client = client(&server);
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn invalid_http_is_an_error_and_ends_the_connection() {
    for (name, response) in hostile_responses::invalid_http() {
        let server = recovering(response);
        let client = client(&server);
        let (error, time) = timed(client.entities().create(&CreateEntity::unnamed())).await;
        let error = error.expect_err(name);
        let kind = error.transport().unwrap_or_else(|| panic!("{name}: {error:?}")).kind();
        assert!(
            matches!(kind, TransportErrorKind::Other | TransportErrorKind::Interrupted),
            "{name}: {kind:?}"
        );
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{name}");
        assert!(time < Duration::from_secs(2), "{name}: {time:?}");
        assert!(!error_text(&error).contains("canary"), "{name}: {error:?}");
        assert_eq!(client.entities().read("e1").await.unwrap().name, "alice", "{name}");
        assert_eq!(server.connections(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_204_with_a_body_affects_no_later_response() {
    let with_body = Response::raw(
        format!(
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ENTITY}",
            ENTITY.len()
        )
        .replace("alice", "mally"),
    );
    let server = recovering(with_body);
    let client = client(&server);
    client.entities().delete("e1").await.unwrap();
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_unrequested_protocol_switch_is_an_error() {
    let switch = Response::status(101).header("Upgrade", "websocket").header("Connection", "upgrade");
    let server = recovering(switch);
    let client = client_with(&server, single_attempt().timeout(Duration::from_secs(2)));
    let (error, time) = timed(client.entities().delete("e1")).await;
    error.unwrap_err();
    assert!(time < Duration::from_secs(3), "{time:?}");
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
}

#[tokio::test]
async fn garbage_ends_every_call_with_an_error() {
    let server = Faulty::greeting(Response::raw("garbage\r\n\r\n").then_close());
    let client = client(&server);
    for (call, error) in errors_of_all_calls(&client).await {
        let error = error.unwrap();
        assert!(error.transport().is_some(), "{call}: {error:?}");
    }
}

#[tokio::test]
async fn interim_responses_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let whole = format!("{interim}HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ENTITY}", ENTITY.len());
    let server = Faulty::always(Response::raw(whole));
    assert_eq!(client(&server).entities().read("e1").await.unwrap().name, "alice");
}
