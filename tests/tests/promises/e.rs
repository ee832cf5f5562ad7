//! Consistency: how the answers of a server that lags behind are told apart.

use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::{CreateEntity, Error};

use crate::support::{ENTITY, client_with, once, pair};

async fn refused(answer: Answer) -> Error {
    let server = Faulty::always(answer);
    let client = client_with(&server, once().timeout(Duration::from_millis(500)));
    client.entities().create(&CreateEntity::unnamed()).await.unwrap_err()
}

#[tokio::test]
async fn e3_a_lagging_server_a_quota_and_a_standby_are_told_apart() {
    let lagging = refused(Answer::json(429, r#"{"errors":[]}"#).header("Retry-After", "1")).await;
    assert!(lagging.is_not_consistent_yet() && !lagging.is_rate_limited());
    let quota = "request path \"identity/entity\": rate limit quota exceeded";
    let quota = refused(Answer::refusal(429, quota)).await;
    assert!(quota.is_rate_limited() && !quota.is_not_consistent_yet());
    let health = refused(Answer::json(429, r#"{"standby":true,"sealed":false}"#)).await;
    assert!(!health.is_not_consistent_yet());
    for error in [lagging, quota, health] {
        assert!(error.is_retryable() && !error.may_have_been_applied(), "the server did nothing: {error:?}");
    }
}

#[tokio::test]
async fn e4_412_says_that_the_server_did_nothing() {
    for body in [r#"{"errors":[]}"#, r#"{"errors":["required index state not present"]}"#, ""] {
        let error = refused(Answer::json(412, body)).await;
        assert!(error.is_not_consistent_yet() && error.is_retryable(), "{error:?}");
        assert!(!error.may_have_been_applied());
    }
}

#[tokio::test]
async fn e5_a_server_without_the_header_is_no_error() {
    let (server, client) = pair(Answer::json(200, ENTITY));
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    assert!(server.requests().iter().all(|request| request.headers("x-vault-index").is_empty()));
}

#[tokio::test]
async fn e5_odd_forms_of_the_header_are_no_error() {
    for value in ["", "x", "\u{1}", "é", "eyJjbHVzdGVyIjo1fQ==", &"A".repeat(5000)] {
        let (_server, client) = pair(Answer::json(200, ENTITY).header("X-Vault-Index", value));
        for _ in 0..3 {
            if let Err(error) = client.entities().read("e1").await {
                assert!(value.contains('\u{1}'), "{value}: {error:?}");
            }
        }
    }
}
