use std::error::Error;
use std::io;

use http_body_util::LengthLimitError;
use hyper_util::client::legacy;
use identity_core::transport::{TransportError, TransportErrorKind};
use tower::BoxError;

use crate::proxy::ProxyError;
use crate::tls::{TlsError, handshake_problem, rejects_client_cert};

/// Classifies any error of the stack by whether the server may have received the request.
pub(crate) fn classify(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) => {
            let kind = chain(&*error).find_map(error_kind).unwrap_or(TransportErrorKind::Other);
            with_kind(kind, error)
        }
    }
}

/// Classifies the error of a connection that could not be opened: the request was not sent.
pub(crate) fn classify_connect(error: BoxError) -> TransportError {
    with_kind(TransportErrorKind::NotSent, error)
}

/// Decides whether an error is permanent. No other place does so for the errors of other crates.
fn with_kind(kind: TransportErrorKind, error: BoxError) -> TransportError {
    let problem = chain(&*error).find_map(|error| permanent_problem(error, kind));
    let is_permanent = problem.is_some() || chain(&*error).any(is_permanent);
    let error = match problem {
        Some(problem) => TransportError::new(kind, TlsError::new(problem).with_source(error)),
        None => TransportError::new(kind, error),
    };
    if is_permanent { error.permanent() } else { error }
}

/// Returns `true` if a retry would fail in the same way, as with invalid TLS settings or proxy credentials.
fn is_permanent(error: &(dyn Error + 'static)) -> bool {
    error.is::<TlsError>()
        || error.downcast_ref().is_some_and(TransportError::is_permanent)
        || error.downcast_ref().is_some_and(ProxyError::rejects_credentials)
}

/// Describes a permanent error whose own message is unclear.
fn permanent_problem(error: &(dyn Error + 'static), kind: TransportErrorKind) -> Option<&'static str> {
    match kind {
        TransportErrorKind::NotSent => error.downcast_ref().and_then(handshake_problem),
        TransportErrorKind::Other => error.downcast_ref().filter(|error| hyper::Error::is_parse(error)).map(|_| {
            "the response is not valid HTTP; if the server speaks TLS on this port, its address begins with https://"
        }),
        _ => None,
    }
}

/// Iterates over the error and its sources.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    // An `io::Error` that wraps another error does not return it as its source.
    let inner = |error: &'a (dyn Error + 'static)| Some(error.downcast_ref::<io::Error>()?.get_ref()? as _);
    std::iter::successors(Some(error), move |&error| inner(error).or_else(|| error.source()))
}

/// Returns `true` if the HTTP/2 server reports that it has not processed the request. Streams that a GOAWAY
/// frame covers as processed do not end with it.
pub(crate) fn is_unprocessed(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

fn error_kind(error: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = error.downcast_ref::<TransportError>() {
        return Some(error.kind());
    }
    if error.downcast_ref::<rustls::Error>().is_some_and(rejects_client_cert) {
        return Some(TransportErrorKind::NotSent);
    }
    if error.is::<LengthLimitError>() {
        return Some(TransportErrorKind::ResponseTooLarge);
    }
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        // h2 does not return the underlying I/O error as its source.
        let kind =
            if is_unprocessed(error) { TransportErrorKind::NotSent } else { TransportErrorKind::Interrupted };
        let is_gone = error.is_remote() || error.is_io() || error.is_go_away();
        return is_gone.then_some(kind);
    }
    if error.is::<tokio::time::error::Elapsed>() || error.is::<tower::timeout::error::Elapsed>() {
        return Some(TransportErrorKind::Timeout);
    }
    if let Some(error) = error.downcast_ref::<legacy::Error>() {
        return error.is_connect().then_some(TransportErrorKind::NotSent);
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        // A user error means that the connection's runtime has ended: a body in one chunk cannot fail.
        let broken = error.is_incomplete_message()
            || error.is_canceled()
            || error.is_closed()
            || error.is_timeout()
            || error.is_user();
        return broken.then_some(TransportErrorKind::Interrupted);
    }
    match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::TimedOut => Some(TransportErrorKind::Timeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Some(TransportErrorKind::Interrupted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::{BodyExt, Full, Limited};
    use identity_core::transport::TransportErrorKind::{
        Interrupted, NotSent, Other, ResponseTooLarge, Timeout,
    };

    use super::*;

    fn kind(error: impl Into<BoxError>) -> TransportErrorKind {
        classify(error.into()).kind()
    }

    #[test]
    fn an_io_error_is_classified_by_its_kind_and_its_cause() {
        for (io, expected) in [
            (io::ErrorKind::TimedOut, Timeout),
            (io::ErrorKind::ConnectionReset, Interrupted),
            (io::ErrorKind::ConnectionAborted, Interrupted),
            (io::ErrorKind::BrokenPipe, Interrupted),
            (io::ErrorKind::NotConnected, Interrupted),
            (io::ErrorKind::UnexpectedEof, Interrupted),
            (io::ErrorKind::PermissionDenied, Other),
            (io::ErrorKind::InvalidData, Other),
        ] {
            assert_eq!(kind(io::Error::from(io)), expected, "{io:?}");
            assert_eq!(classify_connect(io::Error::from(io).into()).kind(), NotSent, "nothing was sent");
        }
        let inner = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(kind(io::Error::other(inner)), Interrupted);
        let inner = TransportError::from(ResponseTooLarge);
        assert_eq!(kind(io::Error::other(inner)), ResponseTooLarge);
        assert_eq!(kind("of no known type"), Other);
    }

    #[tokio::test(start_paused = true)]
    async fn timeouts_and_limits_of_other_layers_are_classified() {
        let elapsed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(kind(elapsed), Timeout);
        assert_eq!(kind(tower::timeout::error::Elapsed::new()), Timeout);
        let body = Limited::new(Full::new(bytes::Bytes::from_static(b"long")), 1);
        assert_eq!(kind(body.collect().await.unwrap_err()), ResponseTooLarge);
    }

    #[test]
    fn a_transport_error_is_returned_unchanged() {
        let error = classify(TransportError::from(TransportErrorKind::Redirect).permanent().into());
        assert_eq!((error.kind(), error.is_permanent()), (TransportErrorKind::Redirect, true));
        assert!(!classify(TransportError::from(Timeout).into()).is_permanent());
    }

    #[test]
    fn errors_that_a_retry_cannot_fix_are_permanent() {
        assert!(classify(TlsError::new("no").into()).is_permanent());
        assert!(classify_connect(TlsError::new("no").into()).is_permanent());
        assert!(
            classify_connect(io::Error::other(TransportError::from(Other).permanent()).into()).is_permanent()
        );
        assert!(!classify_connect(io::Error::other(TransportError::from(Other)).into()).is_permanent());
        assert!(!classify_connect(io::Error::from(io::ErrorKind::ConnectionRefused).into()).is_permanent());
        let rejected = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let error = classify_connect(io::Error::other(rejected).into());
        assert!(error.is_permanent(), "{error:?}");
        let message = error.source().unwrap().to_string();
        assert!(message.contains("certificate"), "{message}");
    }
}
