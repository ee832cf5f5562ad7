use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Deserializer, Serialize};

use crate::check::require_non_empty;
use crate::endpoint::RequestBuilder;
use crate::macros::endpoint;
use crate::secret::Exposed;
use crate::{
    Endpoint, EntityId, MfaMethodId,
    endpoint::{ApiResponse, Method},
    error::{RequestError, ResponseError},
    test_response,
    test_response::EncodeResponse,
};

endpoint!(AdminDestroyTotpSecret: POST "identity/mfa/method/totp/admin-destroy" checked json idempotent -> no_content(()));

/// What came of a wish for a TOTP secret.
#[derive(Clone, Debug)]
pub enum TotpEnrollment {
    /// A new secret, told only now.
    Created(TotpSecret),
    /// The entity has one already, and it is not told again. [Destroy](AdminDestroyTotpSecret) it to get
    /// another.
    AlreadyEnrolled,
}

/// A TOTP secret, for the user's app.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TotpSecret {
    /// `otpauth://totp/…`, with the secret in it.
    pub url: SecretString,
    /// The same as a picture to scan, in PNG. `None` if the method's `qr_size` is 0.
    #[serde(default, deserialize_with = "png")]
    pub barcode: Option<SecretSlice<u8>>,
}

impl TotpSecret {
    /// A secret to answer with, in a test.
    pub fn new(url: impl Into<SecretString>, barcode: Option<SecretSlice<u8>>) -> Self {
        Self { url: url.into(), barcode }
    }
}

fn png<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretSlice<u8>>, D::Error> {
    let base64 = Option::<SecretString>::deserialize(deserializer)?;
    match base64.as_ref().map_or("", ExposeSecret::expose_secret) {
        "" => Ok(None),
        base64 => match BASE64.decode(base64) {
            Ok(png) => Ok(Some(png.into())),
            Err(_) => Err(serde::de::Error::custom("not base64")),
        },
    }
}

fn decode(reply: ApiResponse<'_>) -> Result<TotpEnrollment, ResponseError> {
    Ok(reply.optional_data()?.map_or(TotpEnrollment::AlreadyEnrolled, TotpEnrollment::Created))
}

fn answer(output: &TotpEnrollment) -> http::Response<bytes::Bytes> {
    #[derive(Serialize)]
    struct Wire<'a> {
        url: Exposed<'a>,
        barcode: Exposed<'a>,
    }
    match output {
        TotpEnrollment::Created(secret) => {
            let png = secret.barcode.as_ref().map_or(&[][..], ExposeSecret::expose_secret);
            let barcode = SecretString::from(BASE64.encode(png));
            test_response::data(&Wire { url: Exposed(&secret.url), barcode: Exposed(&barcode) })
        }
        TotpEnrollment::AlreadyEnrolled => test_response::data(&()),
    }
}

/// Makes a TOTP secret for the entity of the caller's token.
///
/// API: `POST /identity/mfa/method/totp/generate`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GenerateTotpSecret {
    /// The TOTP method.
    pub method_id: MfaMethodId,
}

impl GenerateTotpSecret {
    /// A secret of this method.
    pub fn new(method_id: impl Into<MfaMethodId>) -> Self {
        Self { method_id: method_id.into() }
    }
}

impl Endpoint for GenerateTotpSecret {
    type Output = TotpEnrollment;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "identity/mfa/method/totp/generate";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        require_non_empty("method_id", [&self.method_id])?;
        draft.json(self)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<TotpEnrollment, ResponseError> {
        decode(reply)
    }
}

impl EncodeResponse for GenerateTotpSecret {
    fn encode_response(output: &TotpEnrollment) -> http::Response<bytes::Bytes> {
        answer(output)
    }
}

/// Makes a TOTP secret for an entity.
///
/// API: `POST /identity/mfa/method/totp/admin-generate`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AdminGenerateTotpSecret {
    /// The TOTP method.
    pub method_id: MfaMethodId,
    /// The entity.
    pub entity_id: EntityId,
}

impl AdminGenerateTotpSecret {
    /// A secret of this method for this entity.
    pub fn new(method_id: impl Into<MfaMethodId>, entity_id: impl Into<EntityId>) -> Self {
        Self { method_id: method_id.into(), entity_id: entity_id.into() }
    }
}

impl Endpoint for AdminGenerateTotpSecret {
    type Output = TotpEnrollment;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "identity/mfa/method/totp/admin-generate";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        require_non_empty("method_id", [&self.method_id])?;
        require_non_empty("entity_id", [&self.entity_id])?;
        draft.json(self)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<TotpEnrollment, ResponseError> {
        decode(reply)
    }
}

impl EncodeResponse for AdminGenerateTotpSecret {
    fn encode_response(output: &TotpEnrollment) -> http::Response<bytes::Bytes> {
        answer(output)
    }
}

/// Destroys the TOTP secret of an entity. That there is none is no error.
///
/// API: `POST /identity/mfa/method/totp/admin-destroy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AdminDestroyTotpSecret {
    /// The TOTP method.
    pub method_id: MfaMethodId,
    /// The entity.
    pub entity_id: EntityId,
}

impl AdminDestroyTotpSecret {
    /// The secret of this method and this entity.
    pub fn new(method_id: impl Into<MfaMethodId>, entity_id: impl Into<EntityId>) -> Self {
        Self { method_id: method_id.into(), entity_id: entity_id.into() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("method_id", [&self.method_id])?;
        require_non_empty("entity_id", [&self.entity_id])
    }
}
