use std::error::Error;
use std::io;

use http_body_util::LengthLimitError;
use hyper_util::client::legacy;
use identity_core::transport::{TransportError, TransportErrorKind};
use tower::BoxError;

use crate::proxy::ProxyError;
use crate::tls::{TlsError, problem, refuses_client};

/// Says of any error of the stack whether the server may have seen the request.
pub(crate) fn classify(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) => {
            let kind = causes(&*error).find_map(kind_of_one).unwrap_or(TransportErrorKind::Other);
            with_kind(kind, error)
        }
    }
}

/// The error of a connection that could not be opened: nothing was sent.
pub(crate) fn classify_connect(error: BoxError) -> TransportError {
    with_kind(TransportErrorKind::NotSent, error)
}

fn with_kind(kind: TransportErrorKind, error: BoxError) -> TransportError {
    let problem = causes(&*error).find_map(|error| lasting_problem(error, kind));
    let is_permanent = problem.is_some() || causes(&*error).any(is_permanent);
    let error = match problem {
        Some(problem) => TransportError::new(kind, TlsError::new(problem).because(error)),
        None => TransportError::new(kind, error),
    };
    if is_permanent { error.permanent() } else { error }
}

/// Whether another attempt fails in the same way: TLS that is set up wrongly, a proxy that rejects the
/// password.
fn is_permanent(error: &(dyn Error + 'static)) -> bool {
    error.is::<TlsError>()
        || error.downcast_ref().is_some_and(TransportError::is_permanent)
        || error.downcast_ref().is_some_and(ProxyError::is_permanent)
}

fn lasting_problem(error: &(dyn Error + 'static), kind: TransportErrorKind) -> Option<&'static str> {
    match kind {
        TransportErrorKind::NotSent => error.downcast_ref().and_then(problem),
        TransportErrorKind::Other => error.downcast_ref().filter(|error| hyper::Error::is_parse(error)).map(|_| {
            "what came cannot be read as HTTP; if the server speaks TLS at this port, its address begins with https://"
        }),
        _ => None,
    }
}

/// The error and what it came of.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    // An I/O error made of another one does not tell it as its source.
    let inner = |error: &'a (dyn Error + 'static)| Some(error.downcast_ref::<io::Error>()?.get_ref()? as _);
    std::iter::successors(Some(error), move |&error| inner(error).or_else(|| error.source()))
}

/// Whether an HTTP/2 server reports that it has not processed the request. Those that a GOAWAY leaves open do
/// not end with it.
pub(crate) fn is_unprocessed(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

fn kind_of_one(error: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = error.downcast_ref::<TransportError>() {
        return Some(error.kind());
    }
    if error.downcast_ref::<rustls::Error>().is_some_and(refuses_client) {
        return Some(TransportErrorKind::NotSent);
    }
    if error.is::<LengthLimitError>() {
        return Some(TransportErrorKind::ResponseTooLarge);
    }
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        // The server has turned the request away, or the connection is gone; what came of that it does not tell as
        // its source.
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
        // A user's error is a connection whose runtime has ended: a body in one piece does not fail.
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
    async fn timeouts_and_limits_of_other_layers_are_known() {
        let elapsed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(kind(elapsed), Timeout);
        assert_eq!(kind(tower::timeout::error::Elapsed::new()), Timeout);
        let body = Limited::new(Full::new(bytes::Bytes::from_static(b"long")), 1);
        assert_eq!(kind(body.collect().await.unwrap_err()), ResponseTooLarge);
    }

    #[test]
    fn a_transport_error_stays_as_it_is() {
        let error = classify(TransportError::from(TransportErrorKind::Redirect).permanent().into());
        assert_eq!((error.kind(), error.is_permanent()), (TransportErrorKind::Redirect, true));
        assert!(!classify(TransportError::from(Timeout).into()).is_permanent());
    }

    #[test]
    fn what_fails_again_in_the_same_way_is_permanent() {
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
        let told = error.source().unwrap().to_string();
        assert!(told.contains("certificate"), "{told}");
    }
}
