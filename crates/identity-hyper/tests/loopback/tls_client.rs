//! Client certificates and certificate rotation.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use identity_core::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use identity_hyper::rustls::ServerConfig;
use identity_hyper::rustls::crypto::ring::default_provider;
use identity_hyper::rustls::server::WebPkiClientVerifier;
use identity_hyper::rustls::version::{TLS12, TLS13};
use identity_hyper::{HyperTransport, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::support::{Server, patient, request};
use crate::tls::{Ca, call, server, story};

/// Makes each call open a connection.
const GOODBYE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

/// Longer than the interval between two checks of the files.
const DUE: Duration = Duration::from_millis(1100);

/// An acceptor with a certificate of `ca` that requires one of `clients`.
fn client_cert_acceptor(ca: &Ca, clients: &Ca, tls_1_3: bool, protocols: &[&str]) -> TlsAcceptor {
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(clients.roots(), Arc::clone(&provider));
    let (chain, key) = ca.issue("127.0.0.1", |_| {});
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[if tls_1_3 { &TLS13 } else { &TLS12 }])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

fn client_cert_server(ca: &Ca, clients: &Ca, tls_1_3: bool) -> Server {
    let acceptor = client_cert_acceptor(ca, clients, tls_1_3, &[]);
    Server::start(move |mut peer| {
        let acceptor = acceptor.clone();
        async move {
            match acceptor.accept(&mut peer.stream).into_fallible().await {
                Ok(mut stream) => {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ = stream.write_all(GOODBYE.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
                // Closing a connection with unread data can discard the alert.
                Err((_, stream)) => drop(copy(stream, &mut sink()).await),
            }
        }
    })
}

/// Checks the error of a rejected client certificate.
fn rejected(error: &TransportError) {
    assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    assert!(story(error).contains("client certificate"), "{}", story(error));
}

#[tokio::test]
async fn a_client_certificate_is_presented_and_its_rejection_reported() {
    let [ca, clients, namesake, stranger] = [Ca::new(), Ca::new(), Ca::new(), Ca::named("Another CA")];
    for tls_1_3 in [false, true] {
        let server = client_cert_server(&ca, &clients, tls_1_3);
        let tls = Tls::new().ca_pem(ca.pem()).unwrap();
        let with =
            |(certificate, key): (String, String)| tls.clone().client_cert_pem(certificate, key).unwrap();
        assert_eq!(call(with(clients.client_cert_pem()), &server).await.unwrap(), "hello");
        rejected(&call(with(namesake.client_cert_pem()), &server).await.unwrap_err());
        rejected(&call(with(stranger.client_cert_pem()), &server).await.unwrap_err());
        rejected(&call(tls.clone(), &server).await.unwrap_err());
        assert_eq!(server.seen().connections, 4);
    }
}

/// Over HTTP/2, a request that is sent before the alert arrives is lost with the connection, and so is the
/// alert.
#[tokio::test]
async fn a_rejected_client_certificate_is_reported_over_http2() {
    let [ca, clients, stranger] = [Ca::new(), Ca::new(), Ca::named("Another CA")];
    let acceptor = client_cert_acceptor(&ca, &clients, true, &["h2"]);
    let server = Server::start(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            // A rejected client is disconnected immediately.
            let Some(peer) = peer.secure(&acceptor).await else { return };
            let respond =
                service_fn(async |_| Ok::<_, io::Error>(Response::new(Full::new(Bytes::from("hello")))));
            let _ = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(peer.stream), respond)
                .await;
        }
    });
    let tls = Tls::new().ca_pem(ca.pem()).unwrap();
    let with = |(certificate, key): (String, String)| tls.clone().client_cert_pem(certificate, key).unwrap();
    assert_eq!(call(with(clients.client_cert_pem()), &server).await.unwrap(), "hello");
    for _ in 0..20 {
        rejected(&call(with(stranger.client_cert_pem()), &server).await.unwrap_err());
        rejected(&call(Tls::new().ca_pem(ca.pem()).unwrap(), &server).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_server_that_waits_for_the_client_preface_is_served() {
    let [ca, clients] = [Ca::new(), Ca::new()];
    let acceptor = client_cert_acceptor(&ca, &clients, true, &["h2"]);
    let (heard, mut prefaces) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |peer| {
        let (acceptor, heard) = (acceptor.clone(), heard.clone());
        async move {
            let mut preface = [0; 24];
            let mut peer = peer.secure(&acceptor).await.unwrap();
            peer.stream.read_exact(&mut preface).await.unwrap();
            heard.send(preface).unwrap();
        }
    });
    let (certificate, key) = clients.client_cert_pem();
    let tls = Tls::new().ca_pem(ca.pem()).unwrap().client_cert_pem(certificate, key).unwrap();
    call(tls, &server).await.unwrap_err();
    assert!(prefaces.recv().await.unwrap().starts_with(b"PRI * HTTP/2.0"));
}

#[tokio::test]
async fn a_client_certificate_is_added_to_a_custom_config() {
    let [ca, clients] = [Ca::new(), Ca::new()];
    let server = client_cert_server(&ca, &clients, true);
    let (certificate, key) = clients.client_cert_pem();
    let tls = Tls::from(ca.client()).client_cert_pem(certificate, key).unwrap();
    assert_eq!(call(tls, &server).await.unwrap(), "hello");
}

async fn is_reached(transport: &HyperTransport, server: &Server) -> bool {
    let call = request("GET", &format!("https://{}/v1", server.address), "");
    match transport.send(call).await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
            false
        }
    }
}

/// Changes, corrupts, removes and restores the file of a CA.
async fn is_followed(made: impl Fn(&Path) -> Tls) {
    let [before, after] = [Ca::new(), Ca::new()];
    let [old, new] = [&before, &after].map(|ca| server(ca.acceptor(&[]), GOODBYE));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, before.pem()).unwrap();
    let transport = patient().tls(made(&file)).build();
    assert!(is_reached(&transport, &old).await && !is_reached(&transport, &new).await);
    fs::write(&file, after.pem()).unwrap();
    sleep(DUE).await;
    assert!(is_reached(&transport, &new).await && !is_reached(&transport, &old).await);
    for broken in ["", "-----BEGIN CERTIFICATE-----\n"] {
        fs::write(&file, broken).unwrap();
        sleep(DUE).await;
        assert!(is_reached(&transport, &new).await, "{broken:?}");
    }
    fs::remove_file(&file).unwrap();
    sleep(DUE).await;
    assert!(is_reached(&transport, &new).await);
    fs::write(&file, before.pem()).unwrap();
    sleep(DUE).await;
    assert!(is_reached(&transport, &old).await && !is_reached(&transport, &new).await);
}

#[tokio::test]
async fn a_changed_ca_file_is_reloaded() {
    is_followed(|file| Tls::new().ca_file(file).unwrap()).await;
}

#[tokio::test]
async fn a_changed_ca_directory_is_reloaded() {
    is_followed(|file| Tls::new().ca_dir(file.parent().unwrap()).unwrap()).await;
}

#[tokio::test]
async fn a_file_added_to_a_ca_directory_is_loaded() {
    let [before, after] = [Ca::new(), Ca::new()];
    let [old, new] = [&before, &after].map(|ca| server(ca.acceptor(&[]), GOODBYE));
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ca.pem"), before.pem()).unwrap();
    let transport = patient().tls(Tls::new().ca_dir(directory.path()).unwrap()).build();
    assert!(is_reached(&transport, &old).await && !is_reached(&transport, &new).await);
    fs::write(directory.path().join("more.pem"), after.pem()).unwrap();
    sleep(DUE).await;
    assert!(is_reached(&transport, &old).await && is_reached(&transport, &new).await);
}

#[tokio::test]
async fn a_changed_client_certificate_is_reloaded() {
    let [ca, before, after] = [Ca::new(), Ca::new(), Ca::new()];
    let [old, new] = [client_cert_server(&ca, &before, false), client_cert_server(&ca, &after, false)];
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] = ["client.pem", "client.key"].map(|name| directory.path().join(name));
    let write = |(pem, private): &(String, String)| {
        fs::write(&certificate, pem).unwrap();
        fs::write(&key, private).unwrap();
    };
    write(&before.client_cert_pem());
    let tls = Tls::new().ca_pem(ca.pem()).unwrap().client_cert_files(&certificate, &key).unwrap();
    let transport = patient().tls(tls.clone()).build();
    assert!(is_reached(&transport, &old).await && !is_reached(&transport, &new).await);

    let renewed = after.client_cert_pem();
    fs::write(&certificate, &renewed.0).unwrap();
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("client.key do not match"), "{error}");
    sleep(DUE).await;
    assert!(is_reached(&transport, &old).await, "half a pair is none");

    write(&renewed);
    tls.clone().reload().unwrap();
    assert!(is_reached(&transport, &new).await && !is_reached(&transport, &old).await);
}

/// A reload affects new connections only.
#[tokio::test]
async fn open_connections_survive_a_reload() {
    let [before, after] = [Ca::new(), Ca::new()];
    let server = server(before.acceptor(&["http/1.1"]), crate::tls::HELLO);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    fs::write(&file, before.pem()).unwrap();
    let tls = Tls::new().ca_file(&file).unwrap();
    let transport = patient().tls(tls.clone()).build();
    assert!(is_reached(&transport, &server).await);
    fs::write(&file, after.pem()).unwrap();
    tls.reload().unwrap();
    assert!(is_reached(&transport, &server).await);
    assert_eq!(server.seen().connections, 1);
}
