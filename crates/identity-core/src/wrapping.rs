//! Response wrapping: a single-use token instead of a response.

pub use crate::wrap_info::WrapInfo;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::endpoint::{ApiResponse, Endpoint, Method, RequestBuilder};
use crate::error::{DecodeError, RequestError, ResponseError};
use crate::macros::endpoint;
use crate::secret::Exposed;
use crate::test_response::{self, EncodeResponse};
use crate::{de, ser};

const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");

/// Requests response wrapping: the server stores the response and returns a single-use wrapping token
/// instead. [`UnwrapResponse`] fetches the response.
///
/// ```
/// use std::time::Duration;
/// use identity_core::{Endpoint, Target, Wrap, oidc::GenerateIdToken};
///
/// let target = Target::new("http://127.0.0.1:8200")?;
/// let request = Wrap::new(GenerateIdToken::new("web"), Duration::from_secs(60)).request(&target)?;
/// assert_eq!(request.headers()["x-vault-wrap-ttl"], "60");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wrap<E> {
    /// The operation whose response is wrapped.
    pub endpoint: E,
    /// How long the server stores the response, in whole seconds.
    pub ttl: Duration,
}

impl<E> Wrap<E> {
    /// Wraps the response of `endpoint` for `ttl`. The request fails if `ttl` is zero or has a fraction of a
    /// second.
    pub fn new(endpoint: E, ttl: Duration) -> Self {
        Self { endpoint, ttl }
    }
}

/// The result of a call with response wrapping.
#[derive(Clone, Debug)]
pub enum Wrapped<T> {
    /// The response was wrapped. For `authorize` and `token` of the OpenID provider it can be an error, which
    /// unwrapping returns.
    Token(WrapInfo),
    /// The response was not wrapped: the server never wraps `204 No Content` or an empty list.
    Plain(T),
}

impl<T> Wrapped<T> {
    /// Returns the wrapping token, or `None` if the response was not wrapped.
    pub fn wrapped(self) -> Option<WrapInfo> {
        match self {
            Self::Token(info) => Some(info),
            Self::Plain(_) => None,
        }
    }
}

impl<E: Endpoint> Endpoint for Wrap<E> {
    type Output = Wrapped<E::Output>;
    const METHOD: Method = E::METHOD;
    const PATH: &'static str = E::PATH;

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let ttl = ser::positive_seconds("ttl", self.ttl)?;
        let builder = self.endpoint.encode(builder)?.header(WRAP_TTL, &ttl.to_string())?;
        Ok(builder.idempotent(false))
    }

    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError> {
        if is_empty_wrapped_list::<E>(response) {
            let empty = ApiResponse {
                status: StatusCode::NOT_FOUND,
                headers: &HeaderMap::new(),
                body: br#"{"errors":[]}"#,
            };
            return E::decode(empty).map(Wrapped::Plain);
        }
        let info = if response.status.is_success() { response.wrap_info()? } else { None };
        info.map_or_else(|| E::decode(response).map(Wrapped::Plain), |info| Ok(Wrapped::Token(info)))
    }

    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        match output {
            Wrapped::Plain(output) => self.endpoint.verify(output),
            Wrapped::Token(_) => Ok(()),
        }
    }
}

/// Returns `true` for an empty list. With wrapping, the server's message for it differs. The message for a
/// nonexistent path is longer.
fn is_empty_wrapped_list<E: Endpoint>(response: ApiResponse<'_>) -> bool {
    E::METHOD == Method::List
        && response.status == StatusCode::NOT_FOUND
        && response.error().errors() == ["unsupported path"]
}

impl<E: EncodeResponse> EncodeResponse for Wrap<E> {
    fn encode_response(output: &Self::Output) -> Response<Bytes> {
        match output {
            Wrapped::Token(info) => test_response::wrap_info(info),
            Wrapped::Plain(output) => E::encode_response(output),
        }
    }
}

/// Reads the properties of a wrapping token, which remains usable. The request needs no other token.
///
/// API: `POST /sys/wrapping/lookup`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LookupWrappingToken {
    /// The wrapping token.
    pub token: SecretString,
}

/// The properties of a wrapping token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WrappingTokenInfo {
    /// The path of the request, such as `identity/entity/id/7fbd40c1`.
    pub creation_path: String,
    /// The time at which the response was wrapped.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// How long the server stores the response after that time.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub creation_ttl: Duration,
}

endpoint!(LookupWrappingToken: QUERY "sys/wrapping/lookup" without_token checked body idempotent -> data(WrappingTokenInfo));

impl LookupWrappingToken {
    /// Creates the request for this wrapping token.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self { token: token.into() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("token", [self.token.expose_secret()])
    }

    fn body(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Body<'a> {
            token: Exposed<'a>,
        }
        Body { token: Exposed(&self.token) }
    }
}

/// Fetches a wrapped response and decodes it as the response of the operation `E`. Each token works once.
///
/// The request carries the wrapping token instead of the target's token.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::ReadEntityById, wrapping::UnwrapResponse};
///
/// let target = Target::new("http://127.0.0.1:8200")?;
/// let request = UnwrapResponse::<ReadEntityById>::new("hvs.wrapping").request(&target)?;
/// assert_eq!(request.uri().path(), "/v1/sys/wrapping/unwrap");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /sys/wrapping/unwrap`
pub struct UnwrapResponse<E> {
    /// The wrapping token.
    pub token: SecretString,
    endpoint: PhantomData<fn() -> E>,
}

impl<E> UnwrapResponse<E> {
    /// Creates the request that fetches the response of `token`.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self { token: token.into(), endpoint: PhantomData }
    }
}

impl<E> fmt::Debug for UnwrapResponse<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnwrapResponse").field("token", &self.token).finish_non_exhaustive()
    }
}

impl<E> Clone for UnwrapResponse<E> {
    fn clone(&self) -> Self {
        Self::new(self.token.clone())
    }
}

impl<E: Endpoint> Endpoint for UnwrapResponse<E> {
    type Output = E::Output;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/wrapping/unwrap";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.token(&self.token)
    }

    fn decode(response: ApiResponse<'_>) -> Result<E::Output, ResponseError> {
        E::decode(response)
    }
}

impl<E: EncodeResponse> EncodeResponse for UnwrapResponse<E> {
    fn encode_response(output: &E::Output) -> Response<Bytes> {
        E::encode_response(output)
    }
}
