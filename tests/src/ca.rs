use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, Error, IsCa, KeyPair,
};
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

use crate::DevServerError;

/// A certificate authority for servers at 127.0.0.1.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new() -> Result<Self, DevServerError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test CA");
        let issuer = KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key));
        issuer.map(Self).map_err(|error| failed(&error))
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for 127.0.0.1 with its key.
    pub(crate) fn issue(&self) -> Result<(Certificate, KeyPair), DevServerError> {
        let issue = || {
            let key = KeyPair::generate()?;
            let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &self.0)?;
            Ok((certificate, key))
        };
        issue().map_err(|error| failed(&error))
    }

    /// Returns a client configuration that trusts only this authority.
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>, DevServerError> {
        let client = || {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.der().clone())?;
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Ok(Arc::new(config))
        };
        client().map_err(|error: rustls::Error| DevServerError::new(format!("no TLS: {error}")))
    }
}

fn failed(error: &Error) -> DevServerError {
    DevServerError::new(format!("no certificates: {error}"))
}
