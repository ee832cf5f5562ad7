use std::error::Error;
use std::io;

use http_body_util::LengthLimitError;
use hyper_util::client::legacy;
use identity_core::{TransportError, TransportErrorKind};
use tower::BoxError;

use crate::token::TokenError;

/// Says of any error of the stack whether the server may have seen the request.
pub(crate) fn classify(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(error) => *error,
        Err(error) => TransportError::new(kind(&*error), error),
    }
}

fn kind(error: &(dyn Error + 'static)) -> TransportErrorKind {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(kind) = kind_of_one(error) {
            return kind;
        }
        // An I/O error made of another one does not tell it as its source.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    TransportErrorKind::Other
}

fn kind_of_one(error: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = error.downcast_ref::<TransportError>() {
        return Some(error.kind());
    }
    if error.is::<LengthLimitError>() {
        return Some(TransportErrorKind::TooLarge);
    }
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        // The server has turned the request away.
        return error.is_remote().then_some(TransportErrorKind::Interrupted);
    }
    if error.is::<tokio::time::error::Elapsed>() || error.is::<tower::timeout::error::Elapsed>() {
        return Some(TransportErrorKind::Timeout);
    }
    if let Some(error) = error.downcast_ref::<legacy::Error>() {
        return error.is_connect().then_some(TransportErrorKind::Connect);
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

/// Whether no repeat can mend it: there is no token, as the log-in has failed.
pub(crate) fn is_permanent(error: &TransportError) -> bool {
    error.source().is_some_and(<dyn Error>::is::<TokenError>)
}
