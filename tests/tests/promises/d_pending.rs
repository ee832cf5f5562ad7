//! Promises that the transport does not keep yet.

use std::time::Duration;

use identity_tests::faulty::{Answer, Authority, Faulty};
use vault_identity::TransportErrorKind;

use crate::support::{ENTITY, client_with, patient, shown, timed};

#[tokio::test]
async fn d22_an_error_tells_the_last_attempt_too() {
    let server =
        Faulty::in_turn([Answer::lost(), Answer::refusal(502, "canary"), Answer::refusal(400, "bad")]);
    let error = client_with(&server, patient()).entities().read_by_name("canary").await.unwrap_err();
    let attempts = error.attempts();
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    assert!(attempts.iter().all(|attempt| attempt.node == server.address().to_string()), "{attempts:?}");
    assert!(attempts[0].outcome.contains("broke off"), "{attempts:?}");
    assert!(attempts[1].outcome.contains("502") && attempts[2].outcome.contains("400"), "{attempts:?}");
    assert!(!shown(&error).contains("canary"), "{error:?}");
    assert!(format!("{error:#}").contains("3 attempts"), "{error:#}");
}

#[tokio::test]
async fn c1_a_certificate_that_nobody_trusts_is_not_asked_for_again() {
    let server = Faulty::secure(&Authority::new(), |_, _| Answer::json(200, ENTITY));
    let client = client_with(&server, patient().tls(Authority::new().client()));
    let (read, time) = timed(client.entities().read("e1")).await;
    let error = read.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::Connect);
    assert_eq!(server.connections(), 1);
    assert!(time < Duration::from_secs(1), "{time:?}");
}
