use identity_core::{
    EntityId, Error, GroupId, KeyList, Maybe, Upsert,
    endpoint::Operation,
    error::{ApiError, ResponseError},
    group::{
        CreateGroup, CreatedGroup, DeleteGroupById, DeleteGroupByName, Group, GroupInfo, ListGroupNames,
        ListGroups, ReadGroupById, ReadGroupByName, UpdateGroupById, WriteGroupByName,
    },
    lookup::LookupGroup,
};

use crate::handles::macros::handle;
use crate::members::{Change, change_members};
use crate::upsert::upsert;
use crate::{Client, Result};

handle! {
    /// Groups, from [`Client::groups`](crate::Client::groups).
    pub struct Groups;

    /// Creates a group, or updates the one that has the name: see [`CreateGroup`].
    ///
    /// If an answer is lost and the transport repeats the call, the server no longer tells the identifier, so that it is then looked up by name, and the
    /// answer is [`Upsert::Created`], though the group may have been there before. If it cannot be looked up, it is [`Upsert::Updated`].
    #[doc(alias = "create_or_update_group")]
    fn create(self, create: &CreateGroup) -> Result<Upsert<CreatedGroup>> {
        upsert(self.client, create, create.name.as_deref().filter(|_| create.id.is_none()), |name| LookupGroup::by_name(name), created)
    }

    /// Reads a group. That there is none is an error: see [`ReadGroupById`].
    #[doc(alias = "read_group")]
    fn read(self, id: impl Into<GroupId>) -> Result<Group> { self.client.call(&ReadGroupById::new(id)) }

    /// Reads a group, if there is one: see [`ReadGroupById`].
    fn find(self, id: impl Into<GroupId>) -> Result<Option<Group>> { self.client.call(&Maybe(ReadGroupById::new(id))) }

    /// Updates a group: see [`UpdateGroupById`].
    #[doc(alias = "update_group")]
    fn update(self, update: &UpdateGroupById) -> Result<()> { async { self.client.call(update).await.map(drop) } }

    /// Deletes a group. That there is none is no error: see [`DeleteGroupById`].
    #[doc(alias = "delete_group")]
    fn delete(self, id: impl Into<GroupId>) -> Result<()> { self.client.call(&DeleteGroupById::new(id)) }

    /// Lists all groups, with their names and sizes: see [`ListGroups`].
    #[doc(alias = "list_groups")]
    fn list(self) -> Result<KeyList<GroupId, GroupInfo>> { self.client.call(&ListGroups::new()) }

    /// Creates the group of a name, or updates it: see [`WriteGroupByName`]. After a lost answer it does as [`create`](Self::create).
    #[doc(alias = "create_or_update_group_by_name")]
    fn write_by_name(self, write: &WriteGroupByName) -> Result<Upsert<CreatedGroup>> { write_by_name(self.client, write) }

    /// Reads the group of a name. That there is none is an error: see [`ReadGroupByName`].
    #[doc(alias = "read_group_by_name")]
    fn read_by_name(self, name: impl Into<String>) -> Result<Group> { read_by_name(self.client, name.into()) }

    /// Reads the group of a name, if there is one: see [`ReadGroupByName`].
    fn find_by_name(self, name: impl Into<String>) -> Result<Option<Group>> { find_by_name(self.client, name.into()) }

    /// Deletes the group of a name. That there is none is no error: see [`DeleteGroupByName`].
    #[doc(alias = "delete_group_by_name")]
    fn delete_by_name(self, name: impl Into<String>) -> Result<()> { delete_by_name(self.client, name.into()) }

    /// Lists the names of all groups: see [`ListGroupNames`].
    #[doc(alias = "list_groups_by_name")]
    fn list_names(self) -> Result<KeyList<String, ()>> { self.client.call(&ListGroupNames::new()) }

    /// Adds entities to an internal group and leaves its other members alone.
    ///
    /// The server can only replace all members, so this reads the group, writes it and reads it again, until the change is there to be seen.
    /// Calls through clones of one client wait for each other; another program that writes the same members at the same moment
    /// can still undo the change, or have its own undone. Undone five times, it is an error of the kind
    /// [`Conflict`](identity_core::error::ErrorKind::Conflict).
    fn add_member_entities(self, id: impl Into<GroupId>, entities: impl IntoIterator<Item = impl Into<EntityId>>) -> Result<()> {
        change_members(self.client, id.into(), Change::AddEntities(entities.into_iter().map(Into::into).collect()))
    }

    /// Removes entities from an internal group and leaves its other members alone. See [`add_member_entities`](Self::add_member_entities).
    fn remove_member_entities(self, id: impl Into<GroupId>, entities: impl IntoIterator<Item = impl Into<EntityId>>) -> Result<()> {
        change_members(self.client, id.into(), Change::RemoveEntities(entities.into_iter().map(Into::into).collect()))
    }

    /// Adds groups to an internal group and leaves its other members alone. See [`add_member_entities`](Self::add_member_entities).
    fn add_member_groups(self, id: impl Into<GroupId>, groups: impl IntoIterator<Item = impl Into<GroupId>>) -> Result<()> {
        change_members(self.client, id.into(), Change::AddGroups(groups.into_iter().map(Into::into).collect()))
    }

    /// Removes groups from an internal group and leaves its other members alone. See [`add_member_entities`](Self::add_member_entities).
    fn remove_member_groups(self, id: impl Into<GroupId>, groups: impl IntoIterator<Item = impl Into<GroupId>>) -> Result<()> {
        change_members(self.client, id.into(), Change::RemoveGroups(groups.into_iter().map(Into::into).collect()))
    }
}

// By path, or else by lookup and in a body: see `Target::with_names_in_body`.

async fn read_by_name(client: &Client, name: String) -> Result<Group> {
    if client.target().takes_in_path(&name) {
        return client.call(&ReadGroupByName::new(name)).await;
    }
    let absent =
        || Error::new(Operation::for_endpoint::<LookupGroup>(), ResponseError::from(ApiError::not_found()));
    client.call(&LookupGroup::by_name(name)).await?.ok_or_else(absent)
}

async fn find_by_name(client: &Client, name: String) -> Result<Option<Group>> {
    if client.target().takes_in_path(&name) {
        client.call(&Maybe(ReadGroupByName::new(name))).await
    } else {
        client.call(&LookupGroup::by_name(name)).await
    }
}

async fn write_by_name(client: &Client, write: &WriteGroupByName) -> Result<Upsert<CreatedGroup>> {
    let lookup = |name: &str| LookupGroup::by_name(name);
    let new_name = Some(&*write.name);
    if client.target().takes_in_path(&write.name) {
        upsert(client, write, new_name, lookup, created).await
    } else {
        let mut create = CreateGroup::named(&*write.name);
        create.params.clone_from(&write.params);
        upsert(client, &create, new_name, lookup, created).await
    }
}

async fn delete_by_name(client: &Client, name: String) -> Result<()> {
    if client.target().takes_in_path(&name) {
        return client.call(&DeleteGroupByName::new(name)).await;
    }
    let client = client.composite();
    match client.call(&LookupGroup::by_name(name)).await? {
        Some(found) => client.call(&DeleteGroupById::new(found.id)).await,
        None => Ok(()),
    }
}

fn created(group: Group) -> CreatedGroup {
    CreatedGroup::new(group.id, group.name)
}
