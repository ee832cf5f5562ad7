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

/// Okta. Its API token is never told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OktaMethod {
    /// What methods of all types have.
    #[serde(flatten)]
    pub info: MfaMethodInfo,
    /// The name of the organization.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub org_name: String,
    /// The domain of the API. `None` where [`production`](Self::production) says it.
    #[serde(default, deserialize_with = "de::empty_as_none", skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Whether it is the production domain, in methods that were written in this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<bool>,
    /// How a user's name at Okta is made of the entity.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub username_format: String,
    /// Empty: methods of log-in do not have it.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub mount_accessor: String,
}

/// What an Okta method is given. What is not set is the server's default, also in an update, where only the
/// name and the `username_format` stay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OktaParams {
    /// The name of the method.
    pub method_name: Option<String>,
    /// The name of the organization.
    pub org_name: String,
    /// The API token.
    pub api_token: SecretString,
    /// The domain of the API.
    pub base_url: Option<String>,
    /// Whether the user is found by the primary address.
    pub primary_email: Option<bool>,
    /// How a user's name at Okta is made of the entity.
    pub username_format: Option<String>,
    /// Whether it is the production domain. Deprecated by the server in favour of `base_url`.
    pub production: Option<bool>,
}

impl OktaParams {
    /// Of this organization, with this API token.
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
    /// The name of the method. Created by a name that is taken, the method that has it is updated.
    method_name(text) => method_name;
    /// The domain of the API: `okta.com` unless said otherwise.
    base_url(text) => base_url;
    /// Whether the user is found by the primary address: not, unless said otherwise.
    primary_email(flag) => primary_email;
    /// How a user's name at Okta is made of the entity, such as `{{identity.entity.name}}@example.com`.
    username_format(text) => username_format;
    /// Whether it is the production domain. Deprecated by the server in favour of `base_url`.
    production(flag) => production;
});
