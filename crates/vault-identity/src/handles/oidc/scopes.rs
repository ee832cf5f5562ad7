use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcScope, ListOidcScopes, OidcScope, ReadOidcScope, WriteOidcScope},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Scopes: the claims that a client can request, from [`Oidc::scopes`](crate::handles::Oidc::scopes).
    pub struct OidcScopes {
        /// ```no_run
        /// use vault_identity::{Client, Result, oidc::WriteOidcScope};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let template = r#"{"groups": {{identity.entity.groups.names}}}"#;
        ///     client.oidc().scopes().write(&WriteOidcScope::new("groups").template(template)).await
        /// }
        /// ```
    }

    /// Creates or updates a scope: see [`WriteOidcScope`].
    fn write(self, write: &WriteOidcScope) -> Result<()> { self.client.call(write.clone()) }

    /// Reads a scope: see [`ReadOidcScope`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it
    /// does not exist.
    fn read(self, name: impl Into<String>) -> Result<OidcScope> { self.client.call(ReadOidcScope::new(name)) }

    /// Reads a scope, or returns `None` if it does not exist: see [`ReadOidcScope`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcScope>> { self.client.call(Maybe(ReadOidcScope::new(name))) }

    /// Deletes a scope: see [`DeleteOidcScope`]. Succeeds if it does not exist.
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteOidcScope::new(name)) }

    /// Lists the names of all scopes: see [`ListOidcScopes`].
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(ListOidcScopes::new()) }
}
