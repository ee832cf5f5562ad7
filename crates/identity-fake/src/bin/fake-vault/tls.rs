use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::options::Options;

/// Returns `None` if the options select plain HTTP.
pub(crate) fn acceptor(options: &Options) -> Result<Option<TlsAcceptor>, String> {
    let (chain, key) = if options.tls_self_signed {
        let host = options.listen.rsplit_once(':').map_or("", |(host, _)| host);
        let (chain, key, ca) = self_signed(host).map_err(|error| format!("--tls-self-signed: {error}"))?;
        let file = options.tls_cert_out.as_path();
        fs::write(file, ca).map_err(|error| format!("--tls-cert-out {}: {error}", file.display()))?;
        (chain, key)
    } else if let (Some(chain), Some(key)) = (&options.tls_cert, &options.tls_key) {
        (read("--tls-cert", chain)?, read("--tls-key", key)?)
    } else {
        return Ok(None);
    };
    let config = config(&chain, &key).map_err(|error| format!("TLS certificate or key: {error}"))?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

fn read(option: &str, file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{option} {}: {error}", file.display()))
}

/// Returns a certificate with its key, and the certificate of the CA that issued it, all as PEM.
fn self_signed(host: &str) -> Result<(String, String, String), rcgen::Error> {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    ca.distinguished_name.push(DnType::CommonName, "FakeVault CA");
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;

    let mut hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let host = host.trim_matches(['[', ']']);
    if !hosts.iter().any(|known| known == host) {
        hosts.push(host.to_owned());
    }
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, "FakeVault");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, &ca)?.pem(), key.serialize_pem(), ca.pem()))
}

fn config(chain: &str, key: &str) -> Result<ServerConfig, Box<dyn std::error::Error>> {
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(config)
}
