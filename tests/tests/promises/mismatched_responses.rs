//! Responses about another object than the requested one.

use identity_tests::faulty::{Faulty, Response};
use vault_identity::entity::{CreateEntity, WriteEntityByName};
use vault_identity::error::ErrorKind;

use crate::support::{client_with, error_text, single_attempt};

fn entity(id: &str, name: &str) -> Response {
    Response::json(200, format!(r#"{{"data":{{"id":"{id}","name":"{name}"}}}}"#))
}

/// Returns `true` if the error reports this mismatch.
fn is_mismatch(error: &vault_identity::Error, requested: &str, received: &str) -> bool {
    let text = format!("{error:#}");
    matches!(error.kind(), ErrorKind::Decode(_))
        && text.contains(&format!("is `{received}` instead of `{requested}`"))
        && !error.to_string().contains(requested)
}

#[tokio::test]
async fn a_name_encoded_twice_by_a_proxy_is_an_error() {
    let server = Faulty::start(|_, request| {
        let name = request.path().rsplit('/').next().unwrap_or_default().to_owned();
        entity("e1", &name)
    });
    let client = client_with(&server, single_attempt());
    let write = WriteEntityByName::new("team/x");
    let error = client.entities().write_by_name(&write).await.unwrap_err();
    assert!(is_mismatch(&error, "team/x", "team%2Fx"), "{}", error_text(&error));
    assert!(error.may_have_been_applied(), "it was applied to another object");
    assert!(client.entities().write_by_name(&WriteEntityByName::new("x")).await.unwrap().is_created());
}

/// A connection is closed if each response on it belongs to the previous request.
#[tokio::test]
async fn responses_to_earlier_requests_are_rejected() {
    let server = Faulty::start(|n, request| match request.path().rsplit('/').next() {
        Some(id) if n >= 3 => entity(id, "n"),
        _ => entity(&format!("e{n}"), "n"),
    });
    let client = client_with(&server, single_attempt());
    client.entities().read("e0").await.unwrap();
    for (n, requested) in [(1, "e2"), (2, "e3")] {
        let error = client.entities().read(requested).await.unwrap_err();
        assert!(is_mismatch(&error, requested, &format!("e{n}")), "{}", error_text(&error));
    }
    client.entities().read("e4").await.unwrap();
    let connections: std::collections::BTreeSet<_> =
        server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 3, "the first and the second were closed");
    let error = client.entities().create(&CreateEntity::named("alice")).await.unwrap_err();
    assert!(is_mismatch(&error, "alice", "n"), "{}", error_text(&error));
}
