use identity_core::{
    EntityAliasId, EntityId, KeyList, Maybe,
    alias::{
        AliasIds, AliasListEntry, AliasWrite, CreateEntityAlias, DeleteEntityAliasById, EntityAlias,
        ListEntityAliases, ReadEntityAliasById, UpdateEntityAliasById,
    },
    lookup::LookupEntity,
};

use crate::handles::macros::handle;
use crate::upsert::rewrite_if_found;
use crate::{Client, Result};

handle! {
    /// Entity aliases, from [`Client::entity_aliases`](crate::Client::entity_aliases).
    pub struct EntityAliases {
        /// ```no_run
        /// use vault_identity::{Client, EntityId, Result, alias::CreateEntityAlias};
        ///
        /// pub async fn example(client: &Client, alice: &EntityId) -> Result<()> {
        ///     let aliases = client.entity_aliases();
        ///     let alias = CreateEntityAlias::new("alice@example.com", "auth_oidc_1f2e3d4c");
        ///     aliases.create(&alias.canonical_id(alice)).await?;
        ///     println!("{} aliases", aliases.list().await?.len());
        ///     Ok(())
        /// }
        /// ```
    }

    /// Creates an alias, or updates the alias of the same name at the same mount: see [`CreateEntityAlias`].
    #[doc(alias = "create_or_update_entity_alias")]
    fn create(self, create: &CreateEntityAlias) -> Result<AliasWrite<EntityAliasId, EntityId>> {
        create_alias(self.client.clone(), create.clone())
    }

    /// Reads an alias: see [`ReadEntityAliasById`]. Fails with [`is_not_found`](crate::Error::is_not_found)
    /// if it does not exist.
    #[doc(alias = "read_entity_alias")]
    fn read(self, id: impl Into<EntityAliasId>) -> Result<EntityAlias> { self.client.call(ReadEntityAliasById::new(id)) }

    /// Reads an alias, or returns `None` if it does not exist: see [`ReadEntityAliasById`].
    fn find(self, id: impl Into<EntityAliasId>) -> Result<Option<EntityAlias>> { self.client.call(Maybe(ReadEntityAliasById::new(id))) }

    /// Updates an alias: see [`UpdateEntityAliasById`].
    #[doc(alias = "update_entity_alias")]
    fn update(self, update: &UpdateEntityAliasById) -> Result<AliasWrite<EntityAliasId, EntityId>> { self.client.call(update.clone()) }

    /// Deletes an alias: see [`DeleteEntityAliasById`]. Succeeds if it does not exist.
    #[doc(alias = "delete_entity_alias")]
    fn delete(self, id: impl Into<EntityAliasId>) -> Result<()> { self.client.call(DeleteEntityAliasById::new(id)) }

    /// Lists all entity aliases: see [`ListEntityAliases`].
    #[doc(alias = "list_entity_aliases")]
    fn list(self) -> Result<KeyList<EntityAliasId, AliasListEntry<EntityId>>> { self.client.call(ListEntityAliases::new()) }
}

/// Creates an alias. After an ambiguous error, looks it up to recover its identifier.
async fn create_alias(
    client: Client,
    create: CreateEntityAlias,
) -> Result<AliasWrite<EntityAliasId, EntityId>> {
    let client = client.composite();
    let error = match client.execute(&create).await {
        Err(error) if create.id.is_none() => error,
        outcome => return outcome,
    };
    let lookup = LookupEntity::by_alias(&*create.name, &create.mount_accessor);
    let (write, entity) = rewrite_if_found(&client, &create, error, &lookup).await?;
    if write.is_written() {
        return Ok(write);
    }
    let is_same_mount = |alias: &EntityAlias| alias.mount_accessor == create.mount_accessor;
    let found = entity.aliases.into_iter().find(is_same_mount);
    Ok(found.map_or(write, |alias| AliasWrite::Written(AliasIds::new(alias.id, alias.canonical_id))))
}
