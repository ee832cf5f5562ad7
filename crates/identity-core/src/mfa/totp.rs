use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::method::method;
use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::open_enum;
use crate::macros::setters;
use crate::{
    KeyList, MfaMethodId, de,
    error::RequestError,
    mfa::{CreatedMfaMethod, MfaMethodInfo},
    ser,
};

endpoint!(CreateTotpMethod: POST   "identity/mfa/method/totp" checked body idempotent(|m| m.params.method_name.is_some()) creates -> data(CreatedMfaMethod));
endpoint!(ReadTotpMethod:   GET    "identity/mfa/method/totp/{method_id}" [method_id: path_uuid] -> data(TotpMethod), same method_id);
endpoint!(UpdateTotpMethod: POST   "identity/mfa/method/totp/{method_id}" [method_id: path_uuid] checked body idempotent -> no_content(()));
endpoint!(DeleteTotpMethod: DELETE "identity/mfa/method/totp/{method_id}" [method_id: path_uuid] -> no_content(()));
endpoint!(ListTotpMethods:  LIST   "identity/mfa/method/totp" -> list(KeyList<MfaMethodId, TotpMethod>));

method!("TOTP", "totp", TotpParams: CreateTotpMethod, ReadTotpMethod, UpdateTotpMethod, DeleteTotpMethod, ListTotpMethods);

/// A TOTP method: time-based one-time passwords (RFC 6238).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TotpMethod {
    /// The fields common to all method types.
    #[serde(flatten)]
    pub info: MfaMethodInfo,
    /// Name of the issuer that the authenticator app displays.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub issuer: String,
    /// Validity of a code.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub period: Duration,
    /// Size of the secret in bytes.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub key_size: u32,
    /// Size of the QR code in pixels; 0 for none.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub qr_size: u32,
    /// Hash algorithm.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub algorithm: TotpAlgorithm,
    /// Number of digits of a code.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub digits: u8,
    /// Number of adjacent periods whose codes are accepted as well.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub skew: u8,
    /// Maximum number of failed validation attempts.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub max_validation_attempts: u32,
}

open_enum! {
    /// A hash algorithm for one-time passwords.
    #[derive(Default)]
    pub enum TotpAlgorithm {
        /// SHA-1, which all authenticator apps support.
        #[default]
        Sha1 = "SHA1",
        /// SHA-256.
        Sha256 = "SHA256",
        /// SHA-512.
        Sha512 = "SHA512",
    }
}

/// The settings of a TOTP method. An update resets omitted settings to their defaults, except the name.
///
/// ```
/// use std::time::Duration;
/// use identity_core::{Endpoint, Target, mfa::{CreateTotpMethod, TotpParams}};
///
/// let params = TotpParams::new("Example Inc.").method_name("app").period(Duration::from_secs(60)).digits(8);
/// let request = CreateTotpMethod::new(params).request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/mfa/method/totp");
/// assert_eq!(
///     request.body(),
///     r#"{"method_name":"app","issuer":"Example Inc.","period":60,"digits":8}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TotpParams {
    /// Name of the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_name: Option<String>,
    /// Name of the issuer that the authenticator app displays.
    pub issuer: String,
    /// Validity of a code.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub period: Option<Duration>,
    /// Size of the secret in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_size: Option<u32>,
    /// Size of the QR code in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_size: Option<u32>,
    /// Hash algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<TotpAlgorithm>,
    /// Number of digits of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
    /// Number of adjacent periods whose codes are accepted as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<u8>,
    /// Maximum number of failed validation attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_validation_attempts: Option<u32>,
}

impl TotpParams {
    /// Creates settings with the name of the issuer that the authenticator app displays.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            method_name: None,
            issuer: issuer.into(),
            period: None,
            key_size: None,
            qr_size: None,
            algorithm: None,
            digits: None,
            skew: None,
            max_validation_attempts: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("method_name", &self.method_name)?;
        require_non_empty("issuer", [&self.issuer])
    }

    fn body(&self) -> &Self {
        self
    }
}

setters!(TotpParams {
    /// Sets the name of the method. If a method with this name exists, creating one updates it instead.
    method_name(text) => method_name;
    /// Sets the validity of a code, in whole seconds. Defaults to 30 s.
    period(duration) => period;
    /// Sets the size of the secret in bytes. Defaults to 20.
    key_size(number(u32)) => key_size;
    /// Sets the size of the QR code in pixels; 0 for none. Defaults to 200.
    qr_size(number(u32)) => qr_size;
    /// Sets the hash algorithm. Defaults to SHA-1.
    algorithm(value(TotpAlgorithm)) => algorithm;
    /// Sets the number of digits of a code: 6 or 8. Defaults to 6.
    digits(number(u8)) => digits;
    /// Sets the number of adjacent periods whose codes are accepted as well: 0 or 1. Defaults to 1.
    skew(number(u8)) => skew;
    /// Sets the maximum number of failed validation attempts. Defaults to 5.
    max_validation_attempts(number(u32)) => max_validation_attempts;
});
