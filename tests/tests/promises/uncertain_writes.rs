//! Writes that may have been carried out are not reported as if they had not, and not repeated if that does
//! harm.

use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty, Received};
use vault_identity::transport::RedirectPolicy;
use vault_identity::{
    MountAccessor,
    alias::CreateEntityAlias,
    entity::{CreateEntity, UpdateEntityById, WriteEntityByName},
    group::{CreateGroup, UpdateGroupById},
};

use crate::support::{ENTITY, client_with, patient, timed};

const SEALED: &str = "Vault is sealed";
const NOT_ACTIVE: &str = "local node not active but active cluster node not found";
/// `OpenBao` on `PostgreSQL`, after the response to an INSERT was lost.
const STORAGE: &str = "1 error occurred:\n\t* failed to persist packed storage entry: unexpected EOF\n\n";

fn is_health(request: &Received) -> bool {
    request.path().ends_with("sys/health")
}

fn posts(server: &Faulty) -> Vec<Received> {
    server.requests().into_iter().filter(|request| request.method() == "POST").collect()
}

/// A standby is sealed after it has forwarded the request, or loses its leader: it is asked once.
#[tokio::test]
async fn an_unnamed_create_is_not_retried_after_a_standby_could_have_forwarded_it() {
    for answer in [
        Answer::refusal(503, SEALED),
        Answer::refusal(500, NOT_ACTIVE),
        Answer::refusal(500, "internal error"),
    ] {
        let server = Faulty::always(answer);
        let client = client_with(&server, patient());
        let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

/// The leader is not among the addresses, so that the standbys have to forward.
#[tokio::test]
async fn a_write_to_a_sealed_standby_is_uncertain() {
    let standby = |may_forward: Answer| {
        move |_: usize, request: &Received| match request.header("x-vault-no-request-forwarding") {
            _ if is_health(request) => Answer::status(429),
            Some(_) => Answer::redirect(307, &format!("http://127.0.0.1:1{}", request.path())),
            None => may_forward.clone(),
        }
    };
    let sealing = Faulty::start(standby(Answer::refusal(503, SEALED)));
    let well = Faulty::start(standby(Answer::status(204)));
    let transport = patient().addresses([sealing.url(), well.url()]).unwrap();
    let client = client_with(&sealing, transport);
    let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.is_sealed() && error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
    assert_eq!(posts(&well).len(), 0, "it is not repeated");
    // An update is, at the other node.
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    assert_eq!(posts(&well).len(), 1);
}

/// A node that was told not to forward has done nothing: even an unnamed create goes on to another one.
#[tokio::test]
async fn an_unnamed_create_is_retried_after_a_standby_that_could_not_forward() {
    for answer in [Answer::refusal(503, SEALED), Answer::refusal(500, NOT_ACTIVE)] {
        let sealing =
            Faulty::start(move |n, request| match request.header("x-vault-no-request-forwarding") {
                // Not found to be well before it has been asked.
                _ if is_health(request) => Answer::status(if n < 20 { 429 } else { 503 }),
                Some(_) => answer.clone(),
                None => Answer::json(200, ENTITY),
            });
        let well =
            Faulty::start(
                |_, request| if is_health(request) { Answer::status(200) } else { Answer::json(200, ENTITY) },
            );
        let transport = patient().addresses([sealing.url(), well.url()]).unwrap();
        let client = client_with(&sealing, transport);
        let created = client.entities().create(&CreateEntity::unnamed()).await.unwrap().created();
        assert_eq!(created.unwrap().id.as_str(), "e1");
        let forbidden =
            posts(&sealing).iter().all(|post| post.header("x-vault-no-request-forwarding").is_some());
        assert!(forbidden, "{:?}", posts(&sealing));
        assert_eq!(posts(&well).len(), 1);
    }
}

/// A redirect of a node that could not forward is certain, and leads to the leader.
#[tokio::test]
async fn an_unnamed_create_follows_a_redirect_that_cannot_hide_a_write() {
    let leader =
        Faulty::start(
            |_, request| if is_health(request) { Answer::status(429) } else { Answer::json(200, ENTITY) },
        );
    let url = leader.url();
    let standby = Faulty::start(move |_, request| {
        if is_health(request) {
            Answer::status(429)
        } else {
            Answer::redirect(307, &format!("{url}{}", request.path()))
        }
    });
    let addresses = [standby.url(), leader.url()];
    let client = client_with(&standby, patient().addresses(addresses.clone()).unwrap());
    assert!(client.entities().create(&CreateEntity::unnamed()).await.unwrap().is_created());
    assert_eq!((posts(&standby).len(), posts(&leader).len()), (1, 1));
    // Where standbys forward, it can.
    let transport = patient().addresses(addresses).unwrap().redirect_policy(RedirectPolicy::SameOrigin);
    let error =
        client_with(&standby, transport).entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
    assert_eq!((posts(&standby).len(), posts(&leader).len()), (2, 1));
}

/// What is stored may not be found by its name yet, and a second create would store a second object.
#[tokio::test]
async fn a_create_is_not_retried_after_a_storage_error() {
    for message in [STORAGE, "internal error", "1 error occurred:\n\t* context deadline exceeded\n\n"] {
        let server = Faulty::start(move |_, request| {
            if request.path().contains("/lookup/") {
                Answer::status(204)
            } else {
                Answer::refusal(500, message)
            }
        });
        let client = client_with(&server, patient());
        let (entities, groups) = (client.entities(), client.groups());
        let alias = CreateEntityAlias::new("alice", MountAccessor::new("auth_userpass_1"));
        for error in [
            entities.create(&CreateEntity::named("alice")).await.unwrap_err(),
            entities.write_by_name(&WriteEntityByName::new("alice")).await.unwrap_err(),
            groups.create(&CreateGroup::named("g")).await.unwrap_err(),
            client.entity_aliases().create(&alias).await.unwrap_err(),
        ] {
            assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        }
        let creates = posts(&server).into_iter().filter(|post| !post.path().contains("/lookup/")).count();
        assert_eq!(creates, 4, "each is sent once");
        // To set what is known by its identifier again does no harm.
        let before = server.requests().len();
        entities.update(&UpdateEntityById::new("e1")).await.unwrap_err();
        assert_eq!(server.requests().len() - before, 3);
    }
}

/// If the name is found, writing it again cannot create a second object, and the identifier is not lost.
#[tokio::test]
async fn a_create_is_retried_if_its_name_is_found() {
    let found = r#"{"data":{"id":"e1","name":"alice"}}"#;
    for message in [STORAGE, "internal error"] {
        let server = Faulty::start(move |n, request| match request.path().contains("/lookup/") {
            true => Answer::json(200, found),
            false if n == 0 => Answer::refusal(500, message),
            false => Answer::status(204),
        });
        let client = client_with(&server, patient());
        let created = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created();
        assert_eq!(created.unwrap().id.as_str(), "e1");
        let paths: Vec<String> = server.requests().iter().map(|post| post.path().to_owned()).collect();
        assert_eq!(paths, ["/v1/identity/entity", "/v1/identity/lookup/entity", "/v1/identity/entity"]);
    }
}

/// Validation errors come with status 500 as well, and are final, whatever request values they repeat.
#[tokio::test]
async fn a_validation_error_is_permanent() {
    for message in [
        "1 error occurred:\n\t* invalid entity ID \"local node not active\"\n\n".to_owned(),
        format!("1 error occurred:\n\t* invalid entity ID \"{NOT_ACTIVE}\"\n\n"),
        "1 error occurred:\n\t* invalid member group ID \"leadership lost\"\n\n".to_owned(),
        "1 error occurred:\n\t* member group ID \"g1\" is same as the ID of the group\n\n".to_owned(),
        "1 error occurred:\n\t* invalid entity metadata: metadata cannot contain more than 64 key/value pairs\n\n"
            .to_owned(),
        "1 error occurred:\n\t* custom_metadata validation failed: payload must contain at most 64 keys, provided 65\n\n"
            .to_owned(),
        "1 error occurred:\n\t* methodID is still used by an enforcement configuration with ID: 5\n\n".to_owned(),
    ] {
        let text = message.clone();
        let server = Faulty::start(move |_, _| Answer::refusal(500, &text));
        let client = client_with(&server, patient());
        let update = UpdateGroupById::new("g1").member_entity_ids(["context canceled"]);
        let (outcome, time) = timed(client.groups().update(&update)).await;
        let error = outcome.unwrap_err();
        assert!(!error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        assert_eq!(server.requests().len(), 1, "{message}");
        assert!(time < Duration::from_secs(1), "{time:?}");
    }
}

/// Nor does a value that the server repeats make another node of it.
#[tokio::test]
async fn a_request_value_does_not_mark_a_healthy_leader_down() {
    let message = format!(
        "1 error occurred:\n\t* invalid entity metadata: failed to load metadata pair (\"k\", \"{NOT_ACTIVE}\"): too long\n\n"
    );
    let leader = Faulty::start(move |_, request| match (is_health(request), request.method()) {
        (true, _) => Answer::status(200),
        (false, "POST") => Answer::refusal(500, &message),
        (false, _) => Answer::json(200, ENTITY),
    });
    let standby =
        Faulty::start(
            |_, request| if is_health(request) { Answer::status(429) } else { Answer::json(200, ENTITY) },
        );
    let transport = patient().addresses([leader.url(), standby.url()]).unwrap();
    let client = client_with(&leader, transport);
    for _ in 0..3 {
        client.entities().update(&UpdateEntityById::new("e1")).await.unwrap_err();
        client.entities().read("e1").await.unwrap();
    }
    let calls = standby.requests().iter().filter(|request| !is_health(request)).count();
    assert_eq!(calls, 0, "{:?}", standby.requests());
}

/// Statuses of gateways leave it open whether a write was carried out; what may be repeated is.
#[tokio::test]
async fn a_gateway_error_is_uncertain_for_writes_and_retried_for_reads() {
    for status in [408, 499, 500, 501, 502, 503, 504, 505, 507, 520, 521, 522, 524, 529, 530, 598, 599] {
        let page = Answer::status(status).header("Content-Type", "text/html").body("<p>no</p>");
        let server = Faulty::in_turn([page.clone(), Answer::json(200, ENTITY)]);
        let client = client_with(&server, patient());
        client.entities().read("e1").await.unwrap();
        assert_eq!(server.requests().len(), 2, "{status}");

        let server = Faulty::always(page);
        let client = client_with(&server, patient());
        let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{status}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

/// A final error does not wait for the retry budget that other calls have used up.
#[tokio::test]
async fn a_sealed_cluster_is_reported_to_many_calls_quickly() {
    let server = Faulty::always(Answer::refusal(503, SEALED));
    let client = client_with(&server, patient().timeout(Duration::from_secs(60)));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let client = client.clone();
        calls.spawn(async move { timed(client.entities().read("e1")).await });
    }
    for (outcome, time) in calls.join_all().await {
        assert!(outcome.unwrap_err().is_sealed());
        assert!(time < Duration::from_secs(8), "{time:?}");
    }
    // A hundred repeats, and ten more a second.
    assert!(server.requests().len() < 700, "{}", server.requests().len());
}

/// What something on the way says of a request that it has passed on.
#[tokio::test]
async fn a_gateway_message_does_not_make_a_server_sealed() {
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
async fn an_update_after_a_rejected_attempt_is_an_update() {
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
async fn an_uncertain_attempt_is_remembered() {
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
