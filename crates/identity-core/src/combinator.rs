use bytes::Bytes;
use http::Response;

use crate::draft::Draft;
use crate::error::{DecodeError, ReplyError, RequestError};
use crate::reply::{Meta, Reply};
use crate::respond::{self, Respond};
use crate::{Endpoint, Method};

/// Takes absence for an answer: `None` where the operation alone would be an error with
/// [`is_not_found`](crate::Error::is_not_found). A wrong path, namespace or mount remains an error.
///
/// ```
/// use identity_core::{Endpoint, Maybe, ReadEntityById};
///
/// let absent = http::Response::builder().status(404).body(r#"{"errors":[]}"#)?;
/// assert!(Maybe::<ReadEntityById>::response(&absent)?.is_none());
/// let elsewhere = http::Response::builder().status(404).body(r#"{"errors":["namespace not found"]}"#)?;
/// assert!(Maybe::<ReadEntityById>::response(&elsewhere).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maybe<E>(pub E);

impl<E: Endpoint> Endpoint for Maybe<E> {
    type Output = Option<E::Output>;
    const METHOD: Method = E::METHOD;
    const READ_ONLY: bool = E::READ_ONLY;
    const PATH: &'static str = E::PATH;

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        self.0.encode(draft)
    }

    fn decode(reply: Reply<'_>) -> Result<Self::Output, ReplyError> {
        if reply.is_absence() { Ok(None) } else { E::decode(reply).map(Some) }
    }

    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        output.as_ref().map_or(Ok(()), |output| self.0.verify(output))
    }
}

impl<E: Respond> Respond for Maybe<E> {
    fn respond(output: &Self::Output) -> Response<Bytes> {
        output.as_ref().map_or_else(respond::absence, E::respond)
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

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        self.0.encode(draft)
    }

    fn decode(reply: Reply<'_>) -> Result<Self::Output, ReplyError> {
        Ok((E::decode(reply)?, reply.meta()))
    }

    fn verify(&self, (output, _): &Self::Output) -> Result<(), DecodeError> {
        self.0.verify(output)
    }
}
