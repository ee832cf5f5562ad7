use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};

use crate::ca::Ca;

/// A certificate authority with one certificate, for 127.0.0.1.
#[derive(Clone)]
pub struct Authority {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Authority {
    /// Creates a new authority.
    ///
    /// # Panics
    ///
    /// Panics if no key can be generated.
    pub fn new() -> Self {
        let ca = Ca::new().expect("a CA");
        let (certificate, key) = ca.issue().expect("a certificate");
        let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("a certificate with its key");
        Self { server: Arc::new(server), client: ca.client().expect("a client") }
    }

    /// Offers these protocols by ALPN.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&str]) -> Self {
        let server = Arc::make_mut(&mut self.server);
        server.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Returns a client configuration that trusts only this authority.
    pub fn client(&self) -> ClientConfig {
        ClientConfig::clone(&self.client)
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
