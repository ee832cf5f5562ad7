//! Failures that a test asks for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use identity_core::transport::{TransportError, TransportErrorKind};

use super::answer::{Answer, Refusal};

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no connection: [`TransportErrorKind::NotSent`]. The server does nothing.
    ConnectionRefused,
    /// 429: the rate limit is exceeded. The server does nothing.
    RateLimited {
        /// When to come again, if the server says so.
        retry_after: Option<Duration>,
    },
    /// 503: the server is sealed. It does nothing.
    Sealed,
    /// 412: this node has not seen an earlier write yet. The server does nothing.
    NotConsistentYet,
    /// The server does what is asked, and the connection breaks off before the answer: [`TransportErrorKind::Interrupted`].
    DropResponse,
    /// The server does what is asked at once, and the answer takes this long to come. Whoever does not wait is in doubt of what was done.
    Delay(Duration),
    /// The server does what is asked, and only half of the answer's body comes.
    TruncateResponse,
}

type Predicate = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// A fault, how many requests it is for, and which.
pub(super) struct Rule {
    pub(super) fault: Fault,
    pub(super) left: usize,
    pub(super) applies: Predicate,
}

/// The fault for a request, which is used up by it.
pub(super) fn take(rules: &mut Vec<Rule>, method: &str, path: &str) -> Option<Fault> {
    let index = rules.iter().position(|rule| (rule.applies)(method, path))?;
    let rule = rules.get_mut(index)?;
    let fault = rule.fault;
    rule.left = rule.left.saturating_sub(1);
    if rule.left == 0 {
        rules.remove(index);
    }
    Some(fault)
}

impl Fault {
    /// What comes back in place of doing what is asked; nothing if it is to be done.
    pub(super) fn instead(
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
            Answer::Refused(Refusal::new(status, message)).into_response(request_id.to_owned());
        if let Self::RateLimited { retry_after: Some(after) } = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        Some(Ok(response))
    }

    /// What becomes of the answer.
    pub(super) fn spoil(self, mut response: Response<Bytes>) -> Result<Response<Bytes>, TransportError> {
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
