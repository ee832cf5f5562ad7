//! Construction, sharing and lifetime of clients.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use identity_tests::faulty::{Faulty, Response};
use tokio::runtime::Builder;
use vault_identity::transport::{BlockingAdapter, HyperTransport, LoginResponse, LoginTokenSource};
use vault_identity::{BlockingClient, Client, Target};

use crate::support::{ENTITY, TOKEN, client, retrying, single_attempt, target};

#[test]
fn no_crate_has_unsafe_code_or_a_build_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    for name in ["identity-core", "identity-fake", "identity-hyper", "identity-mock", "vault-identity"] {
        let folder = root.join("crates").join(name);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name}");
        assert!(!manifest.contains("\nbuild = ") && !folder.join("build.rs").exists(), "{name}");
    }
}

#[test]
fn clients_are_clone_send_and_sync() {
    const fn shared<T: Clone + Send + Sync + 'static>() {}
    const {
        shared::<Client>();
        shared::<BlockingClient>();
        shared::<HyperTransport>();
    }
}

#[tokio::test]
async fn clones_share_connections_but_not_the_token() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let client = client(&server);
    let clones = [
        client.clone(),
        client.with_token("s.other").unwrap(),
        client.with_namespace("team").unwrap(),
        client,
    ];
    for client in &clones {
        client.entities().read("e1").await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    let sent = server.requests();
    let sent: Vec<_> = sent
        .iter()
        .map(|request| (request.header("x-vault-token"), request.header("x-vault-namespace")))
        .collect();
    assert_eq!(
        sent,
        [(Some(TOKEN), None), (Some("s.other"), None), (Some(TOKEN), Some("team")), (Some(TOKEN), None)]
    );
}

#[test]
fn a_client_can_be_created_and_dropped_outside_a_runtime() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let client = client(&server);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { client.entities().read("e1").await.unwrap() });
    let copy = client.clone();
    drop(client);
    drop(runtime);
    drop(copy);
    // A future that was never awaited, and one that was polled.
    let client = self::client(&server);
    drop(client.entities().read("e1"));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let slow = Faulty::always(Response::none());
    let client = self::client(&slow);
    let mut started = Box::pin(async move { client.entities().read("e1").await });
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_millis(50), &mut started).await.unwrap_err();
    });
    drop(runtime);
    drop(started);
}

#[test]
fn a_client_outlives_its_runtime() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let client = client(&server);
    for _ in 0..3 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { client.entities().read("e1").await.unwrap() });
        drop(runtime);
    }
}

#[tokio::test]
async fn a_blocking_client_can_be_dropped_within_a_runtime() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let client = BlockingClient::with_default_transport(target(&server)).unwrap();
    let used = client.clone();
    thread::spawn(move || used.entities().read("e1").unwrap()).join().unwrap();
    drop(client);
}

/// The transport runs entirely in its own thread.
#[test]
fn a_blocking_client_logs_in_and_retries() {
    let server = Faulty::start(|n, request| match n {
        0 => Response::dropped(),
        1 => Response::error(502, "gateway error"),
        _ if request.header("x-vault-token") == Some("s.logged-in") => Response::json(200, ENTITY),
        _ => Response::error(403, "permission denied"),
    });
    let login = LoginTokenSource::new(|| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, std::io::Error>(LoginResponse::new("s.logged-in", Duration::from_secs(60)))
    });
    let transport = retrying().token_source(login).concurrency_limit(2).build();
    let target = Target::new(&server.url()).unwrap();
    let client = BlockingClient::new(target, BlockingAdapter::new(transport).unwrap());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| client.entities().read("e1").unwrap());
        }
    });
    assert_eq!(server.requests().len(), 6);
    assert!(server.requests().iter().all(|request| request.header("x-vault-token") == Some("s.logged-in")));
    drop(client);
    let dropped_at = std::time::Instant::now();
    while server.open() > 0 {
        assert!(dropped_at.elapsed() < Duration::from_secs(5), "its connections close with it");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_defaults_can_be_read() {
    let text = format!("{:?}", HyperTransport::builder());
    for default in ["connect_timeout: 5s", " timeout: 60s", "response_limit: 67108864", "idle_timeout: 90s"] {
        assert!(text.contains(default), "{default}: {text}");
    }
    let text = format!("{:?}", single_attempt().timeout(Duration::from_secs(7)));
    assert!(text.contains(" timeout: 7s"), "{text}");
}
