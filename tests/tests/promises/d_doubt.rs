//! What may have been carried out, and what certainly has not.

use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::entity::{CreateEntity, WriteEntityByName};

use crate::support::{ENTITY, client_with, patient};

/// What something on the way says of a request that it has passed on.
#[tokio::test]
async fn d8_words_of_a_gateway_do_not_make_a_server_sealed() {
    for answer in [
        Answer::refusal(503, "no answer to {\"note\":\"the box is sealed\"}"),
        Answer::refusal(503, "no answer for unsealed-box"),
        Answer::status(503).header("Content-Type", "text/html").body("<p>the box is sealed</p>"),
    ] {
        let first = Faulty::always(answer);
        let second = Faulty::start(|_, request| match request.method() {
            // So that it is not found to lead.
            "GET" => Answer::status(503),
            _ => Answer::json(200, ENTITY),
        });
        let transport = patient().addresses([first.url(), second.url()]).unwrap();
        let client = client_with(&first, transport);
        let create = CreateEntity::unnamed().metadata([("note", "the box is sealed")]);
        let error = client.entities().create(&create).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_sealed() && !error.is_retryable(), "{error:?}");
        let posts =
            |server: &Faulty| server.requests().iter().filter(|request| request.method() == "POST").count();
        assert_eq!((posts(&first), posts(&second)), (1, 0));
    }
}

/// Who was turned away has not created what is there.
#[tokio::test]
async fn d10_an_update_that_was_turned_away_before_is_an_update() {
    for (turned_away, is_created) in [
        (Answer::refusal(429, "rate limit quota exceeded"), false),
        (Answer::json(412, r#"{"errors":[]}"#), false),
        (Answer::refusal(503, "Vault is sealed"), true),
        (Answer::refusal(502, "no answer"), true),
        (Answer::lost(), true),
    ] {
        let server = Faulty::start(move |n, request| match (n, request.path().contains("/name/")) {
            (0, _) => turned_away.clone(),
            (_, true) => Answer::status(204),
            (_, false) => Answer::json(200, ENTITY),
        });
        let client = client_with(&server, patient());
        let written = client.entities().write_by_name(&WriteEntityByName::new("alice")).await.unwrap();
        assert_eq!(written.is_created(), is_created, "{:?}", server.requests());
    }
}

/// A repeat that certainly was not carried out does not hide that an earlier attempt may have been.
#[tokio::test]
async fn d10_an_attempt_in_doubt_is_remembered() {
    let sealed = || Answer::refusal(503, "Vault is sealed");
    for last in [vec![Answer::refusal(400, "no"), sealed()], vec![sealed(), sealed(), sealed()]] {
        let server = Faulty::in_turn([Answer::lost()].into_iter().chain(last));
        let client = client_with(&server, patient().timeout(Duration::from_secs(5)));
        let error = client.entities().create(&CreateEntity::named("alice")).await.unwrap_err();
        assert!(error.api().is_some() && error.may_have_been_applied(), "{error:#}");
        let read = client.entities().read("e1").await.unwrap_err();
        assert!(!read.may_have_been_applied(), "{read:#}");
    }
}
