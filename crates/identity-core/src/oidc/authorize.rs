use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::endpoint::RequestBuilder;
use crate::error::{RequestError, ResponseError};
use crate::macros::open_enum;
use crate::macros::setters;
use crate::secret::Exposed;
use crate::{
    ClientId, Endpoint, de,
    endpoint::{ApiResponse, Method},
    ser, test_response,
    test_response::EncodeResponse,
};

/// Logs the entity of the caller's token in to a client. Returns an authorization code that the client
/// exchanges for tokens with [`ExchangeOidcToken`](crate::oidc::ExchangeOidcToken), once and within five
/// minutes.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::{AuthorizeOidc, CodeChallenge}};
///
/// // From RFC 7636, appendix B: the BASE64URL-encoded SHA-256 of the code verifier.
/// let challenge = CodeChallenge::s256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// let authorize = AuthorizeOidc::new("web", "client-id", "https://app.example.com/callback", challenge)
///     .scopes(["profile"])
///     .state("random");
/// let request = authorize.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/provider/web/authorize");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If the server rejects the request, [`ApiError::oauth`](crate::error::ApiError::oauth) returns the OAuth
/// error.
///
/// API: `GET /identity/oidc/provider/:name/authorize`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizeOidc {
    /// Name of the provider.
    pub provider: String,
    /// The client.
    pub client_id: ClientId,
    /// One of the client's redirect URIs. The exchange must name the same one.
    pub redirect_uri: String,
    /// Names of scopes, separated by spaces, including `openid`. The server ignores unknown ones.
    pub scope: String,
    /// Returned with the code.
    pub state: Option<String>,
    /// Returned in the ID token.
    pub nonce: Option<String>,
    /// Maximum time since the caller's login: whole seconds, at least one.
    pub max_age: Option<Duration>,
    /// PKCE code challenge (RFC 7636).
    pub code_challenge: Option<CodeChallenge>,
}

/// A PKCE code challenge (RFC 7636), which is derived from a secret verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeChallenge {
    /// The challenge: 43 to 128 characters.
    pub challenge: String,
    /// How the challenge is derived from the verifier.
    pub method: CodeChallengeMethod,
}

open_enum! {
    /// How a code challenge is derived from the verifier (RFC 7636).
    pub enum CodeChallengeMethod {
        /// The base64url-encoded SHA-256 hash of the verifier.
        S256 = "S256",
        /// The verifier itself.
        Plain = "plain",
    }
}

impl CodeChallenge {
    /// Creates a challenge from the base64url-encoded SHA-256 hash of the verifier.
    pub fn s256(challenge: impl Into<String>) -> Self {
        Self { challenge: challenge.into(), method: CodeChallengeMethod::S256 }
    }

    /// Creates a challenge that is the verifier itself. Use it only if SHA-256 is not available.
    pub fn plain(challenge: impl Into<String>) -> Self {
        Self { challenge: challenge.into(), method: CodeChallengeMethod::Plain }
    }
}

impl AuthorizeOidc {
    /// Creates a request with a code challenge. Public clients need one, and all clients should use one.
    pub fn new(
        provider: impl Into<String>,
        client_id: impl Into<ClientId>,
        redirect_uri: impl Into<String>,
        code_challenge: CodeChallenge,
    ) -> Self {
        Self {
            code_challenge: Some(code_challenge),
            ..Self::without_code_challenge(provider, client_id, redirect_uri)
        }
    }

    /// Creates a request without a code challenge, for confidential clients that do not support PKCE.
    pub fn without_code_challenge(
        provider: impl Into<String>,
        client_id: impl Into<ClientId>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            provider: provider.into(),
            client_id: client_id.into(),
            redirect_uri: redirect_uri.into(),
            scope: "openid".to_owned(),
            state: None,
            nonce: None,
            max_age: None,
            code_challenge: None,
        }
    }

    /// Sets the names of the scopes. `openid` is always included.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        "openid".clone_into(&mut self.scope);
        for scope in scopes {
            let scope = scope.as_ref();
            if scope != "openid" {
                self.scope.push(' ');
                self.scope.push_str(scope);
            }
        }
        self
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("client_id", [&self.client_id])?;
        require_non_empty("redirect_uri", [&self.redirect_uri])?;
        if !self.scope.split(' ').any(|scope| scope == "openid") {
            return Err(RequestError::new("scope", "must contain `openid`"));
        }
        let challenge = self.code_challenge.as_ref().map(|challenge| challenge.challenge.len());
        if challenge.is_some_and(|length| !(43..=128).contains(&length)) {
            return Err(RequestError::new("code_challenge", "must be 43 to 128 characters"));
        }
        Ok(())
    }

    fn checked_pairs(&self) -> Result<Vec<(&'static str, String)>, RequestError> {
        self.check()?;
        let max_age = self.max_age.map(|age| ser::positive_seconds("max_age", age)).transpose()?;
        let challenge = self.code_challenge.as_ref();
        let optional = [
            ("state", self.state.clone()),
            ("nonce", self.nonce.clone()),
            ("max_age", max_age.map(|age| age.to_string())),
            ("code_challenge", challenge.map(|challenge| challenge.challenge.clone())),
            ("code_challenge_method", challenge.map(|challenge| challenge.method.to_string())),
        ];
        let mut pairs = vec![
            ("client_id", self.client_id.to_string()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("response_type", "code".to_owned()),
            ("scope", self.scope.clone()),
        ];
        pairs.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Ok(pairs)
    }
}

setters!(AuthorizeOidc {
    /// Sets a value that is returned with the code. Compare it to prevent cross-site request forgery.
    state(text) => state;
    /// Sets a value that is returned in the ID token. Compare it to prevent replay attacks.
    nonce(text) => nonce;
    /// Sets the maximum time since the caller's login: whole seconds, at least one.
    max_age(duration) => max_age;
});

impl Endpoint for AuthorizeOidc {
    type Output = AuthorizationCode;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "identity/oidc/provider/{name}/authorize";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let pairs = self.checked_pairs()?;
        let builder = builder.path_name("name", &self.provider).map_err(|error| error.of("provider"))?;
        Ok(pairs.iter().fold(builder, |builder, (name, value)| builder.query(name, value)).idempotent(false))
    }

    fn decode(response: ApiResponse<'_>) -> Result<AuthorizationCode, ResponseError> {
        response.json()
    }
}

impl EncodeResponse for AuthorizeOidc {
    fn encode_response(output: &AuthorizationCode) -> http::Response<bytes::Bytes> {
        test_response::json(&output.exposed())
    }
}

/// Sends [`AuthorizeOidc`] as a `POST` with the parameters in the body, for policies that grant `update`
/// rather than `read`.
///
/// API: `POST /identity/oidc/provider/:name/authorize`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeOidcByPost(pub AuthorizeOidc);

impl Endpoint for AuthorizeOidcByPost {
    type Output = AuthorizationCode;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = AuthorizeOidc::PATH;

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let pairs = self.0.checked_pairs()?;
        let builder = builder.path_name("name", &self.0.provider).map_err(|error| error.of("provider"))?;
        Ok(builder.form(pairs))
    }

    fn decode(response: ApiResponse<'_>) -> Result<AuthorizationCode, ResponseError> {
        AuthorizeOidc::decode(response)
    }
}

impl EncodeResponse for AuthorizeOidcByPost {
    fn encode_response(output: &AuthorizationCode) -> http::Response<bytes::Bytes> {
        AuthorizeOidc::encode_response(output)
    }
}

/// An authorization code, which a client exchanges for tokens.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationCode {
    /// The code.
    pub code: SecretString,
    /// The request's `state`, if it had one.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub state: Option<String>,
}

impl AuthorizationCode {
    /// Creates a code for use in tests.
    pub fn new(code: impl Into<SecretString>, state: Option<String>) -> Self {
        Self { code: code.into(), state }
    }

    fn exposed(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Wire<'a> {
            code: Exposed<'a>,
            state: &'a str,
        }
        Wire { code: Exposed(&self.code), state: self.state.as_deref().unwrap_or_default() }
    }
}
