use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::endpoint::RequestBuilder;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{
    ClientId, Endpoint, KeyList, de,
    endpoint::{ApiResponse, Method},
    error::{RequestError, ResponseError},
    ser, test_response,
    test_response::EncodeResponse,
};

endpoint!(WriteOidcProvider:  POST   "identity/oidc/provider/{name}" [name: path_name] checked body idempotent -> no_content(()));
endpoint!(ReadOidcProvider:   GET    "identity/oidc/provider/{name}" [name: path_name] -> data(OidcProvider), same name);
endpoint!(DeleteOidcProvider: DELETE "identity/oidc/provider/{name}" [name: path_name] -> no_content(()));

new_with_one_field! {
    ReadOidcProvider { name: String }
    DeleteOidcProvider { name: String }
}

/// An OpenID provider: what the server is to applications that have people log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcProvider {
    /// The whole `iss` of its tokens, such as `https://vault.example.com:8200/v1/identity/oidc/provider/web`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub issuer: String,
    /// The clients that may use it; `*` is all.
    #[serde(deserialize_with = "de::list")]
    pub allowed_client_ids: Vec<ClientId>,
    /// The names of the scopes that clients can ask for.
    #[serde(deserialize_with = "de::list")]
    pub scopes_supported: Vec<String>,
}

/// Creates a provider, or updates it. What is not set stays as it is.
///
/// With an issuer, or scopes that speak of the same claim, the server warns: see
/// [`WithMeta`](crate::WithMeta).
///
/// API: `POST /identity/oidc/provider/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOidcProvider {
    /// The name.
    pub name: String,
    /// The scheme, host and port that the `iss` of tokens begins with. What [`ReadOidcProvider`] tells will
    /// do as well: the path that the server adds is left out again.
    pub issuer: Option<String>,
    /// The clients that may use it.
    pub allowed_client_ids: Option<Vec<ClientId>>,
    /// The names of the scopes.
    pub scopes_supported: Option<Vec<String>>,
}

impl WriteOidcProvider {
    /// The provider of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), issuer: None, allowed_client_ids: None, scopes_supported: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("allowed_client_ids", self.allowed_client_ids.iter().flatten())?;
        require_non_empty("scopes_supported", self.scopes_supported.iter().flatten())?;
        ser::require_joinable("allowed_client_ids", self.allowed_client_ids.as_ref())?;
        ser::require_joinable("scopes_supported", self.scopes_supported.as_ref())
    }

    #[allow(clippy::ref_option_ref, reason = "serde hands over a reference to the field")]
    fn body(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            issuer: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
            allowed_client_ids: Option<&'a [ClientId]>,
            #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
            scopes_supported: Option<&'a [String]>,
        }
        Body {
            issuer: self.issuer.as_deref().map(|issuer| without_own_path(issuer, &self.name)),
            allowed_client_ids: self.allowed_client_ids.as_deref(),
            scopes_supported: self.scopes_supported.as_deref(),
        }
    }
}

/// An issuer without the path that the server adds to it: `/v1/`, the namespace, and the provider.
fn without_own_path<'a>(issuer: &'a str, name: &str) -> &'a str {
    let origin = || {
        let (scheme, rest) = issuer.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        let path = path.strip_suffix(name)?.strip_suffix("identity/oidc/provider/")?;
        path.starts_with("v1/").then(|| &issuer[..scheme.len() + "://".len() + host.len()])
    };
    origin().unwrap_or(issuer)
}

setters!(WriteOidcProvider {
    /// The scheme, host and port that the `iss` of tokens begins with; empty for the server's own `api_addr`.
    issuer(text) => issuer;
    /// Takes the place of all clients that may use it; `*` is all.
    allowed_client_ids(values(ClientId)) => allowed_client_ids;
    /// Takes the place of all scopes, by name; they have to exist.
    scopes_supported(texts) => scopes_supported;
});

/// Reads a provider.
///
/// API: `GET /identity/oidc/provider/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcProvider {
    /// The name.
    pub name: String,
}

/// Deletes a provider. `default` is refused. That there is none is no error.
///
/// API: `DELETE /identity/oidc/provider/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcProvider {
    /// The name.
    pub name: String,
}

/// Lists all providers by name, or those that a client may use.
///
/// API: `LIST /identity/oidc/provider`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcProviders {
    /// The client; `None` for all providers.
    pub allowed_client_id: Option<ClientId>,
}

impl ListOidcProviders {
    /// All providers.
    pub fn all() -> Self {
        Self::default()
    }

    /// The providers that this client may use. Those that allow `*` are always among them.
    pub fn for_client(client_id: impl Into<ClientId>) -> Self {
        Self { allowed_client_id: Some(client_id.into()) }
    }
}

impl Endpoint for ListOidcProviders {
    type Output = KeyList<String, OidcProvider>;
    const METHOD: Method = Method::List;
    const PATH: &'static str = "identity/oidc/provider";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        require_non_empty("allowed_client_id", &self.allowed_client_id)?;
        Ok(match &self.allowed_client_id {
            Some(client_id) => draft.query("allowed_client_id", client_id.as_str()),
            None => draft,
        })
    }

    fn decode(reply: ApiResponse<'_>) -> Result<Self::Output, ResponseError> {
        reply.list()
    }
}

impl EncodeResponse for ListOidcProviders {
    fn encode_response(output: &Self::Output) -> http::Response<bytes::Bytes> {
        test_response::list(output)
    }
}
