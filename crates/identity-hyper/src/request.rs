//! Request state that several layers read or record.

use bytes::Bytes;
use http::Request;
use identity_core::{endpoint::Operation, transport::Attempts};

use crate::address::display_address;
use crate::exchange::SendResult;
use crate::headers::NO_FORWARDING;

/// Marks a write that is to be confirmed by another node than the one that has just responded.
#[derive(Clone, Copy)]
pub(crate) struct PreferOtherNode;

pub(crate) fn is_idempotent(request: &Request<Bytes>) -> bool {
    Operation::infer(request).idempotent
}

pub(crate) fn is_read(request: &Request<Bytes>) -> bool {
    Operation::infer(request).read_only
}

/// Returns `true` if the last node had to redirect the request instead of forwarding it.
pub(crate) fn is_not_forwarded(request: &Request<Bytes>) -> bool {
    request.headers().contains_key(NO_FORWARDING)
}

pub(crate) fn attempts(request: &mut Request<Bytes>) -> &mut Attempts {
    request.extensions_mut().get_or_insert_default()
}

/// Appends the result of an attempt to the request's [`Attempts`].
pub(crate) fn record_attempt(request: &mut Request<Bytes>, result: &SendResult) {
    let node = display_address(request.uri()).into_owned();
    let outcome = match result {
        Ok(response) => response.status().to_string(),
        Err(error) => format!("{error:#}"),
    };
    attempts(request).push(node, outcome);
}
