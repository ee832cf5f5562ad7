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
    /// OpenID providers and the endpoints of their protocol, from
    /// [`Oidc::providers`](crate::handles::Oidc::providers).
    pub struct OidcProviders {
        /// ```no_run
        /// use vault_identity::{Client, Result, oidc::WriteOidcProvider};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let providers = client.oidc().providers();
        ///     providers.write(&WriteOidcProvider::new("web").allowed_client_ids(["*"])).await?;
        ///     println!("{}", providers.discovery("web").await?.issuer);
        ///     Ok(())
        /// }
        /// ```
    }

    /// Creates or updates a provider: see [`WriteOidcProvider`].
    fn write(self, write: &WriteOidcProvider) -> Result<()> { self.client.call(write.clone()) }

    /// Reads a provider: see [`ReadOidcProvider`]. Fails with [`is_not_found`](crate::Error::is_not_found) if
    /// it does not exist.
    fn read(self, name: impl Into<String>) -> Result<OidcProvider> { self.client.call(ReadOidcProvider::new(name)) }

    /// Reads a provider, or returns `None` if it does not exist: see [`ReadOidcProvider`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcProvider>> { self.client.call(Maybe(ReadOidcProvider::new(name))) }

    /// Deletes a provider: see [`DeleteOidcProvider`]. Succeeds if it does not exist.
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteOidcProvider::new(name)) }

    /// Lists all providers: see [`ListOidcProviders`].
    fn list(self) -> Result<KeyList<String, OidcProvider>> { self.client.call(ListOidcProviders::new()) }

    /// Lists the providers that allow a client: see [`ListOidcProviders`].
    fn list_for_client(self, client_id: impl Into<ClientId>) -> Result<KeyList<String, OidcProvider>> {
        self.client.call(ListOidcProviders::for_client(client_id))
    }

    /// Reads the discovery document of a provider: see [`ReadProviderDiscovery`].
    fn discovery(self, name: impl Into<String>) -> Result<ProviderDiscovery> { self.client.call(ReadProviderDiscovery::new(name)) }

    /// Reads the public keys of a provider: see [`ReadProviderJwks`].
    fn jwks(self, name: impl Into<String>) -> Result<Jwks> { self.client.call(ReadProviderJwks::new(name)) }

    /// Logs the entity of the client's token in to an application, and returns an authorization code: see
    /// [`AuthorizeOidc`].
    fn authorize(self, authorize: &AuthorizeOidc) -> Result<AuthorizationCode> { self.client.call(authorize.clone()) }

    /// Exchanges an authorization code, or the credentials of an application, for tokens: see
    /// [`ExchangeOidcToken`].
    fn exchange(self, exchange: &ExchangeOidcToken) -> Result<ProviderTokens> { self.client.call(exchange.clone()) }

    /// Reads the claims of the user for whom an access token was issued: see [`ReadUserInfo`].
    fn user_info(self, provider: impl Into<String>, access_token: impl Into<SecretString>) -> Result<UserInfo> {
        self.client.call(ReadUserInfo::new(provider, access_token))
    }
}
