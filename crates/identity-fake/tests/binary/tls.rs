use std::fs;
use std::io::{Write as _, copy};
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::{Server, failure, request};

/// Returns the response to a request over TLS, verified against a CA.
fn call(server: &Server, ca: &Path, host: &'static str) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, server.connect());
    stream.write_all(request("GET", "sys/health", "").as_bytes())?;
    let mut response = Vec::new();
    // The end of the connection may come without that of TLS.
    let _ = copy(&mut stream, &mut response);
    Ok(String::from_utf8(response).unwrap())
}

#[test]
fn a_self_signed_certificate_is_valid_for_the_loopback_hosts() {
    let ca = Path::new(env!("CARGO_TARGET_TMPDIR")).join("self-signed.pem");
    let server = Server::start(&["--tls-self-signed", "--tls-cert-out", ca.to_str().unwrap()]);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    for host in ["127.0.0.1", "localhost", "::1"] {
        assert!(call(&server, &ca, host).unwrap().starts_with("HTTP/1.1 200"), "{host}");
    }
    assert!(call(&server, &ca, "vault.test").is_err());
    // Plain HTTP on the same port.
    assert!(!server.call("GET", "sys/health", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_certificate_of_ones_own_is_used() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let made = rcgen::generate_simple_self_signed(["vault.test".to_owned()]).unwrap();
    let [cert, key] = ["own-cert.pem", "own-key.pem"].map(|name| directory.join(name));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let [cert_arg, key_arg] = [&cert, &key].map(|file| file.to_str().unwrap());
    let server = Server::start(&["--tls-cert", cert_arg, "--tls-key", key_arg]);
    assert!(call(&server, &cert, "vault.test").unwrap().starts_with("HTTP/1.1 200"));

    let problem = failure(&["--tls-cert", cert_arg, "--tls-key", cert_arg], 1);
    assert!(problem.contains("TLS certificate or key"), "{problem}");
}
