use std::fmt;

use serde::{Deserialize, Serialize};

use crate::de;
use crate::macros::open_enum;
use crate::text::Printable;

/// An error response of OAuth (RFC 6749) and OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OAuthError {
    /// The error code.
    pub error: OAuthErrorCode,
    /// The message.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub error_description: String,
    /// The `state` of the request.
    #[serde(default, deserialize_with = "de::empty_as_none", skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

impl OAuthError {
    /// Creates a value for use in tests.
    pub fn new(error: OAuthErrorCode, error_description: impl Into<String>) -> Self {
        Self { error, error_description: error_description.into(), state: None }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(self.error.as_str()))?;
        match &*self.error_description {
            "" => Ok(()),
            description => write!(f, ": {}", Printable(description)),
        }
    }
}

open_enum! {
    /// An error code of OAuth, of OpenID Connect, or of the server.
    pub enum OAuthErrorCode {
        /// The entity lacks the permission, or the caller has no entity.
        AccessDenied = "access_denied",
        /// The client is unknown, is not allowed to use the provider, or sent a wrong secret.
        InvalidClient = "invalid_client",
        /// The client is unknown. A code of the server, not of OAuth.
        InvalidClientId = "invalid_client_id",
        /// The code is unknown, used, or of another client, or the client is not allowed to use the flow.
        InvalidGrant = "invalid_grant",
        /// The client does not have this redirect URI. A code of the server, not of OAuth.
        InvalidRedirectUri = "invalid_redirect_uri",
        /// A parameter is missing or invalid, or the provider does not exist.
        InvalidRequest = "invalid_request",
        /// The access token is not of this provider, or its entity is disabled.
        InvalidToken = "invalid_token",
        /// The caller's login is too old. A code of the server, not of OAuth.
        MaxAgeViolation = "max_age_violation",
        /// Request objects are not supported.
        RequestNotSupported = "request_not_supported",
        /// Request objects by URI are not supported.
        RequestUriNotSupported = "request_uri_not_supported",
        /// An internal error of the server.
        ServerError = "server_error",
        /// The client is not allowed to use the provider.
        UnauthorizedClient = "unauthorized_client",
        /// The server does not support the grant type.
        UnsupportedGrantType = "unsupported_grant_type",
        /// The server does not support the response type.
        UnsupportedResponseType = "unsupported_response_type",
    }
}
