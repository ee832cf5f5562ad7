use std::slice::from_ref;

use identity_core::{
    Upsert,
    entity::{DeleteEntityById, ReadEntityById},
    group::{
        CreateGroup, DeleteGroupById, DeleteGroupByName, GroupType, ListGroupNames, ListGroups,
        ReadGroupById, ReadGroupByName, UpdateGroupById, WriteGroupByName,
    },
};

use super::server::Server;

const UNKNOWN_ID: &str = "00000000-0000-0000-0000-000000000000";

pub(super) async fn group_is_created_updated_and_deleted(server: &Server<'_>) {
    let create = CreateGroup::named("eng").metadata([("k", "v")]).policies(["B", "b", "a"]);
    let created = server.ok(&create).await.created().expect("it is new");
    assert_eq!(server.ok(&CreateGroup::named("ENG")).await, Upsert::Updated);
    let group = server.ok(&ReadGroupById::new(&created.id)).await;
    assert_eq!(
        (&*group.name, &group.group_type, &group.policies[..]),
        ("ENG", &GroupType::Internal, &["a".to_owned(), "b".to_owned()][..])
    );
    assert_eq!((group.metadata["k"].as_str(), group.alias, group.modify_index), ("v", None, 2));

    server.ok(&UpdateGroupById::new(&created.id).name("engineers").policies([""; 0])).await;
    let group = server.ok(&ReadGroupByName::new("Engineers")).await;
    assert_eq!((&group.id, group.policies.len(), group.metadata.len()), (&created.id, 0, 1));
    assert!(server.ok(&WriteGroupByName::new("a b/ü%")).await.is_created());
    assert_eq!(server.ok(&WriteGroupByName::new("A b/Ü%").policies(["p"])).await, Upsert::Updated);
    for _ in 0..2 {
        server.ok(&DeleteGroupByName::new("a b/ü%")).await;
        server.not_found(&ReadGroupByName::new("a b/ü%")).await;
        server.ok(&DeleteGroupById::new(&created.id)).await;
        server.not_found(&ReadGroupById::new(&created.id)).await;
    }
    let unnamed = server.ok(&CreateGroup::unnamed()).await.created().expect("it is new");
    assert!(unnamed.name.starts_with("group_"), "{}", unnamed.name);
}

pub(super) async fn group_membership_is_direct_and_inherited(server: &Server<'_>) {
    let alice = server.entity("alice").await;
    let inner = server.group(CreateGroup::named("inner").member_entity_ids([&alice, &alice])).await;
    let middle = server.group(CreateGroup::named("middle").member_group_ids([&inner])).await;
    let outer = server.group(CreateGroup::named("outer").member_group_ids([&middle])).await;
    let entity = server.ok(&ReadEntityById::new(&alice)).await;
    assert_eq!(entity.direct_group_ids, from_ref(&inner));
    let mut inherited = entity.inherited_group_ids;
    inherited.sort();
    let mut expected = [middle.clone(), outer.clone()];
    expected.sort();
    assert_eq!((inherited.as_slice(), entity.group_ids.len()), (&expected[..], 3));
    assert_eq!(server.ok(&ReadGroupById::new(&inner)).await.member_entity_ids, from_ref(&alice));
    let group = server.ok(&ReadGroupById::new(&middle)).await;
    assert_eq!(
        (&group.member_group_ids[..], &group.parent_group_ids[..]),
        (&[inner.clone()][..], &[outer.clone()][..])
    );

    server.ok(&UpdateGroupById::new(&outer).member_group_ids([""; 0])).await;
    assert!(server.ok(&ReadGroupById::new(&middle)).await.parent_group_ids.is_empty());
    assert_eq!(server.ok(&ReadEntityById::new(&alice)).await.inherited_group_ids, [middle]);
    server.ok(&UpdateGroupById::new(&inner).policies(["p"])).await;
    assert_eq!(server.ok(&ReadGroupById::new(&inner)).await.member_entity_ids, from_ref(&alice));
    server.ok(&UpdateGroupById::new(&inner).member_entity_ids([""; 0])).await;
    assert!(server.ok(&ReadEntityById::new(&alice)).await.group_ids.is_empty());
}

pub(super) async fn group_cycles_are_rejected(server: &Server<'_>) {
    let inner = server.group(CreateGroup::named("inner")).await;
    let middle = server.group(CreateGroup::named("middle").member_group_ids([&inner])).await;
    let outer = server.group(CreateGroup::named("outer").member_group_ids([&middle])).await;
    let around = UpdateGroupById::new(&inner).member_group_ids([&outer]);
    let problem = format!("cyclic relationship detected for member group ID \"{}\"", outer.as_str());
    server.error(&around, 400, &problem).await;
    let itself = UpdateGroupById::new(&inner).member_group_ids([&inner]);
    let problem = format!("member group ID \"{}\" is same as the ID of the group", inner.as_str());
    server.error(&itself, 500, &format!("1 error occurred:\n\t* {problem}\n\n")).await;
    assert!(server.ok(&ReadGroupById::new(&inner)).await.member_group_ids.is_empty());
}

pub(super) async fn group_type_cannot_be_changed(server: &Server<'_>) {
    let external = CreateGroup::named("ext").group_type(GroupType::External);
    let id = server.group(external).await;
    assert_eq!(server.ok(&ReadGroupById::new(&id)).await.group_type, GroupType::External);
    let internal = CreateGroup::named("ext").group_type(GroupType::Internal);
    server.error(&internal, 400, "group type cannot be changed").await;
    for (body, problem) in [
        (
            r#"{"name":"ext","member_entity_ids":[]}"#,
            "member entities can't be set manually for external groups",
        ),
        (r#"{"name":"ext","member_group_ids":null}"#, "member groups can't be set for external groups"),
    ] {
        server.raw_error(("POST", "identity/group", body), 400, &[problem]).await;
    }
}

pub(super) async fn group_errors(server: &Server<'_>) {
    let (one, _) =
        (server.group(CreateGroup::named("one")).await, server.group(CreateGroup::named("two")).await);
    server.error(&UpdateGroupById::new(UNKNOWN_ID), 400, "invalid group ID").await;
    server.error(&UpdateGroupById::new(&one).name("TWO"), 400, "group name is already in use").await;
    server.error(&CreateGroup::named("three").policies(["ROOT"]), 400, "policies cannot contain root").await;
    let unknown = CreateGroup::named("three").member_entity_ids([UNKNOWN_ID]);
    server
        .error(&unknown, 500, &format!("1 error occurred:\n\t* invalid entity ID \"{UNKNOWN_ID}\"\n\n"))
        .await;
    let unknown = CreateGroup::named("three").member_group_ids([UNKNOWN_ID]);
    server
        .error(&unknown, 500, &format!("1 error occurred:\n\t* invalid member group ID \"{UNKNOWN_ID}\"\n\n"))
        .await;
    for (body, problem) in [
        (r#"{"name":""}"#, "empty group name"),
        (r#"{"name":null}"#, "empty group name"),
        (r#"{"id":null,"name":"x"}"#, "empty group ID"),
        (r#"{"name":"x","type":"odd"}"#, "invalid group type \"odd\""),
    ] {
        server.raw_error(("POST", "identity/group", body), 400, &[problem]).await;
    }
    assert_eq!(server.ok(&ListGroupNames::new()).await.len(), 2);
}

pub(super) async fn group_deletions(server: &Server<'_>) {
    let (alice, bob) = (server.entity("alice").await, server.entity("bob").await);
    let inner = server.group(CreateGroup::named("inner").member_entity_ids([&alice, &bob])).await;
    let outer = server.group(CreateGroup::named("outer").member_group_ids([&inner])).await;
    server.ok(&DeleteEntityById::new(&alice)).await;
    assert_eq!(server.ok(&ReadGroupById::new(&inner)).await.member_entity_ids, from_ref(&bob));
    // The parent is deleted but still listed.
    server.ok(&DeleteGroupById::new(&outer)).await;
    assert_eq!(server.ok(&ReadGroupById::new(&inner)).await.parent_group_ids, [outer]);
    assert_eq!(server.ok(&ReadEntityById::new(&bob)).await.group_ids, [inner]);
}

pub(super) async fn group_lists(server: &Server<'_>) {
    assert!(server.ok(&ListGroups::new()).await.is_empty());
    let alice = server.entity("alice").await;
    let inner = server.group(CreateGroup::named("inner").member_entity_ids([&alice])).await;
    let outer = server.group(CreateGroup::named("outer").member_group_ids([&inner])).await;
    let mut ids = [inner.clone(), outer];
    ids.sort();
    let list = server.ok(&ListGroups::new()).await;
    assert_eq!(list.keys, ids);
    let info = &list.key_info[&inner];
    assert_eq!((&*info.name, info.num_member_entities, info.num_parent_groups), ("inner", 1, 1));
    let names: Vec<&str> = ids.iter().map(|id| &*list.key_info[id].name).collect();
    assert_eq!(server.ok(&ListGroupNames::new()).await.keys, names);
}
