use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::macros::endpoint;
use crate::macros::new_with_one_field;
use crate::{
    KeyList, MfaMethodId, de,
    mfa::{DuoMethod, OktaMethod, PingIdMethod, TotpMethod},
};

endpoint!(ReadMfaMethod:  GET  "identity/mfa/method/{method_id}" [method_id: path_uuid] -> data(MfaMethod), same method_id);
endpoint!(ListMfaMethods: LIST "identity/mfa/method" -> list(KeyList<MfaMethodId, MfaMethod>));

new_with_one_field! {
    ReadMfaMethod { method_id: MfaMethodId }
}

/// Reads a method of any type. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// ```
/// use identity_core::{Endpoint, http, mfa::{MfaMethod, ReadMfaMethod}};
///
/// let body = r#"{"data":{"id":"7fbd40c1","type":"totp","issuer":"Example Inc."}}"#;
/// let method = ReadMfaMethod::parse_response(&http::Response::new(body))?;
/// let MfaMethod::Totp(totp) = method else { panic!("not TOTP") };
/// assert_eq!(totp.issuer, "Example Inc.");
/// # Ok::<(), identity_core::Error>(())
/// ```
///
/// API: `GET /identity/mfa/method/:method_id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadMfaMethod {
    /// The method.
    pub method_id: MfaMethodId,
}

/// Lists all methods of all types, including those of parent namespaces.
///
/// API: `LIST /identity/mfa/method`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListMfaMethods {}

impl ListMfaMethods {
    /// Creates a request for all methods.
    pub fn new() -> Self {
        Self::default()
    }
}

/// An MFA method of any type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum MfaMethod {
    /// A TOTP method.
    Totp(TotpMethod),
    /// An Okta method.
    Okta(OktaMethod),
    /// A Duo method.
    Duo(DuoMethod),
    /// A PingID method.
    PingId(PingIdMethod),
    /// A method of an unknown type.
    Other(MfaMethodInfo),
}

impl MfaMethod {
    /// The fields common to all method types.
    pub fn info(&self) -> &MfaMethodInfo {
        match self {
            Self::Totp(method) => &method.info,
            Self::Okta(method) => &method.info,
            Self::Duo(method) => &method.info,
            Self::PingId(method) => &method.info,
            Self::Other(info) => info,
        }
    }
}

impl<'de> Deserialize<'de> for MfaMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Value::Object(de::tree::<Map<_, _>, _>(deserializer)?);
        let method_type = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let method = match method_type.as_str() {
            "totp" => serde_json::from_value(fields).map(Self::Totp),
            "okta" => serde_json::from_value(fields).map(Self::Okta),
            "duo" => serde_json::from_value(fields).map(Self::Duo),
            "pingid" => serde_json::from_value(fields).map(Self::PingId),
            _ => serde_json::from_value(fields).map(Self::Other),
        };
        method.map_err(serde::de::Error::custom)
    }
}

/// The fields common to all method types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MfaMethodInfo {
    /// Identifier of the method.
    pub id: MfaMethodId,
    /// Type: `totp`, `okta`, `duo` or `pingid`.
    #[serde(rename = "type", default, deserialize_with = "de::null_as_default")]
    pub method_type: String,
    /// Name, if the method has one.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub name: Option<String>,
    /// Identifier of the namespace; `root` in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// Path of the namespace, with a trailing slash; empty in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_path: String,
}

/// The response to a request that created a method, or updated it by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedMfaMethod {
    /// Identifier of the method.
    pub method_id: MfaMethodId,
}

/// Generates the five request structs of a method type, which differ only in their parameters.
macro_rules! method {
    ($type:literal, $path:literal, $params:ident: $create:ident, $read:ident, $update:ident, $delete:ident, $list:ident) => {
        #[doc = concat!("Creates a ", $type, " method, or updates the method with the given name.")]
        ///
        /// Without a name, the request is not idempotent: each call creates another method.
        ///
        #[doc = concat!("API: `POST /identity/mfa/method/", $path, "`")]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $create {
            /// The settings.
            pub params: $params,
        }

        impl $create {
            /// Creates a request for a method with these settings.
            pub fn new(params: $params) -> Self {
                Self { params }
            }

            fn check(&self) -> Result<(), crate::error::RequestError> {
                self.params.check()
            }

            fn body(&self) -> impl serde::Serialize {
                self.params.body()
            }
        }

        #[doc = concat!("Reads a ", $type, " method. The server rejects a method of another type.")]
        ///
        #[doc = concat!("API: `GET /identity/mfa/method/", $path, "/:method_id`")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $read {
            /// The method.
            pub method_id: crate::MfaMethodId,
        }

        #[doc = concat!("Updates a ", $type, " method.")]
        ///
        /// Resets omitted settings to their defaults, except the name.
        ///
        /// The server converts a method of another type, and keeps its identifier and name. It ignores the
        /// request if the method does not exist.
        ///
        #[doc = concat!("API: `POST /identity/mfa/method/", $path, "/:method_id`")]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $update {
            /// The method.
            pub method_id: crate::MfaMethodId,
            /// The settings.
            pub params: $params,
        }

        impl $update {
            /// Creates a request that applies these settings to the method with this identifier.
            pub fn new(method_id: impl Into<crate::MfaMethodId>, params: $params) -> Self {
                Self { method_id: method_id.into(), params }
            }

            fn check(&self) -> Result<(), crate::error::RequestError> {
                self.params.check()
            }

            fn body(&self) -> impl serde::Serialize {
                self.params.body()
            }
        }

        #[doc = concat!("Deletes a ", $type, " method. Succeeds if it does not exist.")]
        ///
        /// The server rejects a method that a login enforcement refers to.
        ///
        #[doc = concat!("API: `DELETE /identity/mfa/method/", $path, "/:method_id`")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $delete {
            /// The method. The server rejects a method of another type, but OpenBao 2.7 loses it at the next
            /// unseal.
            pub method_id: crate::MfaMethodId,
        }

        #[doc = concat!("Lists all ", $type, " methods.")]
        ///
        #[doc = concat!("API: `LIST /identity/mfa/method/", $path, "`")]
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $list {}

        impl $list {
            #[doc = concat!("Creates a request for all ", $type, " methods.")]
            pub fn new() -> Self {
                Self::default()
            }
        }

        crate::macros::new_with_one_field! {
            $read { method_id: crate::MfaMethodId }
            $delete { method_id: crate::MfaMethodId }
        }
    };
}

pub(super) use method;
