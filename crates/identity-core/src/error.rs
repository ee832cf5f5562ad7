//! Errors by stage: [`RequestError`] before a request is sent, [`TransportError`] without a complete
//! response, [`ApiError`] for an error response, [`DecodeError`] for a response that cannot be decoded, and
//! [`Error`], which contains any of them.
//!
//! [`TransportError`]: crate::transport::TransportError

pub(crate) mod api_error;
mod call_error;
pub(crate) mod decode_error;
mod disposition;
mod oauth_error;
pub(crate) mod request_error;
pub(crate) mod response_error;

pub use api_error::{ApiError, MergeConflict, RetryAfter};
pub use call_error::{Error, ErrorKind};
pub use decode_error::DecodeError;
pub use oauth_error::{OAuthError, OAuthErrorCode};
pub use request_error::RequestError;
pub use response_error::ResponseError;

pub use crate::text::redact;
