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
    pub struct GroupAliases;

    /// Gives an external group its alias: see [`CreateGroupAlias`].
    #[doc(alias = "create_or_update_group_alias")]
    fn create(self, create: &CreateGroupAlias) -> Result<AliasWrite<GroupAliasId, GroupId>> { self.client.call(create) }

    /// Reads an alias. That there is none is an error: see [`ReadGroupAliasById`].
    #[doc(alias = "read_group_alias")]
    fn read(self, id: impl Into<GroupAliasId>) -> Result<GroupAlias> { self.client.call(&ReadGroupAliasById::new(id)) }

    /// Reads an alias, if there is one: see [`ReadGroupAliasById`].
    fn find(self, id: impl Into<GroupAliasId>) -> Result<Option<GroupAlias>> { self.client.call(&Maybe(ReadGroupAliasById::new(id))) }

    /// Updates an alias: see [`UpdateGroupAliasById`].
    #[doc(alias = "update_group_alias")]
    fn update(self, update: &UpdateGroupAliasById) -> Result<AliasWrite<GroupAliasId, GroupId>> { self.client.call(update) }

    /// Deletes an alias. That there is none is no error: see [`DeleteGroupAliasById`].
    #[doc(alias = "delete_group_alias")]
    fn delete(self, id: impl Into<GroupAliasId>) -> Result<()> { self.client.call(&DeleteGroupAliasById::new(id)) }

    /// Lists all group aliases: see [`ListGroupAliases`].
    #[doc(alias = "list_group_aliases")]
    fn list(self) -> Result<KeyList<GroupAliasId, AliasListEntry<GroupId>>> { self.client.call(&ListGroupAliases::new()) }
}
