use identity_core::{
    ClientId, KeyList, Maybe, SecretString,
    oidc::{
        AuthorizationCode, AuthorizeOidc, DeleteOidcProvider, ExchangeOidcToken, Jwks, ListOidcProviders,
        OidcProvider, ProviderDiscovery, ProviderTokens, ReadOidcProvider, ReadProviderDiscovery,
        ReadProviderJwks, ReadUserInfo, UserInfo, WriteOidcProvider,
    },
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// OpenID providers and their protocol, from [`Oidc::providers`](crate::handles::Oidc::providers).
    pub struct OidcProviders;

    /// Creates a provider, or updates it: see [`WriteOidcProvider`].
    fn write(self, write: &WriteOidcProvider) -> Result<()> { self.client.call(write) }

    /// Reads a provider. That there is none is an error: see [`ReadOidcProvider`].
    fn read(self, name: impl Into<String>) -> Result<OidcProvider> { self.client.call(&ReadOidcProvider::new(name)) }

    /// Reads a provider, if there is one: see [`ReadOidcProvider`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcProvider>> { self.client.call(&Maybe(ReadOidcProvider::new(name))) }

    /// Deletes a provider. That there is none is no error: see [`DeleteOidcProvider`].
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteOidcProvider::new(name)) }

    /// Lists all providers: see [`ListOidcProviders`].
    fn list(self) -> Result<KeyList<String, OidcProvider>> { self.client.call(&ListOidcProviders::all()) }

    /// Lists the providers that a client may use: see [`ListOidcProviders`].
    fn list_for_client(self, client_id: impl Into<ClientId>) -> Result<KeyList<String, OidcProvider>> {
        self.client.call(&ListOidcProviders::for_client(client_id))
    }

    /// Reads what an application needs to know of a provider: see [`ReadProviderDiscovery`].
    fn discovery(self, name: impl Into<String>) -> Result<ProviderDiscovery> { self.client.call(&ReadProviderDiscovery::new(name)) }

    /// Reads the public keys of a provider's clients: see [`ReadProviderJwks`].
    fn jwks(self, name: impl Into<String>) -> Result<Jwks> { self.client.call(&ReadProviderJwks::new(name)) }

    /// Logs the entity of the client's token in to an application, and gives a code for it: see [`AuthorizeOidc`].
    fn authorize(self, authorize: &AuthorizeOidc) -> Result<AuthorizationCode> { self.client.call(authorize) }

    /// Gives an application its tokens, for a code or for itself: see [`ExchangeOidcToken`].
    fn exchange(self, exchange: &ExchangeOidcToken) -> Result<ProviderTokens> { self.client.call(exchange) }

    /// Tells who logged in, by an access token: see [`ReadUserInfo`].
    fn user_info(self, provider: impl Into<String>, access_token: impl Into<SecretString>) -> Result<UserInfo> {
        self.client.call(&ReadUserInfo::new(provider, access_token))
    }
}
