use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcClient, ListOidcClients, OidcClient, OidcClientInfo, ReadOidcClient, WriteOidcClient},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Clients of the OpenID provider: the applications that users log in to, from
    /// [`Oidc::clients`](crate::handles::Oidc::clients).
    pub struct OidcClients {
        /// ```no_run
        /// use vault_identity::{Client, Result, oidc::WriteOidcClient};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let clients = client.oidc().clients();
        ///     let write = WriteOidcClient::new("app").redirect_uris(["https://app.example.com/cb"]);
        ///     clients.write(&write).await?;
        ///     let app = clients.read("app").await?;
        ///     println!("{app:?}");
        ///     Ok(())
        /// }
        /// ```
    }

    /// Creates or updates a client: see [`WriteOidcClient`]. [`read`](Self::read) returns its identifier and
    /// secret.
    fn write(self, write: &WriteOidcClient) -> Result<()> { self.client.call(write.clone()) }

    /// Reads a client with its secret: see [`ReadOidcClient`]. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    fn read(self, name: impl Into<String>) -> Result<OidcClient> { self.client.call(ReadOidcClient::new(name)) }

    /// Reads a client, or returns `None` if it does not exist: see [`ReadOidcClient`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcClient>> { self.client.call(Maybe(ReadOidcClient::new(name))) }

    /// Deletes a client: see [`DeleteOidcClient`]. Succeeds if it does not exist.
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteOidcClient::new(name)) }

    /// Lists all clients without their secrets: see [`ListOidcClients`].
    fn list(self) -> Result<KeyList<String, OidcClientInfo>> { self.client.call(ListOidcClients::new()) }
}
