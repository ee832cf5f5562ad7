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

use crate::handles::macros::{handle, without_output};
use crate::upsert::upsert;
use crate::{Client, Result};

handle! {
    /// Entities, from [`Client::entities`](crate::Client::entities).
    pub struct Entities {
        /// ```no_run
        /// use vault_identity::{Client, Result, Upsert, entity::CreateEntity};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let entities = client.entities();
        ///     match entities.create(&CreateEntity::named("alice").policies(["dev"])).await? {
        ///         Upsert::Created(alice) => println!("created {}", alice.id),
        ///         Upsert::Updated => println!("updated"),
        ///     }
        ///     for (id, info) in entities.list().await?.iter() {
        ///         println!("{id} {}", info.map_or("", |info| &info.name));
        ///     }
        ///     entities.delete_by_name("alice").await
        /// }
        /// ```
    }

    /// Creates an entity, or updates the entity of the same name: see [`CreateEntity`].
    ///
    /// If the response is lost and the transport retries the call, the server no longer returns the
    /// identifier. The entity is then looked up by name and returned as [`Upsert::Created`], although it may
    /// have existed before. If that lookup fails, the result is [`Upsert::Updated`].
    #[doc(alias = "create_or_update_entity")]
    fn create(self, create: &CreateEntity) -> Result<Upsert<CreatedEntity>> { create_entity(self.client.clone(), create.clone()) }

    /// Reads an entity: see [`ReadEntityById`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it
    /// does not exist.
    #[doc(alias = "read_entity")]
    fn read(self, id: impl Into<EntityId>) -> Result<Entity> { self.client.call(ReadEntityById::new(id)) }

    /// Reads an entity, or returns `None` if it does not exist: see [`ReadEntityById`].
    fn find(self, id: impl Into<EntityId>) -> Result<Option<Entity>> { self.client.call(Maybe(ReadEntityById::new(id))) }

    /// Updates an entity: see [`UpdateEntityById`].
    #[doc(alias = "update_entity")]
    fn update(self, update: &UpdateEntityById) -> Result<()> { without_output(self.client.call(update.clone())) }

    /// Deletes an entity: see [`DeleteEntityById`]. Succeeds if it does not exist.
    #[doc(alias = "delete_entity")]
    fn delete(self, id: impl Into<EntityId>) -> Result<()> { self.client.call(DeleteEntityById::new(id)) }

    /// Deletes any number of entities in as few requests as possible: see [`BatchDeleteEntities`].
    ///
    /// Entities that do not exist are skipped, so the call can be repeated after an error.
    #[doc(alias = "batch_delete")]
    fn delete_many(self, ids: impl IntoIterator<Item = impl Into<EntityId>>) -> Result<()> {
        delete_many(self.client.clone(), ids.into_iter().map(Into::into).collect())
    }

    /// Lists all entities with their names and aliases: see [`ListEntities`].
    #[doc(alias = "list_entities")]
    fn list(self) -> Result<KeyList<EntityId, EntityInfo>> { self.client.call(ListEntities::new()) }

    /// Creates or updates the entity with the given name: see [`WriteEntityByName`]. After a lost response it
    /// behaves like [`create`](Self::create).
    #[doc(alias = "create_or_update_entity_by_name")]
    fn write_by_name(self, write: &WriteEntityByName) -> Result<Upsert<CreatedEntity>> { write_by_name(self.client.clone(), write.clone()) }

    /// Reads the entity with the given name: see [`ReadEntityByName`]. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    #[doc(alias = "read_entity_by_name")]
    fn read_by_name(self, name: impl Into<String>) -> Result<Entity> { read_by_name(self.client.clone(), name.into()) }

    /// Reads the entity with the given name, or returns `None` if it does not exist: see
    /// [`ReadEntityByName`].
    fn find_by_name(self, name: impl Into<String>) -> Result<Option<Entity>> { find_by_name(self.client.clone(), name.into()) }

    /// Deletes the entity with the given name: see [`DeleteEntityByName`]. Succeeds if it does not exist.
    #[doc(alias = "delete_entity_by_name")]
    fn delete_by_name(self, name: impl Into<String>) -> Result<()> { delete_by_name(self.client.clone(), name.into()) }

    /// Lists the names of all entities: see [`ListEntityNames`].
    #[doc(alias = "list_entities_by_name")]
    fn list_names(self) -> Result<KeyList<String, ()>> { self.client.call(ListEntityNames::new()) }

    /// Merges entities into one: see [`MergeEntities`].
    #[doc(alias = "merge_entities")]
    fn merge(self, merge: &MergeEntities) -> Result<()> { self.client.call(merge.clone()) }
}

async fn create_entity(client: Client, create: CreateEntity) -> Result<Upsert<CreatedEntity>> {
    let new_name = create.name.as_deref().filter(|_| create.id.is_none());
    upsert(&client, &create, new_name, |name| LookupEntity::by_name(name), created).await
}

async fn delete_many(client: Client, ids: Vec<EntityId>) -> Result<()> {
    for (number, chunk) in ids.chunks(BatchDeleteEntities::MAX_IDS).enumerate() {
        let explain = |error: Error| if number > 0 { error.after_write() } else { error };
        client.execute(&BatchDeleteEntities::new(chunk)).await.map_err(explain)?;
    }
    Ok(())
}

// By path, or else by lookup and in a body: see `Target::with_names_in_body`.

async fn read_by_name(client: Client, name: String) -> Result<Entity> {
    if client.target().sends_in_path(&name) {
        return client.execute(&ReadEntityByName::new(name)).await;
    }
    let not_found =
        || Error::new(Operation::for_endpoint::<LookupEntity>(), ResponseError::from(ApiError::not_found()));
    client.execute(&LookupEntity::by_name(name)).await?.ok_or_else(not_found)
}

async fn find_by_name(client: Client, name: String) -> Result<Option<Entity>> {
    if client.target().sends_in_path(&name) {
        client.execute(&Maybe(ReadEntityByName::new(name))).await
    } else {
        client.execute(&LookupEntity::by_name(name)).await
    }
}

async fn write_by_name(client: Client, write: WriteEntityByName) -> Result<Upsert<CreatedEntity>> {
    if client.target().sends_in_path(&write.name) {
        let new_name = Some(&*write.name).filter(|_| write.id.is_none());
        upsert(&client, &write, new_name, |name| LookupEntity::by_name(name), created).await
    } else {
        let mut create = CreateEntity::named(write.name);
        create.id = write.id;
        create.params = write.params;
        create_entity(client, create).await
    }
}

async fn delete_by_name(client: Client, name: String) -> Result<()> {
    if client.target().sends_in_path(&name) {
        return client.execute(&DeleteEntityByName::new(name)).await;
    }
    let client = client.composite();
    match client.execute(&LookupEntity::by_name(name)).await? {
        Some(found) => client.execute(&DeleteEntityById::new(found.id)).await,
        None => Ok(()),
    }
}

fn created(entity: Entity) -> CreatedEntity {
    let mut created = CreatedEntity::new(entity.id, entity.name);
    created.aliases = entity.aliases.into_iter().map(|alias| alias.id).collect();
    created
}
