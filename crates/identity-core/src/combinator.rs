use bytes::Bytes;
use http::Response;

use crate::endpoint::{ApiResponse, Endpoint, Meta, Method, RequestBuilder};
use crate::error::{DecodeError, RequestError, ResponseError};
use crate::test_response::{self, EncodeResponse};

/// Wraps an operation: returns `None` if the object does not exist, instead of failing with
/// [`is_not_found`](crate::Error::is_not_found). A wrong path, namespace or mount is still an error.
///
/// ```
/// use identity_core::{Endpoint, Maybe, entity::ReadEntityById};
///
/// let not_found = http::Response::builder().status(404).body(r#"{"errors":[]}"#)?;
/// assert!(Maybe::<ReadEntityById>::parse_response(&not_found)?.is_none());
/// let body = r#"{"errors":["namespace not found"]}"#;
/// let wrong_namespace = http::Response::builder().status(404).body(body)?;
/// assert!(Maybe::<ReadEntityById>::parse_response(&wrong_namespace).is_err());
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

/// Wraps an operation: returns the server's warnings and its request identifier together with the result.
///
/// ```
/// use identity_core::{Endpoint, WithMeta, entity::ListEntities};
///
/// let body = r#"{"request_id":"7c6e","data":{"keys":["7fbd40c1"]},"warnings":["parameter ignored"]}"#;
/// let (entities, meta) = WithMeta::<ListEntities>::parse_response(&http::Response::new(body))?;
/// assert_eq!(entities.len(), 1);
/// assert_eq!(meta.request_id.as_deref(), Some("7c6e"));
/// assert_eq!(meta.warnings, ["parameter ignored"]);
/// # Ok::<(), identity_core::Error>(())
/// ```
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
