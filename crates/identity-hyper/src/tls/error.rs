use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use tower::BoxError;

/// A permanent problem with certificates, keys or the TLS handshake: a retry would fail again.
///
/// The message names the affected file and never contains key material.
#[derive(Clone, Debug)]
pub struct TlsError {
    problem: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl TlsError {
    pub(crate) fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self { problem: problem.into(), source: None }
    }

    pub(crate) fn with_source(self, source: impl Into<BoxError>) -> Self {
        Self { source: Some(source.into().into()), ..self }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Describes a handshake error that a retry cannot fix. Returns `None` for errors that may be transient.
pub(crate) fn handshake_problem(error: &rustls::Error) -> Option<&'static str> {
    Some(match error {
        rustls::Error::InvalidCertificate(error) => certificate_problem(error),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS on this port; its address may begin with http://"
        }
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        )
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server supports neither TLS 1.2 nor TLS 1.3"
        }
        rustls::Error::PeerIncompatible(_) => "the server and the client share no TLS parameters",
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server and the client share no TLS parameters, or the server requires a client certificate"
        }
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server does not recognize the requested name (SNI)"
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server requires a client certificate"
        }
        error if rejects_client_cert(error) => "the server rejected the client certificate, or requires one",
        _ => return None,
    })
}

/// Returns `true` if the server rejects the client certificate, or requires one. With TLS 1.3 this alert
/// arrives after the handshake, but before the server processes a request.
pub(crate) fn rejects_client_cert(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
                // The signature is invalid: another CA has the same name.
                | AlertDescription::DecryptError
        )
    )
}

fn certificate_problem(error: &CertificateError) -> &'static str {
    match error {
        // The signature is invalid if another CA has the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate was not issued by a trusted CA"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is not valid for its name"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate does not permit server authentication"
        }
        CertificateError::Revoked => "the server's certificate has been revoked",
        _ => "the server's certificate is invalid",
    }
}
