use std::error::Error as StdError;
use std::fmt;

use crate::error::api_error::ApiError;
use crate::error::decode_error::DecodeError;

/// An error response, or a response that cannot be decoded. Returned by
/// [`Endpoint::decode`](crate::Endpoint::decode).
#[derive(Debug)]
#[non_exhaustive]
pub enum ResponseError {
    /// The response is an error.
    Api(Box<ApiError>),
    /// The response is a success that cannot be decoded.
    Decode(DecodeError),
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl StdError for ResponseError {}

impl From<ApiError> for ResponseError {
    fn from(error: ApiError) -> Self {
        Self::Api(Box::new(error))
    }
}

impl From<DecodeError> for ResponseError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}
