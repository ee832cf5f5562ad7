//! Events for `tracing`.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::transport::Attempts;
use tracing::{debug, warn};

/// The target of all spans and events of this crate.
pub(crate) const TRACING_TARGET: &str = "vault_identity";

/// Logs a retry. The first one of a call is a warning, because the caller now waits.
pub(crate) fn log_retry(request: &Request<Bytes>, wait: Duration, is_first: bool) {
    let last = || request.extensions().get::<Attempts>()?.as_slice().last();
    macro_rules! log {
        ($level:ident) => {
            $level!(
                target: TRACING_TARGET,
                node = last().map(|attempt| attempt.node.as_str()),
                outcome = last().map(|attempt| attempt.outcome.as_str()),
                ?wait,
                "the call is retried"
            )
        };
    }
    if is_first { log!(warn) } else { log!(debug) }
}
