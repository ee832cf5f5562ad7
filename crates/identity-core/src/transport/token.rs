use http::HeaderValue;
use http::header::HeaderName;
use secrecy::SecretString;

use crate::error::request_error::RequestError;
use crate::headers::TOKEN;
use crate::secret;

/// Marks a request, in its [`http::Extensions`], to which the transport has to add the token. See
/// [`Target::with_transport_token`](crate::Target::with_transport_token).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequired;

/// A header of the request, in the [`http::Extensions`] of an error response that may repeat it.
#[derive(Clone, Debug)]
pub(crate) struct SensitiveHeader(pub(crate) HeaderValue);

impl TokenRequired {
    /// The name of the token header.
    pub const HEADER: HeaderName = TOKEN;

    /// Creates the value of the token header. `Debug` redacts it, and it is zeroized when the last clone is
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty, or has characters other than visible ASCII.
    pub fn header(token: &SecretString) -> Result<HeaderValue, RequestError> {
        secret::header("", token)
    }

    /// Makes [`Endpoint::parse_response`](crate::Endpoint::parse_response) redact a header of the request in
    /// the messages of `response`. A transport that adds the token calls this function for error responses,
    /// which may repeat the token.
    pub fn redact_in<B>(response: &mut http::Response<B>, header: HeaderValue) {
        response.extensions_mut().insert(SensitiveHeader(header));
    }
}
