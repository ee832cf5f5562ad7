//! Redirects between the nodes of a cluster.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use identity_tests::faulty::{Authority, Faulty, Received, Response};
use vault_identity::entity::{CreateEntity, WriteEntityByName};
use vault_identity::transport::{HyperTransportBuilder, RedirectPolicy, RetryPolicy, TransportErrorKind};
use vault_identity::{Client, Error};

use crate::support::{ENTITY, TOKEN, client_with, error_text, retrying, timed};

/// Redirects to the same path of another server.
fn redirect_to(url: &str, request: &Received) -> Response {
    Response::redirect(307, &format!("{url}{}", request.path()))
}

/// Creates a client of the first node that knows both.
fn cluster(nodes: [&Faulty; 2], builder: HyperTransportBuilder) -> Client {
    let builder = builder.addresses(nodes.map(Faulty::url)).unwrap();
    client_with(nodes[0], builder)
}

fn is_redirect(error: &Error) {
    let kind = error.transport().unwrap_or_else(|| panic!("{error:?}")).kind();
    assert_eq!(kind, TransportErrorKind::Redirect, "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_an_unknown_host_is_an_error_that_names_both_hosts() {
    let other = Faulty::always(Response::json(200, ENTITY));
    let url = other.url();
    let server = Faulty::start(move |_, request| redirect_to(&url, request));
    let client = client_with(&server, retrying().retry_policy(RetryPolicy::new().max_retries(3)));
    let error = client.entities().read("canary-id").await.unwrap_err();
    is_redirect(&error);
    let text = error_text(&error);
    assert!(text.contains(&server.url()) && text.contains(&other.url()), "{text}");
    assert!(!text.contains("canary") && !text.contains("/v1/"), "{text}");
    assert!(!error.may_have_been_applied());
    assert!(server.requests().len() > 1, "a standby may do that for a while, so it is retried");
    let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    is_redirect(&error);
    assert!(error.may_have_been_applied() && !error.is_retryable());
    assert_eq!(server.requests().iter().filter(|request| request.method() == "POST").count(), 1);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_rejected_at_once() {
    let plain = Faulty::always(Response::json(200, ENTITY));
    let (authority, url) = (Authority::new(), plain.url());
    let server = Faulty::secure(&authority, move |_, request| redirect_to(&url, request));
    let builder = retrying().tls(authority.client()).addresses([server.url()]).unwrap();
    let (read, time) = timed(client_with(&server, builder).entities().read("e1")).await;
    let error = read.unwrap_err();
    is_redirect(&error);
    let text = format!("{error:#}");
    assert!(
        text.contains(&server.url()) && text.contains(&plain.url()) && text.contains("not encrypted"),
        "{text}"
    );
    assert!(time < Duration::from_secs(2), "{time:?}");
    let count = |server: &Faulty| {
        server.requests().iter().filter(|request| request.path().contains("entity")).count()
    };
    assert_eq!((count(&server), count(&plain)), (1, 0));
    // Health probes carry no token.
    assert!(plain.requests().iter().all(|request| !request.head.contains(TOKEN)));
}

#[tokio::test]
async fn a_redirect_loop_of_two_nodes_is_an_error() {
    let address = Faulty::closed();
    let first_url = format!("http://{address}");
    let second = Faulty::start(move |_, request| redirect_to(&first_url, request));
    let second_url = second.url();
    let first = Faulty::start_at(address, move |_, request| redirect_to(&second_url, request));
    let client = cluster([&first, &second], retrying().retry_policy(RetryPolicy::new().max_retries(3)));
    let (read, time) = timed(client.entities().read("e1")).await;
    let error = read.unwrap_err();
    is_redirect(&error);
    let text = format!("{error:#}");
    assert!(text.contains(&first.url()) && text.contains(&second.url()), "{text}");
    assert!(time < Duration::from_secs(5), "{time:?}");
    let all = first.requests().len() + second.requests().len();
    assert!(all < 40, "{all} requests without backoff");
}

/// A standby that is about to lead does this.
#[tokio::test]
async fn a_redirect_to_itself_is_retried_with_backoff() {
    let address = Faulty::closed();
    let url = format!("http://{address}");
    let server = Faulty::start_at(address, move |n, request| match n {
        0..3 => redirect_to(&url, request),
        _ => Response::json(200, ENTITY),
    });
    let (read, time) = timed(client_with(&server, retrying()).entities().read("e1")).await;
    read.unwrap();
    assert_eq!(server.requests().len(), 4);
    assert!(time >= Duration::from_millis(25 + 50 + 100), "{time:?}");
}

#[tokio::test]
async fn a_redirect_to_a_dead_leader_is_retried_until_there_is_a_new_one() {
    for known in [false, true] {
        let dead = format!("http://{}", Faulty::closed());
        let location = dead.clone();
        let written = AtomicUsize::new(0);
        let server = Faulty::start(move |_, request| match request.path().contains("/name/") {
            true if written.fetch_add(1, Ordering::Relaxed) < 3 => redirect_to(&location, request),
            true => Response::status(204),
            false => Response::status(404),
        });
        let mut builder = retrying();
        if known {
            builder = builder.addresses([server.url(), dead]).unwrap();
        }
        let client = client_with(&server, builder);
        let (written, time) = timed(client.entities().write_by_name(&WriteEntityByName::new("alice"))).await;
        assert!(written.unwrap().created().is_none());
        assert_eq!(server.requests().iter().filter(|request| request.path().contains("/name/")).count(), 4);
        assert!(time < Duration::from_secs(3), "{time:?}");
    }
}

/// As when the leader's machine is down.
#[tokio::test]
async fn an_unresponsive_leader_is_waited_for_once() {
    const CONNECT: Duration = Duration::from_millis(800);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let leader = format!("https://{}", silent.local_addr().unwrap());
    let authority = Authority::new();
    let location = leader.clone();
    let redirected = AtomicUsize::new(0);
    let standby = Faulty::secure(&authority, move |_, request| match request.method() {
        "POST" if redirected.fetch_add(1, Ordering::Relaxed) < 4 => redirect_to(&location, request),
        "POST" => Response::status(204),
        _ => Response::status(429),
    });
    let transport = retrying().connect_timeout(CONNECT).tls(authority.client());
    let client = client_with(&standby, transport.addresses([standby.url(), leader]).unwrap());
    let (written, time) = timed(client.entities().write_by_name(&WriteEntityByName::new("alice"))).await;
    assert!(written.unwrap().created().is_none());
    assert!(time < 2 * CONNECT, "{time:?}");
}

#[tokio::test]
async fn a_redirect_to_a_node_keeps_method_headers_and_body() {
    for status in [307, 308] {
        let leader = Faulty::always(Response::json(200, r#"{"data":{"id":"e1","name":"alice"}}"#));
        let url = leader.url();
        let standby =
            Faulty::start(move |_, request| Response::redirect(status, &format!("{url}{}", request.path())));
        let client = cluster([&standby, &leader], retrying()).with_namespace("team").unwrap();
        let write = WriteEntityByName::new("alice").policies(["dev"]);
        client.entities().write_by_name(&write).await.unwrap().created().unwrap();
        let write =
            |server: &Faulty| server.requests().into_iter().find(|request| request.method() == "POST");
        let (first, second) = (write(&standby), write(&leader).unwrap());
        if let Some(first) = first {
            assert_eq!((first.path(), &first.body), (second.path(), &second.body));
        }
        assert_eq!(second.header("host"), Some(leader.address().to_string().as_str()));
        assert_eq!(second.header("x-vault-request"), Some("true"));
        assert_eq!(second.header("x-vault-token"), Some(TOKEN));
        assert_eq!(second.header("x-vault-namespace"), Some("team"));
        assert_eq!(second.text(), r#"{"policies":["dev"]}"#);
    }
}

#[tokio::test]
async fn a_redirect_to_another_path_of_a_node_is_rejected_at_once() {
    let other = Faulty::always(Response::json(200, ENTITY));
    let url = other.url();
    let server = Faulty::start(move |_, _| Response::redirect(307, &format!("{url}/v1/sys/seal-status")));
    let client = cluster([&server, &other], retrying());
    let count = |server: &Faulty, part| {
        server.requests().iter().filter(|request| request.path().contains(part)).count()
    };
    is_redirect(&client.entities().read("e1").await.unwrap_err());
    assert_eq!((count(&server, "entity"), count(&other, "seal-status"), count(&other, "entity")), (1, 0, 0));
}

#[tokio::test]
async fn redirect_policies_that_follow_nothing() {
    for redirects in [RedirectPolicy::SameOrigin, RedirectPolicy::Never] {
        let other = Faulty::start(|_, request| match request.path() {
            "/v1/identity/entity/id/e1" => Response::json(200, ENTITY),
            _ => Response::status(503),
        });
        let url = other.url();
        let server = Faulty::start(move |_, request| redirect_to(&url, request));
        let client = cluster(
            [&server, &other],
            retrying().retry_policy(RetryPolicy::new().max_retries(2)).redirect_policy(redirects),
        );
        let error = client.entities().read("e1").await.unwrap_err();
        if redirects == RedirectPolicy::Never {
            assert_eq!(error.api().unwrap().status(), 307);
        } else {
            is_redirect(&error);
        }
        assert!(other.requests().iter().all(|request| !request.path().contains("entity")));
    }
}
