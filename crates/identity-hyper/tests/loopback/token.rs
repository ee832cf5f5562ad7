//! Token sources, and when they replace a token.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use identity_core::{
    Endpoint, SecretString, Target, Transport,
    entity::{CreateEntity, ListEntities},
    transport::{TransportErrorKind, async_trait},
};
use identity_hyper::{
    HyperTransport, RetryPolicy, ServiceTransport, Token, TokenError, TokenFile, TokenSource,
    TransportService,
};
use tokio::time::sleep;
use tower::ServiceBuilder;

use crate::support::{NO_CONTENT, Peer, Server, patient};

const FORBIDDEN: &str =
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 32\r\n\r\n{\"errors\":[\"permission denied\"]}";
pub(crate) fn list(server: &Server) -> Request<Bytes> {
    let target = Target::new(&server.url("")).expect("an address").with_transport_token();
    ListEntities::new().request(&target).expect("a request")
}

/// The received tokens, in order.
pub(crate) fn tokens(server: &Server) -> Vec<String> {
    let token = |request: &String| {
        let line = request.lines().find_map(|line| line.strip_prefix("x-vault-token: "));
        line.unwrap_or("none").to_owned()
    };
    server.seen().requests.iter().map(token).collect()
}

pub(crate) fn with(source: impl TokenSource + 'static) -> HyperTransport {
    patient().token_source(source).build()
}

/// Accepts only requests with this token.
pub(crate) fn guarded_by(token: &'static str) -> Server {
    Server::start(move |mut peer: Peer| async move {
        while let Some(request) = peer.request().await {
            let may = request.contains(&format!("x-vault-token: {token}\r\n"));
            peer.write(if may { NO_CONTENT } else { FORBIDDEN }).await;
        }
    })
}

#[tokio::test]
async fn the_token_is_added_only_to_requests_that_require_it() {
    let server = Server::responding(NO_CONTENT);
    let transport = with(Token::new("s.fixed").unwrap());
    let target = Target::new(&server.url("")).unwrap();

    transport.send(list(&server)).await.unwrap();
    transport.send(ListEntities::new().request(&target).unwrap()).await.unwrap();
    let own = target.with_token("s.own").unwrap();
    transport.send(ListEntities::new().request(&own).unwrap()).await.unwrap();
    patient().build().send(list(&server)).await.unwrap();

    assert_eq!(tokens(&server), ["s.fixed", "none", "s.own", "none"]);
}

#[tokio::test]
async fn the_layer_adds_the_token_and_does_not_show_it() {
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<Request<Bytes>>>>);

    #[async_trait]
    impl Transport for Seen {
        async fn send(
            &self,
            request: Request<Bytes>,
        ) -> Result<http::Response<Bytes>, identity_core::transport::TransportError> {
            self.0.lock().unwrap().push(request);
            Ok(http::Response::new(Bytes::new()))
        }
    }

    let seen = Seen::default();
    let token = Token::new("canary").unwrap();
    let layer = HyperTransport::builder().token_source(token.clone()).into_layer();
    assert!(!format!("{token:?} {layer:?}").contains("canary"));
    let service = ServiceBuilder::new().layer(layer).service(TransportService::new(seen.clone()));
    let target = Target::new("http://vault.test").unwrap().with_transport_token();
    ServiceTransport::new(service).send(ListEntities::new().request(&target).unwrap()).await.unwrap();

    let seen = seen.0.lock().unwrap();
    assert_eq!(seen[0].headers()["x-vault-token"], "canary");
    assert!(seen[0].headers()["x-vault-token"].is_sensitive());
    assert!(!format!("{:?}", seen[0]).contains("canary"));
}

#[test]
fn an_invalid_token_is_rejected_and_not_shown() {
    for token in ["", " ", "canary\n", "can ary", "canäry"] {
        let error = Token::new(SecretString::from(token)).unwrap_err();
        assert_eq!(error.parameter(), "token");
        assert!(!format!("{error} {error:?}").contains("can"), "{error}");
    }
    let error = Token::from_env("A_VARIABLE_THAT_IS_NOT_SET").unwrap_err();
    assert_eq!(error.to_string(), "`A_VARIABLE_THAT_IS_NOT_SET` is not set");
    // Set by cargo, with spaces in it.
    let error = Token::from_env("CARGO_PKG_DESCRIPTION").unwrap_err();
    assert_eq!(error.parameter(), "CARGO_PKG_DESCRIPTION");
    assert!(!error.to_string().contains("transport"), "{error}");
    assert!(Token::from_env("CARGO_PKG_NAME").is_ok());
}

#[tokio::test]
async fn a_token_file_is_trimmed_and_reloaded_after_a_change() {
    let server = Server::responding(NO_CONTENT);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let transport = with(TokenFile::new(&path));

    let error = transport.send(list(&server)).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    let source = error.source().unwrap().downcast_ref::<TokenError>().unwrap();
    assert!(source.source().unwrap().to_string().contains(path.to_str().unwrap()), "{source:?}");

    fs::write(&path, " s.first\n").unwrap();
    transport.send(list(&server)).await.unwrap();
    fs::write(&path, "s.second\n").unwrap();
    transport.send(list(&server)).await.unwrap();
    sleep(Duration::from_millis(1100)).await;
    transport.clone().send(list(&server)).await.unwrap();
    // The file is incomplete, then removed.
    fs::write(&path, "").unwrap();
    sleep(Duration::from_millis(1100)).await;
    transport.send(list(&server)).await.unwrap();
    fs::remove_file(&path).unwrap();
    sleep(Duration::from_millis(1100)).await;
    transport.send(list(&server)).await.unwrap();

    assert_eq!(tokens(&server), ["s.first", "s.first", "s.second", "s.second", "s.second"]);
}

#[tokio::test]
async fn a_rejected_file_token_is_reloaded_even_if_the_file_looks_unchanged() {
    let server = guarded_by("s.new");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let write = |token: &str| {
        fs::write(&path, token).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    };
    let transport = with(TokenFile::new(&path));

    write("s.old");
    assert_eq!(transport.send(list(&server)).await.unwrap().status(), 403);
    write("s.new");
    // Not an idempotent operation.
    let target = Target::new(&server.url("")).unwrap().with_transport_token();
    let create = CreateEntity::unnamed().request(&target).unwrap();
    assert_eq!(transport.send(create).await.unwrap().status(), 204);
    assert_eq!(tokens(&server), ["s.old", "s.old", "s.new"]);
}

#[tokio::test]
async fn a_custom_source_is_called_before_each_attempt() {
    struct Numbered(AtomicUsize);

    #[async_trait]
    impl TokenSource for Numbered {
        async fn token(&self) -> Result<Token, TokenError> {
            Token::new(format!("t-{}", self.0.fetch_add(1, SeqCst))).map_err(TokenError::new)
        }
    }

    let server = Server::start(|mut peer: Peer| async move {
        while let Some(request) = peer.request().await {
            let late = request.contains("t-2");
            peer.write(if late { NO_CONTENT } else { "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n" }).await;
        }
    });
    let transport = patient()
        .retry_policy(RetryPolicy::new())
        .token_source(Arc::new(Numbered(AtomicUsize::new(0))))
        .build();
    assert_eq!(transport.send(list(&server)).await.unwrap().status(), 204);
    assert_eq!(tokens(&server), ["t-0", "t-1", "t-2"]);
}

/// A slow writer: half of the new token is read, and rejected.
#[tokio::test]
async fn the_previous_file_token_is_used_while_the_server_rejects_the_new_one() {
    let server = Server::start(|mut peer: Peer| async move {
        while let Some(request) = peer.request().await {
            let may = request.contains(": s.first\r\n") || request.contains(": s.second\r\n");
            peer.write(if may { NO_CONTENT } else { FORBIDDEN }).await;
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let transport = with(TokenFile::new(&path));
    let call = async || transport.send(list(&server)).await.unwrap().status();

    fs::write(&path, "s.first").unwrap();
    assert_eq!(call().await, 204);
    let mut file = File::create(&path).unwrap();
    file.write_all(b"s.sec").unwrap();
    sleep(Duration::from_millis(1100)).await;
    assert_eq!(call().await, 204);
    file.write_all(b"ond").unwrap();
    assert_eq!(call().await, 204);
    assert_eq!(call().await, 204);
    assert_eq!(tokens(&server), ["s.first", "s.sec", "s.first", "s.sec", "s.second", "s.second"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_file_must_be_regular_or_the_previous_token_is_used() {
    let server = Server::responding(NO_CONTENT);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "s.first").unwrap();
    let held = with(TokenFile::new(&path));
    held.send(list(&server)).await.unwrap();
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    sleep(Duration::from_millis(1100)).await;
    let started = std::time::Instant::now();
    assert_eq!(held.send(list(&server)).await.unwrap().status(), 204);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    let large = directory.path().join("large");
    fs::write(&large, "s".repeat(70_000)).unwrap();
    for (path, why) in [
        (&*path, "it is not a regular file"),
        (directory.path(), "it is not a regular file"),
        ("/dev/zero".as_ref(), "it is not a regular file"),
        (&*large, "it is too large"),
    ] {
        let error = with(TokenFile::new(path)).send(list(&server)).await.unwrap_err();
        let source = error.source().unwrap().source().unwrap().to_string();
        assert_eq!(source, format!("the file {} has no token: {why}", path.display()));
    }
}

/// A proxy that rejects a request does not check the token.
#[tokio::test]
async fn a_403_from_a_proxy_does_not_refresh_the_token() {
    struct Fresh;

    #[async_trait]
    impl TokenSource for Fresh {
        async fn token(&self) -> Result<Token, TokenError> {
            Token::new("s.old").map_err(TokenError::new)
        }

        async fn refresh(&self, _: &Token) -> Option<Token> {
            Token::new("s.new").ok()
        }
    }

    const PAGE: &str =
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>no</p>";
    for (response, expected) in [(PAGE, vec!["s.old"]), (FORBIDDEN, vec!["s.old", "s.new"])] {
        let server = Server::start(move |mut peer: Peer| async move {
            while peer.request().await.is_some() {
                peer.write(response).await;
            }
        });
        let transport = with(Fresh);
        assert_eq!(transport.send(list(&server)).await.unwrap().status(), 403);
        assert_eq!(tokens(&server), expected);
    }
}
