use identity_core::{
    alias::{
        AliasWrite, CreateGroupAlias, DeleteGroupAliasById, ListGroupAliases, ReadGroupAliasById,
        UpdateGroupAliasById,
    },
    group::{CreateGroup, DeleteGroupById, GroupType, ReadGroupById},
};

use super::server::Server;

const UNKNOWN_ID: &str = "00000000-0000-0000-0000-000000000000";

fn external(name: &str) -> CreateGroup {
    CreateGroup::named(name).group_type(GroupType::External)
}

pub(super) async fn group_alias_is_created_updated_and_deleted(server: &Server<'_>) {
    let directory = server.mount("directory").await;
    let group = server.group(external("eng")).await;
    let create = CreateGroupAlias::new("e", &directory).canonical_id(&group);
    let written = server.ok(&create).await.written().expect("it is new");
    assert_eq!(written.canonical_id, group);
    let alias = server.ok(&ReadGroupAliasById::new(&written.id)).await;
    assert_eq!((&*alias.name, alias.mount_path.as_deref()), ("e", Some("auth/directory/")));
    assert_eq!(server.ok(&ReadGroupById::new(&group)).await.alias.expect("it has an alias").id, written.id);

    let update = UpdateGroupAliasById::new(&written.id).name("E2").mount_accessor(&directory);
    assert_eq!(server.ok(&update).await, AliasWrite::Written(written.clone()));
    assert_eq!(server.ok(&update).await, AliasWrite::Unchanged);
    let list = server.ok(&ListGroupAliases::new()).await;
    assert_eq!((list.len(), &*list.key_info[&written.id].name), (1, "E2"));
    for _ in 0..2 {
        server.ok(&DeleteGroupAliasById::new(&written.id)).await;
        server.not_found(&ReadGroupAliasById::new(&written.id)).await;
    }
    assert_eq!(server.ok(&ReadGroupById::new(&group)).await.alias, None);

    // Without a group it creates one.
    let made = server.ok(&CreateGroupAlias::new("made", &directory)).await.written().expect("it is new");
    assert_eq!(server.ok(&ReadGroupById::new(&made.canonical_id)).await.group_type, GroupType::External);
    server.ok(&DeleteGroupById::new(&made.canonical_id)).await;
    server.not_found(&ReadGroupAliasById::new(&made.id)).await;
}

pub(super) async fn group_alias_replaces_another(server: &Server<'_>) {
    let directory = server.mount("directory").await;
    let (one, two) = (server.group(external("one")).await, server.group(external("two")).await);
    let first = CreateGroupAlias::new("first", &directory).canonical_id(&one);
    let first = server.ok(&first).await.written().expect("it is new").id;
    let second = CreateGroupAlias::new("second", &directory).canonical_id(&one);
    let second = server.ok(&second).await.written().expect("it is new").id;
    server.not_found(&ReadGroupAliasById::new(&first)).await;
    assert_eq!(server.ok(&ReadGroupById::new(&one)).await.alias.expect("it has an alias").id, second);

    let update =
        UpdateGroupAliasById::new(&second).name("second").mount_accessor(&directory).canonical_id(&two);
    assert_eq!(server.ok(&update).await.written().expect("it has moved").canonical_id, two);
    assert_eq!(server.ok(&ReadGroupById::new(&one)).await.alias, None);
    assert_eq!(server.ok(&ReadGroupById::new(&two)).await.alias.expect("it has an alias").id, second);
}

pub(super) async fn group_alias_errors(server: &Server<'_>) {
    let directory = server.mount("directory").await;
    let (ours, theirs) =
        (server.group(CreateGroup::named("ours")).await, server.group(external("theirs")).await);
    let create = CreateGroupAlias::new("e", &directory);
    server.error(&create.clone().canonical_id(&ours), 400, "alias can't be set on an internal group").await;
    server
        .error(&create.clone().canonical_id(UNKNOWN_ID), 400, "invalid group ID given in 'canonical_id'")
        .await;
    let nowhere = CreateGroupAlias::new("e", "auth_userpass_00000000");
    server.error(&nowhere, 400, "invalid mount accessor \"auth_userpass_00000000\"").await;
    server.ok(&create.clone().canonical_id(&theirs)).await.written().expect("it is new");
    // An entity alias would be updated.
    let problem = "combination of mount and group alias name is already in use";
    server.error(&create.canonical_id(&theirs), 400, problem).await;
    let update = UpdateGroupAliasById::new(UNKNOWN_ID).name("e").mount_accessor(&directory);
    server.error(&update, 400, "invalid group alias ID").await;
    for (body, problem) in [
        (r#"{"mount_accessor":"x"}"#, "missing alias name"),
        (r#"{"name":"x"}"#, "missing mount_accessor"),
        (r#"{"id":"","name":"x"}"#, "empty group alias ID"),
    ] {
        server.raw_error(("POST", "identity/group-alias", body), 400, &[problem]).await;
    }
}
