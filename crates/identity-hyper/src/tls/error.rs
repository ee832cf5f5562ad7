use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use tower::BoxError;

/// What is wrong with certificates, keys or TLS itself, and stays wrong when it is tried again.
///
/// It names the file, if it is in one, and shows nothing of a key.
#[derive(Clone, Debug)]
pub struct TlsError {
    problem: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl TlsError {
    pub(crate) fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self { problem: problem.into(), source: None }
    }

    pub(crate) fn because(self, source: impl Into<BoxError>) -> Self {
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

/// What keeps a handshake from succeeding, now and when it is tried again; none if that is not certain.
pub(crate) fn problem(error: &rustls::Error) -> Option<&'static str> {
    Some(match error {
        rustls::Error::InvalidCertificate(error) => certificate(error),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS at this port: perhaps its address begins with http://"
        }
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        )
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server speaks neither TLS 1.2 nor TLS 1.3"
        }
        rustls::Error::PeerIncompatible(_) => "the server offers no TLS that is spoken here",
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server offers no TLS that is spoken here, or asks for a client certificate"
        }
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server does not know the name that it was asked for"
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server asks for a client certificate"
        }
        error if refuses_client(error) => "the server refuses the client certificate, or asks for one",
        _ => return None,
    })
}

/// Whether the server does not accept the client's certificate, or the lack of one. With TLS 1.3 it says so
/// after the handshake, but before it looks at a request.
pub(crate) fn refuses_client(error: &rustls::Error) -> bool {
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
                // A signature that does not hold: a CA of the right name, but another one.
                | AlertDescription::DecryptError
        )
    )
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        // A bad signature is one by another CA of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not from a CA that is trusted here"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers"
        }
        CertificateError::Revoked => "the server's certificate is revoked",
        _ => "the server's certificate cannot be accepted",
    }
}
