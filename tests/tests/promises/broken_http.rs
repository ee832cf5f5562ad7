//! Answers that break off, lie about their length, or are no HTTP.

use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::{entity::CreateEntity, transport::TransportErrorKind};

use crate::hostile_responses;
use crate::support::{ENTITY, client, client_with, once, refusals, shown, timed};

/// A server that answers once like this and then well.
fn recovering(answer: Answer) -> Faulty {
    Faulty::in_turn([answer, Answer::json(200, ENTITY)])
}

#[tokio::test]
async fn a_truncated_response_is_an_error_and_ends_the_connection() {
    for (name, answer) in hostile_responses::broken_off() {
        let server = recovering(answer);
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
    let short = Answer::status(200).header("Content-Length", &ENTITY.len().to_string()).body(body);
    let server = recovering(short);
    let client = client(&server);
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn invalid_http_is_an_error_and_ends_the_connection() {
    for (name, answer) in hostile_responses::protocol() {
        let server = recovering(answer);
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
        assert!(!shown(&error).contains("canary"), "{name}: {error:?}");
        assert_eq!(client.entities().read("e1").await.unwrap().name, "alice", "{name}");
        assert_eq!(server.connections(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_204_with_a_body_affects_no_later_response() {
    let with_body = Answer::raw(
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
    let switch = Answer::status(101).header("Upgrade", "websocket").header("Connection", "upgrade");
    let server = recovering(switch);
    let client = client_with(&server, once().timeout(Duration::from_secs(2)));
    let (error, time) = timed(client.entities().delete("e1")).await;
    error.unwrap_err();
    assert!(time < Duration::from_secs(3), "{time:?}");
    assert_eq!(client.entities().read("e1").await.unwrap().name, "alice");
}

#[tokio::test]
async fn garbage_ends_every_call_with_an_error() {
    let server = Faulty::greeting(Answer::raw("garbage\r\n\r\n").then_close());
    let client = client(&server);
    for (call, error) in refusals(&client).await {
        let error = error.unwrap();
        assert!(error.transport().is_some(), "{call}: {error:?}");
    }
}

#[tokio::test]
async fn interim_responses_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let whole = format!("{interim}HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{ENTITY}", ENTITY.len());
    let server = Faulty::always(Answer::raw(whole));
    assert_eq!(client(&server).entities().read("e1").await.unwrap().name, "alice");
}
