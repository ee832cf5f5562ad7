//! OAuth errors.

use std::fmt::Write as _;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::super::response::{ServerResponse, quoted};

/// An error code and its description.
pub(super) struct OAuth(pub(super) &'static str, pub(super) String);

pub(super) fn fail<T>(word: &'static str, description: impl Into<String>) -> Result<T, OAuth> {
    Err(OAuth(word, description.into()))
}

impl OAuth {
    fn body(&self) -> Value {
        json!({ "error": self.0, "error_description": self.1 })
    }

    /// Responds like the `authorize` endpoint.
    pub(super) fn with_state(self, state: &str) -> ServerResponse {
        let status = if self.0 == "server_error" { 500 } else { 400 };
        let mut body = self.body();
        // The server omits the state in errors about unsupported parameters.
        body["state"] = json!(if self.0.ends_with("_not_supported") { "" } else { state });
        own(status, body, Vec::new())
    }

    /// Responds like the `token` endpoint.
    pub(super) fn to_client(&self) -> ServerResponse {
        let status = match self.0 {
            "invalid_client" => 401,
            "server_error" => 500,
            _ => 400,
        };
        let mut headers = vec![NO_CACHE];
        if status == 401 {
            headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Basic")));
        }
        own(status, self.body(), headers)
    }

    /// Responds like the `userinfo` endpoint.
    pub(super) fn to_bearer(&self) -> ServerResponse {
        let (status, is_challenge) = match self.0 {
            "invalid_request" => (400, true),
            "invalid_token" => (401, true),
            "access_denied" => (403, false),
            _ => (500, false),
        };
        let mut challenge = String::new();
        let _ = write!(challenge, "Bearer error={},error_description={}", quoted(self.0), quoted(&self.1));
        let challenge = HeaderValue::try_from(challenge).ok().filter(|_| is_challenge);
        own(status, self.body(), challenge.into_iter().map(|value| (WWW_AUTHENTICATE, value)).collect())
    }
}

pub(super) const NO_CACHE: (HeaderName, HeaderValue) = (PRAGMA, HeaderValue::from_static("no-cache"));

fn own(status: u16, body: Value, headers: Vec<(HeaderName, HeaderValue)>) -> ServerResponse {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    ServerResponse::Custom { status, body, headers }
}
