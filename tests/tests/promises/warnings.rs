//! Logged warnings: about dangerous settings, and those of the server. The tests of `identity-hyper` cover
//! the rest of TLS.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use identity_tests::faulty::{Authority, Faulty, Response};
use tempfile::NamedTempFile;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use vault_identity::transport::{Proxy, Tls, TransportErrorKind};
use vault_identity::{Client, Target};

use crate::support::{
    ENTITY, TOKEN, client_with, retrying, server_and_client, single_attempt, target, timed,
};

/// The log of this thread.
struct Log {
    file: NamedTempFile,
    _guard: DefaultGuard,
}

impl Log {
    /// Logs warnings and errors, as a program does by default.
    fn start() -> Self {
        let file = NamedTempFile::new().unwrap();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::WARN)
            .with_ansi(false)
            .without_time()
            .with_writer(Arc::new(file.reopen().unwrap()))
            .finish();
        Self { file, _guard: tracing::subscriber::set_default(subscriber) }
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.file.path()).unwrap().lines().map(ToOwned::to_owned).collect()
    }
}

#[tokio::test]
async fn disabled_verification_causes_one_warning() {
    let server =
        Faulty::secure(&Authority::new(), |_, _| Response::json(200, ENTITY).header("Connection", "close"));
    let log = Log::start();
    let client = client_with(&server, single_attempt().tls(Tls::new().danger_accept_invalid_certs()));
    for _ in 0..3 {
        client.entities().read("e1").await.unwrap();
    }
    assert_eq!(server.connections(), 3);
    let lines = log.lines();
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert!(line.contains("WARN vault_identity: servers are not verified"), "{line}");
}

/// The server is on another machine, behind a proxy.
#[tokio::test]
async fn a_token_in_clear_text_causes_one_warning() {
    let proxy = Faulty::start(|_, request| match request.method() {
        "CONNECT" => Response::raw("HTTP/1.1 200 Connected\r\n\r\n"),
        _ => Response::json(200, ENTITY).header("Connection", "close"),
    });
    let log = Log::start();
    let transport = single_attempt().proxy(Proxy::all(&proxy.url()).unwrap()).build();
    let target = Target::new("http://vault.test:8200").unwrap().with_token(TOKEN).unwrap();
    let client = Client::new(target, transport);
    for _ in 0..3 {
        client.clone().entities().read("e1").await.unwrap();
    }
    assert_eq!(proxy.connections(), 3);
    let lines = log.lines();
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert!(line.contains("WARN ") && line.contains("without encryption"), "{line}");
    assert!(line.contains("vault.test:8200") && !line.contains("canary") && !line.contains("e1"), "{line}");
}

#[tokio::test]
async fn a_token_to_loopback_causes_no_warning() {
    let server = Faulty::always(Response::json(200, ENTITY));
    let authority = Authority::new();
    let secure = Faulty::secure(&authority, |_, _| Response::json(200, ENTITY));
    let log = Log::start();
    client_with(&server, single_attempt()).entities().read("e1").await.unwrap();
    let by_name = Target::new(&format!("http://localhost:{}", server.address().port())).unwrap();
    Client::new(by_name, single_attempt().build()).entities().read("e1").await.unwrap();
    client_with(&secure, single_attempt().tls(authority.client())).entities().read("e1").await.unwrap();
    assert!(log.lines().is_empty(), "{:#?}", log.lines());
}

#[tokio::test]
async fn warnings_of_a_404_are_logged() {
    let (server, client) =
        server_and_client(Response::json(404, r#"{"errors":[],"warnings":["mind the gap"]}"#));
    let log = Log::start();
    assert!(client.entities().find("e1").await.is_ok_and(|found| found.is_none()));
    client.with_target(target(&server)).entities().read("e1").await.unwrap_err();
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines.iter().all(|line| line.contains("mind the gap")), "{lines:#?}");
}

#[tokio::test]
async fn an_untrusted_certificate_is_not_retried() {
    let server = Faulty::secure(&Authority::new(), |_, _| Response::json(200, ENTITY));
    let client = client_with(&server, retrying().tls(Authority::new().client()));
    let (read, time) = timed(client.entities().read("e1")).await;
    let error = read.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::NotSent);
    assert_eq!(server.connections(), 1);
    assert!(time < Duration::from_secs(1), "{time:?}");
}
