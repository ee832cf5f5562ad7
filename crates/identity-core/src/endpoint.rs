//! The [`Endpoint`] trait, the request and response that it works with, and the table of all operations.

mod api_response;
pub(crate) mod method;
pub(crate) mod operation;
pub(crate) mod request_builder;
mod table;

pub use api_response::{ApiResponse, Meta};
pub use method::Method;
pub use operation::Operation;
pub use request_builder::RequestBuilder;
pub use table::{ENDPOINTS, EndpointInfo};

use bytes::Bytes;

use crate::error::{DecodeError, Error, RequestError, ResponseError};
use crate::target::{SensitiveHeader, Target};

/// An operation of the server as a value: it knows its verb and path, how to write the request and how to
/// read the answer. It does no I/O.
///
/// # An endpoint of your own
///
/// What this crate lacks, write in ten lines:
///
/// ```
/// use identity_core::{Endpoint, endpoint::{RequestBuilder, Method, ApiResponse}, error::{ResponseError, RequestError}};
///
/// /// Reads the accessor of the mount at a path.
/// struct ReadAuthMount { path: String }
///
/// #[derive(serde::Deserialize)]
/// struct AuthMount { accessor: String }
///
/// impl Endpoint for ReadAuthMount {
///     type Output = AuthMount;
///     const METHOD: Method = Method::Get;
///     const PATH: &'static str = "sys/auth/{path}";
///
///     fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
///         builder.path_param("path", &self.path)
///     }
///
///     fn decode(response: ApiResponse<'_>) -> Result<AuthMount, ResponseError> {
///         response.data()
///     }
/// }
/// ```
pub trait Endpoint: Sized + Sync {
    /// What the answer says.
    type Output;

    /// The verb.
    const METHOD: Method;

    /// The path below `/v1/`, with a `{name}` for each parameter. Errors, traces and metrics show it, so it
    /// holds no identifiers.
    const PATH: &'static str;

    /// Whether the operation changes nothing, though it may be a `POST`. Defaults to what the verb says.
    const READ_ONLY: bool = Self::METHOD.is_read();

    /// Writes parameters, query, headers and body into the builder, which checks them.
    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        Ok(builder)
    }

    /// Reads an answer of any status.
    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError>;

    /// Checks that a result is about the object that was asked for. A proxy that encodes a path twice, and a
    /// connection that delivers the response to an earlier request, make it another one.
    ///
    /// [`parse_verified_response`](Self::parse_verified_response) does so, and with it the client.
    ///
    /// # Errors
    ///
    /// If the identifier or the name is another one, in whatever case. The
    /// [`source`](std::error::Error::source) of the error names both.
    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        let _ = output;
        Ok(())
    }

    /// The request to send to `target`.
    fn request(&self, target: &Target) -> Result<http::Request<Bytes>, Error> {
        self.encode(RequestBuilder::new(target, Operation::for_endpoint::<Self>()))
            .and_then(|builder| builder.finish(target))
            .map_err(|error| Error::new(Operation::for_endpoint::<Self>(), error))
    }

    /// The result that `response` brings, or the error that it is.
    ///
    /// The error does not know whether the request may be repeated; with [`parse_response_for`](Self::parse_response_for)
    /// it does.
    fn parse_response<B: AsRef<[u8]>>(response: &http::Response<B>) -> Result<Self::Output, Error> {
        Self::parse_response_for(Operation::for_endpoint::<Self>(), response)
    }

    /// The same, for the request whose [`Operation`] this is.
    fn parse_response_for<B: AsRef<[u8]>>(
        operation: Operation,
        response: &http::Response<B>,
    ) -> Result<Self::Output, Error> {
        Self::decode(ApiResponse::from(response)).map_err(|error| failure(operation, response, error))
    }

    /// The same for this request, [verified](Self::verify).
    fn parse_verified_response<B: AsRef<[u8]>>(
        &self,
        operation: Operation,
        response: &http::Response<B>,
    ) -> Result<Self::Output, Error> {
        let output = Self::parse_response_for(operation, response)?;
        match self.verify(&output) {
            Ok(()) => Ok(output),
            Err(error) => Err(failure(operation, response, error.into())),
        }
    }
}

/// A reference to an endpoint is the same endpoint, so that a call can borrow or own it.
impl<E: Endpoint> Endpoint for &E {
    type Output = E::Output;
    const METHOD: Method = E::METHOD;
    const PATH: &'static str = E::PATH;
    const READ_ONLY: bool = E::READ_ONLY;

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        (**self).encode(builder)
    }

    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError> {
        E::decode(response)
    }

    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        (**self).verify(output)
    }

    fn request(&self, target: &Target) -> Result<http::Request<Bytes>, Error> {
        (**self).request(target)
    }
}

fn failure<B>(operation: Operation, response: &http::Response<B>, error: ResponseError) -> Error {
    let sent = response.extensions().get().map(|SensitiveHeader(token)| token);
    let attempts = response.extensions().get().cloned().unwrap_or_default();
    Error::new(operation, error).after(attempts).redact(sent)
}
