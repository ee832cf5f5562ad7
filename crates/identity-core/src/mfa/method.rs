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

/// Reads a method, of whatever type.
///
/// API: `GET /identity/mfa/method/:method_id`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadMfaMethod {
    /// The method.
    pub method_id: MfaMethodId,
}

/// Lists all methods, of whatever type; in a namespace also those of the namespaces above.
///
/// API: `LIST /identity/mfa/method`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListMfaMethods {}

impl ListMfaMethods {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A method of any type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum MfaMethod {
    /// One-time passwords by the clock.
    Totp(TotpMethod),
    /// Okta.
    Okta(OktaMethod),
    /// Duo.
    Duo(DuoMethod),
    /// PingID.
    PingId(PingIdMethod),
    /// A type that this crate does not know.
    Other(MfaMethodInfo),
}

impl MfaMethod {
    /// What methods of all types have.
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

/// What methods of all types have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MfaMethodInfo {
    /// The identifier.
    pub id: MfaMethodId,
    /// The type: `totp`, `okta`, `duo` or `pingid`.
    #[serde(rename = "type", default, deserialize_with = "de::null_as_default")]
    pub method_type: String,
    /// The name, if it has one.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub name: Option<String>,
    /// The identifier of the namespace, `root` in the root namespace.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_id: String,
    /// The path of the namespace, empty in the root namespace, and otherwise with a slash at the end.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub namespace_path: String,
}

/// A method that was created, or updated by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreatedMfaMethod {
    /// The identifier.
    pub method_id: MfaMethodId,
}

/// Writes the five request structs of a type of method: they differ in nothing but the parameters.
macro_rules! method {
    ($type:literal, $path:literal, $params:ident: $create:ident, $read:ident, $update:ident, $delete:ident, $list:ident) => {
        #[doc = concat!("Creates a ", $type, " method, or updates the one that has the name.")]
        ///
        /// Without a name each call makes another method, so that it must not be repeated blindly.
        ///
        #[doc = concat!("API: `POST /identity/mfa/method/", $path, "`")]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $create {
            /// What the method is given.
            pub params: $params,
        }

        impl $create {
            /// A method with these parameters.
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

        #[doc = concat!("Reads a ", $type, " method. One of another type is refused.")]
        ///
        #[doc = concat!("API: `GET /identity/mfa/method/", $path, "/:method_id`")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $read {
            /// The method.
            pub method_id: crate::MfaMethodId,
        }

        #[doc = concat!("Updates a ", $type, " method. What is not set is the default again, but for the name.")]
        ///
        /// A method of another type becomes one of this type, and keeps its identifier and name.
        /// That there is none is no error, and nothing happens.
        ///
        #[doc = concat!("API: `POST /identity/mfa/method/", $path, "/:method_id`")]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $update {
            /// The method.
            pub method_id: crate::MfaMethodId,
            /// What the method is given.
            pub params: $params,
        }

        impl $update {
            /// The method of this identifier, to have these parameters.
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

        #[doc = concat!("Deletes a ", $type, " method. One that an enforcement refers to is refused. That there is none is no error.")]
        ///
        #[doc = concat!("API: `DELETE /identity/mfa/method/", $path, "/:method_id`")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $delete {
            /// The method. One of another type is refused, and OpenBao 2.7 forgets it all the same when it is next unsealed.
            pub method_id: crate::MfaMethodId,
        }

        #[doc = concat!("Lists all ", $type, " methods.")]
        ///
        #[doc = concat!("API: `LIST /identity/mfa/method/", $path, "`")]
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $list {}

        impl $list {
            /// Creates the request.
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
