//! Untrusted servers and failed handshakes. The error explains the problem, and no retry is made.

use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use identity_hyper::{Tls, TlsError};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use tokio::time::timeout;

use crate::support::{AMPLE, Server, patient, request};
use crate::tls::{Ca, HELLO, acceptor, call, server, story};

/// Returns `true` if the error is permanent and not retryable.
fn is_permanent(error: &TransportError) -> bool {
    std::iter::successors(error.source(), |&error| error.source()).any(<dyn Error>::is::<TlsError>)
}

#[tokio::test]
async fn an_invalid_certificate_is_rejected() {
    let ca = Ca::new();
    let plain = |_: &mut CertificateParams| {};
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    let not_yet = |params: &mut CertificateParams| params.not_before = date_time_ymd(3000, 1, 1);
    let no_name = |params: &mut CertificateParams| params.subject_alt_names.clear();
    let for_clients = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    for (what, identity) in [
        ("was not issued by a trusted CA", Ca::new().issue("127.0.0.1", plain)),
        ("was not issued by a trusted CA", Ca::named("Another CA").issue("127.0.0.1", plain)),
        ("is not valid for its name", ca.issue("127.0.0.2", plain)),
        ("is not valid for its name", ca.issue("vault.example.com", plain)),
        ("is not valid for its name", ca.issue("127.0.0.1", no_name)),
        ("has expired", ca.issue("127.0.0.1", expired)),
        ("is not valid yet", ca.issue("127.0.0.1", not_yet)),
        ("does not permit server authentication", ca.issue("127.0.0.1", for_clients)),
    ] {
        let server = server(acceptor(identity, &["h2", "http/1.1"]), HELLO);
        let error = call(Tls::new().ca_pem(ca.pem()).unwrap(), &server).await.expect_err(what);
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{what}");
        assert!(story(&error).contains(&format!("the server's certificate {what}")), "{}", story(&error));
        assert!(is_permanent(&error), "{error:?}");
        assert_eq!((server.seen().connections, server.seen().requests.len()), (1, 0), "{what}");
    }
}

#[tokio::test]
async fn tls_1_1_is_rejected() {
    let server = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
        hello.extend([7; 32]);
        hello.extend([0, 0xc0, 0x13, 0]);
        peer.write(hello).await;
        peer.request().await;
    });
    let error = call(Tls::new().ca_pem(Ca::new().pem()).unwrap(), &server).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    assert!(story(&error).contains("neither TLS 1.2 nor TLS 1.3"), "{}", story(&error));
    assert!(is_permanent(&error) && server.seen().connections == 1);
}

#[tokio::test]
async fn a_plain_server_at_an_https_address_is_reported() {
    let server = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        peer.request().await;
    });
    let error = call(Tls::new().ca_pem(Ca::new().pem()).unwrap(), &server).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    assert!(story(&error).contains("does not speak TLS on this port"), "{}", story(&error));
    assert!(is_permanent(&error) && server.seen().connections == 1);
}

#[tokio::test]
async fn a_tls_server_at_an_http_address_is_reported() {
    // The alert "unexpected message", and rustls's own.
    let alert = Server::responding(&[21, 3, 3, 0, 2, 2, 10][..]);
    let error = patient().build().send(alert.get("/v1")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Other, "{error:?}");
    assert!(story(&error).contains("speaks TLS on this port"), "{}", story(&error));
    // A read is retried once after an invalid response.
    assert!(is_permanent(&error) && alert.seen().connections == 2);

    let rustls = server(Ca::new().acceptor(&["http/1.1"]), HELLO);
    let error = patient().build().send(rustls.get("/v1")).await.unwrap_err();
    assert!(matches!(error.kind(), TransportErrorKind::Other | TransportErrorKind::Interrupted), "{error:?}");
}

#[tokio::test]
async fn the_connect_timeout_includes_the_handshake() {
    let server = Server::start(|peer| async move {
        let _peer = peer;
        pending::<()>().await;
    });
    let tls = Tls::new().ca_pem(Ca::new().pem()).unwrap();
    let transport = patient().tls(tls).connect_timeout(Duration::from_millis(200)).build();
    let call = request("GET", &format!("https://{}/v1", server.address), "");
    let error = timeout(AMPLE / 2, transport.send(call)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    assert!(story(&error).contains("deadline has elapsed") && !is_permanent(&error), "{error:?}");
}

#[tokio::test]
async fn a_custom_server_name_is_used_for_sni_and_verification() {
    let ca = Ca::new();
    let trusting = || Tls::new().ca_pem(ca.pem()).unwrap();
    let requested = Arc::new(std::sync::Mutex::new(Vec::new()));
    let acceptor = acceptor(ca.issue("vault.example.com", |_| {}), &[]);
    let names = Arc::clone(&requested);
    let server = Server::start(move |peer| {
        let (acceptor, names) = (acceptor.clone(), Arc::clone(&names));
        async move {
            let Some(mut peer) = peer.secure(&acceptor).await else { return };
            let name = peer.stream.get_ref().1.server_name().map(str::to_owned);
            names.lock().unwrap().push(name);
            while peer.request().await.is_some() {
                peer.write(HELLO).await;
            }
        }
    });
    let error = call(trusting(), &server).await.unwrap_err();
    assert!(story(&error).contains("is not valid for its name"), "{}", story(&error));
    let fitting = trusting().server_name("vault.example.com").unwrap();
    assert_eq!(call(fitting, &server).await.unwrap(), "hello");
    assert_eq!(*requested.lock().unwrap(), [Some("vault.example.com".to_owned())]);
    let other = trusting().server_name("other.example.com").unwrap();
    assert!(story(&call(other, &server).await.unwrap_err()).contains("is not valid for its name"));
    for name in ["", "a b", "-", "vault.example.com:8200", "https://vault.example.com"] {
        Tls::new().server_name(name).expect_err(name);
    }
}

#[tokio::test]
async fn verification_can_be_disabled() {
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    let server = server(acceptor(Ca::new().issue("vault.example.com", expired), &[]), HELLO);
    assert!(call(Tls::new(), &server).await.is_err());
    assert_eq!(call(Tls::new().danger_accept_invalid_certs(), &server).await.unwrap(), "hello");
}
