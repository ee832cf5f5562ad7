use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcKey, ListOidcKeys, OidcKey, ReadOidcKey, RotateOidcKey, WriteOidcKey},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Named keys, from [`Oidc::keys`](crate::handles::Oidc::keys).
    pub struct OidcKeys;

    /// Creates a key, or updates it: see [`WriteOidcKey`].
    #[doc(alias = "create_named_key")]
    fn write(self, write: &WriteOidcKey) -> Result<()> { self.client.call(write) }

    /// Reads a key. That there is none is an error: see [`ReadOidcKey`].
    #[doc(alias = "read_named_key")]
    fn read(self, name: impl Into<String>) -> Result<OidcKey> { self.client.call(&ReadOidcKey::new(name)) }

    /// Reads a key, if there is one: see [`ReadOidcKey`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcKey>> { self.client.call(&Maybe(ReadOidcKey::new(name))) }

    /// Deletes a key. That there is none is no error: see [`DeleteOidcKey`].
    #[doc(alias = "delete_named_key")]
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteOidcKey::new(name)) }

    /// Lists the names of all keys: see [`ListOidcKeys`].
    #[doc(alias = "list_named_keys")]
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(&ListOidcKeys::new()) }

    /// Has the next key take the place of the current one: see [`RotateOidcKey`].
    #[doc(alias = "rotate_named_key")]
    fn rotate(self, rotate: &RotateOidcKey) -> Result<()> { self.client.call(rotate) }
}
