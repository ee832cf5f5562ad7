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

/// Logs the entity of the caller's token in to a client: gives the code that the client exchanges for tokens
/// with [`ExchangeOidcToken`](crate::oidc::ExchangeOidcToken). It can be exchanged once, within five minutes.
///
/// A refusal tells a code of OAuth: see [`ApiError::oauth`](crate::error::ApiError::oauth).
///
/// API: `GET /identity/oidc/provider/:name/authorize`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizeOidc {
    /// The name of the provider.
    pub provider: String,
    /// The client.
    pub client_id: ClientId,
    /// One of the client's addresses; the exchange has to name the same.
    pub redirect_uri: String,
    /// The names of scopes, separated by blanks. `openid` is put in front if it is missing; unknown ones are
    /// passed over.
    pub scope: String,
    /// Comes back with the code.
    pub state: Option<String>,
    /// Comes back in the ID token.
    pub nonce: Option<String>,
    /// How long ago the caller may have logged in: whole seconds, at least one.
    pub max_age: Option<Duration>,
    /// What only the holder of the verifier can answer (RFC 7636).
    pub code_challenge: Option<CodeChallenge>,
}

/// What a client hands over to be asked about later (RFC 7636): the hash of a verifier, or the verifier
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeChallenge {
    /// 43 to 128 characters.
    pub challenge: String,
    /// How it was made of the verifier.
    pub method: CodeChallengeMethod,
}

open_enum! {
    /// How a code challenge is made of the verifier (RFC 7636).
    pub enum CodeChallengeMethod {
        /// The base64url of the SHA-256 of the verifier.
        S256 = "S256",
        /// The verifier itself.
        Plain = "plain",
    }
}

impl CodeChallenge {
    /// The base64url of the SHA-256 of the verifier.
    pub fn s256(challenge: impl Into<String>) -> Self {
        Self { challenge: challenge.into(), method: CodeChallengeMethod::S256 }
    }

    /// The verifier itself. Use it only where SHA-256 cannot be had.
    pub fn plain(challenge: impl Into<String>) -> Self {
        Self { challenge: challenge.into(), method: CodeChallengeMethod::Plain }
    }
}

impl AuthorizeOidc {
    /// With a code challenge, as every client should and a public one must.
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

    /// Without a code challenge, for confidential clients that cannot do better.
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

    /// The names of scopes. `openid` is among them, named or not.
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
    /// Comes back with the code. Compare it, so that nobody can slip another's code in.
    state(text) => state;
    /// Comes back in the ID token. Compare it, so that nobody can use a token twice.
    nonce(text) => nonce;
    /// How long ago the caller may have logged in: whole seconds, at least one.
    max_age(duration) => max_age;
});

impl Endpoint for AuthorizeOidc {
    type Output = AuthorizationCode;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "identity/oidc/provider/{name}/authorize";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let pairs = self.checked_pairs()?;
        let draft = draft.path_name("name", &self.provider).map_err(|error| error.of("provider"))?;
        Ok(pairs.iter().fold(draft, |draft, (name, value)| draft.query(name, value)).idempotent(false))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<AuthorizationCode, ResponseError> {
        reply.json()
    }
}

impl EncodeResponse for AuthorizeOidc {
    fn encode_response(output: &AuthorizationCode) -> http::Response<bytes::Bytes> {
        test_response::json(&output.exposed())
    }
}

/// [`AuthorizeOidc`] by `POST`, with the parameters in the body: for policies that grant `update` rather than
/// `read`.
///
/// API: `POST /identity/oidc/provider/:name/authorize`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeOidcByPost(pub AuthorizeOidc);

impl Endpoint for AuthorizeOidcByPost {
    type Output = AuthorizationCode;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = AuthorizeOidc::PATH;

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let pairs = self.0.checked_pairs()?;
        let draft = draft.path_name("name", &self.0.provider).map_err(|error| error.of("provider"))?;
        Ok(draft.form(pairs))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<AuthorizationCode, ResponseError> {
        AuthorizeOidc::decode(reply)
    }
}

impl EncodeResponse for AuthorizeOidcByPost {
    fn encode_response(output: &AuthorizationCode) -> http::Response<bytes::Bytes> {
        AuthorizeOidc::encode_response(output)
    }
}

/// A code that a client exchanges for tokens.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationCode {
    /// The code.
    pub code: SecretString,
    /// What was sent along, if anything was.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub state: Option<String>,
}

impl AuthorizationCode {
    /// A code to answer with, in a test.
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
