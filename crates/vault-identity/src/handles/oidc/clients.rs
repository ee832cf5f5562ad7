use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcClient, ListOidcClients, OidcClient, OidcClientInfo, ReadOidcClient, WriteOidcClient},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Clients of the OpenID provider, from [`Oidc::clients`](crate::handles::Oidc::clients).
    pub struct OidcClients;

    /// Creates a client, or updates it: see [`WriteOidcClient`]. Read it to know its identifier and secret.
    fn write(self, write: &WriteOidcClient) -> Result<()> { self.client.call(write) }

    /// Reads a client, with its secret. That there is none is an error: see [`ReadOidcClient`].
    fn read(self, name: impl Into<String>) -> Result<OidcClient> { self.client.call(&ReadOidcClient::new(name)) }

    /// Reads a client, if there is one: see [`ReadOidcClient`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcClient>> { self.client.call(&Maybe(ReadOidcClient::new(name))) }

    /// Deletes a client. That there is none is no error: see [`DeleteOidcClient`].
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteOidcClient::new(name)) }

    /// Lists all clients, without their secrets: see [`ListOidcClients`].
    fn list(self) -> Result<KeyList<String, OidcClientInfo>> { self.client.call(&ListOidcClients::new()) }
}
