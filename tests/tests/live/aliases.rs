use std::slice::from_ref;

use vault_identity::alias::{
    Alias, AliasWrite, CreateEntityAlias, CreateGroupAlias, EntityAlias, UpdateEntityAliasById,
    UpdateGroupAliasById,
};
use vault_identity::entity::CreateEntity;
use vault_identity::group::{CreateGroup, GroupType};
use vault_identity::{Client, EntityAliasId, KeyList};

use crate::rejected;
use crate::space::Space;

pub(crate) const ENTITY_ALIAS_OPERATIONS: [&str; 5] = [
    "DELETE identity/entity-alias/id/{id}",
    "GET identity/entity-alias/id/{id}",
    "LIST identity/entity-alias/id",
    "POST identity/entity-alias",
    "POST identity/entity-alias/id/{id}",
];

pub(crate) const GROUP_ALIAS_OPERATIONS: [&str; 5] = [
    "DELETE identity/group-alias/id/{id}",
    "GET identity/group-alias/id/{id}",
    "LIST identity/group-alias/id",
    "POST identity/group-alias",
    "POST identity/group-alias/id/{id}",
];

/// Removes the time of the last update.
fn but_for_time<I, C>(alias: Alias<I, C>) -> Alias<I, C> {
    let mut alias = alias;
    assert!(alias.creation_time.is_some() && alias.last_update_time.take() >= alias.creation_time);
    alias
}

async fn read(client: &Client, id: &EntityAliasId) -> EntityAlias {
    but_for_time(client.entity_aliases().read(id).await.expect("the alias is there"))
}

#[tokio::test]
async fn every_operation_of_entity_aliases() {
    let Some(space) = Space::new("entity-aliases") else { return };
    let aliases = space.client.entity_aliases();
    let people = space.mount("people");
    assert_eq!(aliases.list().await.unwrap(), KeyList::default());

    // Without an entity, the server creates one.
    let create = CreateEntityAlias::new("alice", &people).custom_metadata([("shift", "late")]);
    let written = aliases.create(&create).await.unwrap().written().unwrap();
    assert_eq!(aliases.create(&create).await.unwrap(), AliasWrite::Unchanged);
    let alias = read(&space.client, &written.id).await;
    assert_eq!((&alias.id, &alias.canonical_id), (&written.id, &written.canonical_id));
    assert_eq!((&*alias.name, &alias.mount_accessor), ("alice", &people));
    assert_eq!(alias.mount_path.as_deref(), Some("auth/people/"));
    assert_eq!(alias.mount_type.as_deref(), Some("userpass"));
    assert_eq!(alias.custom_metadata["shift"], "late");
    assert!(alias.metadata.is_empty() && !alias.local && alias.namespace_id.is_some());
    let entity = space.client.entities().read(&alias.canonical_id).await.unwrap();
    let mut embedded = alias.clone();
    embedded.namespace_id = None;
    assert_eq!(entity.aliases.into_iter().map(but_for_time).collect::<Vec<_>>(), [embedded]);

    let update = UpdateEntityAliasById::new(&alias.id).name("alicia");
    assert_eq!(aliases.update(&update).await.unwrap(), AliasWrite::Written(written.clone()));
    let mut expected = alias.clone();
    expected.name = "alicia".to_owned();
    assert_eq!(read(&space.client, &alias.id).await, expected);
    assert_eq!(aliases.update(&update).await.unwrap(), AliasWrite::Unchanged);
    assert_eq!(read(&space.client, &alias.id).await, expected);
    let entity_now = space.client.entities().read(&alias.canonical_id).await.unwrap();
    assert_eq!(entity_now.aliases[0].name, "alicia");

    let list = aliases.list().await.unwrap();
    assert_eq!(list.keys, from_ref(&alias.id));
    let info = &list.key_info[&alias.id];
    assert_eq!((&*info.name, &info.canonical_id), ("alicia", &alias.canonical_id));
    assert_eq!((&info.mount_accessor, info.mount_path.as_deref()), (&people, Some("auth/people/")));
    assert_eq!(
        (info.mount_type.as_deref(), &info.custom_metadata),
        (Some("userpass"), &alias.custom_metadata)
    );
    let info = &space.client.entities().list().await.unwrap().key_info[&alias.canonical_id];
    assert_eq!((&info.aliases[0].id, &*info.aliases[0].name), (&alias.id, "alicia"));

    for _ in 0..2 {
        aliases.delete(&alias.id).await.unwrap();
        assert_eq!(aliases.find(&alias.id).await.unwrap(), None);
    }
    assert!(aliases.read(&alias.id).await.unwrap_err().is_not_found());
    assert!(space.client.entities().read(&alias.canonical_id).await.unwrap().aliases.is_empty());

    // A new create makes another alias, with another entity.
    let again = aliases.create(&create).await.unwrap().written().unwrap();
    assert!(again.id != alias.id && again.canonical_id != alias.canonical_id);

    space.assert_called(&ENTITY_ALIAS_OPERATIONS);
}

#[tokio::test]
async fn an_alias_created_again_moves_and_loses_custom_metadata() {
    let Some(space) = Space::new("entity-alias-moves") else { return };
    let (aliases, entities) = (space.client.entity_aliases(), space.client.entities());
    let people = space.mount("people");
    let alice = entities.create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;
    let bob = entities.create(&CreateEntity::named("bob")).await.unwrap().created().unwrap().id;
    let create =
        CreateEntityAlias::new("Ali", &people).canonical_id(&alice).custom_metadata([("shift", "late")]);
    let id = aliases.create(&create).await.unwrap().written().unwrap().id;

    let moved = aliases.create(&CreateEntityAlias::new("ALI", &people).canonical_id(&bob)).await.unwrap();
    let moved = moved.written().unwrap();
    assert_eq!((&moved.id, &moved.canonical_id), (&id, &bob));
    let alias = aliases.read(&id).await.unwrap();
    assert_eq!(alias.canonical_id, bob);
    assert!(alias.custom_metadata.is_empty());
    assert!(entities.read(&alice).await.unwrap().aliases.is_empty());
    assert_eq!(entities.read(&bob).await.unwrap().aliases[0].id, id);

    // An update by identifier keeps unset fields, and clears empty ones.
    let update = UpdateEntityAliasById::new(&id).custom_metadata([("shift", "early"), ("a b/c", "1")]);
    aliases.update(&update).await.unwrap().written().unwrap();
    aliases.update(&UpdateEntityAliasById::new(&id).canonical_id(&alice)).await.unwrap().written().unwrap();
    let alias = aliases.read(&id).await.unwrap();
    assert_eq!((&alias.canonical_id, alias.custom_metadata.len()), (&alice, 2));
    let clear = UpdateEntityAliasById::new(&id).custom_metadata([("", ""); 0]);
    assert!(aliases.update(&clear).await.unwrap().is_written());
    assert_eq!(aliases.update(&clear).await.unwrap(), AliasWrite::Unchanged);
    let cleared = aliases.read(&id).await.unwrap();
    assert_eq!((&cleared.canonical_id, cleared.custom_metadata.len()), (&alice, 0));

    let robots = space.mount("robots");
    let to_robots = CreateEntityAlias::new("a-bot", &robots).id(&id);
    assert_eq!(aliases.create(&to_robots).await.unwrap().written().unwrap().canonical_id, alice);
    assert_eq!(aliases.create(&to_robots).await.unwrap(), AliasWrite::Unchanged);
    let moved = aliases.read(&id).await.unwrap();
    assert_eq!((&*moved.name, moved.mount_path.as_deref()), ("a-bot", Some("auth/robots/")));
}

#[tokio::test]
async fn an_alias_outlives_its_mount() {
    let Some(space) = Space::new("entity-alias-mount-gone") else { return };
    let people = space.mount("people");
    let mut written = Vec::new();
    for name in ["alice", "bob"] {
        let create = CreateEntityAlias::new(name, &people);
        written.push(space.client.entity_aliases().create(&create).await.unwrap().written().unwrap());
    }
    space.unmount("people");
    let list = space.client.entity_aliases().list().await.unwrap();
    let entities = space.client.entities().list().await.unwrap();
    for written in written {
        let alias = space.client.entity_aliases().read(&written.id).await.unwrap();
        assert_eq!((alias.mount_path, alias.mount_type, alias.mount_accessor), (None, None, people.clone()));
        let info = &list.key_info[&written.id];
        assert_eq!((&info.mount_path, &info.mount_type, &info.mount_accessor), (&None, &None, &people));
        let info = &entities.key_info[&written.canonical_id].aliases[0];
        assert_eq!((&info.mount_path, &info.mount_type, &info.mount_accessor), (&None, &None, &people));
    }
}

#[tokio::test]
async fn rejected_entity_aliases() {
    let Some(space) = Space::new("entity-alias-errors") else { return };
    let aliases = space.client.entity_aliases();
    let people = space.mount("people");
    let alice = aliases.create(&CreateEntityAlias::new("alice", &people)).await.unwrap().written().unwrap();

    let nowhere = CreateEntityAlias::new("alice", "auth_userpass_gone");
    rejected(aliases.create(&nowhere).await, 400, "invalid mount accessor");
    let nobody = CreateEntityAlias::new("bob", &people).canonical_id("nobody");
    rejected(aliases.create(&nobody).await, 400, "invalid canonical ID");
    let second = CreateEntityAlias::new("alicia", &people).canonical_id(&alice.canonical_id);
    rejected(
        aliases.create(&second).await,
        400,
        "Alias already exists for requested entity and mount accessor",
    );
    let unknown = CreateEntityAlias::new("alice", &people).id("unknown");
    rejected(aliases.create(&unknown).await, 400, "invalid alias ID");
    let unknown = UpdateEntityAliasById::new("unknown").name("bob");
    let error = rejected(aliases.update(&unknown).await, 400, "invalid alias ID");
    assert!(!error.is_not_found());
    let nobody = UpdateEntityAliasById::new(&alice.id).canonical_id("nobody");
    rejected(aliases.update(&nobody).await, 400, "not associated with an entity");
    assert_eq!(aliases.list().await.unwrap().keys, [alice.id]);
}

#[tokio::test]
async fn every_operation_of_group_aliases() {
    let Some(space) = Space::new("group-aliases") else { return };
    let (aliases, groups) = (space.client.group_aliases(), space.client.groups());
    let directory = space.mount("directory");
    assert_eq!(aliases.list().await.unwrap(), KeyList::default());
    let external = CreateGroup::named("engineers").group_type(GroupType::External);
    let group = groups.create(&external).await.unwrap().created().unwrap().id;

    let create = CreateGroupAlias::new("eng", &directory).canonical_id(&group);
    let written = aliases.create(&create).await.unwrap().written().unwrap();
    assert_eq!(written.canonical_id, group);
    let alias = but_for_time(aliases.read(&written.id).await.unwrap());
    assert_eq!((&alias.id, &alias.canonical_id, &*alias.name), (&written.id, &group, "eng"));
    assert_eq!((&alias.mount_accessor, alias.mount_path.as_deref()), (&directory, Some("auth/directory/")));
    rejected(aliases.create(&create).await, 400, "mount and group alias name is already in use");
    assert_eq!(aliases.create(&create.id(&alias.id)).await.unwrap(), AliasWrite::Unchanged);
    assert_eq!(but_for_time(aliases.read(&alias.id).await.unwrap()), alias);

    let update = UpdateGroupAliasById::new(&alias.id).name("engineering").mount_accessor(&directory);
    assert_eq!(aliases.update(&update).await.unwrap(), AliasWrite::Written(written.clone()));
    assert_eq!(aliases.update(&update).await.unwrap(), AliasWrite::Unchanged);
    let mut expected = alias.clone();
    expected.name = "engineering".to_owned();
    assert_eq!(but_for_time(aliases.read(&alias.id).await.unwrap()), expected);
    let embedded = groups.read(&group).await.unwrap().alias.unwrap();
    assert_eq!((&embedded.id, &*embedded.name, &embedded.canonical_id), (&alias.id, "engineering", &group));

    let list = aliases.list().await.unwrap();
    assert_eq!(list.keys, from_ref(&alias.id));
    let info = &list.key_info[&alias.id];
    assert_eq!((&*info.name, &info.canonical_id, &info.mount_accessor), ("engineering", &group, &directory));
    let info = groups.list().await.unwrap().key_info[&group].alias.clone().unwrap();
    assert_eq!((&info.id, info.mount_type.as_deref()), (&alias.id, Some("userpass")));

    for _ in 0..2 {
        aliases.delete(&alias.id).await.unwrap();
        assert_eq!(aliases.find(&alias.id).await.unwrap(), None);
    }
    assert!(aliases.read(&alias.id).await.unwrap_err().is_not_found());
    assert_eq!(groups.read(&group).await.unwrap().alias, None);

    let created =
        aliases.create(&CreateGroupAlias::new("made-up", &directory)).await.unwrap().written().unwrap();
    let made = groups.read(&created.canonical_id).await.unwrap();
    assert_eq!((made.group_type, made.alias.unwrap().id), (GroupType::External, created.id));

    space.assert_called(&GROUP_ALIAS_OPERATIONS);
}

#[tokio::test]
async fn a_second_group_alias_replaces_the_first() {
    let Some(space) = Space::new("group-alias-second") else { return };
    let (aliases, groups) = (space.client.group_aliases(), space.client.groups());
    let directory = space.mount("directory");
    let first = aliases.create(&CreateGroupAlias::new("first", &directory)).await.unwrap().written().unwrap();
    let group = first.canonical_id;
    let second = CreateGroupAlias::new("second", &directory).canonical_id(&group);
    let second = aliases.create(&second).await.unwrap().written().unwrap();
    assert_eq!(aliases.find(&first.id).await.unwrap(), None);
    assert_eq!(groups.read(&group).await.unwrap().alias.unwrap().id, second.id);
    assert_eq!(aliases.list().await.unwrap().keys, from_ref(&second.id));

    // It can be moved to another group as well.
    let other = CreateGroup::named("other").group_type(GroupType::External);
    let other = groups.create(&other).await.unwrap().created().unwrap().id;
    let update =
        UpdateGroupAliasById::new(&second.id).name("second").mount_accessor(&directory).canonical_id(&other);
    let moved = aliases.update(&update).await.unwrap().written().unwrap();
    assert_eq!((&moved.id, &moved.canonical_id), (&second.id, &other));
    assert_eq!(groups.read(&group).await.unwrap().alias, None);
    assert_eq!(groups.read(&other).await.unwrap().alias.unwrap().id, second.id);
}

#[tokio::test]
async fn rejected_group_aliases() {
    let Some(space) = Space::new("group-alias-errors") else { return };
    let (aliases, groups) = (space.client.group_aliases(), space.client.groups());
    let directory = space.mount("directory");
    let internal = groups.create(&CreateGroup::named("ours")).await.unwrap().created().unwrap().id;
    let create = CreateGroupAlias::new("eng", &directory).canonical_id(&internal);
    rejected(aliases.create(&create).await, 400, "alias can't be set on an internal group");
    let create = CreateGroupAlias::new("eng", &directory).canonical_id("unknown");
    rejected(aliases.create(&create).await, 400, "invalid group ID");
    let create = CreateGroupAlias::new("eng", "auth_userpass_gone");
    rejected(aliases.create(&create).await, 400, "invalid mount accessor");
    let update = UpdateGroupAliasById::new("unknown").name("eng").mount_accessor(&directory);
    assert!(!rejected(aliases.update(&update).await, 400, "invalid group alias ID").is_not_found());
    assert!(aliases.list().await.unwrap().is_empty());
    assert_eq!(groups.list().await.unwrap().keys, [internal]);
}
