//! Redirects without configured nodes.

use std::time::Duration;

use identity_tests::faulty::{Authority, Faulty, Response};
use tokio::task::JoinSet;
use vault_identity::Target;
use vault_identity::entity::CreateEntity;

use crate::support::{TOKEN, client_with, error_text, single_attempt, timed};

/// Time for one or two attempts.
const SHORT: Duration = Duration::from_secs(5);

/// Starts a server that redirects every request. It replaces `{path}` by the path of the request.
fn redirecting(status: u16, location: &str) -> Faulty {
    let location = location.to_owned();
    Faulty::start(move |_, request| Response::redirect(status, &location.replace("{path}", request.path())))
}

#[tokio::test]
async fn redirects_to_other_hosts_are_not_followed() {
    for status in [307, 308, 301, 302, 303] {
        let other = Faulty::always(Response::json(200, r#"{"data":{"id":"e1","name":"n"}}"#));
        for host in [other.address().to_string(), format!("localhost:{}", other.address().port())] {
            let server = redirecting(status, &format!("http://{host}{{path}}"));
            let client =
                client_with(&server, single_attempt().timeout(SHORT)).with_namespace("canary").unwrap();
            client.entities().read("e1").await.unwrap_err();
            let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
            assert!(!error.is_not_found());
            assert_eq!(other.connections(), 0, "{status}: not even a connection");
            assert!(server.requests().iter().all(|request| request.header("x-vault-token") == Some(TOKEN)));
        }
    }
}

#[tokio::test]
async fn redirects_from_https_to_http_are_rejected() {
    let plain = Faulty::always(Response::json(200, r#"{"data":{"id":"e1","name":"n"}}"#));
    let authority = Authority::new();
    let location = plain.url();
    let server = Faulty::secure(&authority, move |_, request| {
        Response::redirect(307, &format!("{location}{}", request.path()))
    });
    let client = client_with(&server, single_attempt().timeout(SHORT).tls(authority.client()));
    client.entities().read("e1").await.unwrap_err();
    client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert_eq!(plain.connections(), 0);
    assert!(!server.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_to_itself_ends() {
    let server = Faulty::start(|_, request| Response::redirect(307, request.path()));
    let client = client_with(&server, single_attempt().timeout(SHORT));
    let (read, time) = timed(client.entities().read("e1")).await;
    read.unwrap_err();
    assert!(time < Duration::from_secs(3), "{time:?}");
    let reads = server.requests().len();
    assert!((1..30).contains(&reads), "{reads}");
    let create = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(create.may_have_been_applied());
    assert_eq!(server.requests().len(), reads + 1);
}

#[tokio::test]
async fn odd_redirects_are_errors_and_keep_the_method() {
    let elsewhere = Faulty::always(Response::json(200, r#"{"data":{"id":"e1","name":"n"}}"#));
    let authority = elsewhere.address();
    let mut cases = JoinSet::new();
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        for location in [
            String::new(),
            "/v1/sys/seal-status".to_owned(),
            "../../sys/seal-status".to_owned(),
            "?list=true".to_owned(),
            "#".to_owned(),
            "http://".to_owned(),
            "http://[::1".to_owned(),
            "\u{1}".to_owned(),
            format!("//{authority}{{path}}"),
            format!("http://user:pw@{authority}{{path}}"),
            format!("http://127.0.0.1:1@{authority}{{path}}"),
            format!("http:{authority}{{path}}"),
            format!("http://{authority}/v1/sys/seal-status"),
            format!("HTTP://{authority}{{path}}"),
            "file:///etc/hostname".to_owned(),
            "javascript:alert(1)".to_owned(),
            "x".repeat(20_000),
        ] {
            cases.spawn(async move {
                let server = redirecting(status, &location);
                let client = client_with(&server, single_attempt().timeout(SHORT));
                let create = CreateEntity::unnamed().metadata([("secret", "canary-body")]);
                let (read, written) =
                    tokio::join!(client.entities().read("e1"), client.entities().create(&create));
                for error in [read.unwrap_err(), written.unwrap_err()] {
                    assert!(!error.is_not_found(), "{status} {location}: {error:?}");
                    assert!(!error_text(&error).contains("canary"), "{error:?}");
                }
                for request in server.requests() {
                    let line = (request.method().to_owned(), request.path().to_owned());
                    let known = [("GET", "/v1/identity/entity/id/e1"), ("POST", "/v1/identity/entity")];
                    assert!(
                        known.map(|(method, path)| (method.into(), path.into())).contains(&line),
                        "{line:?}"
                    );
                }
                let posts = server.requests().iter().filter(|request| request.method() == "POST").count();
                assert_eq!(posts, 1, "{status} {location}");
            });
        }
    }
    for case in cases.join_all().await {
        let () = case;
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_redirect_without_location_is_an_error() {
    for status in [301, 302, 303, 307, 308] {
        for response in
            [Response::status(status), Response::json(status, r#"{"data":{"id":"e1","name":"n"}}"#)]
        {
            let server = Faulty::always(response);
            let client = client_with(&server, single_attempt().timeout(SHORT));
            client.entities().read("e1").await.unwrap_err();
            client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
            client.entities().delete("e1").await.unwrap_err();
        }
    }
}

/// The server redirects a path that it has normalized.
#[tokio::test]
async fn a_redirect_to_a_cleaned_path_is_not_followed() {
    let page = "<a href=\"/v1/sys/seal-status\">Temporary Redirect</a>";
    let server = Faulty::always(Response::redirect(307, "/v1/sys/seal-status").body(page));
    let target = Target::new(&server.url()).unwrap();
    let client = vault_identity::Client::new(target, single_attempt().timeout(SHORT).build());
    client.entities().read_by_name("a/b").await.unwrap_err();
    assert!(server.requests().iter().all(|request| request.path() == "/v1/identity/entity/name/a%2Fb"));
}
