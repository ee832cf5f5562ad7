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

/// One-time passwords by the clock (RFC 6238).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TotpMethod {
    /// What methods of all types have.
    #[serde(flatten)]
    pub info: MfaMethodInfo,
    /// The name of the key's issuer, as the app shows it.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub issuer: String,
    /// How long a code is good.
    #[serde(default, deserialize_with = "de::seconds", serialize_with = "ser::response_seconds")]
    pub period: Duration,
    /// The size of the secret, in bytes.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub key_size: u32,
    /// The size of the picture of the secret, in pixels; 0 for none.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub qr_size: u32,
    /// The hash.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub algorithm: TotpAlgorithm,
    /// How many digits a code has.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub digits: u8,
    /// How many periods before and after are good as well.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub skew: u8,
    /// How many wrong codes are let pass.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub max_validation_attempts: u32,
}

open_enum! {
    /// The hash that codes are made with.
    #[derive(Default)]
    pub enum TotpAlgorithm {
        /// SHA-1, which all apps know.
        #[default]
        Sha1 = "SHA1",
        /// SHA-256.
        Sha256 = "SHA256",
        /// SHA-512.
        Sha512 = "SHA512",
    }
}

/// What a TOTP method is given. What is not set is the server's default, also in an update, where only the
/// name stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TotpParams {
    /// The name of the method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_name: Option<String>,
    /// The name of the key's issuer, as the app shows it.
    pub issuer: String,
    /// How long a code is good.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub period: Option<Duration>,
    /// The size of the secret, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_size: Option<u32>,
    /// The size of the picture of the secret, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_size: Option<u32>,
    /// The hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<TotpAlgorithm>,
    /// How many digits a code has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digits: Option<u8>,
    /// How many periods before and after are good as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<u8>,
    /// How many wrong codes are let pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_validation_attempts: Option<u32>,
}

impl TotpParams {
    /// Of this issuer, as the app shows it.
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
    /// The name of the method. Created by a name that is taken, the method that has it is updated.
    method_name(text) => method_name;
    /// How long a code is good: whole seconds, 30 unless said otherwise.
    period(duration) => period;
    /// The size of the secret, in bytes: 20 unless said otherwise.
    key_size(number(u32)) => key_size;
    /// The size of the picture of the secret, in pixels: 200 unless said otherwise, and 0 for none.
    qr_size(number(u32)) => qr_size;
    /// The hash: SHA-1 unless said otherwise.
    algorithm(value(TotpAlgorithm)) => algorithm;
    /// How many digits a code has: 6, unless said otherwise, or 8.
    digits(number(u8)) => digits;
    /// How many periods before and after are good as well: 1, unless said otherwise, or 0.
    skew(number(u8)) => skew;
    /// How many wrong codes are let pass: 5 unless said otherwise.
    max_validation_attempts(number(u32)) => max_validation_attempts;
});
