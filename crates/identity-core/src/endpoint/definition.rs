use bytes::Bytes;

use crate::endpoint::api_response::ApiResponse;
use crate::endpoint::method::Method;
use crate::endpoint::operation::Operation;
use crate::endpoint::request_builder::RequestBuilder;
use crate::error::{DecodeError, Error, RequestError, ResponseError};
use crate::target::Target;
use crate::transport::token::SensitiveHeader;

/// An operation of the server: its HTTP method and path, and how to encode its request and decode its
/// response. An endpoint does no I/O.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::ReadOidcKey};
///
/// let request = ReadOidcKey::new("web").request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri(), "http://127.0.0.1:8200/v1/identity/oidc/key/web");
/// let response = http::Response::new(r#"{"data":{"algorithm":"ES256"}}"#);
/// assert_eq!(ReadOidcKey::parse_response(&response)?.algorithm.as_str(), "ES256");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # An endpoint of your own
///
/// To call an operation that this crate lacks, implement this trait:
///
/// ```
/// use identity_core::endpoint::{ApiResponse, Endpoint, Method, RequestBuilder};
/// use identity_core::error::{RequestError, ResponseError};
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
    /// The decoded result.
    type Output;

    /// The HTTP method.
    const METHOD: Method;

    /// The path below `/v1/`, with a `{name}` for each parameter. Errors, traces and metrics show it, so it
    /// must not contain identifiers.
    const PATH: &'static str;

    /// Whether the operation changes nothing, which is also possible for a `POST`. Defaults to `true` for
    /// `GET` and `LIST`.
    const READ_ONLY: bool = Self::METHOD.is_read();

    /// Sets the parameters, query, headers and body of the request. Defaults to none.
    ///
    /// # Errors
    ///
    /// Fails if a parameter is invalid.
    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        Ok(builder)
    }

    /// Decodes a response of any status.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or cannot be decoded.
    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError>;

    /// Verifies that a result is about the requested object. It can be about another one if a proxy encodes a
    /// path twice, or if a connection delivers the response to an earlier request.
    ///
    /// [`parse_verified_response`](Self::parse_verified_response) and the client call this method. Defaults
    /// to no verification.
    ///
    /// # Errors
    ///
    /// Fails if the identifier or name differs, ignoring case. The [`source`](std::error::Error::source) of
    /// the error names both.
    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        let _ = output;
        Ok(())
    }

    /// Returns the request to send to `target`.
    ///
    /// # Errors
    ///
    /// Fails if a parameter is invalid.
    fn request(&self, target: &Target) -> Result<http::Request<Bytes>, Error> {
        self.encode(RequestBuilder::new(target, Operation::for_endpoint::<Self>()))
            .and_then(|builder| builder.finish(target))
            .map_err(|error| Error::new(Operation::for_endpoint::<Self>(), error))
    }

    /// Parses `response` and returns its result.
    ///
    /// The error treats the request as not idempotent. Use [`parse_response_for`](Self::parse_response_for)
    /// if you need [`Error::is_retryable`].
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or cannot be decoded.
    fn parse_response<B: AsRef<[u8]>>(response: &http::Response<B>) -> Result<Self::Output, Error> {
        Self::parse_response_for(Operation::for_endpoint::<Self>(), response)
    }

    /// Parses the response to a request of this [`Operation`] and returns its result.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or cannot be decoded.
    fn parse_response_for<B: AsRef<[u8]>>(
        operation: Operation,
        response: &http::Response<B>,
    ) -> Result<Self::Output, Error> {
        Self::decode(ApiResponse::from(response)).map_err(|error| failure(operation, response, error))
    }

    /// Parses the response to this request and returns its [verified](Self::verify) result.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, cannot be decoded, or is about another object.
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

/// A reference to an endpoint is an endpoint too, so a call can borrow or own it.
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

impl Operation {
    /// Creates the operation of an endpoint. Whether it is idempotent depends on the request, so
    /// [`idempotent`](Self::idempotent) is `false`.
    pub const fn for_endpoint<E: Endpoint>() -> Self {
        Self { method: E::METHOD, path: E::PATH, read_only: E::READ_ONLY, idempotent: false, creates: false }
    }
}

fn failure<B>(operation: Operation, response: &http::Response<B>, error: ResponseError) -> Error {
    let sent = response.extensions().get().map(|SensitiveHeader(token)| token);
    let attempts = response.extensions().get().cloned().unwrap_or_default();
    Error::new(operation, error).after(attempts).redact(sent)
}
