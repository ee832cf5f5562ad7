//! Writes that may have been applied are reported as such, and retried only if they are idempotent.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Received, Response};
use vault_identity::MountAccessor;
use vault_identity::alias::CreateEntityAlias;
use vault_identity::entity::{CreateEntity, UpdateEntityById, WriteEntityByName};
use vault_identity::group::{CreateGroup, UpdateGroupById};
use vault_identity::transport::RedirectPolicy;

use crate::support::{ENTITY, client_with, retrying, timed};

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

/// A standby is sealed or loses its leader after it has forwarded the request.
#[tokio::test]
async fn an_unnamed_create_is_not_retried_after_a_standby_could_have_forwarded_it() {
    for response in [
        Response::error(503, SEALED),
        Response::error(500, NOT_ACTIVE),
        Response::error(500, "internal error"),
    ] {
        let server = Faulty::always(response);
        let client = client_with(&server, retrying());
        let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

/// The leader is not configured, so the standbys have to forward.
#[tokio::test]
async fn a_write_to_a_sealed_standby_is_uncertain() {
    let standby = |may_forward: Response| {
        move |_: usize, request: &Received| match request.header("x-vault-no-request-forwarding") {
            _ if is_health(request) => Response::status(429),
            Some(_) => Response::redirect(307, &format!("http://127.0.0.1:1{}", request.path())),
            None => may_forward.clone(),
        }
    };
    let sealing = Faulty::start(standby(Response::error(503, SEALED)));
    let well = Faulty::start(standby(Response::status(204)));
    let transport = retrying().addresses([sealing.url(), well.url()]).unwrap();
    let client = client_with(&sealing, transport);
    let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.is_sealed() && error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
    assert_eq!(posts(&well).len(), 0, "it is not retried");
    // An update is retried on the other node.
    client.entities().update(&UpdateEntityById::new("e1")).await.unwrap();
    assert_eq!(posts(&well).len(), 1);
}

/// A node that must not forward has not applied the write, so even an unnamed create is retried on another
/// node.
#[tokio::test]
async fn an_unnamed_create_is_retried_after_a_standby_that_could_not_forward() {
    for response in [Response::error(503, SEALED), Response::error(500, NOT_ACTIVE)] {
        let sealing =
            Faulty::start(move |n, request| match request.header("x-vault-no-request-forwarding") {
                // The probes report a healthy node at first.
                _ if is_health(request) => Response::status(if n < 20 { 429 } else { 503 }),
                Some(_) => response.clone(),
                None => Response::json(200, ENTITY),
            });
        let well = Faulty::start(|_, request| {
            if is_health(request) { Response::status(200) } else { Response::json(200, ENTITY) }
        });
        let transport = retrying().addresses([sealing.url(), well.url()]).unwrap();
        let client = client_with(&sealing, transport);
        let created = client.entities().create(&CreateEntity::unnamed()).await.unwrap().created();
        assert_eq!(created.unwrap().id.as_str(), "e1");
        let forbidden =
            posts(&sealing).iter().all(|post| post.header("x-vault-no-request-forwarding").is_some());
        assert!(forbidden, "{:?}", posts(&sealing));
        assert_eq!(posts(&well).len(), 1);
    }
}

/// A node that could not forward has not applied the write, so its redirect to the leader is followed.
#[tokio::test]
async fn an_unnamed_create_follows_a_redirect_that_cannot_hide_a_write() {
    let leader =
        Faulty::start(
            |_, request| if is_health(request) { Response::status(429) } else { Response::json(200, ENTITY) },
        );
    let url = leader.url();
    let standby = Faulty::start(move |_, request| {
        if is_health(request) {
            Response::status(429)
        } else {
            Response::redirect(307, &format!("{url}{}", request.path()))
        }
    });
    let addresses = [standby.url(), leader.url()];
    let client = client_with(&standby, retrying().addresses(addresses.clone()).unwrap());
    assert!(client.entities().create(&CreateEntity::unnamed()).await.unwrap().is_created());
    assert_eq!((posts(&standby).len(), posts(&leader).len()), (1, 1));
    // If standbys may forward, this one could have forwarded the request.
    let transport = retrying().addresses(addresses).unwrap().redirect_policy(RedirectPolicy::SameOrigin);
    let error =
        client_with(&standby, transport).entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
    assert_eq!((posts(&standby).len(), posts(&leader).len()), (2, 1));
}

/// The stored object may not be found by its name yet, and a second create would store another one.
#[tokio::test]
async fn a_create_is_not_retried_after_a_storage_error() {
    for message in [STORAGE, "internal error", "1 error occurred:\n\t* context deadline exceeded\n\n"] {
        let server = Faulty::start(move |_, request| {
            if request.path().contains("/lookup/") {
                Response::status(204)
            } else {
                Response::error(500, message)
            }
        });
        let client = client_with(&server, retrying());
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
        // An update by identifier is idempotent.
        let before = server.requests().len();
        entities.update(&UpdateEntityById::new("e1")).await.unwrap_err();
        assert_eq!(server.requests().len() - before, 3);
    }
}

/// If the name is found, a retry cannot create a second object, and the identifier is known.
#[tokio::test]
async fn a_create_is_retried_if_its_name_is_found() {
    let found = r#"{"data":{"id":"e1","name":"alice"}}"#;
    for message in [STORAGE, "internal error"] {
        let server = Faulty::start(move |n, request| match request.path().contains("/lookup/") {
            true => Response::json(200, found),
            false if n == 0 => Response::error(500, message),
            false => Response::status(204),
        });
        let client = client_with(&server, retrying());
        let created = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created();
        assert_eq!(created.unwrap().id.as_str(), "e1");
        let paths: Vec<String> = server.requests().iter().map(|post| post.path().to_owned()).collect();
        assert_eq!(paths, ["/v1/identity/entity", "/v1/identity/lookup/entity", "/v1/identity/entity"]);
    }
}

/// Validation errors have status 500 as well, and are permanent, whatever request values they repeat.
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
        let server = Faulty::start(move |_, _| Response::error(500, &text));
        let client = client_with(&server, retrying());
        let update = UpdateGroupById::new("g1").member_entity_ids(["context canceled"]);
        let (outcome, time) = timed(client.groups().update(&update)).await;
        let error = outcome.unwrap_err();
        assert!(!error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        assert_eq!(server.requests().len(), 1, "{message}");
        assert!(time < Duration::from_secs(1), "{time:?}");
    }
}

/// The server repeats a request value that looks like its own error message.
#[tokio::test]
async fn a_request_value_does_not_mark_a_healthy_leader_down() {
    let message = format!(
        "1 error occurred:\n\t* invalid entity metadata: failed to load metadata pair (\"k\", \"{NOT_ACTIVE}\"): too long\n\n"
    );
    let leader = Faulty::start(move |_, request| match (is_health(request), request.method()) {
        (true, _) => Response::status(200),
        (false, "POST") => Response::error(500, &message),
        (false, _) => Response::json(200, ENTITY),
    });
    let standby =
        Faulty::start(
            |_, request| if is_health(request) { Response::status(429) } else { Response::json(200, ENTITY) },
        );
    let transport = retrying().addresses([leader.url(), standby.url()]).unwrap();
    let client = client_with(&leader, transport);
    for _ in 0..3 {
        client.entities().update(&UpdateEntityById::new("e1")).await.unwrap_err();
        client.entities().read("e1").await.unwrap();
    }
    let calls = standby.requests().iter().filter(|request| !is_health(request)).count();
    assert_eq!(calls, 0, "{:?}", standby.requests());
}

/// A gateway's status does not say whether a write was applied.
#[tokio::test]
async fn a_gateway_error_is_uncertain_for_writes_and_retried_for_reads() {
    for status in [408, 499, 500, 501, 502, 503, 504, 505, 507, 520, 521, 522, 524, 529, 530, 598, 599] {
        let page = Response::status(status).header("Content-Type", "text/html").body("<p>no</p>");
        let server = Faulty::in_turn([page.clone(), Response::json(200, ENTITY)]);
        let client = client_with(&server, retrying());
        client.entities().read("e1").await.unwrap();
        assert_eq!(server.requests().len(), 2, "{status}");

        let server = Faulty::always(page);
        let client = client_with(&server, retrying());
        let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{status}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

/// A permanent error does not wait for the retry budget that other calls have used up.
#[tokio::test]
async fn a_sealed_cluster_is_reported_to_many_calls_quickly() {
    let server = Faulty::always(Response::error(503, SEALED));
    let client = client_with(&server, retrying().timeout(Duration::from_secs(60)));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let client = client.clone();
        calls.spawn(async move { timed(client.entities().read("e1")).await });
    }
    for (outcome, time) in calls.join_all().await {
        assert!(outcome.unwrap_err().is_sealed());
        assert!(time < Duration::from_secs(8), "{time:?}");
    }
    // A hundred retries, and ten more per second.
    assert!(server.requests().len() < 700, "{}", server.requests().len());
}

/// A gateway's message about a request that it has forwarded.
#[tokio::test]
async fn a_gateway_message_does_not_make_a_server_sealed() {
    for response in [
        Response::error(503, "no response to {\"note\":\"the box is sealed\"}"),
        Response::error(503, "no response for unsealed-box"),
        Response::status(503).header("Content-Type", "text/html").body("<p>the box is sealed</p>"),
    ] {
        let first = Faulty::always(response);
        let second = Faulty::start(|_, request| match request.method() {
            // Prevents the node from being taken for the leader.
            "GET" => Response::status(503),
            _ => Response::json(200, ENTITY),
        });
        let transport = retrying().addresses([first.url(), second.url()]).unwrap();
        let client = client_with(&first, transport);
        let create = CreateEntity::unnamed().metadata([("note", "the box is sealed")]);
        let error = client.entities().create(&create).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_sealed() && !error.is_retryable(), "{error:?}");
        let posts =
            |server: &Faulty| server.requests().iter().filter(|request| request.method() == "POST").count();
        assert_eq!((posts(&first), posts(&second)), (1, 0));
    }
}

/// A rejected attempt has not created the object.
#[tokio::test]
async fn an_update_after_a_rejected_attempt_is_an_update() {
    for (rejected, is_created) in [
        (Response::error(429, "rate limit quota exceeded"), false),
        (Response::json(412, r#"{"errors":[]}"#), false),
        (Response::error(503, "Vault is sealed"), true),
        (Response::error(502, "no response"), true),
        (Response::dropped(), true),
    ] {
        let server = Faulty::start(move |n, request| match (n, request.path().contains("/name/")) {
            (0, _) => rejected.clone(),
            (_, true) => Response::status(204),
            (_, false) => Response::json(200, ENTITY),
        });
        let client = client_with(&server, retrying());
        let written = client.entities().write_by_name(&WriteEntityByName::new("alice")).await.unwrap();
        assert_eq!(written.is_created(), is_created, "{:?}", server.requests());
    }
}

/// A retry that was certainly not applied does not hide that an earlier attempt may have been.
#[tokio::test]
async fn an_uncertain_attempt_is_remembered() {
    let sealed = || Response::error(503, "Vault is sealed");
    for last in [vec![Response::error(400, "no"), sealed()], vec![sealed(), sealed(), sealed()]] {
        let server = Faulty::in_turn([Response::dropped()].into_iter().chain(last));
        let client = client_with(&server, retrying().timeout(Duration::from_secs(5)));
        let error = client.entities().create(&CreateEntity::named("alice")).await.unwrap_err();
        assert!(error.api().is_some() && error.may_have_been_applied(), "{error:#}");
        let read = client.entities().read("e1").await.unwrap_err();
        assert!(!read.may_have_been_applied(), "{read:#}");
    }
}
