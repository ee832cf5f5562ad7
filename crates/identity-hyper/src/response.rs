//! Checks on responses that several layers share.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use identity_core::error::ApiError;
use identity_core::transport::{Attempts, TokenRequired};

use crate::exchange::SendResult;
use crate::headers::INDEX;
use crate::request::{is_idempotent, is_read};

pub(crate) fn is_sealed(response: &Response<Bytes>) -> bool {
    response.status() == StatusCode::SERVICE_UNAVAILABLE
        && ApiError::from_response(response).is_some_and(|error| error.is_sealed())
}

/// Returns `true` if a response of this status may have to be retried. Its body decides.
pub(crate) fn is_retry_candidate(status: StatusCode) -> bool {
    status.is_server_error()
        || status.is_redirection()
        || matches!(status.as_u16(), 408 | 412 | 425 | 429 | 499)
}

/// Returns `true` if the object was not found, or if an idempotent write has changed nothing. Such responses
/// have no index.
pub(crate) fn is_without_effect(request: &Request<Bytes>, response: &Response<Bytes>) -> bool {
    let status = response.status();
    let is_empty = status == StatusCode::NO_CONTENT && !response.headers().contains_key(INDEX);
    if is_read(request) {
        status == StatusCode::NOT_FOUND || is_empty
    } else {
        is_empty && is_idempotent(request)
    }
}

/// Marks the result of a call that an earlier attempt may have applied. A success is left as it is, because
/// it reports the final state.
pub(crate) fn mark_in_doubt(result: SendResult) -> SendResult {
    match result {
        Ok(response) if response.status().is_success() => Ok(response),
        Ok(mut response) => {
            response.extensions_mut().get_or_insert_default::<Attempts>().mark_in_doubt();
            Ok(response)
        }
        Err(error) => {
            let mut attempts = error.attempts().clone();
            attempts.mark_in_doubt();
            Err(error.with_attempts(attempts))
        }
    }
}

/// Returns `true` if an inner layer has retried the call although an earlier attempt may have been applied.
pub(crate) fn is_in_doubt(result: &SendResult) -> bool {
    match result {
        Ok(response) => response.extensions().get::<Attempts>().is_some_and(Attempts::any_in_doubt),
        Err(error) => error.attempts().any_in_doubt(),
    }
}

/// Attaches the sensitive request header to an error response, so that it can be redacted from its message.
pub(crate) fn attach_sensitive_header(request: &Request<Bytes>, response: &mut Response<impl Sized>) {
    if response.status().is_client_error() || response.status().is_server_error() {
        let secret = request.headers().values().find(|value| value.is_sensitive());
        if let Some(secret) = secret {
            TokenRequired::redact_in(response, secret.clone());
        }
    }
}
