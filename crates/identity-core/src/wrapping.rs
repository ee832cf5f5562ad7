//! Response wrapping: a single-use token in place of a response.

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
use crate::endpoint::ApiResponse;
use crate::endpoint::RequestBuilder;
use crate::error::{DecodeError, RequestError, ResponseError};
use crate::macros::endpoint;
use crate::secret::Exposed;
use crate::test_response::{self, EncodeResponse};
use crate::{Endpoint, de, endpoint::Method, error::ApiError, ser};

const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");

/// Has the server keep an answer, and hand out a token that lets one reader fetch it once. See
/// [`UnwrapResponse`].
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
    /// The operation whose answer is wrapped.
    pub endpoint: E,
    /// How long the answer is kept, in whole seconds and at least one.
    pub ttl: Duration,
}

impl<E> Wrap<E> {
    /// Wraps the answer of `endpoint` for `ttl`, which is whole seconds and at least one.
    pub fn new(endpoint: E, ttl: Duration) -> Self {
        Self { endpoint, ttl }
    }
}

/// What came of an answer that was to be wrapped.
#[derive(Clone, Debug)]
pub enum Wrapped<T> {
    /// The server keeps the answer. Of the OpenID provider's `authorize` and `token` it also keeps refusals:
    /// they show when the answer is unwrapped.
    Token(WrapInfo),
    /// There was nothing to keep: the server does not wrap an answer without content, nor that a list is
    /// empty.
    Plain(T),
}

impl<T> Wrapped<T> {
    /// The wrapping token's details, if the answer was wrapped.
    pub fn wrapped(self) -> Option<WrapInfo> {
        match self {
            Self::Token(info) => Some(info),
            Self::Plain(_) => None,
        }
    }
}

/// A token that stands in for an answer.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct WrapInfo {
    /// The wrapping token: whoever has it can read the answer, once.
    pub token: SecretString,
    /// The accessor of the wrapping token.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub accessor: String,
    /// How long the answer is kept.
    #[serde(default, deserialize_with = "de::seconds")]
    pub ttl: Duration,
    /// When the answer was wrapped.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// The path of the request, such as `identity/entity/id/7fbd40c1`. Compare it before you trust the
    /// answer.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub creation_path: String,
    /// The accessor of a token within the answer.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub wrapped_accessor: Option<String>,
}

impl WrapInfo {
    /// A wrapping token to answer with, in a test.
    pub fn new(token: impl Into<SecretString>, ttl: Duration) -> Self {
        Self {
            token: token.into(),
            accessor: String::new(),
            ttl,
            creation_time: None,
            creation_path: String::new(),
            wrapped_accessor: None,
        }
    }

    pub(crate) fn exposed(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Wire<'a> {
            token: Exposed<'a>,
            accessor: &'a str,
            ttl: u64,
            creation_time: Option<Timestamp>,
            creation_path: &'a str,
            wrapped_accessor: Option<&'a str>,
        }
        Wire {
            token: Exposed(&self.token),
            accessor: &self.accessor,
            ttl: self.ttl.as_secs(),
            creation_time: self.creation_time,
            creation_path: &self.creation_path,
            wrapped_accessor: self.wrapped_accessor.as_deref(),
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
        if is_wrapped_absence::<E>(response) {
            let none = ApiResponse {
                status: StatusCode::NOT_FOUND,
                headers: &HeaderMap::new(),
                body: br#"{"errors":[]}"#,
            };
            return E::decode(none).map(Wrapped::Plain);
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

/// An empty list is answered with other words when it was to be wrapped. A path that does not exist has these
/// words in a sentence.
fn is_wrapped_absence<E: Endpoint>(response: ApiResponse<'_>) -> bool {
    E::METHOD == Method::List
        && response.status == StatusCode::NOT_FOUND
        && ApiError::read(response).errors() == ["unsupported path"]
}

impl<E: EncodeResponse> EncodeResponse for Wrap<E> {
    fn encode_response(output: &Self::Output) -> Response<Bytes> {
        match output {
            Wrapped::Token(info) => test_response::wrap_info(info),
            Wrapped::Plain(output) => E::encode_response(output),
        }
    }
}

/// Asks what a wrapping token stands for, without fetching it. No other token is needed.
///
/// API: `POST /sys/wrapping/lookup`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LookupWrappingToken {
    /// The wrapping token.
    pub token: SecretString,
}

/// What a wrapping token stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WrappingTokenInfo {
    /// The path of the request, such as `identity/entity/id/7fbd40c1`.
    pub creation_path: String,
    /// When the answer was wrapped.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// How long the answer is kept, from then on.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub creation_ttl: Duration,
}

endpoint!(LookupWrappingToken: QUERY "sys/wrapping/lookup" without_token checked body idempotent -> data(WrappingTokenInfo));

impl LookupWrappingToken {
    /// What this token stands for.
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

/// Fetches the answer that a wrapping token stands for, as the answer of the operation `E`. It works once.
///
/// The request is made with the wrapping token alone; the target's token is not sent.
///
/// API: `POST /sys/wrapping/unwrap`
pub struct UnwrapResponse<E> {
    /// The wrapping token.
    pub token: SecretString,
    endpoint: PhantomData<fn() -> E>,
}

impl<E> UnwrapResponse<E> {
    /// The answer that `token` stands for.
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
