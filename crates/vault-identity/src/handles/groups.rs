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

use crate::handles::macros::{handle, without_output};
use crate::members::{MemberChange, change_members};
use crate::upsert::upsert;
use crate::{Client, Result};

handle! {
    /// Groups, from [`Client::groups`](crate::Client::groups).
    pub struct Groups {
        /// ```no_run
        /// use vault_identity::{Client, EntityId, Result, group::CreateGroup};
        ///
        /// pub async fn example(client: &Client, alice: &EntityId) -> Result<()> {
        ///     let groups = client.groups();
        ///     if groups.find_by_name("engineers").await?.is_none() {
        ///         let _ = groups.create(&CreateGroup::named("engineers").policies(["dev"])).await?;
        ///     }
        ///     let engineers = groups.read_by_name("engineers").await?;
        ///     groups.add_member_entities(&engineers.id, [alice]).await
        /// }
        /// ```
    }

    /// Creates a group, or updates the group of the same name: see [`CreateGroup`].
    ///
    /// If the response is lost and the transport retries the call, the server no longer returns the
    /// identifier. The group is then looked up by name and returned as [`Upsert::Created`], although it may
    /// have existed before. If that lookup fails, the result is [`Upsert::Updated`].
    #[doc(alias = "create_or_update_group")]
    fn create(self, create: &CreateGroup) -> Result<Upsert<CreatedGroup>> { create_group(self.client.clone(), create.clone()) }

    /// Reads a group: see [`ReadGroupById`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it
    /// does not exist.
    #[doc(alias = "read_group")]
    fn read(self, id: impl Into<GroupId>) -> Result<Group> { self.client.call(ReadGroupById::new(id)) }

    /// Reads a group, or returns `None` if it does not exist: see [`ReadGroupById`].
    fn find(self, id: impl Into<GroupId>) -> Result<Option<Group>> { self.client.call(Maybe(ReadGroupById::new(id))) }

    /// Updates a group: see [`UpdateGroupById`].
    #[doc(alias = "update_group")]
    fn update(self, update: &UpdateGroupById) -> Result<()> { without_output(self.client.call(update.clone())) }

    /// Deletes a group: see [`DeleteGroupById`]. Succeeds if it does not exist.
    #[doc(alias = "delete_group")]
    fn delete(self, id: impl Into<GroupId>) -> Result<()> { self.client.call(DeleteGroupById::new(id)) }

    /// Lists all groups with their names and sizes: see [`ListGroups`].
    #[doc(alias = "list_groups")]
    fn list(self) -> Result<KeyList<GroupId, GroupInfo>> { self.client.call(ListGroups::new()) }

    /// Creates or updates the group with the given name: see [`WriteGroupByName`]. After a lost response it
    /// behaves like [`create`](Self::create).
    #[doc(alias = "create_or_update_group_by_name")]
    fn write_by_name(self, write: &WriteGroupByName) -> Result<Upsert<CreatedGroup>> { write_by_name(self.client.clone(), write.clone()) }

    /// Reads the group with the given name: see [`ReadGroupByName`]. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    #[doc(alias = "read_group_by_name")]
    fn read_by_name(self, name: impl Into<String>) -> Result<Group> { read_by_name(self.client.clone(), name.into()) }

    /// Reads the group with the given name, or returns `None` if it does not exist: see [`ReadGroupByName`].
    fn find_by_name(self, name: impl Into<String>) -> Result<Option<Group>> { find_by_name(self.client.clone(), name.into()) }

    /// Deletes the group with the given name: see [`DeleteGroupByName`]. Succeeds if it does not exist.
    #[doc(alias = "delete_group_by_name")]
    fn delete_by_name(self, name: impl Into<String>) -> Result<()> { delete_by_name(self.client.clone(), name.into()) }

    /// Lists the names of all groups: see [`ListGroupNames`].
    #[doc(alias = "list_groups_by_name")]
    fn list_names(self) -> Result<KeyList<String, ()>> { self.client.call(ListGroupNames::new()) }

    /// Adds entities to an internal group and keeps its other members.
    ///
    /// The server can only replace all members, so this method reads the group, writes it, and reads it again
    /// to check that the change is in place. Calls through clones of one client wait for each other. Another
    /// program that writes the same members at the same time can still undo the change, or lose its own. The
    /// change is then repeated. After five attempts, the call fails with
    /// [`ErrorKind::Conflict`](crate::error::ErrorKind::Conflict).
    fn add_member_entities(self, id: impl Into<GroupId>, entities: impl IntoIterator<Item = impl Into<EntityId>>) -> Result<()> {
        change_members(self.client.clone(), id.into(), MemberChange::AddEntities(entities.into_iter().map(Into::into).collect()))
    }

    /// Removes entities from an internal group and keeps its other members: see
    /// [`add_member_entities`](Self::add_member_entities).
    fn remove_member_entities(self, id: impl Into<GroupId>, entities: impl IntoIterator<Item = impl Into<EntityId>>) -> Result<()> {
        change_members(self.client.clone(), id.into(), MemberChange::RemoveEntities(entities.into_iter().map(Into::into).collect()))
    }

    /// Adds groups to an internal group and keeps its other members: see
    /// [`add_member_entities`](Self::add_member_entities).
    fn add_member_groups(self, id: impl Into<GroupId>, groups: impl IntoIterator<Item = impl Into<GroupId>>) -> Result<()> {
        change_members(self.client.clone(), id.into(), MemberChange::AddGroups(groups.into_iter().map(Into::into).collect()))
    }

    /// Removes groups from an internal group and keeps its other members: see
    /// [`add_member_entities`](Self::add_member_entities).
    fn remove_member_groups(self, id: impl Into<GroupId>, groups: impl IntoIterator<Item = impl Into<GroupId>>) -> Result<()> {
        change_members(self.client.clone(), id.into(), MemberChange::RemoveGroups(groups.into_iter().map(Into::into).collect()))
    }
}

async fn create_group(client: Client, create: CreateGroup) -> Result<Upsert<CreatedGroup>> {
    let new_name = create.name.as_deref().filter(|_| create.id.is_none());
    upsert(&client, &create, new_name, |name| LookupGroup::by_name(name), created).await
}

// By path, or else by lookup and in a body: see `Target::with_names_in_body`.

async fn read_by_name(client: Client, name: String) -> Result<Group> {
    if client.target().sends_in_path(&name) {
        return client.execute(&ReadGroupByName::new(name)).await;
    }
    let not_found =
        || Error::new(Operation::for_endpoint::<LookupGroup>(), ResponseError::from(ApiError::not_found()));
    client.execute(&LookupGroup::by_name(name)).await?.ok_or_else(not_found)
}

async fn find_by_name(client: Client, name: String) -> Result<Option<Group>> {
    if client.target().sends_in_path(&name) {
        client.execute(&Maybe(ReadGroupByName::new(name))).await
    } else {
        client.execute(&LookupGroup::by_name(name)).await
    }
}

async fn write_by_name(client: Client, write: WriteGroupByName) -> Result<Upsert<CreatedGroup>> {
    if client.target().sends_in_path(&write.name) {
        let lookup = |name: &str| LookupGroup::by_name(name);
        upsert(&client, &write, Some(&*write.name), lookup, created).await
    } else {
        let mut create = CreateGroup::named(write.name);
        create.params = write.params;
        create_group(client, create).await
    }
}

async fn delete_by_name(client: Client, name: String) -> Result<()> {
    if client.target().sends_in_path(&name) {
        return client.execute(&DeleteGroupByName::new(name)).await;
    }
    let client = client.composite();
    match client.execute(&LookupGroup::by_name(name)).await? {
        Some(found) => client.execute(&DeleteGroupById::new(found.id)).await,
        None => Ok(()),
    }
}

fn created(group: Group) -> CreatedGroup {
    CreatedGroup::new(group.id, group.name)
}
