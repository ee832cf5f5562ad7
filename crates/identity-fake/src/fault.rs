//! Injected faults.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use identity_core::transport::{TransportError, TransportErrorKind};

use super::response::{ErrorResponse, ServerResponse};

/// A failure that [`FakeVault`](crate::FakeVault) injects into a request, for example by
/// [`fail_next`](crate::FakeVault::fail_next).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is refused: [`TransportErrorKind::NotSent`]. The request has no effect.
    ConnectionRefused,
    /// The server rejects the request with 429, because a rate limit is exceeded. The request has no effect.
    RateLimited {
        /// The header `Retry-After`, in whole seconds. `None` leaves it out.
        retry_after: Option<Duration>,
    },
    /// The server rejects the request with 503, because it is sealed. The request has no effect.
    Sealed,
    /// The node rejects the request with 412, because it has not yet replicated an earlier write. The request
    /// has no effect.
    NotConsistentYet,
    /// The request takes effect, but the connection is lost before the response:
    /// [`TransportErrorKind::Interrupted`].
    DropResponse,
    /// The request takes effect immediately, but the response is delayed. A caller that times out cannot know
    /// whether the request was applied.
    Delay(Duration),
    /// The request takes effect, but the body of the response is cut in half.
    TruncateResponse,
}

type Predicate = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

pub(super) struct PlannedFault {
    pub(super) fault: Fault,
    pub(super) remaining: usize,
    pub(super) applies: Predicate,
}

/// Takes the fault that applies to a request.
pub(super) fn take(planned: &mut Vec<PlannedFault>, method: &str, path: &str) -> Option<Fault> {
    let index = planned.iter().position(|planned| (planned.applies)(method, path))?;
    let first = planned.get_mut(index)?;
    let fault = first.fault;
    first.remaining = first.remaining.saturating_sub(1);
    if first.remaining == 0 {
        planned.remove(index);
    }
    Some(fault)
}

impl Fault {
    /// Returns the response to a request that has no effect, or `None` if the request takes effect.
    pub(super) fn without_effect(
        self,
        path: &str,
        request_id: &str,
    ) -> Option<Result<Response<Bytes>, TransportError>> {
        let (status, message) = match self {
            Self::ConnectionRefused => return Some(Err(TransportErrorKind::NotSent.into())),
            Self::RateLimited { .. } => {
                let message = format!("request path \"{path}\": rate limit quota exceeded");
                (StatusCode::TOO_MANY_REQUESTS, message)
            }
            Self::Sealed => (StatusCode::SERVICE_UNAVAILABLE, "Vault is sealed".to_owned()),
            Self::NotConsistentYet => {
                (StatusCode::PRECONDITION_FAILED, "required index state not present".to_owned())
            }
            Self::DropResponse | Self::Delay(_) | Self::TruncateResponse => return None,
        };
        let mut response =
            ServerResponse::Error(ErrorResponse::new(status, message)).into_response(request_id.to_owned());
        if let Self::RateLimited { retry_after: Some(after) } = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        Some(Ok(response))
    }

    /// Drops or truncates the response to a request that took effect.
    pub(super) fn corrupt(self, mut response: Response<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match self {
            Self::DropResponse => return Err(TransportErrorKind::Interrupted.into()),
            Self::TruncateResponse => {
                let half = response.body().len() / 2;
                response.body_mut().truncate(half);
            }
            _ => {}
        }
        Ok(response)
    }
}
