use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::Upsert;
use crate::alias::AliasWrite;
use crate::de::{self, Object};
use crate::error::ApiError;
use crate::error::{DecodeError, ResponseError};
use crate::key_list::{KeyList, RawKeyList};
use crate::room;
use crate::text;
use crate::wrapping::WrapInfo;

/// An answer to be read, and the only way to read one: each method turns a refusal into an [`ApiError`]
/// first.
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

/// What the server tells beside the result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Meta {
    /// The server's identifier of the request, as in its audit log. `None` where the answer does not carry
    /// one.
    #[serde(deserialize_with = "de::request_id")]
    pub request_id: Option<String>,
    /// What the server did otherwise than asked, such as parameters that it ignored.
    #[serde(deserialize_with = "de::messages")]
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<Object<T>>,
}

/// The fields by which an envelope of the server is known.
#[derive(Deserialize)]
struct Fields {
    request_id: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
    warnings: Option<IgnoredAny>,
    errors: Option<IgnoredAny>,
}

/// The body of an error response, which has no other fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read matters")]
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

    /// The body as it came, of a 2xx answer.
    pub fn body(self) -> Result<&'a [u8], ResponseError> {
        if self.status.is_success() { Ok(self.body) } else { Err(ApiError::read(self).into()) }
    }

    /// Reads a response without a result: 204, or 200 with an envelope, which can hold warnings.
    ///
    /// # Errors
    ///
    /// Fails if the status is no success, or if the body of a 200 is not an envelope: an empty body or the
    /// page of a proxy is no response of the server.
    pub fn no_content(self) -> Result<(), ResponseError> {
        match (self.status, self.body()?.trim_ascii()) {
            (StatusCode::NO_CONTENT, b"" | b"{}") => Ok(()),
            _ => self.check_envelope(),
        }
    }

    /// Reads a body that is the result itself, without Vault's envelope.
    ///
    /// # Errors
    ///
    /// Fails if the status is no success, if the body is not a `T`, or if it is an error response all the
    /// same.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, ResponseError> {
        // What has no envelope may have claims of any shape.
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

    /// The `data` of the envelope.
    pub fn data<T: DeserializeOwned>(self) -> Result<T, ResponseError> {
        // Not by way of `optional_data`: each step would move the result once more.
        let no_data = || Err(DecodeError::new("the answer has no data").into());
        if self.status == StatusCode::NO_CONTENT {
            return no_data();
        }
        let body = self.body()?;
        let decode = || serde_json::from_slice(body);
        match if body.len() < room::SMALL { decode() } else { room::within(body.len(), decode) } {
            Ok(Object(Envelope { data: Some(Object(data)) })) => Ok(data),
            Ok(Object(Envelope { data: None })) => no_data(),
            Err(error) => Err(self.explain(&error).into()),
        }
    }

    /// The `data` of the envelope, or `None` if there is none, as in an answer of 204.
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

    /// The `data` of something new, or nothing of something that was there already.
    pub fn upsert<T: DeserializeOwned>(self) -> Result<Upsert<T>, ResponseError> {
        Ok(self.optional_data()?.map_or(Upsert::Updated, Upsert::Created))
    }

    /// Parses the identifiers of a written alias. A response without data means that nothing changed.
    pub(crate) fn alias_write<I: DeserializeOwned, C: DeserializeOwned>(
        self,
    ) -> Result<AliasWrite<I, C>, ResponseError> {
        Ok(self.optional_data()?.map_or(AliasWrite::Unchanged, AliasWrite::Written))
    }

    /// A list of keys. That there are none is an answer of 404, and here an empty list.
    pub fn list<K: DeserializeOwned + Ord, I: DeserializeOwned>(
        self,
    ) -> Result<KeyList<K, I>, ResponseError> {
        if self.is_not_found() {
            return Ok(KeyList::default());
        }
        let Object(envelope): Object<Envelope<RawKeyList<K, I>>> = self.parse()?;
        let Object(raw) = envelope.data.ok_or_else(|| DecodeError::new("the answer has no data"))?;
        Ok(raw.into())
    }

    /// The wrapping token that stands in for the answer, or `None` if the answer was not wrapped.
    pub fn wrap_info(self) -> Result<Option<WrapInfo>, ResponseError> {
        if self.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let Object(envelope): Object<WrapEnvelope> = self.parse()?;
        Ok(envelope.wrap_info.map(|info| info.0))
    }

    /// What the server tells beside the result. Empty if the answer has no envelope.
    pub fn meta(self) -> Meta {
        serde_json::from_slice(self.body).unwrap_or_default()
    }

    /// Returns `true` if the object does not exist: 404 and a JSON object whose `errors` are an empty list or
    /// `null`, as Go writes a list that was never made. A wrong path, namespace or mount is a 404 with a
    /// message, and what is not the server's has no `errors`: neither is an absence.
    pub fn is_not_found(self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.has_no_words()
    }

    /// Returns `true` if the body has `errors`, and nothing in it.
    pub(crate) fn has_no_words(self) -> bool {
        #[derive(Deserialize)]
        struct Errors {
            // Without `default`, an `Option` with `deserialize_with` has to be there.
            #[serde(deserialize_with = "Option::deserialize")]
            errors: Option<Vec<IgnoredAny>>,
        }
        serde_json::from_slice(self.body)
            .is_ok_and(|Object(body): Object<Errors>| body.errors.is_none_or(|errors| errors.is_empty()))
    }

    /// Whether the body is an error response, whose status something on the way has changed.
    fn lists_errors(self) -> bool {
        let object = self.body.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
        object.trim_ascii_start().starts_with(b"\"errors\"")
            && serde_json::from_slice::<ErrorBody>(self.body).is_ok()
    }

    /// Checks that the body is an envelope of the server, which has no errors.
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
        room::within(body.len(), || decode(body)).map_err(|error| self.explain(&error).into())
    }

    /// Says what is wrong without the words of `serde_json`, which quote the answer.
    fn explain(self, error: &serde_json::Error) -> DecodeError {
        if self.body.is_empty() {
            return DecodeError::new(format!("the answer is empty ({})", self.status));
        }
        if error.is_data() && error.to_string().starts_with(room::PROBLEM) {
            return DecodeError::new(room::PROBLEM);
        }
        let place = format!("line {} column {} of {} bytes", error.line(), error.column(), self.body.len());
        if error.is_data() {
            return DecodeError::new(format!("a field is missing or of another type before {place}"));
        }
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut content_type = content_type.unwrap_or("no content type").to_owned();
        text::truncate(&mut content_type, text::MAX_WORD_LEN);
        DecodeError::new(format!("the answer is not JSON ({}, {content_type}): {place}", self.status))
    }
}
