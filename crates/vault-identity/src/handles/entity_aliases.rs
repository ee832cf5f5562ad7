use identity_core::{
    EntityAliasId, EntityId, KeyList, Maybe,
    alias::{
        AliasIds, AliasListEntry, AliasWrite, CreateEntityAlias, DeleteEntityAliasById, EntityAlias,
        ListEntityAliases, ReadEntityAliasById, UpdateEntityAliasById,
    },
    lookup::LookupEntity,
};

use crate::Client;
use crate::Result;
use crate::handles::macros::handle;
use crate::upsert::write_again;

handle! {
    /// Entity aliases, from [`Client::entity_aliases`](crate::Client::entity_aliases).
    pub struct EntityAliases;

    /// Creates an alias, or updates the one of that name at that mount: see [`CreateEntityAlias`].
    #[doc(alias = "create_or_update_entity_alias")]
    fn create(self, create: &CreateEntityAlias) -> Result<AliasWrite<EntityAliasId, EntityId>> {
        create_alias(self.client, create)
    }

    /// Reads an alias. That there is none is an error: see [`ReadEntityAliasById`].
    #[doc(alias = "read_entity_alias")]
    fn read(self, id: impl Into<EntityAliasId>) -> Result<EntityAlias> { self.client.call(&ReadEntityAliasById::new(id)) }

    /// Reads an alias, if there is one: see [`ReadEntityAliasById`].
    fn find(self, id: impl Into<EntityAliasId>) -> Result<Option<EntityAlias>> { self.client.call(&Maybe(ReadEntityAliasById::new(id))) }

    /// Updates an alias: see [`UpdateEntityAliasById`].
    #[doc(alias = "update_entity_alias")]
    fn update(self, update: &UpdateEntityAliasById) -> Result<AliasWrite<EntityAliasId, EntityId>> { self.client.call(update) }

    /// Deletes an alias. That there is none is no error: see [`DeleteEntityAliasById`].
    #[doc(alias = "delete_entity_alias")]
    fn delete(self, id: impl Into<EntityAliasId>) -> Result<()> { self.client.call(&DeleteEntityAliasById::new(id)) }

    /// Lists all entity aliases: see [`ListEntityAliases`].
    #[doc(alias = "list_entity_aliases")]
    fn list(self) -> Result<KeyList<EntityAliasId, AliasListEntry<EntityId>>> { self.client.call(&ListEntityAliases::new()) }
}

/// Creates an alias. After an unclear error of the server, the alias is looked up, so that its identifier is
/// not lost.
async fn create_alias(
    client: &Client,
    create: &CreateEntityAlias,
) -> Result<AliasWrite<EntityAliasId, EntityId>> {
    let client = &client.composite();
    let error = match client.call(create).await {
        Err(error) if create.id.is_none() => error,
        outcome => return outcome,
    };
    let lookup = LookupEntity::by_alias(&*create.name, &create.mount_accessor);
    let (write, entity) = write_again(client, create, error, &lookup).await?;
    if write.is_written() {
        return Ok(write);
    }
    let is_it = |alias: &EntityAlias| alias.mount_accessor == create.mount_accessor;
    let found = entity.aliases.into_iter().find(is_it);
    Ok(found.map_or(write, |alias| AliasWrite::Written(AliasIds::new(alias.id, alias.canonical_id))))
}
