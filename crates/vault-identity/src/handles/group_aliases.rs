use identity_core::{
    GroupAliasId, GroupId, KeyList, Maybe,
    alias::{
        AliasListEntry, AliasWrite, CreateGroupAlias, DeleteGroupAliasById, GroupAlias, ListGroupAliases,
        ReadGroupAliasById, UpdateGroupAliasById,
    },
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Group aliases, from [`Client::group_aliases`](crate::Client::group_aliases).
    pub struct GroupAliases {
        /// ```no_run
        /// use vault_identity::{Client, GroupId, Result, alias::CreateGroupAlias};
        ///
        /// pub async fn example(client: &Client, engineers: &GroupId) -> Result<()> {
        ///     let aliases = client.group_aliases();
        ///     let alias = CreateGroupAlias::new("ldap-engineers", "auth_ldap_1f2e3d4c");
        ///     aliases.create(&alias.canonical_id(engineers)).await?;
        ///     println!("{} aliases", aliases.list().await?.len());
        ///     Ok(())
        /// }
        /// ```
    }

    /// Creates the alias of an external group, or updates it: see [`CreateGroupAlias`].
    #[doc(alias = "create_or_update_group_alias")]
    fn create(self, create: &CreateGroupAlias) -> Result<AliasWrite<GroupAliasId, GroupId>> { self.client.call(create.clone()) }

    /// Reads an alias: see [`ReadGroupAliasById`]. Fails with [`is_not_found`](crate::Error::is_not_found) if
    /// it does not exist.
    #[doc(alias = "read_group_alias")]
    fn read(self, id: impl Into<GroupAliasId>) -> Result<GroupAlias> { self.client.call(ReadGroupAliasById::new(id)) }

    /// Reads an alias, or returns `None` if it does not exist: see [`ReadGroupAliasById`].
    fn find(self, id: impl Into<GroupAliasId>) -> Result<Option<GroupAlias>> { self.client.call(Maybe(ReadGroupAliasById::new(id))) }

    /// Updates an alias: see [`UpdateGroupAliasById`].
    #[doc(alias = "update_group_alias")]
    fn update(self, update: &UpdateGroupAliasById) -> Result<AliasWrite<GroupAliasId, GroupId>> { self.client.call(update.clone()) }

    /// Deletes an alias: see [`DeleteGroupAliasById`]. Succeeds if it does not exist.
    #[doc(alias = "delete_group_alias")]
    fn delete(self, id: impl Into<GroupAliasId>) -> Result<()> { self.client.call(DeleteGroupAliasById::new(id)) }

    /// Lists all group aliases: see [`ListGroupAliases`].
    #[doc(alias = "list_group_aliases")]
    fn list(self) -> Result<KeyList<GroupAliasId, AliasListEntry<GroupId>>> { self.client.call(ListGroupAliases::new()) }
}
