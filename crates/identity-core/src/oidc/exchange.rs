use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::endpoint::RequestBuilder;
use crate::error::{RequestError, ResponseError};
use crate::secret::Exposed;
use crate::{
    ClientId, Endpoint, de,
    endpoint::{ApiResponse, Method},
    test_response,
    test_response::EncodeResponse,
};

/// Gives a client its tokens, for a code or for itself. The target's token is not sent.
///
/// A refusal tells a code of OAuth: see [`ApiError::oauth`](crate::error::ApiError::oauth). It uses up the code all
/// the same.
///
/// API: `POST /identity/oidc/provider/:name/token`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExchangeOidcToken {
    /// The name of the provider.
    pub provider: String,
    /// Who asks.
    pub client: ClientAuth,
    /// What for.
    pub grant: Grant,
}

/// How a client says who it is. A public one has nothing but the verifier of its code challenge, so it cannot
/// be said without.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuth {
    /// A confidential client, with its secret in the header `Authorization`.
    Basic {
        /// The client.
        client_id: ClientId,
        /// Its secret.
        client_secret: SecretString,
    },
    /// A confidential client, with its secret in the body.
    Post {
        /// The client.
        client_id: ClientId,
        /// Its secret.
        client_secret: SecretString,
    },
    /// A public client.
    Public {
        /// The client.
        client_id: ClientId,
        /// What the code challenge was made of.
        code_verifier: SecretString,
    },
}

impl ClientAuth {
    /// A confidential client, with its secret in the header `Authorization`.
    pub fn basic(client_id: impl Into<ClientId>, client_secret: impl Into<SecretString>) -> Self {
        Self::Basic { client_id: client_id.into(), client_secret: client_secret.into() }
    }

    /// A confidential client, with its secret in the body.
    pub fn post(client_id: impl Into<ClientId>, client_secret: impl Into<SecretString>) -> Self {
        Self::Post { client_id: client_id.into(), client_secret: client_secret.into() }
    }

    /// A public client, with the verifier of its code challenge.
    pub fn public(client_id: impl Into<ClientId>, code_verifier: impl Into<SecretString>) -> Self {
        Self::Public { client_id: client_id.into(), code_verifier: code_verifier.into() }
    }
}

/// What tokens are given for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// A code, for the person that logged in.
    AuthorizationCode {
        /// The code.
        code: SecretString,
        /// The address that the code was asked for.
        redirect_uri: String,
        /// What a confidential client's code challenge was made of, if there was one.
        code_verifier: Option<SecretString>,
    },
    /// The client itself. OpenBao only, and only for clients that are allowed to.
    ClientCredentials {
        /// The names of scopes, separated by blanks, `openid` among them.
        scope: String,
    },
}

impl ExchangeOidcToken {
    /// Exchanges a code, asked for with this `redirect_uri`.
    pub fn code(
        provider: impl Into<String>,
        client: ClientAuth,
        code: impl Into<SecretString>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        let grant = Grant::AuthorizationCode {
            code: code.into(),
            redirect_uri: redirect_uri.into(),
            code_verifier: None,
        };
        Self { provider: provider.into(), client, grant }
    }

    /// Gives a confidential client a token for itself. OpenBao only.
    pub fn client_credentials(provider: impl Into<String>, client: ClientAuth) -> Self {
        let grant = Grant::ClientCredentials { scope: "openid".to_owned() };
        Self { provider: provider.into(), client, grant }
    }

    /// What a confidential client's code challenge was made of. A token for the client itself has none.
    #[must_use]
    pub fn code_verifier(mut self, verifier: impl Into<SecretString>) -> Self {
        if let Grant::AuthorizationCode { code_verifier, .. } = &mut self.grant {
            *code_verifier = Some(verifier.into());
        }
        self
    }

    fn check(&self) -> Result<(), RequestError> {
        match &self.client {
            ClientAuth::Basic { client_id, client_secret }
            | ClientAuth::Post { client_id, client_secret } => {
                require_non_empty("client_id", [client_id])?;
                require_non_empty("client_secret", [client_secret.expose_secret()])?;
            }
            ClientAuth::Public { client_id, code_verifier } => {
                require_non_empty("client_id", [client_id])?;
                require_non_empty("code_verifier", [code_verifier.expose_secret()])?;
            }
        }
        match &self.grant {
            Grant::AuthorizationCode { code_verifier: Some(_), .. }
                if matches!(self.client, ClientAuth::Public { .. }) =>
            {
                Err(RequestError::new(
                    "code_verifier",
                    "is a public client's own, and must not be given twice",
                ))
            }
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                require_non_empty("code_verifier", code_verifier.iter().map(ExposeSecret::expose_secret))?;
                require_non_empty("code", [code.expose_secret()])?;
                require_non_empty("redirect_uri", [redirect_uri])
            }
            Grant::ClientCredentials { .. } if matches!(self.client, ClientAuth::Public { .. }) => {
                Err(RequestError::new("client", "must be a confidential one to get a token for itself"))
            }
            Grant::ClientCredentials { scope } if !scope.split(' ').any(|scope| scope == "openid") => {
                Err(RequestError::new("scope", "must contain `openid`"))
            }
            Grant::ClientCredentials { .. } => Ok(()),
        }
    }
}

impl Endpoint for ExchangeOidcToken {
    type Output = ProviderTokens;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "identity/oidc/provider/{name}/token";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        self.check()?;
        let mut draft =
            draft.path_name("name", &self.provider).map_err(|error| error.of("provider"))?.without_token();
        let mut form: Vec<(&str, &str)> = Vec::new();
        match &self.grant {
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                form.push(("grant_type", "authorization_code"));
                form.push(("code", code.expose_secret()));
                form.push(("redirect_uri", redirect_uri));
                form.extend(code_verifier.iter().map(|verifier| ("code_verifier", verifier.expose_secret())));
            }
            Grant::ClientCredentials { scope } => {
                form.push(("grant_type", "client_credentials"));
                form.push(("scope", scope));
            }
        }
        match &self.client {
            ClientAuth::Basic { client_id, client_secret } => {
                draft = draft.basic_auth(client_id.as_str(), client_secret)?;
            }
            ClientAuth::Post { client_id, client_secret } => {
                form.push(("client_id", client_id.as_str()));
                form.push(("client_secret", client_secret.expose_secret()));
            }
            ClientAuth::Public { client_id, code_verifier } => {
                form.push(("client_id", client_id.as_str()));
                form.push(("code_verifier", code_verifier.expose_secret()));
            }
        }
        Ok(draft.form(form))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<ProviderTokens, ResponseError> {
        reply.json()
    }
}

impl EncodeResponse for ExchangeOidcToken {
    fn encode_response(output: &ProviderTokens) -> http::Response<bytes::Bytes> {
        test_response::json(&output.exposed())
    }
}

/// What a client is given.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ProviderTokens {
    /// Tells, to [`ReadUserInfo`](crate::oidc::ReadUserInfo), who logged in. For a client itself it is a JWT, and
    /// tells nothing there.
    pub access_token: SecretString,
    /// Says who logged in, in a JWT. `None` for a client itself.
    #[serde(default)]
    pub id_token: Option<SecretString>,
    /// `Bearer`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub token_type: String,
    /// How long the access token lives.
    #[serde(default, deserialize_with = "de::seconds")]
    pub expires_in: Duration,
}

impl ProviderTokens {
    /// Tokens to answer with, in a test.
    pub fn new(
        access_token: impl Into<SecretString>,
        id_token: Option<SecretString>,
        expires_in: Duration,
    ) -> Self {
        Self { access_token: access_token.into(), id_token, token_type: "Bearer".to_owned(), expires_in }
    }

    fn exposed(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Wire<'a> {
            access_token: Exposed<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id_token: Option<Exposed<'a>>,
            token_type: &'a str,
            expires_in: u64,
        }
        Wire {
            access_token: Exposed(&self.access_token),
            id_token: self.id_token.as_ref().map(Exposed),
            token_type: &self.token_type,
            expires_in: self.expires_in.as_secs(),
        }
    }
}
