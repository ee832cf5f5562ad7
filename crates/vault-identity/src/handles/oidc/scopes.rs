use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcScope, ListOidcScopes, OidcScope, ReadOidcScope, WriteOidcScope},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Scopes, from [`Oidc::scopes`](crate::handles::Oidc::scopes).
    pub struct OidcScopes;

    /// Creates a scope, or updates it: see [`WriteOidcScope`].
    fn write(self, write: &WriteOidcScope) -> Result<()> { self.client.call(write) }

    /// Reads a scope. That there is none is an error: see [`ReadOidcScope`].
    fn read(self, name: impl Into<String>) -> Result<OidcScope> { self.client.call(&ReadOidcScope::new(name)) }

    /// Reads a scope, if there is one: see [`ReadOidcScope`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcScope>> { self.client.call(&Maybe(ReadOidcScope::new(name))) }

    /// Deletes a scope. That there is none is no error: see [`DeleteOidcScope`].
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteOidcScope::new(name)) }

    /// Lists the names of all scopes: see [`ListOidcScopes`].
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(&ListOidcScopes::new()) }
}
