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

/// Exchanges an authorization code, or a client's own credentials, for tokens. The target's token is not
/// sent.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::{ClientAuth, ExchangeOidcToken}};
///
/// let client = ClientAuth::basic("client-id", "client-secret");
/// let exchange = ExchangeOidcToken::code("web", client, "code", "https://app.example.com/callback");
/// let request = exchange.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/provider/web/token");
/// assert!(request.headers()["authorization"].is_sensitive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// If the server rejects the request, [`ApiError::oauth`](crate::error::ApiError::oauth) returns the OAuth
/// error, and the code can no longer be used.
///
/// API: `POST /identity/oidc/provider/:name/token`
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExchangeOidcToken {
    /// Name of the provider.
    pub provider: String,
    /// How the client authenticates.
    pub client: ClientAuth,
    /// The grant that the client exchanges for tokens.
    pub grant: Grant,
}

/// How a client authenticates. A public client has only the verifier of its code challenge, which is
/// therefore required.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuth {
    /// A confidential client that sends its secret in the header `Authorization`.
    Basic {
        /// The client.
        client_id: ClientId,
        /// The client's secret.
        client_secret: SecretString,
    },
    /// A confidential client that sends its secret in the body.
    Post {
        /// The client.
        client_id: ClientId,
        /// The client's secret.
        client_secret: SecretString,
    },
    /// A public client.
    Public {
        /// The client.
        client_id: ClientId,
        /// Verifier of the code challenge.
        code_verifier: SecretString,
    },
}

impl ClientAuth {
    /// Creates a confidential client that sends its secret in the header `Authorization`.
    pub fn basic(client_id: impl Into<ClientId>, client_secret: impl Into<SecretString>) -> Self {
        Self::Basic { client_id: client_id.into(), client_secret: client_secret.into() }
    }

    /// Creates a confidential client that sends its secret in the body.
    pub fn post(client_id: impl Into<ClientId>, client_secret: impl Into<SecretString>) -> Self {
        Self::Post { client_id: client_id.into(), client_secret: client_secret.into() }
    }

    /// Creates a public client with the verifier of its code challenge.
    pub fn public(client_id: impl Into<ClientId>, code_verifier: impl Into<SecretString>) -> Self {
        Self::Public { client_id: client_id.into(), code_verifier: code_verifier.into() }
    }
}

/// A grant that a client exchanges for tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// An authorization code, for tokens of the user that logged in.
    AuthorizationCode {
        /// The code.
        code: SecretString,
        /// The redirect URI of the request for the code.
        redirect_uri: String,
        /// Verifier of a confidential client's code challenge, if it used one.
        code_verifier: Option<SecretString>,
    },
    /// The client's own credentials. OpenBao only, for clients with the client credentials flow.
    ClientCredentials {
        /// Names of scopes, separated by spaces, including `openid`.
        scope: String,
    },
}

impl ExchangeOidcToken {
    /// Creates a request that exchanges an authorization code, which was requested with this `redirect_uri`.
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

    /// Creates a request for an access token of a confidential client itself. OpenBao only.
    pub fn client_credentials(provider: impl Into<String>, client: ClientAuth) -> Self {
        let grant = Grant::ClientCredentials { scope: "openid".to_owned() };
        Self { provider: provider.into(), client, grant }
    }

    /// Sets the verifier of a confidential client's code challenge. Ignored by the client credentials flow.
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
                Err(RequestError::new("code_verifier", "must not be set twice: `ClientAuth::Public` has one"))
            }
            Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
                require_non_empty("code_verifier", code_verifier.iter().map(ExposeSecret::expose_secret))?;
                require_non_empty("code", [code.expose_secret()])?;
                require_non_empty("redirect_uri", [redirect_uri])
            }
            Grant::ClientCredentials { .. } if matches!(self.client, ClientAuth::Public { .. }) => {
                Err(RequestError::new("client", "must be confidential to use the client credentials flow"))
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

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        self.check()?;
        let mut builder =
            builder.path_name("name", &self.provider).map_err(|error| error.of("provider"))?.without_token();
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
                builder = builder.basic_auth(client_id.as_str(), client_secret)?;
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
        Ok(builder.form(form))
    }

    fn decode(response: ApiResponse<'_>) -> Result<ProviderTokens, ResponseError> {
        response.json()
    }
}

impl EncodeResponse for ExchangeOidcToken {
    fn encode_response(output: &ProviderTokens) -> http::Response<bytes::Bytes> {
        test_response::json(&output.exposed())
    }
}

/// The tokens of a client.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ProviderTokens {
    /// Token for [`ReadUserInfo`](crate::oidc::ReadUserInfo). In the client credentials flow it is a JWT that
    /// identifies no user.
    pub access_token: SecretString,
    /// JWT that identifies the user. `None` in the client credentials flow.
    #[serde(default)]
    pub id_token: Option<SecretString>,
    /// Always `Bearer`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub token_type: String,
    /// Lifetime of the access token.
    #[serde(default, deserialize_with = "de::seconds")]
    pub expires_in: Duration,
}

impl ProviderTokens {
    /// Creates tokens for use in tests.
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
