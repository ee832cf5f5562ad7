use identity_core::{
    AliasInfo, CreateEntityAlias, DeleteEntityAliasById, EntityAlias, EntityAliasId, EntityId, KeyList,
    ListEntityAliases, Maybe, ReadEntityAliasById, UpdateEntityAliasById, WrittenAlias,
};

use crate::Result;
use crate::handle::handle;

handle! {
    /// Entity aliases, from [`Client::entity_aliases`](crate::Client::entity_aliases).
    pub struct EntityAliases;

    /// Creates an alias, or updates the one of that name at that mount: see [`CreateEntityAlias`].
    #[doc(alias = "create_or_update_entity_alias")]
    fn create(self, create: &CreateEntityAlias) -> Result<Option<WrittenAlias<EntityAliasId, EntityId>>> { self.client.call(create) }

    /// Reads an alias. That there is none is an error: see [`ReadEntityAliasById`].
    #[doc(alias = "read_entity_alias")]
    fn read(self, id: impl Into<EntityAliasId>) -> Result<EntityAlias> { self.client.call(&ReadEntityAliasById::new(id)) }

    /// Reads an alias, if there is one: see [`ReadEntityAliasById`].
    fn find(self, id: impl Into<EntityAliasId>) -> Result<Option<EntityAlias>> { self.client.call(&Maybe(ReadEntityAliasById::new(id))) }

    /// Updates an alias: see [`UpdateEntityAliasById`].
    #[doc(alias = "update_entity_alias")]
    fn update(self, update: &UpdateEntityAliasById) -> Result<Option<WrittenAlias<EntityAliasId, EntityId>>> { self.client.call(update) }

    /// Deletes an alias. That there is none is no error: see [`DeleteEntityAliasById`].
    #[doc(alias = "delete_entity_alias")]
    fn delete(self, id: impl Into<EntityAliasId>) -> Result<()> { self.client.call(&DeleteEntityAliasById::new(id)) }

    /// Lists all entity aliases: see [`ListEntityAliases`].
    #[doc(alias = "list_entity_aliases")]
    fn list(self) -> Result<KeyList<EntityAliasId, AliasInfo<EntityId>>> { self.client.call(&ListEntityAliases) }
}
