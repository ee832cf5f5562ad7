//! The form of each request.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Received, Response};
use vault_identity::entity::{BatchDeleteEntities, CreateEntity, ListEntities, ReadEntityById};
use vault_identity::oidc::{ClientAuth, ExchangeOidcToken};
use vault_identity::wrapping::UnwrapResponse;
use vault_identity::{Target, Wrap};

use crate::support::{TOKEN, client, client_with, server_and_client, single_attempt};

/// Makes one call of each method and of each kind of body.
async fn one_of_each() -> (Faulty, Vec<Received>) {
    let (server, client) = server_and_client(Response::json(200, r#"{"data":{"id":"e1","keys":["k"]}}"#));
    let (entities, oidc) = (client.entities(), client.oidc());
    entities.read("e1").await.unwrap();
    entities.list().await.unwrap();
    assert!(entities.create(&CreateEntity::named("alice")).await.unwrap().created().is_some());
    assert!(entities.create(&CreateEntity::unnamed()).await.unwrap().created().is_some());
    entities.delete("e1").await.unwrap();
    client.call(&BatchDeleteEntities::new(["e1"])).await.unwrap();
    client.call(&Wrap::new(ReadEntityById::new("e1"), Duration::from_secs(60))).await.unwrap();
    client.call(&UnwrapResponse::<ReadEntityById>::new("w")).await.unwrap();
    let exchange = ExchangeOidcToken::client_credentials("web", ClientAuth::basic("c1", "s"));
    oidc.providers().exchange(&exchange).await.unwrap_err();
    let as_get = client.with_target(client.target().clone().with_list_as_get(true));
    as_get.call(&ListEntities::new()).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 10);
    (server, requests)
}

#[tokio::test]
async fn a_body_too_large_for_the_server_is_sent_once() {
    for (status, message) in [(413, "http: request body too large"), (400, "max_request_size exceeded")] {
        let (server, client) = server_and_client(Response::error(status, message));
        let create = CreateEntity::named("alice").policies(["v".repeat(1 << 20)]);
        let error = client.entities().create(&create).await.unwrap_err();
        assert_eq!(error.api().unwrap().status(), status);
        assert!(!error.is_retryable() && !error.may_have_been_applied(), "{error:?}");
        assert_eq!(server.requests().len(), 1);
        assert!(server.requests()[0].body.len() > 1 << 20, "the whole body was sent");
    }
}

#[tokio::test]
async fn a_response_before_the_body_was_read_ends_the_call() {
    let server = Faulty::greeting(Response::error(413, "http: request body too large").then_hold());
    let client = client_with(&server, single_attempt().timeout(Duration::from_secs(2)));
    let create = CreateEntity::unnamed().policies(["v".repeat(1 << 20)]);
    let error = client.entities().create(&create).await.unwrap_err();
    // The response may arrive before anything was sent.
    assert!(!error.is_retryable() || !error.may_have_been_applied(), "{error:?}");
}

#[tokio::test]
async fn every_request_has_the_vault_request_header() {
    let (_server, requests) = one_of_each().await;
    for request in requests {
        assert_eq!(request.header("x-vault-request"), Some("true"), "{}", request.head);
    }
}

#[tokio::test]
async fn a_body_has_exactly_one_length() {
    let (server, requests) = one_of_each().await;
    for request in &requests {
        assert!(request.headers("transfer-encoding").is_empty(), "{}", request.head);
        let lengths = request.headers("content-length");
        match request.method() {
            "POST" => assert_eq!(lengths, [request.body.len().to_string()], "{}", request.head),
            _ => assert!(matches!(lengths[..], [] | ["0"]), "{}", request.head),
        }
        assert!(request.head.lines().next().unwrap().ends_with(" HTTP/1.1"));
        for name in ["host", "x-vault-token", "content-type", "authorization", "x-vault-namespace"] {
            assert!(request.headers(name).len() <= 1, "{}", request.head);
        }
        assert_eq!(request.header("host"), Some(server.address().to_string().as_str()));
        for unwanted in ["accept-encoding", "cookie", "expect", "te", "upgrade", "referer"] {
            assert!(request.headers(unwanted).is_empty(), "{}", request.head);
        }
    }
}

#[tokio::test]
async fn a_token_is_sent_in_its_header_only() {
    let (_server, requests) = one_of_each().await;
    for request in requests {
        assert!(!request.path().contains("canary") && !request.text().contains("canary"));
        let holders = request.head.lines().filter(|line| line.contains(TOKEN)).count();
        assert!(holders <= 1, "{}", request.head);
    }
}

/// The client keeps neither cookies nor alternative services.
#[tokio::test]
async fn a_response_changes_no_later_request() {
    let server = Faulty::always(
        Response::json(200, r#"{"data":{"id":"e1","name":"n"}}"#)
            .header("Set-Cookie", "session=canary; Path=/")
            .header("Alt-Svc", "h2=\"evil.invalid:443\"")
            .header("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
            .header("Refresh", "0; url=http://evil.invalid/")
            .header("X-Vault-Token", "s.other"),
    );
    let client = client(&server);
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    let heads: Vec<String> = server.requests().into_iter().map(|request| request.head).collect();
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
    let address = format!("http://localhost:{}", server.address().port());
    let client = client.with_target(Target::new(&address).unwrap());
    client.entities().read("e1").await.unwrap();
    let last = server.requests().pop().unwrap();
    assert_eq!(last.header("host"), Some(address.strip_prefix("http://").unwrap()));
    assert!(!last.head.contains("canary"), "{}", last.head);
}
