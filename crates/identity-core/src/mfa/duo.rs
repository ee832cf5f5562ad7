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

endpoint!(CreateDuoMethod: POST   "identity/mfa/method/duo" checked body idempotent(|m| m.params.method_name.is_some()) creates -> data(CreatedMfaMethod));
endpoint!(ReadDuoMethod:   GET    "identity/mfa/method/duo/{method_id}" [method_id: path_uuid] -> data(DuoMethod), same method_id);
endpoint!(UpdateDuoMethod: POST   "identity/mfa/method/duo/{method_id}" [method_id: path_uuid] checked body idempotent -> no_content(()));
endpoint!(DeleteDuoMethod: DELETE "identity/mfa/method/duo/{method_id}" [method_id: path_uuid] -> no_content(()));
endpoint!(ListDuoMethods:  LIST   "identity/mfa/method/duo" -> list(KeyList<MfaMethodId, DuoMethod>));

method!("Duo", "duo", DuoParams: CreateDuoMethod, ReadDuoMethod, UpdateDuoMethod, DeleteDuoMethod, ListDuoMethods);

/// A Duo method. The server never returns its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DuoMethod {
    /// The fields common to all method types.
    #[serde(flatten)]
    pub info: MfaMethodInfo,
    /// Host name of the Duo API.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub api_hostname: String,
    /// Text of the push notification, in the form of a query string.
    #[serde(default, rename = "pushinfo", deserialize_with = "de::null_as_default")]
    pub push_info: String,
    /// Whether users are prompted for a passcode.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub use_passcode: bool,
    /// Template that maps an entity to its Duo user name.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub username_format: String,
    /// Always empty for login MFA methods.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub mount_accessor: String,
}

/// The settings of a Duo method. An update resets omitted settings to their defaults, except the name and the
/// `username_format`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DuoParams {
    /// Name of the method.
    pub method_name: Option<String>,
    /// Secret key.
    pub secret_key: SecretString,
    /// Integration key.
    pub integration_key: SecretString,
    /// Host name of the Duo API.
    pub api_hostname: String,
    /// Text of the push notification, in the form of a query string.
    pub push_info: Option<String>,
    /// Whether users are prompted for a passcode.
    pub use_passcode: Option<bool>,
    /// Template that maps an entity to its Duo user name.
    pub username_format: Option<String>,
}

impl DuoParams {
    /// Creates settings with the required fields.
    pub fn new(
        secret_key: impl Into<SecretString>,
        integration_key: impl Into<SecretString>,
        api_hostname: impl Into<String>,
    ) -> Self {
        Self {
            method_name: None,
            secret_key: secret_key.into(),
            integration_key: integration_key.into(),
            api_hostname: api_hostname.into(),
            push_info: None,
            use_passcode: None,
            username_format: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("method_name", &self.method_name)?;
        require_non_empty("secret_key", [self.secret_key.expose_secret()])?;
        require_non_empty("integration_key", [self.integration_key.expose_secret()])?;
        require_non_empty("api_hostname", [&self.api_hostname])
    }

    fn body(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            method_name: Option<&'a str>,
            secret_key: Exposed<'a>,
            integration_key: Exposed<'a>,
            api_hostname: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            push_info: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            use_passcode: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            username_format: Option<&'a str>,
        }
        Body {
            method_name: self.method_name.as_deref(),
            secret_key: Exposed(&self.secret_key),
            integration_key: Exposed(&self.integration_key),
            api_hostname: &self.api_hostname,
            push_info: self.push_info.as_deref(),
            use_passcode: self.use_passcode,
            username_format: self.username_format.as_deref(),
        }
    }
}

setters!(DuoParams {
    /// Sets the name of the method. If a method with this name exists, creating one updates it instead.
    method_name(text) => method_name;
    /// Sets the text of the push notification, in the form of a query string such as
    /// `from=loginPortal&domain=example.com`.
    push_info(text) => push_info;
    /// Sets whether users are prompted for a passcode. Defaults to `false`.
    use_passcode(flag) => use_passcode;
    /// Sets the template that maps an entity to its Duo user name, such as `{{identity.entity.name}}`.
    username_format(text) => username_format;
});
