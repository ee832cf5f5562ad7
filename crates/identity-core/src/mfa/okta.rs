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

endpoint!(CreateOktaMethod: POST   "identity/mfa/method/okta" checked body idempotent(|m| m.params.method_name.is_some()) creates -> data(CreatedMfaMethod));
endpoint!(ReadOktaMethod:   GET    "identity/mfa/method/okta/{method_id}" [method_id: path_uuid] -> data(OktaMethod), same method_id);
endpoint!(UpdateOktaMethod: POST   "identity/mfa/method/okta/{method_id}" [method_id: path_uuid] checked body idempotent -> no_content(()));
endpoint!(DeleteOktaMethod: DELETE "identity/mfa/method/okta/{method_id}" [method_id: path_uuid] -> no_content(()));
endpoint!(ListOktaMethods:  LIST   "identity/mfa/method/okta" -> list(KeyList<MfaMethodId, OktaMethod>));

method!("Okta", "okta", OktaParams: CreateOktaMethod, ReadOktaMethod, UpdateOktaMethod, DeleteOktaMethod, ListOktaMethods);

/// An Okta method. The server never returns its API token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OktaMethod {
    /// The fields common to all method types.
    #[serde(flatten)]
    pub info: MfaMethodInfo,
    /// Name of the organization.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub org_name: String,
    /// Domain of the API. `None` if the method was configured with [`production`](Self::production).
    #[serde(default, deserialize_with = "de::empty_as_none", skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Whether the method uses the production domain. `None` if it was not configured with this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<bool>,
    /// Template that maps an entity to its Okta user name.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub username_format: String,
    /// Always empty for login MFA methods.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub mount_accessor: String,
}

/// The settings of an Okta method. An update resets omitted settings to their defaults, except the name and
/// the `username_format`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OktaParams {
    /// Name of the method.
    pub method_name: Option<String>,
    /// Name of the organization.
    pub org_name: String,
    /// API token.
    pub api_token: SecretString,
    /// Domain of the API.
    pub base_url: Option<String>,
    /// Whether users are matched by their primary email address.
    pub primary_email: Option<bool>,
    /// Template that maps an entity to its Okta user name.
    pub username_format: Option<String>,
    /// Whether the method uses the production domain. The server deprecates this in favor of `base_url`.
    pub production: Option<bool>,
}

impl OktaParams {
    /// Creates settings with the required fields.
    pub fn new(org_name: impl Into<String>, api_token: impl Into<SecretString>) -> Self {
        Self {
            method_name: None,
            org_name: org_name.into(),
            api_token: api_token.into(),
            base_url: None,
            primary_email: None,
            username_format: None,
            production: None,
        }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("method_name", &self.method_name)?;
        require_non_empty("org_name", [&self.org_name])?;
        require_non_empty("api_token", [self.api_token.expose_secret()])
    }

    fn body(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            method_name: Option<&'a str>,
            org_name: &'a str,
            api_token: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            base_url: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            primary_email: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            username_format: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            production: Option<bool>,
        }
        Body {
            method_name: self.method_name.as_deref(),
            org_name: &self.org_name,
            api_token: Exposed(&self.api_token),
            base_url: self.base_url.as_deref(),
            primary_email: self.primary_email,
            username_format: self.username_format.as_deref(),
            production: self.production,
        }
    }
}

setters!(OktaParams {
    /// Sets the name of the method. If a method with this name exists, creating one updates it instead.
    method_name(text) => method_name;
    /// Sets the domain of the API. Defaults to `okta.com`.
    base_url(text) => base_url;
    /// Sets whether users are matched by their primary email address. Defaults to `false`.
    primary_email(flag) => primary_email;
    /// Sets the template that maps an entity to its Okta user name, such as
    /// `{{identity.entity.name}}@example.com`.
    username_format(text) => username_format;
    /// Sets whether the method uses the production domain. The server deprecates this in favor of `base_url`.
    production(flag) => production;
});
