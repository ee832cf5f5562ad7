use identity_core::{
    EntityId, Error, KeyList, Maybe, Upsert,
    endpoint::Operation,
    entity::{
        BatchDeleteEntities, CreateEntity, CreatedEntity, DeleteEntityById, DeleteEntityByName, Entity,
        EntityInfo, ListEntities, ListEntityNames, MergeEntities, ReadEntityById, ReadEntityByName,
        UpdateEntityById, WriteEntityByName,
    },
    error::{ApiError, ResponseError},
    lookup::LookupEntity,
};

use crate::handles::macros::handle;
use crate::upsert::upsert;
use crate::{Client, Result};

handle! {
    /// Entities, from [`Client::entities`](crate::Client::entities).
    pub struct Entities;

    /// Creates an entity, or updates the one that has the name: see [`CreateEntity`].
    ///
    /// If an answer is lost and the transport repeats the call, the server no longer tells the identifier, so that it is then looked up by name, and the
    /// answer is [`Upsert::Created`], though the entity may have been there before. If it cannot be looked up, it is [`Upsert::Updated`].
    #[doc(alias = "create_or_update_entity")]
    fn create(self, create: &CreateEntity) -> Result<Upsert<CreatedEntity>> {
        upsert(self.client, create, create.name.as_deref().filter(|_| create.id.is_none()), |name| LookupEntity::by_name(name), created)
    }

    /// Reads an entity. That there is none is an error: see [`ReadEntityById`].
    #[doc(alias = "read_entity")]
    fn read(self, id: impl Into<EntityId>) -> Result<Entity> { self.client.call(&ReadEntityById::new(id)) }

    /// Reads an entity, if there is one: see [`ReadEntityById`].
    fn find(self, id: impl Into<EntityId>) -> Result<Option<Entity>> { self.client.call(&Maybe(ReadEntityById::new(id))) }

    /// Updates an entity: see [`UpdateEntityById`].
    #[doc(alias = "update_entity")]
    fn update(self, update: &UpdateEntityById) -> Result<()> { async { self.client.call(update).await.map(drop) } }

    /// Deletes an entity. That there is none is no error: see [`DeleteEntityById`].
    #[doc(alias = "delete_entity")]
    fn delete(self, id: impl Into<EntityId>) -> Result<()> { self.client.call(&DeleteEntityById::new(id)) }

    /// Deletes entities, in as many requests as it takes: see [`BatchDeleteEntities`]. Those that do not exist are passed over, so after an
    /// error the same call can be made again.
    #[doc(alias = "batch_delete")]
    fn delete_many(self, ids: impl IntoIterator<Item = impl Into<EntityId>>) -> Result<()> {
        delete_many(self.client, ids.into_iter().map(Into::into).collect())
    }

    /// Lists all entities, with their names and aliases: see [`ListEntities`].
    #[doc(alias = "list_entities")]
    fn list(self) -> Result<KeyList<EntityId, EntityInfo>> { self.client.call(&ListEntities::new()) }

    /// Creates the entity of a name, or updates it: see [`WriteEntityByName`]. After a lost answer it does as [`create`](Self::create).
    #[doc(alias = "create_or_update_entity_by_name")]
    fn write_by_name(self, write: &WriteEntityByName) -> Result<Upsert<CreatedEntity>> { write_by_name(self.client, write) }

    /// Reads the entity of a name. That there is none is an error: see [`ReadEntityByName`].
    #[doc(alias = "read_entity_by_name")]
    fn read_by_name(self, name: impl Into<String>) -> Result<Entity> { read_by_name(self.client, name.into()) }

    /// Reads the entity of a name, if there is one: see [`ReadEntityByName`].
    fn find_by_name(self, name: impl Into<String>) -> Result<Option<Entity>> { find_by_name(self.client, name.into()) }

    /// Deletes the entity of a name. That there is none is no error: see [`DeleteEntityByName`].
    #[doc(alias = "delete_entity_by_name")]
    fn delete_by_name(self, name: impl Into<String>) -> Result<()> { delete_by_name(self.client, name.into()) }

    /// Lists the names of all entities: see [`ListEntityNames`].
    #[doc(alias = "list_entities_by_name")]
    fn list_names(self) -> Result<KeyList<String, ()>> { self.client.call(&ListEntityNames::new()) }

    /// Merges entities into one: see [`MergeEntities`].
    #[doc(alias = "merge_entities")]
    fn merge(self, merge: &MergeEntities) -> Result<()> { self.client.call(merge) }
}

async fn delete_many(client: &Client, ids: Vec<EntityId>) -> Result<()> {
    for (number, chunk) in ids.chunks(BatchDeleteEntities::MAX_IDS).enumerate() {
        let explain = |error: Error| if number > 0 { error.after_write() } else { error };
        client.call(&BatchDeleteEntities::new(chunk)).await.map_err(explain)?;
    }
    Ok(())
}

// By path, or else by lookup and in a body: see `Target::with_names_in_body`.

async fn read_by_name(client: &Client, name: String) -> Result<Entity> {
    if client.target().takes_in_path(&name) {
        return client.call(&ReadEntityByName::new(name)).await;
    }
    let absent =
        || Error::new(Operation::for_endpoint::<LookupEntity>(), ResponseError::from(ApiError::not_found()));
    client.call(&LookupEntity::by_name(name)).await?.ok_or_else(absent)
}

async fn find_by_name(client: &Client, name: String) -> Result<Option<Entity>> {
    if client.target().takes_in_path(&name) {
        client.call(&Maybe(ReadEntityByName::new(name))).await
    } else {
        client.call(&LookupEntity::by_name(name)).await
    }
}

async fn write_by_name(client: &Client, write: &WriteEntityByName) -> Result<Upsert<CreatedEntity>> {
    let lookup = |name: &str| LookupEntity::by_name(name);
    let new_name = Some(&*write.name).filter(|_| write.id.is_none());
    if client.target().takes_in_path(&write.name) {
        upsert(client, write, new_name, lookup, created).await
    } else {
        let mut create = CreateEntity::named(&*write.name);
        create.id.clone_from(&write.id);
        create.params.clone_from(&write.params);
        upsert(client, &create, new_name, lookup, created).await
    }
}

async fn delete_by_name(client: &Client, name: String) -> Result<()> {
    if client.target().takes_in_path(&name) {
        return client.call(&DeleteEntityByName::new(name)).await;
    }
    let client = client.composite();
    match client.call(&LookupEntity::by_name(name)).await? {
        Some(found) => client.call(&DeleteEntityById::new(found.id)).await,
        None => Ok(()),
    }
}

fn created(entity: Entity) -> CreatedEntity {
    let mut created = CreatedEntity::new(entity.id, entity.name);
    created.aliases = entity.aliases.into_iter().map(|alias| alias.id).collect();
    created
}
