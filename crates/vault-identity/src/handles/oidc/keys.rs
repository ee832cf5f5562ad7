use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcKey, ListOidcKeys, OidcKey, ReadOidcKey, RotateOidcKey, WriteOidcKey},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Named keys, which sign tokens, from [`Oidc::keys`](crate::handles::Oidc::keys).
    pub struct OidcKeys {
        /// ```no_run
        /// use std::time::Duration;
        /// use vault_identity::{Client, Result, oidc::{RotateOidcKey, WriteOidcKey}};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let keys = client.oidc().keys();
        ///     let write = WriteOidcKey::new("web").rotation_period(Duration::from_secs(86_400));
        ///     keys.write(&write.allowed_client_ids(["*"])).await?;
        ///     keys.rotate(&RotateOidcKey::new("web")).await
        /// }
        /// ```
    }

    /// Creates or updates a key: see [`WriteOidcKey`].
    #[doc(alias = "create_named_key")]
    fn write(self, write: &WriteOidcKey) -> Result<()> { self.client.call(write.clone()) }

    /// Reads a key: see [`ReadOidcKey`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it does
    /// not exist.
    #[doc(alias = "read_named_key")]
    fn read(self, name: impl Into<String>) -> Result<OidcKey> { self.client.call(ReadOidcKey::new(name)) }

    /// Reads a key, or returns `None` if it does not exist: see [`ReadOidcKey`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcKey>> { self.client.call(Maybe(ReadOidcKey::new(name))) }

    /// Deletes a key: see [`DeleteOidcKey`]. Succeeds if it does not exist.
    #[doc(alias = "delete_named_key")]
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteOidcKey::new(name)) }

    /// Lists the names of all keys: see [`ListOidcKeys`].
    #[doc(alias = "list_named_keys")]
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(ListOidcKeys::new()) }

    /// Rotates a key: the next key pair becomes the current one. See [`RotateOidcKey`].
    #[doc(alias = "rotate_named_key")]
    fn rotate(self, rotate: &RotateOidcKey) -> Result<()> { self.client.call(rotate.clone()) }
}
