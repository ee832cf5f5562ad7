use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcRole, ListOidcRoles, OidcRole, ReadOidcRole, WriteOidcRole},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Roles, which define the content of identity tokens, from [`Oidc::roles`](crate::handles::Oidc::roles).
    pub struct OidcRoles {
        /// ```no_run
        /// use std::time::Duration;
        /// use vault_identity::{Client, Result, oidc::WriteOidcRole};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let write = WriteOidcRole::new("app", "web").ttl(Duration::from_secs(3_600));
        ///     client.oidc().roles().write(&write).await
        /// }
        /// ```
    }

    /// Creates or updates a role: see [`WriteOidcRole`].
    #[doc(alias = "create_or_update_role")]
    fn write(self, write: &WriteOidcRole) -> Result<()> { self.client.call(write.clone()) }

    /// Reads a role: see [`ReadOidcRole`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it does
    /// not exist.
    #[doc(alias = "read_role")]
    fn read(self, name: impl Into<String>) -> Result<OidcRole> { self.client.call(ReadOidcRole::new(name)) }

    /// Reads a role, or returns `None` if it does not exist: see [`ReadOidcRole`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcRole>> { self.client.call(Maybe(ReadOidcRole::new(name))) }

    /// Deletes a role: see [`DeleteOidcRole`]. Succeeds if it does not exist.
    #[doc(alias = "delete_role")]
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteOidcRole::new(name)) }

    /// Lists the names of all roles: see [`ListOidcRoles`].
    #[doc(alias = "list_roles")]
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(ListOidcRoles::new()) }
}
