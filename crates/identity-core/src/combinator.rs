use bytes::Bytes;
use http::Response;

use crate::endpoint::RequestBuilder;
use crate::endpoint::{ApiResponse, Meta};
use crate::error::{DecodeError, RequestError, ResponseError};
use crate::test_response::{self, EncodeResponse};
use crate::{Endpoint, endpoint::Method};

/// Takes absence for an answer: `None` where the operation alone would be an error with
/// [`is_not_found`](crate::Error::is_not_found). A wrong path, namespace or mount remains an error.
///
/// ```
/// use identity_core::{Endpoint, Maybe, entity::ReadEntityById};
///
/// let absent = http::Response::builder().status(404).body(r#"{"errors":[]}"#)?;
/// assert!(Maybe::<ReadEntityById>::parse_response(&absent)?.is_none());
/// let elsewhere = http::Response::builder().status(404).body(r#"{"errors":["namespace not found"]}"#)?;
/// assert!(Maybe::<ReadEntityById>::parse_response(&elsewhere).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maybe<E>(pub E);

impl<E: Endpoint> Endpoint for Maybe<E> {
    type Output = Option<E::Output>;
    const METHOD: Method = E::METHOD;
    const READ_ONLY: bool = E::READ_ONLY;
    const PATH: &'static str = E::PATH;

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        self.0.encode(builder)
    }

    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError> {
        if response.is_not_found() { Ok(None) } else { E::decode(response).map(Some) }
    }

    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        output.as_ref().map_or(Ok(()), |output| self.0.verify(output))
    }
}

impl<E: EncodeResponse> EncodeResponse for Maybe<E> {
    fn encode_response(output: &Self::Output) -> Response<Bytes> {
        output.as_ref().map_or_else(test_response::not_found, E::encode_response)
    }
}

/// Gives what the server tells beside the result: its warnings, and its identifier of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithMeta<E>(pub E);

impl<E: Endpoint> Endpoint for WithMeta<E> {
    type Output = (E::Output, Meta);
    const METHOD: Method = E::METHOD;
    const READ_ONLY: bool = E::READ_ONLY;
    const PATH: &'static str = E::PATH;

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        self.0.encode(builder)
    }

    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError> {
        Ok((E::decode(response)?, response.meta()))
    }

    fn verify(&self, (output, _): &Self::Output) -> Result<(), DecodeError> {
        self.0.verify(output)
    }
}
