use identity_core::{
    KeyList, Maybe,
    oidc::{DeleteOidcRole, ListOidcRoles, OidcRole, ReadOidcRole, WriteOidcRole},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Roles, from [`Oidc::roles`](crate::handles::Oidc::roles).
    pub struct OidcRoles;

    /// Creates a role, or updates it: see [`WriteOidcRole`].
    #[doc(alias = "create_or_update_role")]
    fn write(self, write: &WriteOidcRole) -> Result<()> { self.client.call(write) }

    /// Reads a role. That there is none is an error: see [`ReadOidcRole`].
    #[doc(alias = "read_role")]
    fn read(self, name: impl Into<String>) -> Result<OidcRole> { self.client.call(&ReadOidcRole::new(name)) }

    /// Reads a role, if there is one: see [`ReadOidcRole`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcRole>> { self.client.call(&Maybe(ReadOidcRole::new(name))) }

    /// Deletes a role. That there is none is no error: see [`DeleteOidcRole`].
    #[doc(alias = "delete_role")]
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteOidcRole::new(name)) }

    /// Lists the names of all roles: see [`ListOidcRoles`].
    #[doc(alias = "list_roles")]
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(&ListOidcRoles::new()) }
}
