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

/// An OpenID Connect provider, through which users log in to applications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcProvider {
    /// The full `iss` claim of its tokens, such as
    /// `https://vault.example.com:8200/v1/identity/oidc/provider/web`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub issuer: String,
    /// Identifiers of the clients that may use the provider; `*` allows all.
    #[serde(deserialize_with = "de::list")]
    pub allowed_client_ids: Vec<ClientId>,
    /// Names of the scopes that clients can request.
    #[serde(deserialize_with = "de::list")]
    pub scopes_supported: Vec<String>,
}

/// Creates a provider, or updates it. Settings that are not set keep their values.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::WriteOidcProvider};
///
/// let write = WriteOidcProvider::new("web").allowed_client_ids(["*"]).scopes_supported(["profile"]);
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/provider/web");
/// assert_eq!(request.body(), r#"{"allowed_client_ids":["*"],"scopes_supported":["profile"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The server returns warnings for an issuer, and for scopes with conflicting claims: see
/// [`WithMeta`](crate::WithMeta).
///
/// API: `POST /identity/oidc/provider/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOidcProvider {
    /// The name.
    pub name: String,
    /// Scheme, host and port of the `iss` claim. The full issuer from [`ReadOidcProvider`] works as well: its
    /// path is removed.
    pub issuer: Option<String>,
    /// Identifiers of the clients that may use the provider.
    pub allowed_client_ids: Option<Vec<ClientId>>,
    /// Names of the scopes that clients can request.
    pub scopes_supported: Option<Vec<String>>,
}

impl WriteOidcProvider {
    /// Creates a request for the provider with this name.
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

/// Removes the path that the server appends to an issuer: `/v1/`, the namespace, and the provider.
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
    /// Sets the scheme, host and port of the `iss` claim; empty for the server's own `api_addr`.
    issuer(text) => issuer;
    /// Replaces all clients that may use the provider; an empty list clears them, and `*` allows all.
    allowed_client_ids(values(ClientId)) => allowed_client_ids;
    /// Replaces all scopes, by name; an empty list clears them. The server rejects unknown ones.
    scopes_supported(texts) => scopes_supported;
});

/// Reads a provider. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// API: `GET /identity/oidc/provider/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcProvider {
    /// The name.
    pub name: String,
}

/// Deletes a provider. The server rejects `default`. Succeeds if it does not exist.
///
/// API: `DELETE /identity/oidc/provider/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcProvider {
    /// The name.
    pub name: String,
}

/// Lists all providers by name, or only those that a client may use.
///
/// API: `LIST /identity/oidc/provider`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcProviders {
    /// The client, or `None` for all providers.
    pub allowed_client_id: Option<ClientId>,
}

impl ListOidcProviders {
    /// Creates a request for all providers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a request for the providers that this client may use. Providers that allow `*` are always
    /// included.
    pub fn for_client(client_id: impl Into<ClientId>) -> Self {
        Self { allowed_client_id: Some(client_id.into()) }
    }
}

impl Endpoint for ListOidcProviders {
    type Output = KeyList<String, OidcProvider>;
    const METHOD: Method = Method::List;
    const PATH: &'static str = "identity/oidc/provider";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        require_non_empty("allowed_client_id", &self.allowed_client_id)?;
        Ok(match &self.allowed_client_id {
            Some(client_id) => builder.query("allowed_client_id", client_id.as_str()),
            None => builder,
        })
    }

    fn decode(response: ApiResponse<'_>) -> Result<Self::Output, ResponseError> {
        response.list()
    }
}

impl EncodeResponse for ListOidcProviders {
    fn encode_response(output: &Self::Output) -> http::Response<bytes::Bytes> {
        test_response::list(output)
    }
}
