//! Builds rustls configurations from the settings.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::TlsError;
use super::source::{Authorities, Identity};

/// The settings, with the contents of the files as last read.
#[derive(Clone, Default)]
pub(super) struct Settings {
    /// The configuration that the other settings override.
    pub(super) base_config: Option<ClientConfig>,
    pub(super) authorities: Vec<Authorities>,
    pub(super) system_roots: bool,
    pub(super) identity: Option<Identity>,
    pub(super) server_name: Option<ServerName<'static>>,
    pub(super) accept_invalid_certs: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("has_base_config", &self.base_config.is_some())
            .field("authorities", &self.authorities)
            .field(
                "system_roots",
                &(self.system_roots || (self.base_config.is_none() && self.authorities.is_empty())),
            )
            .field("identity", &self.identity)
            .field("server_name", &self.server_name)
            .field("accept_invalid_certs", &self.accept_invalid_certs)
            .finish()
    }
}

/// The rustls configurations of new connections.
pub(crate) struct Configs {
    pub(crate) server: Arc<ClientConfig>,
    /// For a proxy that is itself reached over TLS.
    pub(crate) proxy: Arc<ClientConfig>,
    /// Overrides the host of the address.
    pub(crate) server_name: Option<ServerName<'static>>,
    pub(crate) accept_invalid_certs: bool,
    pub(crate) client_cert_recorder: Arc<ClientCertRecorder>,
}

impl Settings {
    pub(super) fn provider(&self) -> Result<Arc<CryptoProvider>, TlsError> {
        if let Some(base_config) = &self.base_config {
            return Ok(Arc::clone(base_config.crypto_provider()));
        }
        CryptoProvider::get_default().cloned().or_else(built_in_provider).ok_or_else(|| {
            TlsError::new(
                "TLS is unavailable: no `CryptoProvider` is installed, and neither the feature `ring` nor \
                 `aws-lc-rs` is enabled",
            )
        })
    }

    pub(super) fn has_files(&self) -> bool {
        self.authorities.iter().any(Authorities::has_files)
            || self.identity.as_ref().is_some_and(Identity::has_files)
    }

    pub(super) fn has_changed(&self) -> bool {
        self.authorities.iter().any(Authorities::has_changed)
            || self.identity.as_ref().is_some_and(Identity::has_changed)
    }

    pub(super) fn reload(&self) -> Result<Self, TlsError> {
        let authorities = self.authorities.iter().map(Authorities::reload).collect::<Result<_, _>>()?;
        let identity = match &self.identity {
            Some(identity) => Some(identity.reload(&*self.provider()?)?),
            None => None,
        };
        Ok(Self { authorities, identity, ..self.clone() })
    }

    pub(super) fn configs(&self) -> Result<Configs, TlsError> {
        let is_set = self.accept_invalid_certs || self.system_roots || !self.authorities.is_empty();
        let mut server = match &self.base_config {
            Some(base_config) if is_set => {
                let mut config = base_config.clone();
                config.dangerous().set_certificate_verifier(self.verifier()?);
                config
            }
            Some(base_config) => base_config.clone(),
            None => ClientConfig::builder_with_provider(self.provider()?)
                .with_safe_default_protocol_versions()
                .map_err(|error| {
                    TlsError::new("the `CryptoProvider` supports neither TLS 1.2 nor TLS 1.3")
                        .with_source(error)
                })?
                .dangerous()
                .with_custom_certificate_verifier(self.verifier()?)
                .with_no_client_auth(),
        };
        server.alpn_protocols.clear();
        let mut proxy = server.clone();
        proxy.client_auth_cert_resolver = Arc::new(NoClientCert);
        if let Some(identity) = &self.identity {
            let identity = SingleCertAndKey::from(CertifiedKey::clone(&identity.key));
            server.client_auth_cert_resolver = Arc::new(identity);
        }
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client_cert_recorder = Arc::new(ClientCertRecorder {
            inner: server.client_auth_cert_resolver,
            requested: AtomicBool::new(false),
        });
        server.client_auth_cert_resolver = Arc::<ClientCertRecorder>::clone(&client_cert_recorder);
        let server_name = self.server_name.clone();
        let accept_invalid_certs = self.accept_invalid_certs;
        Ok(Configs {
            server: Arc::new(server),
            proxy: Arc::new(proxy),
            server_name,
            accept_invalid_certs,
            client_cert_recorder,
        })
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        let provider = self.provider()?;
        if self.accept_invalid_certs {
            return Ok(Arc::new(NoVerification(provider)));
        }
        let given = self.authorities.iter().flat_map(|authorities| authorities.certificates.iter().cloned());
        if self.system_roots || self.authorities.is_empty() {
            let verifier = Verifier::new_with_extra_roots(given, provider);
            let problem = "the operating system's trusted certificates cannot be used";
            return Ok(Arc::new(verifier.map_err(|error| TlsError::new(problem).with_source(error))?));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(given);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(verifier.map_err(|error| TlsError::new("the CAs cannot be used").with_source(error))?)
    }
}

fn built_in_provider() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "ring")]
    let provider = Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    let provider = Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    let provider = None;
    provider
}

#[derive(Debug)]
struct NoClientCert;

impl ResolvesClientCert for NoClientCert {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Records whether a server has requested a client certificate.
#[derive(Debug)]
pub(crate) struct ClientCertRecorder {
    inner: Arc<dyn ResolvesClientCert>,
    requested: AtomicBool,
}

impl ClientCertRecorder {
    pub(crate) fn was_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for ClientCertRecorder {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.requested.store(true, Ordering::Relaxed);
        self.inner.resolve(issuers, schemes)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.inner.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}

/// Accepts any certificate whose key the server holds.
#[derive(Debug)]
struct NoVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
