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

/// The outcome of generating a TOTP secret.
#[derive(Clone, Debug)]
pub enum TotpEnrollment {
    /// A new secret, which the server returns only once.
    Created(TotpSecret),
    /// The entity already has a secret, which the server does not return again.
    /// [Destroy](AdminDestroyTotpSecret) it to generate another one.
    AlreadyEnrolled,
}

/// A TOTP secret for the user's authenticator app.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TotpSecret {
    /// The URL `otpauth://totp/…`, which contains the secret.
    pub url: SecretString,
    /// The URL as a QR code in PNG format. `None` if the method's `qr_size` is 0.
    #[serde(default, deserialize_with = "png")]
    pub barcode: Option<SecretSlice<u8>>,
}

impl TotpSecret {
    /// Creates a secret for use in tests.
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

fn decode(response: ApiResponse<'_>) -> Result<TotpEnrollment, ResponseError> {
    Ok(response.optional_data()?.map_or(TotpEnrollment::AlreadyEnrolled, TotpEnrollment::Created))
}

fn encode_response(output: &TotpEnrollment) -> http::Response<bytes::Bytes> {
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

/// Generates a TOTP secret for the entity of the caller's token.
///
/// ```
/// use identity_core::{Endpoint, ExposeSecret, http, mfa::{GenerateTotpSecret, TotpEnrollment}};
///
/// let response = http::Response::new(r#"{"data":{"url":"otpauth://totp/example","barcode":""}}"#);
/// match GenerateTotpSecret::parse_response(&response)? {
///     TotpEnrollment::Created(secret) => assert!(secret.url.expose_secret().starts_with("otpauth:")),
///     TotpEnrollment::AlreadyEnrolled => println!("the app is already set up"),
/// }
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `POST /identity/mfa/method/totp/generate`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GenerateTotpSecret {
    /// The TOTP method.
    pub method_id: MfaMethodId,
}

impl GenerateTotpSecret {
    /// Creates a request for a secret of this method.
    pub fn new(method_id: impl Into<MfaMethodId>) -> Self {
        Self { method_id: method_id.into() }
    }
}

impl Endpoint for GenerateTotpSecret {
    type Output = TotpEnrollment;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "identity/mfa/method/totp/generate";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        require_non_empty("method_id", [&self.method_id])?;
        builder.json(self)
    }

    fn decode(response: ApiResponse<'_>) -> Result<TotpEnrollment, ResponseError> {
        decode(response)
    }
}

impl EncodeResponse for GenerateTotpSecret {
    fn encode_response(output: &TotpEnrollment) -> http::Response<bytes::Bytes> {
        encode_response(output)
    }
}

/// Generates a TOTP secret for an entity.
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
    /// Creates a request for a secret of this method for this entity.
    pub fn new(method_id: impl Into<MfaMethodId>, entity_id: impl Into<EntityId>) -> Self {
        Self { method_id: method_id.into(), entity_id: entity_id.into() }
    }
}

impl Endpoint for AdminGenerateTotpSecret {
    type Output = TotpEnrollment;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "identity/mfa/method/totp/admin-generate";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        require_non_empty("method_id", [&self.method_id])?;
        require_non_empty("entity_id", [&self.entity_id])?;
        builder.json(self)
    }

    fn decode(response: ApiResponse<'_>) -> Result<TotpEnrollment, ResponseError> {
        decode(response)
    }
}

impl EncodeResponse for AdminGenerateTotpSecret {
    fn encode_response(output: &TotpEnrollment) -> http::Response<bytes::Bytes> {
        encode_response(output)
    }
}

/// Destroys the TOTP secret of an entity. Succeeds if it does not exist.
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
    /// Creates a request for the secret of this method and entity.
    pub fn new(method_id: impl Into<MfaMethodId>, entity_id: impl Into<EntityId>) -> Self {
        Self { method_id: method_id.into(), entity_id: entity_id.into() }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("method_id", [&self.method_id])?;
        require_non_empty("entity_id", [&self.entity_id])
    }
}
