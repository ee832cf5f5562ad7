//! Failed calls: their deadlines, and whether they may have been applied, with any retry policy.

use std::time::{Duration, Instant};

use identity_tests::faulty::{Faulty, Response};
use vault_identity::alias::CreateGroupAlias;
use vault_identity::entity::{CreateEntity, MergeEntities, UpdateEntityById, WriteEntityByName};
use vault_identity::error::RetryAfter;
use vault_identity::group::CreateGroup;
use vault_identity::mfa::{CreateTotpMethod, TotpParams};
use vault_identity::oidc::RotateOidcKey;
use vault_identity::transport::TransportErrorKind;
use vault_identity::{Error, Wrap};

use crate::support::{ENTITY, client, client_with, server_and_client, single_attempt, timed};

const SHORT: Duration = Duration::from_millis(300);

fn in_time(time: Duration) {
    assert!((SHORT..SHORT + Duration::from_secs(4)).contains(&time), "{time:?}");
}

#[tokio::test]
async fn an_unresponsive_server_ends_with_the_deadline() {
    let silent = Faulty::always(Response::none());
    let not_even_read = Faulty::greeting(Response::none());
    for server in [silent, not_even_read] {
        let client = client_with(&server, single_attempt().timeout(SHORT));
        let (read, time) = timed(client.entities().read("e1")).await;
        assert_eq!(read.unwrap_err().transport().unwrap().kind(), TransportErrorKind::Timeout);
        in_time(time);
        // A debug build encodes the body for up to 0.6 seconds, before which the deadline must not pass.
        let client = client_with(&server, single_attempt().timeout(10 * SHORT));
        let create = CreateEntity::unnamed().policies(["v".repeat(4_000_000)]);
        let (write, time) = timed(client.entities().create(&create)).await;
        let error = write.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        in_time(time);
    }
}

#[tokio::test]
async fn a_half_closed_connection_ends_the_call() {
    let (_server, client) = server_and_client(Response::raw("").then_half_close());
    let (read, time) = timed(client.entities().read("e1")).await;
    read.unwrap_err();
    assert!(time < Duration::from_secs(5), "{time:?}");
}

#[tokio::test]
async fn a_dripping_response_ends_with_the_deadline() {
    let whole = Response::json(200, ENTITY).header("X-Padding", &"x".repeat(500));
    let body = Response::json(200, ENTITY.to_owned() + &" ".repeat(500));
    let interim = Response::raw("HTTP/1.1 100 Continue\r\n\r\n".repeat(100));
    for response in [whole, body, interim] {
        let server = Faulty::always(response.drip(Duration::from_millis(20)));
        let client = client_with(&server, single_attempt().timeout(SHORT));
        let (read, time) = timed(client.entities().read("e1")).await;
        assert_eq!(read.unwrap_err().transport().unwrap().kind(), TransportErrorKind::Timeout);
        in_time(time);
    }
}

#[tokio::test]
async fn every_form_of_retry_after_is_parsed_or_ignored() {
    let seconds = |seconds| Some(RetryAfter::Delay(Duration::from_secs(seconds)));
    for (value, expected) in [
        ("0", seconds(0)),
        ("1", seconds(1)),
        (" 7 ", seconds(7)),
        ("3600", seconds(3600)),
        ("18446744073709551615", seconds(u64::MAX)),
        ("99999999999999999999", None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("soon", None),
        ("", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(RetryAfter::At("1994-11-06T08:49:37Z".parse().unwrap()))),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Fri, 32 Dec 1999 25:00:00 GMT", None),
    ] {
        for status in [429, 503] {
            let response = Response::error(status, "quota exceeded").header("Retry-After", value);
            let server = Faulty::always(response);
            let client = client_with(&server, single_attempt().timeout(SHORT));
            let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
            let Some(api) = error.api() else { panic!("{value}: {error:?}") };
            assert_eq!(api.retry_after(), expected, "{value}");
        }
    }
}

/// The response is lost after the server has received the request.
#[tokio::test]
async fn a_non_idempotent_write_is_sent_once() {
    for lost in [
        Response::dropped(),
        Response::reset(),
        Response::status(200).truncate(20),
        Response::error(502, "lost"),
    ] {
        let (server, client) = server_and_client(lost);
        let alias = CreateGroupAlias::new("a", "auth_ldap_1").canonical_id("g1");
        let id = "7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b";
        let errors: [Error; 8] = [
            client.entities().create(&CreateEntity::unnamed()).await.unwrap_err(),
            client.groups().create(&CreateGroup::unnamed()).await.unwrap_err(),
            client.entities().merge(&MergeEntities::new("e1", ["e2"])).await.unwrap_err(),
            client.group_aliases().create(&alias).await.unwrap_err(),
            client.oidc().keys().rotate(&RotateOidcKey::new("web")).await.unwrap_err(),
            client.mfa().totp().generate(id).await.unwrap_err(),
            client.mfa().totp().admin_generate(id, "e1").await.unwrap_err(),
            client.mfa().totp().create(&CreateTotpMethod::new(TotpParams::new("i"))).await.unwrap_err(),
        ];
        for error in &errors {
            assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        }
        let wrap = Wrap::new(WriteEntityByName::new("alice"), Duration::from_secs(60));
        let error = client.call(&wrap).await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_retryable(), "{error:?}");
        assert_eq!(server.requests().len(), errors.len() + 1, "each is sent once");
    }
}

#[tokio::test]
async fn a_lost_response_to_an_idempotent_write_is_retryable() {
    let lost_once = [Response::dropped(), Response::status(204)];
    let server = Faulty::in_turn(lost_once.clone());
    let error = client(&server).entities().update(&UpdateEntityById::new("e1")).await.unwrap_err();
    assert!(error.may_have_been_applied() && error.is_retryable(), "{error:?}");
    client(&server).entities().update(&UpdateEntityById::new("e1")).await.unwrap();

    let server = Faulty::in_turn(lost_once);
    let write = WriteEntityByName::new("alice");
    client(&server).entities().write_by_name(&write).await.unwrap_err();
    let retried = client(&server).entities().write_by_name(&write).await.unwrap();
    assert!(retried.created().is_none(), "the first attempt created it");
}

#[tokio::test]
async fn a_repeated_delete_succeeds() {
    let (_server, client) = server_and_client(Response::status(204));
    for _ in 0..2 {
        client.entities().delete("e1").await.unwrap();
        client.entities().delete_by_name("alice").await.unwrap();
    }
}

#[tokio::test]
async fn permanent_errors_are_not_retried() {
    for status in [400, 401, 403, 404, 405, 409, 413, 414, 431] {
        let server = Faulty::always(Response::error(status, "no"));
        // With the default retry policy.
        let client = client_with(&server, vault_identity::transport::HyperTransport::builder());
        let start = Instant::now();
        let read = client.entities().read("e1").await.unwrap_err();
        let write = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
        for error in [read, write] {
            assert_eq!(error.api().unwrap().status(), status);
            assert!(!error.is_retryable() && !error.may_have_been_applied(), "{error:?}");
        }
        assert_eq!(server.requests().len(), 2, "{status}");
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn sealed_is_an_error_of_its_own_and_reported_quickly() {
    let server = Faulty::always(Response::error(503, "Vault is sealed"));
    let client = client_with(&server, vault_identity::transport::HyperTransport::builder());
    let (read, time) = timed(client.entities().list()).await;
    let read = read.unwrap_err();
    assert!(read.is_sealed() && read.is_retryable(), "{read:?}");
    assert!(time < Duration::from_secs(5), "{time:?}");
    let write = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    // The server could be a standby that has forwarded the request.
    assert!(write.is_sealed() && write.may_have_been_applied() && !write.is_retryable(), "{write:?}");
    let busy = Faulty::always(Response::error(503, "no upstream"));
    let error = client_with(&busy, single_attempt().timeout(SHORT))
        .entities()
        .merge(&MergeEntities::new("e1", ["e2"]))
        .await;
    assert!(!error.unwrap_err().is_sealed());
}
