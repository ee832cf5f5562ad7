//! What the settings mean to rustls.

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

/// What has been set, with what the files said when they were last read.
#[derive(Clone, Default)]
pub(super) struct Settings {
    /// What the rest is put on top of.
    pub(super) own: Option<ClientConfig>,
    pub(super) authorities: Vec<Authorities>,
    pub(super) system_roots: bool,
    pub(super) identity: Option<Identity>,
    pub(super) server_name: Option<ServerName<'static>>,
    pub(super) skip_verify: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("has_own_config", &self.own.is_some())
            .field("authorities", &self.authorities)
            .field(
                "system_roots",
                &(self.system_roots || (self.own.is_none() && self.authorities.is_empty())),
            )
            .field("identity", &self.identity)
            .field("server_name", &self.server_name)
            .field("skip_verify", &self.skip_verify)
            .finish()
    }
}

/// What connections are opened with.
pub(crate) struct Configs {
    pub(crate) server: Arc<ClientConfig>,
    /// For a proxy that is itself reached over TLS.
    pub(crate) proxy: Arc<ClientConfig>,
    /// Instead of the one in the address.
    pub(crate) server_name: Option<ServerName<'static>>,
    pub(crate) skip_verify: bool,
    pub(crate) asked: Arc<Asked>,
}

impl Settings {
    pub(super) fn provider(&self) -> Result<Arc<CryptoProvider>, TlsError> {
        if let Some(own) = &self.own {
            return Ok(Arc::clone(own.crypto_provider()));
        }
        CryptoProvider::get_default().cloned().or_else(built_in).ok_or_else(|| {
            TlsError::new(
                "there is no cryptography for TLS: the process has installed no `CryptoProvider`, and neither \
                 the feature `ring` nor `aws-lc-rs` is on",
            )
        })
    }

    pub(super) fn has_files(&self) -> bool {
        self.authorities.iter().any(Authorities::has_files)
            || self.identity.as_ref().is_some_and(Identity::has_files)
    }

    pub(super) fn is_stale(&self) -> bool {
        self.authorities.iter().any(Authorities::is_stale)
            || self.identity.as_ref().is_some_and(Identity::is_stale)
    }

    pub(super) fn reread(&self) -> Result<Self, TlsError> {
        let authorities = self.authorities.iter().map(Authorities::reread).collect::<Result<_, _>>()?;
        let identity = match &self.identity {
            Some(identity) => Some(identity.reread(&*self.provider()?)?),
            None => None,
        };
        Ok(Self { authorities, identity, ..self.clone() })
    }

    pub(super) fn configs(&self) -> Result<Configs, TlsError> {
        let is_set = self.skip_verify || self.system_roots || !self.authorities.is_empty();
        let mut server = match &self.own {
            Some(own) if is_set => {
                let mut config = own.clone();
                config.dangerous().set_certificate_verifier(self.verifier()?);
                config
            }
            Some(own) => own.clone(),
            None => ClientConfig::builder_with_provider(self.provider()?)
                .with_safe_default_protocol_versions()
                .map_err(|error| TlsError::new("the `CryptoProvider` has no TLS 1.2 or 1.3").because(error))?
                .dangerous()
                .with_custom_certificate_verifier(self.verifier()?)
                .with_no_client_auth(),
        };
        server.alpn_protocols.clear();
        let mut proxy = server.clone();
        proxy.client_auth_cert_resolver = Arc::new(NoIdentity);
        if let Some(identity) = &self.identity {
            let identity = SingleCertAndKey::from(CertifiedKey::clone(&identity.key));
            server.client_auth_cert_resolver = Arc::new(identity);
        }
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let asked =
            Arc::new(Asked { inner: server.client_auth_cert_resolver, asked: AtomicBool::new(false) });
        server.client_auth_cert_resolver = Arc::<Asked>::clone(&asked);
        let server_name = self.server_name.clone();
        let skip_verify = self.skip_verify;
        Ok(Configs { server: Arc::new(server), proxy: Arc::new(proxy), server_name, skip_verify, asked })
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        let provider = self.provider()?;
        if self.skip_verify {
            return Ok(Arc::new(SkipVerify(provider)));
        }
        let given = self.authorities.iter().flat_map(|authorities| authorities.certificates.iter().cloned());
        if self.system_roots || self.authorities.is_empty() {
            let verifier = Verifier::new_with_extra_roots(given, provider);
            let problem = "the certificates that the system trusts cannot be used";
            return Ok(Arc::new(verifier.map_err(|error| TlsError::new(problem).because(error))?));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(given);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(verifier.map_err(|error| TlsError::new("the CAs cannot be used").because(error))?)
    }
}

fn built_in() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "ring")]
    let provider = Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    let provider = Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    let provider = None;
    provider
}

#[derive(Debug)]
struct NoIdentity;

impl ResolvesClientCert for NoIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Notes whether a server has asked for the client's certificate.
#[derive(Debug)]
pub(crate) struct Asked {
    inner: Arc<dyn ResolvesClientCert>,
    asked: AtomicBool,
}

impl Asked {
    pub(crate) fn get(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.inner.resolve(issuers, schemes)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.inner.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}

/// Accepts every certificate, so long as the server has the key to it.
#[derive(Debug)]
struct SkipVerify(Arc<CryptoProvider>);

impl ServerCertVerifier for SkipVerify {
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
