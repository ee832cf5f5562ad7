use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority with one certificate, for 127.0.0.1.
#[derive(Clone)]
pub struct Authority {
    server: Arc<ServerConfig>,
    roots: Arc<RootCertStore>,
}

impl Authority {
    /// A new one, that nobody trusts yet.
    ///
    /// # Panics
    ///
    /// If no key can be made.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).expect("a CA");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &ca).expect("a certificate").der().clone();
        let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .expect("a certificate with its key");
        Self { server: Arc::new(server), roots: Arc::new(roots) }
    }

    /// The same, offering these protocols by ALPN.
    #[must_use]
    pub fn speaking(mut self, protocols: &[&str]) -> Self {
        let server = Arc::make_mut(&mut self.server);
        server.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// What trusts this authority and no other.
    ///
    /// # Panics
    ///
    /// Never: the protocol versions are those of the provider.
    pub fn client(&self) -> ClientConfig {
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth()
    }

    pub(super) fn accept(&self, stream: TcpStream) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
        let connection = ServerConnection::new(Arc::clone(&self.server)).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}
