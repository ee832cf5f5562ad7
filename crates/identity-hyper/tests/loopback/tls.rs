//! TLS connections and their faults.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use identity_hyper::Tls;
use identity_hyper::rustls::crypto::ring::default_provider;
use identity_hyper::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use identity_hyper::rustls::{ClientConfig, RootCertStore, ServerConfig};
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::support::{Server, ok, patient, request};

/// Signs the certificates of servers and clients.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Ca {
    pub(crate) fn new() -> Self {
        Self::named("Loopback CA")
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA"))
    }

    pub(crate) fn issue(&self, name: &str, adjust: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (certificate, key) = self.sign(name, adjust);
        (vec![certificate.der().clone()], key.into())
    }

    /// The certificate and the key of a client, in PEM form.
    pub(crate) fn client_cert_pem(&self) -> (String, String) {
        let (certificate, key) = self.sign("client", |_| {});
        (certificate.pem(), key.serialize_pem())
    }

    fn sign(&self, name: &str, adjust: impl FnOnce(&mut CertificateParams)) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        adjust(&mut params);
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.0).expect("a certificate"), key)
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a CA");
        Arc::new(roots)
    }

    /// A configuration that trusts only this CA.
    pub(crate) fn client(&self) -> ClientConfig {
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(self.roots())
            .with_no_client_auth()
    }

    /// An acceptor for 127.0.0.1 that offers these protocols.
    pub(crate) fn acceptor(&self, protocols: &[&str]) -> TlsAcceptor {
        acceptor(self.issue("127.0.0.1", |_| {}), protocols)
    }
}

pub(crate) fn acceptor((chain, key): Identity, protocols: &[&str]) -> TlsAcceptor {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

pub(crate) fn server(acceptor: TlsAcceptor, response: &'static str) -> Server {
    Server::start(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let Some(mut peer) = peer.secure(&acceptor).await else { return };
            while peer.request().await.is_some() {
                peer.write(response).await;
            }
        }
    })
}

pub(crate) async fn call(tls: impl Into<Tls>, server: &Server) -> Result<String, TransportError> {
    let call = request("GET", &format!("https://{}/v1", server.address), "");
    let response = patient().tls(tls).build().send(call).await?;
    Ok(String::from_utf8_lossy(response.body()).into_owned())
}

/// The error with all its sources.
pub(crate) fn story(error: &TransportError) -> String {
    std::iter::successors(Some(error as &dyn Error), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

pub(crate) const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[tokio::test]
async fn http_1_is_used_if_http_2_is_not_offered() {
    let ca = Ca::new();
    for protocols in [&[][..], &["http/1.1"]] {
        let server = server(ca.acceptor(protocols), HELLO);
        assert_eq!(call(ca.client(), &server).await.unwrap(), "hello");
        assert_eq!(server.seen().requests.len(), 1);
    }
}

#[tokio::test]
async fn the_system_does_not_trust_an_unknown_ca() {
    let server = server(Ca::new().acceptor(&["http/1.1"]), HELLO);
    let url = format!("https://{}/v1", server.address);
    let transport = patient().build();
    // A call abandoned while the system's certificates are loading does not prevent the next from using them.
    let _ = timeout(Duration::from_millis(1), transport.send(request("GET", &url, ""))).await;
    for _ in 0..2 {
        let error = transport.send(request("GET", &url, "")).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent);
        assert!(story(&error).contains("certificate"), "{}", story(&error));
    }
    assert!(server.seen().requests.is_empty());
}

#[tokio::test]
async fn alpn_protocols_of_a_custom_config_are_ignored() {
    let ca = Ca::new();
    let mut tls = ca.client();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let server = server(ca.acceptor(&["http/1.1"]), HELLO);
    assert_eq!(call(tls, &server).await.unwrap(), "hello");
}

#[tokio::test]
async fn an_interrupted_handshake_means_that_the_request_was_not_sent() {
    let ca = Ca::new();
    let at_once = Server::start(|_| async {});
    let midway = Server::start(|mut peer| async move {
        peer.first_bytes().await;
        peer.write([22, 3, 3, 0]).await;
        peer.reset();
    });
    for server in [at_once, midway] {
        let error = call(ca.client(), &server).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    }
}

/// Without a TLS `close_notify`, an attacker may have truncated the stream.
#[tokio::test]
async fn a_truncated_response_is_an_error() {
    let ca = Ca::new();
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        "",
    ] {
        let acceptor = ca.acceptor(&["http/1.1"]);
        let server = Server::start(move |peer| {
            let acceptor = acceptor.clone();
            async move {
                let mut peer = peer.secure(&acceptor).await.unwrap();
                peer.request().await;
                peer.write(response).await;
            }
        });
        let error = call(ca.client(), &server).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{response:?} {error:?}");
    }
}

#[tokio::test]
async fn a_builder_does_not_show_the_client_key() {
    let ca = Ca::new();
    let (chain, key) = ca.issue("client", |_| {});
    let secret = format!("{:?}", &key.secret_der()[20..40]);
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(ca.roots())
        .with_client_auth_cert(chain, key)
        .unwrap();
    let shown = format!("{:?}", patient().tls(tls));
    assert!(!shown.contains(secret.trim_matches(['[', ']'])), "{shown}");
}

#[tokio::test]
async fn sequential_calls_share_a_handshake() {
    let ca = Ca::new();
    let acceptor = ca.acceptor(&["http/1.1"]);
    let server = Server::start(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let mut peer = peer.secure(&acceptor).await.unwrap();
            while let Some(request) = peer.request().await {
                peer.write(ok(request)).await;
            }
        }
    });
    let transport = patient().tls(ca.client()).build();
    for i in 0..20 {
        let call = request("LIST", &format!("https://{}/{i}", server.address), "");
        assert!(transport.send(call).await.unwrap().body().starts_with(format!("LIST /{i} ").as_bytes()));
    }
    assert_eq!(server.seen().connections, 1);
}
