use std::fmt;

use serde::{Deserialize, Serialize};

use crate::de;
use crate::macros::open_enum;
use crate::text::Printable;

/// A refusal in the words of OAuth (RFC 6749) and OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OAuthError {
    /// What is wrong.
    pub error: OAuthErrorCode,
    /// The same in a sentence.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub error_description: String,
    /// What was sent along with the request, if anything was.
    #[serde(default, deserialize_with = "de::empty_as_none", skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

impl OAuthError {
    /// A refusal to answer with, in a test.
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
    /// What is wrong, in a word of OAuth, of OpenID Connect, or of the server's own.
    pub enum OAuthErrorCode {
        /// The entity may not, or there is none.
        AccessDenied = "access_denied",
        /// The client is unknown, may not use the provider, or has the wrong secret.
        InvalidClient = "invalid_client",
        /// The client is unknown. A word of the server's own.
        InvalidClientId = "invalid_client_id",
        /// The code is unknown, used, or somebody else's; or the client may not use the flow.
        InvalidGrant = "invalid_grant",
        /// The address is not one of the client's. A word of the server's own.
        InvalidRedirectUri = "invalid_redirect_uri",
        /// Something is missing or wrong, which may be the provider's name.
        InvalidRequest = "invalid_request",
        /// The access token is not one of this provider's, or its entity is disabled.
        InvalidToken = "invalid_token",
        /// The caller has logged in too long ago. A word of the server's own.
        MaxAgeViolation = "max_age_violation",
        /// Request objects are not supported.
        RequestNotSupported = "request_not_supported",
        /// Request objects are not supported.
        RequestUriNotSupported = "request_uri_not_supported",
        /// The server failed.
        ServerError = "server_error",
        /// The client may not use the provider.
        UnauthorizedClient = "unauthorized_client",
        /// The flow is not one of the server's.
        UnsupportedGrantType = "unsupported_grant_type",
        /// The flow is not one of the server's.
        UnsupportedResponseType = "unsupported_response_type",
    }
}
