use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::alias::AliasWrite;
use crate::de::{self, Object};
use crate::error::api_error::{ApiError, decode::has_empty_errors};
use crate::error::decode_error::DecodeError;
use crate::error::response_error::ResponseError;
use crate::key_list::{KeyList, ResponseKeyList};
use crate::room;
use crate::text;
use crate::upsert::Upsert;
use crate::wrap_info::WrapInfo;

/// A response to decode. [`Endpoint::decode`](crate::Endpoint::decode) receives it. Every method that returns
/// a `Result` fails with an [`ApiError`] for an error response.
///
/// ```
/// use identity_core::endpoint::ApiResponse;
///
/// #[derive(serde::Deserialize)]
/// struct Mount { accessor: String }
///
/// let response = http::Response::new(r#"{"data":{"accessor":"auth_userpass_6b81bdea"}}"#);
/// let mount: Mount = ApiResponse::from(&response).data()?;
/// assert_eq!(mount.accessor, "auth_userpass_6b81bdea");
/// # Ok::<(), identity_core::error::ResponseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ApiResponse<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a, B: AsRef<[u8]>> From<&'a Response<B>> for ApiResponse<'a> {
    fn from(response: &'a Response<B>) -> Self {
        Self { status: response.status(), headers: response.headers(), body: response.body().as_ref() }
    }
}

/// The server's warnings and its identifier of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Meta {
    /// The server's identifier of the request, as in its audit log, if the response contains it.
    #[serde(deserialize_with = "de::request_id")]
    pub request_id: Option<String>,
    /// The warnings, for example about ignored parameters.
    #[serde(deserialize_with = "de::messages")]
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<Object<T>>,
}

/// The fields that identify an envelope of the server.
#[derive(Deserialize)]
struct Fields {
    request_id: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
    warnings: Option<IgnoredAny>,
    errors: Option<IgnoredAny>,
}

/// The body of an error response, which has no fields but these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the success of decoding matters")]
struct ErrorBody {
    errors: IgnoredAny,
    request_id: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
    warnings: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WrapEnvelope {
    wrap_info: Option<Object<WrapInfo>>,
}

impl<'a> ApiResponse<'a> {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(self) -> &'a HeaderMap {
        self.headers
    }

    /// The body of a successful response.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error.
    pub fn body(self) -> Result<&'a [u8], ResponseError> {
        if self.status.is_success() { Ok(self.body) } else { Err(self.error().into()) }
    }

    /// Decodes a response without a result: 204, or 200 with an envelope, which can contain warnings.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or if the body of a 200 is not an envelope, such as the page of a
    /// proxy.
    pub fn no_content(self) -> Result<(), ResponseError> {
        match (self.status, self.body()?.trim_ascii()) {
            (StatusCode::NO_CONTENT, b"" | b"{}") => Ok(()),
            _ => self.check_envelope(),
        }
    }

    /// Decodes a body that is the result itself, without Vault's envelope.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, if the body is not a `T`, or if a success response lists errors.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, ResponseError> {
        // Responses without an envelope can have claims of any shape.
        let result = self.decode(|body| {
            if room::is_limited() {
                room::take_tree(body)?;
            }
            serde_json::from_slice(body)
        })?;
        if self.lists_errors() {
            return Err(DecodeError::new(format!("the response lists errors ({})", self.status)).into());
        }
        Ok(result)
    }

    /// Decodes the `data` of the envelope.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or its `data` is missing or not a `T`.
    pub fn data<T: DeserializeOwned>(self) -> Result<T, ResponseError> {
        // Not by `optional_data`, which would move the result once more.
        let no_data = || Err(DecodeError::new("the response has no data").into());
        if self.status == StatusCode::NO_CONTENT {
            return no_data();
        }
        let body = self.body()?;
        let decode = || serde_json::from_slice(body);
        match if body.len() < room::SMALL { decode() } else { room::within(body.len(), decode) } {
            Ok(Object(Envelope { data: Some(Object(data)) })) => Ok(data),
            Ok(Object(Envelope { data: None })) => no_data(),
            Err(error) => Err(self.decode_error(&error).into()),
        }
    }

    /// Decodes the `data` of the envelope. Returns `None` if it is absent, as in a 204.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or its `data` is not a `T`.
    pub fn optional_data<T: DeserializeOwned>(self) -> Result<Option<T>, ResponseError> {
        if self.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let Object(envelope): Object<Envelope<T>> = self.parse()?;
        if envelope.data.is_none() {
            self.check_envelope()?;
        }
        Ok(envelope.data.map(|data| data.0))
    }

    /// Decodes the `data` of a new object, or the 204 for an existing one.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or its `data` is not a `T`.
    pub fn upsert<T: DeserializeOwned>(self) -> Result<Upsert<T>, ResponseError> {
        Ok(self.optional_data()?.map_or(Upsert::Updated, Upsert::Created))
    }

    /// Decodes the identifiers of a written alias. If the response has no data, nothing changed.
    pub(crate) fn alias_write<I: DeserializeOwned, C: DeserializeOwned>(
        self,
    ) -> Result<AliasWrite<I, C>, ResponseError> {
        Ok(self.optional_data()?.map_or(AliasWrite::Unchanged, AliasWrite::Written))
    }

    /// Decodes a list of keys. Returns an empty list for the 404 that the server sends if there are none.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or its `data` is not a list of keys.
    pub fn list<K: DeserializeOwned + Ord, I: DeserializeOwned>(
        self,
    ) -> Result<KeyList<K, I>, ResponseError> {
        if self.is_not_found() {
            return Ok(KeyList::default());
        }
        let Object(envelope): Object<Envelope<ResponseKeyList<K, I>>> = self.parse()?;
        let Object(list) = envelope.data.ok_or_else(|| DecodeError::new("the response has no data"))?;
        Ok(list.into())
    }

    /// Decodes the wrapping token. Returns `None` if the response was not wrapped.
    ///
    /// # Errors
    ///
    /// Fails if the response is an error, or its `wrap_info` is invalid.
    pub fn wrap_info(self) -> Result<Option<WrapInfo>, ResponseError> {
        if self.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let Object(envelope): Object<WrapEnvelope> = self.parse()?;
        Ok(envelope.wrap_info.map(|info| info.0))
    }

    /// The server's warnings and its identifier of the request. Empty if the response has no envelope.
    pub fn meta(self) -> Meta {
        serde_json::from_slice(self.body).unwrap_or_default()
    }

    /// Returns `true` if the object does not exist: 404, and `errors` that are an empty list or `null`. A
    /// wrong path, namespace or mount is a 404 with a message, and returns `false`.
    pub fn is_not_found(self) -> bool {
        self.status == StatusCode::NOT_FOUND && has_empty_errors(self.body)
    }

    pub(crate) fn error(self) -> ApiError {
        ApiError::from_parts(self.status, self.headers, self.body)
    }

    /// Returns `true` if the body is an error response. A proxy may have changed the status.
    fn lists_errors(self) -> bool {
        let object = self.body.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
        object.trim_ascii_start().starts_with(b"\"errors\"")
            && serde_json::from_slice::<ErrorBody>(self.body).is_ok()
    }

    /// Fails if the body is not an envelope, or has errors.
    fn check_envelope(self) -> Result<(), ResponseError> {
        let Object(fields): Object<Fields> = self.parse()?;
        let is_envelope = fields.request_id.or(fields.data).or(fields.warnings).is_some();
        if fields.errors.is_some() || !is_envelope {
            let problem = format!("the response is not an envelope of the server ({})", self.status);
            return Err(DecodeError::new(problem).into());
        }
        Ok(())
    }

    fn parse<T: Deserialize<'a>>(self) -> Result<T, ResponseError> {
        self.decode(serde_json::from_slice)
    }

    fn decode<T>(self, decode: impl FnOnce(&'a [u8]) -> serde_json::Result<T>) -> Result<T, ResponseError> {
        let body = self.body()?;
        room::within(body.len(), || decode(body)).map_err(|error| self.decode_error(&error).into())
    }

    /// Describes an error without the message of `serde_json`, which quotes the response.
    fn decode_error(self, error: &serde_json::Error) -> DecodeError {
        if self.body.is_empty() {
            return DecodeError::new(format!("the response is empty ({})", self.status));
        }
        if error.is_data() && error.to_string().starts_with(room::TOO_LARGE) {
            return DecodeError::new(room::TOO_LARGE);
        }
        let place = format!("line {} column {} of {} bytes", error.line(), error.column(), self.body.len());
        if error.is_data() {
            return DecodeError::new(format!("a field is missing or of another type before {place}"));
        }
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut content_type = content_type.unwrap_or("no content type").to_owned();
        text::truncate(&mut content_type, text::MAX_NAME_LEN);
        DecodeError::new(format!("the response is not JSON ({}, {content_type}): {place}", self.status))
    }
}
