use vault_identity::entity::CreateEntity;
use vault_identity::error::ErrorKind;
use vault_identity::group::{CreateGroup, Group, GroupType, UpdateGroupById, WriteGroupByName};
use vault_identity::{Client, GroupId, KeyList, Upsert};

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 9] = [
    "DELETE identity/group/id/{id}",
    "DELETE identity/group/name/{name}",
    "GET identity/group/id/{id}",
    "GET identity/group/name/{name}",
    "LIST identity/group/id",
    "LIST identity/group/name",
    "POST identity/group",
    "POST identity/group/id/{id}",
    "POST identity/group/name/{name}",
];

/// Reads a group without the time and number of its updates.
pub(crate) async fn read(client: &Client, id: &GroupId) -> Group {
    let mut group = client.groups().read(id).await.expect("the group is there");
    assert!(group.creation_time.is_some() && group.last_update_time.take() >= group.creation_time);
    group.modify_index = 0;
    group
}

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("groups") else { return };
    let groups = space.client.groups();
    assert_eq!(groups.list().await.unwrap(), KeyList::default());
    assert_eq!(groups.list_names().await.unwrap(), KeyList::default());

    let create = CreateGroup::named("Ops").policies(["ops", "Dev"]).metadata([("floor", "3")]);
    let created = groups.create(&create).await.unwrap().created().unwrap();
    assert_eq!(created.name, "Ops");
    let ops = read(&space.client, &created.id).await;
    assert_eq!((&ops.id, &*ops.name, &ops.group_type), (&created.id, "Ops", &GroupType::Internal));
    assert_eq!(
        (&ops.policies[..], &*ops.metadata["floor"]),
        (&["dev".to_owned(), "ops".to_owned()][..], "3")
    );
    assert!(ops.member_entity_ids.is_empty() && ops.member_group_ids.is_empty());
    assert!(ops.parent_group_ids.is_empty() && ops.alias.is_none());
    assert_eq!(groups.read(&ops.id).await.unwrap().modify_index, 1);
    assert_eq!(groups.create(&create).await.unwrap(), Upsert::Updated);
    assert_eq!(read(&space.client, &ops.id).await, ops);
    assert_eq!(groups.read(&ops.id).await.unwrap().modify_index, 2);

    let update = UpdateGroupById::new(&ops.id).policies(["audit"]);
    let mut expected = ops.clone();
    expected.policies = vec!["audit".to_owned()];
    for _ in 0..2 {
        groups.update(&update).await.unwrap();
        assert_eq!(read(&space.client, &ops.id).await, expected);
    }

    let write = WriteGroupByName::new("all").member_group_ids([&ops.id]);
    let all = groups.write_by_name(&write).await.unwrap().created().unwrap();
    assert_eq!(groups.write_by_name(&write).await.unwrap(), Upsert::Updated);
    let by_name = groups.read_by_name("ALL").await.unwrap();
    assert_eq!((&by_name.id, &by_name.member_group_ids), (&all.id, &vec![ops.id.clone()]));
    assert_eq!(groups.find_by_name("all").await.unwrap(), Some(by_name));
    expected.parent_group_ids = vec![all.id.clone()];
    assert_eq!(read(&space.client, &ops.id).await, expected);

    let list = groups.list().await.unwrap();
    let mut both = [ops.id.clone(), all.id.clone()];
    both.sort();
    assert_eq!(list.keys, both);
    let info = &list.key_info[&ops.id];
    assert_eq!((&*info.name, info.num_member_entities, info.num_parent_groups), ("Ops", 0, 1));
    assert_eq!((&info.alias, &*list.key_info[&all.id].name), (&None, "all"));
    let mut names = groups.list_names().await.unwrap();
    names.keys.sort();
    assert_eq!(names.keys, ["Ops", "all"]);
    assert!(names.key_info.is_empty());

    for _ in 0..2 {
        groups.delete(&all.id).await.unwrap();
        assert_eq!(groups.find(&all.id).await.unwrap(), None);
    }
    assert!(groups.read(&all.id).await.unwrap_err().is_not_found());
    for _ in 0..2 {
        groups.delete_by_name("oPS").await.unwrap();
        assert_eq!(groups.find_by_name("Ops").await.unwrap(), None);
    }
    assert!(groups.read_by_name("Ops").await.unwrap_err().is_not_found());
    assert!(groups.list().await.unwrap().is_empty() && groups.list_names().await.unwrap().is_empty());

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn an_update_keeps_unset_fields_and_clears_empty_ones() {
    let Some(space) = Space::new("group-fields") else { return };
    let groups = space.client.groups();
    let alice = space.client.entities().create(&CreateEntity::named("alice")).await.unwrap();
    let alice = alice.created().unwrap().id;
    let below = groups.create(&CreateGroup::named("below")).await.unwrap().created().unwrap().id;
    let create = CreateGroup::named("all").policies(["dev"]).metadata([("floor", "3")]);
    let create = create.member_entity_ids([&alice]).member_group_ids([&below]);
    let id = groups.create(&create).await.unwrap().created().unwrap().id;
    let mut expected = read(&space.client, &id).await;
    assert_eq!(
        (&expected.member_entity_ids[..], &expected.member_group_ids[..]),
        (&[alice][..], &[below][..])
    );

    let info = &groups.list().await.unwrap().key_info[&id];
    assert_eq!((info.num_member_entities, info.num_parent_groups), (1, 0));

    groups.update(&UpdateGroupById::new(&id)).await.unwrap();
    assert_eq!(read(&space.client, &id).await, expected);
    assert_eq!(groups.write_by_name(&WriteGroupByName::new("all")).await.unwrap(), Upsert::Updated);
    assert_eq!(read(&space.client, &id).await, expected);

    groups.update(&UpdateGroupById::new(&id).metadata([("", ""); 0])).await.unwrap();
    expected.metadata.clear();
    assert_eq!(read(&space.client, &id).await, expected);

    let write = WriteGroupByName::new("all").policies([""; 0]);
    assert_eq!(groups.write_by_name(&write).await.unwrap(), Upsert::Updated);
    expected.policies.clear();
    assert_eq!(read(&space.client, &id).await, expected);

    groups.update(&UpdateGroupById::new(&id).member_group_ids([""; 0])).await.unwrap();
    expected.member_group_ids.clear();
    assert_eq!(read(&space.client, &id).await, expected);

    let create = CreateGroup::named("all").member_entity_ids([""; 0]);
    assert_eq!(groups.create(&create).await.unwrap(), Upsert::Updated);
    expected.member_entity_ids.clear();
    assert_eq!(read(&space.client, &id).await, expected);

    groups.update(&UpdateGroupById::new(&id).name("everyone")).await.unwrap();
    expected.name = "everyone".to_owned();
    assert_eq!(read(&space.client, &id).await, expected);
    assert_eq!(groups.create(&CreateGroup::named("all").id(&id)).await.unwrap(), Upsert::Updated);
    expected.name = "all".to_owned();
    assert_eq!(read(&space.client, &id).await, expected);
}

#[tokio::test]
async fn each_unnamed_create_creates_another() {
    let Some(space) = Space::new("group-unnamed") else { return };
    let groups = space.client.groups();
    let first = groups.create(&CreateGroup::unnamed()).await.unwrap().created().unwrap();
    let second = groups.create(&CreateGroup::unnamed()).await.unwrap().created().unwrap();
    assert!(first.name.starts_with("group_"), "{}", first.name);
    let mut ids = [first.id, second.id];
    ids.sort();
    assert_eq!(groups.list().await.unwrap().keys, ids);
}

#[tokio::test]
async fn a_deleted_group_is_no_member_but_still_a_parent() {
    let Some(space) = Space::new("group-deleted") else { return };
    let groups = space.client.groups();
    let below = groups.create(&CreateGroup::named("below")).await.unwrap().created().unwrap().id;
    let create = CreateGroup::named("middle").member_group_ids([&below]);
    let middle = groups.create(&create).await.unwrap().created().unwrap().id;
    let create = CreateGroup::named("top").member_group_ids([&middle]);
    let top = groups.create(&create).await.unwrap().created().unwrap().id;

    groups.delete(&middle).await.unwrap();
    assert!(groups.read(&top).await.unwrap().member_group_ids.is_empty());
    assert_eq!(groups.read(&below).await.unwrap().parent_group_ids, [middle]);
    let mut both = [below, top];
    both.sort();
    assert_eq!(groups.list().await.unwrap().keys, both);
}

#[tokio::test]
async fn an_external_group_has_no_members() {
    let Some(space) = Space::new("group-external") else { return };
    let groups = space.client.groups();
    let create = CreateGroup::named("theirs").group_type(GroupType::External).policies(["dev"]);
    let id = groups.create(&create).await.unwrap().created().unwrap().id;
    assert_eq!(groups.create(&create).await.unwrap(), Upsert::Updated);
    let theirs = read(&space.client, &id).await;
    assert_eq!(theirs.group_type, GroupType::External);

    let message = "can't be set";
    rejected(groups.update(&UpdateGroupById::new(&id).member_entity_ids([""; 0])).await, 400, message);
    rejected(groups.update(&UpdateGroupById::new(&id).member_group_ids([""; 0])).await, 400, message);
    rejected(groups.add_member_entities(&id, ["nobody"]).await, 400, message);
    rejected(
        groups.update(&UpdateGroupById::new(&id).group_type(GroupType::Internal)).await,
        400,
        "type cannot be changed",
    );
    let error = groups.create(&create.member_entity_ids([""; 0])).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
    assert_eq!(read(&space.client, &id).await, theirs);

    // It has its own policies, and can be a member.
    let all = CreateGroup::named("all").member_group_ids([&id]);
    let all = groups.create(&all).await.unwrap().created().unwrap().id;
    assert_eq!(groups.read(&id).await.unwrap().parent_group_ids, [all]);
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("group-errors") else { return };
    let groups = space.client.groups();
    let top = groups.create(&CreateGroup::named("top")).await.unwrap().created().unwrap().id;
    let below = groups.create(&CreateGroup::named("below")).await.unwrap().created().unwrap().id;
    groups.add_member_groups(&top, [&below]).await.unwrap();
    let before = read(&space.client, &top).await;

    let error = rejected(groups.update(&UpdateGroupById::new("unknown")).await, 400, "invalid group ID");
    assert!(!error.is_not_found());
    rejected(groups.create(&CreateGroup::unnamed().id("unknown")).await, 400, "invalid group ID");
    let taken = UpdateGroupById::new(&top).name("BELOW");
    rejected(groups.update(&taken).await, 400, "group name is already in use");
    let root = UpdateGroupById::new(&top).policies(["root"]);
    rejected(groups.update(&root).await, 400, "policies cannot contain root");
    let unknown_type = CreateGroup::named("new").group_type("federated");
    rejected(groups.create(&unknown_type).await, 400, "invalid group type");

    // Invalid requests, although the status is 500: the same call fails again.
    let nobody = UpdateGroupById::new(&top).member_entity_ids(["nobody"]);
    assert!(!rejected(groups.update(&nobody).await, 500, "invalid entity ID").is_retryable());
    assert!(
        !rejected(groups.add_member_entities(&top, ["nobody"]).await, 500, "invalid entity ID")
            .is_retryable()
    );
    let nothing = UpdateGroupById::new(&top).member_group_ids(["nothing"]);
    assert!(!rejected(groups.update(&nothing).await, 500, "invalid member group ID").is_retryable());
    let itself = UpdateGroupById::new(&top).member_group_ids([&top]);
    assert!(!rejected(groups.update(&itself).await, 500, "is same as the ID of the group").is_retryable());

    let circle = UpdateGroupById::new(&below).member_group_ids([&top]);
    rejected(groups.update(&circle).await, 400, "cyclic relationship detected");
    rejected(groups.add_member_groups(&below, [&top]).await, 400, "cyclic relationship detected");
    assert_eq!(read(&space.client, &top).await, before);
    assert!(groups.read(&below).await.unwrap().member_group_ids.is_empty());
    assert_eq!(groups.list().await.unwrap().len(), 2);
}
