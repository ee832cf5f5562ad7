use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::method::method;
use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::setters;
use crate::secret::Exposed;
use crate::{
    KeyList, MfaMethodId, de,
    error::RequestError,
    mfa::{CreatedMfaMethod, MfaMethodInfo},
};

endpoint!(CreatePingIdMethod: POST   "identity/mfa/method/pingid" checked body idempotent(|m| m.params.method_name.is_some()) creates -> data(CreatedMfaMethod));
endpoint!(ReadPingIdMethod:   GET    "identity/mfa/method/pingid/{method_id}" [method_id: path_uuid] -> data(PingIdMethod), same method_id);
endpoint!(UpdatePingIdMethod: POST   "identity/mfa/method/pingid/{method_id}" [method_id: path_uuid] checked body idempotent -> no_content(()));
endpoint!(DeletePingIdMethod: DELETE "identity/mfa/method/pingid/{method_id}" [method_id: path_uuid] -> no_content(()));
endpoint!(ListPingIdMethods:  LIST   "identity/mfa/method/pingid" -> list(KeyList<MfaMethodId, PingIdMethod>));

method!("PingID", "pingid", PingIdParams: CreatePingIdMethod, ReadPingIdMethod, UpdatePingIdMethod, DeletePingIdMethod, ListPingIdMethods);

/// A PingID method. The server never returns its key, token or `username_format`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PingIdMethod {
    /// The fields common to all method types.
    #[serde(flatten)]
    pub info: MfaMethodInfo,
    /// Whether requests are signed.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub use_signature: bool,
    /// URL of the service.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub idp_url: String,
    /// Alias of the organization.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub org_alias: String,
    /// URL of the administration site.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub admin_url: String,
    /// URL of the authenticator.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub authenticator_url: String,
}

/// The settings of a PingID method. An update resets omitted settings to their defaults, except the name and
/// the `username_format`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PingIdParams {
    /// Name of the method.
    pub method_name: Option<String>,
    /// Settings file from PingID, in base64. It contains a key and a token.
    pub settings_file_base64: SecretString,
    /// Template that maps an entity to its PingID user name.
    pub username_format: Option<String>,
}

impl PingIdParams {
    /// Creates settings from the base64 of the PingID settings file.
    pub fn new(settings_file_base64: impl Into<SecretString>) -> Self {
        Self { method_name: None, settings_file_base64: settings_file_base64.into(), username_format: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("method_name", &self.method_name)?;
        require_non_empty("settings_file_base64", [self.settings_file_base64.expose_secret()])
    }

    fn body(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            method_name: Option<&'a str>,
            settings_file_base64: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            username_format: Option<&'a str>,
        }
        Body {
            method_name: self.method_name.as_deref(),
            settings_file_base64: Exposed(&self.settings_file_base64),
            username_format: self.username_format.as_deref(),
        }
    }
}

setters!(PingIdParams {
    /// Sets the name of the method. If a method with this name exists, creating one updates it instead.
    method_name(text) => method_name;
    /// Sets the template that maps an entity to its PingID user name, such as `{{identity.entity.name}}`.
    username_format(text) => username_format;
});
