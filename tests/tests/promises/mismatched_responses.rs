//! A response about another object than was asked for.

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::{
    entity::{CreateEntity, WriteEntityByName},
    error::ErrorKind,
};

use crate::support::{client_with, once, shown};

fn entity(id: &str, name: &str) -> Answer {
    Answer::json(200, format!(r#"{{"data":{{"id":"{id}","name":"{name}"}}}}"#))
}

/// Whether the error is about this.
fn is_mismatch(error: &vault_identity::Error, asked: &str, answered: &str) -> bool {
    let text = format!("{error:#}");
    matches!(error.kind(), ErrorKind::Decode(_))
        && text.contains(&format!("is `{answered}` instead of `{asked}`"))
        && !error.to_string().contains(asked)
}

#[tokio::test]
async fn a_name_encoded_twice_by_a_proxy_is_an_error() {
    let server = Faulty::start(|_, request| {
        let name = request.path().rsplit('/').next().unwrap_or_default().to_owned();
        entity("e1", &name)
    });
    let client = client_with(&server, once());
    let write = WriteEntityByName::new("team/x");
    let error = client.entities().write_by_name(&write).await.unwrap_err();
    assert!(is_mismatch(&error, "team/x", "team%2Fx"), "{}", shown(&error));
    assert!(error.may_have_been_applied(), "it has been, to another object");
    assert!(client.entities().write_by_name(&WriteEntityByName::new("x")).await.unwrap().is_created());
}

/// A connection on which responses are one behind is left.
#[tokio::test]
async fn responses_to_earlier_requests_are_rejected() {
    let server = Faulty::start(|n, request| match request.path().rsplit('/').next() {
        Some(id) if n >= 3 => entity(id, "n"),
        _ => entity(&format!("e{n}"), "n"),
    });
    let client = client_with(&server, once());
    client.entities().read("e0").await.unwrap();
    for (n, asked) in [(1, "e2"), (2, "e3")] {
        let error = client.entities().read(asked).await.unwrap_err();
        assert!(is_mismatch(&error, asked, &format!("e{n}")), "{}", shown(&error));
    }
    client.entities().read("e4").await.unwrap();
    let connections: std::collections::BTreeSet<_> =
        server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 3, "the first was left, and the second");
    let error = client.entities().create(&CreateEntity::named("alice")).await.unwrap_err();
    assert!(is_mismatch(&error, "alice", "n"), "{}", shown(&error));
}
