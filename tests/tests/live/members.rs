use vault_identity::entity::CreateEntity;
use vault_identity::group::CreateGroup;
use vault_identity::transport::{BlockingAdapter, HyperTransport};
use vault_identity::{BlockingClient, Client, EntityId, GroupId};

use crate::groups::read;
use crate::space::Space;

async fn entities(client: &Client, count: usize) -> Vec<EntityId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let created = client.entities().create(&CreateEntity::unnamed()).await.expect("it is created");
        ids.push(created.created().expect("it is new").id);
    }
    ids.sort();
    ids
}

async fn group(client: &Client, create: CreateGroup) -> GroupId {
    let created = client.groups().create(&create).await.expect("it is created");
    created.created().expect("it is new").id
}

#[tokio::test]
async fn adding_and_removing_entities_changes_nothing_else() {
    let Some(space) = Space::new("members-entities") else { return };
    let groups = space.client.groups();
    let ids = entities(&space.client, 4).await;
    let below = group(&space.client, CreateGroup::named("below")).await;
    let create = CreateGroup::named("all").policies(["dev"]).metadata([("floor", "3")]);
    let create = create.member_entity_ids(&ids[..1]).member_group_ids([&below]);
    let all = group(&space.client, create).await;
    let mut expected = read(&space.client, &all).await;

    for _ in 0..2 {
        groups.add_member_entities(&all, &ids[1..]).await.unwrap();
        expected.member_entity_ids.clone_from(&ids);
        assert_eq!(read(&space.client, &all).await, expected);
    }
    let written = groups.read(&all).await.unwrap().modify_index;
    groups.add_member_entities(&all, [""; 0]).await.unwrap();
    groups.remove_member_entities(&all, ["nobody"]).await.unwrap();
    assert_eq!(groups.read(&all).await.unwrap().modify_index, written, "no write was necessary");

    for _ in 0..2 {
        groups.remove_member_entities(&all, [&ids[1], &ids[3]]).await.unwrap();
        expected.member_entity_ids = vec![ids[0].clone(), ids[2].clone()];
        assert_eq!(read(&space.client, &all).await, expected);
    }
    groups.remove_member_entities(&all, &ids).await.unwrap();
    expected.member_entity_ids.clear();
    assert_eq!(read(&space.client, &all).await, expected);
    assert_eq!(space.client.entities().list().await.unwrap().keys, ids);
}

#[tokio::test]
async fn member_groups_inherit_policies() {
    let Some(space) = Space::new("members-groups") else { return };
    let groups = space.client.groups();
    let alice = entities(&space.client, 1).await.remove(0);
    let team = group(&space.client, CreateGroup::named("team").member_entity_ids([&alice])).await;
    let other = group(&space.client, CreateGroup::named("other")).await;
    let create = CreateGroup::named("all").policies(["dev"]).member_group_ids([&other]);
    let all = group(&space.client, create).await;
    let mut expected = read(&space.client, &all).await;

    for _ in 0..2 {
        groups.add_member_groups(&all, [&team]).await.unwrap();
        expected.member_group_ids = vec![team.clone(), other.clone()];
        expected.member_group_ids.sort();
        assert_eq!(read(&space.client, &all).await, expected);
    }
    let entity = space.client.entities().read(&alice).await.unwrap();
    assert_eq!(
        (&entity.direct_group_ids[..], &entity.inherited_group_ids[..]),
        (&[team.clone()][..], &[all.clone()][..])
    );
    assert_eq!(entity.group_ids, [team.clone(), all.clone()]);

    for _ in 0..2 {
        groups.remove_member_groups(&all, [&team]).await.unwrap();
        expected.member_group_ids = vec![other.clone()];
        assert_eq!(read(&space.client, &all).await, expected);
    }
    assert!(space.client.entities().read(&alice).await.unwrap().inherited_group_ids.is_empty());
    assert!(groups.read(&team).await.unwrap().parent_group_ids.is_empty());
}

#[tokio::test]
async fn a_deleted_group_is_not_found() {
    let Some(space) = Space::new("members-no-group") else { return };
    let groups = space.client.groups();
    assert!(groups.add_member_entities("unknown", ["nobody"]).await.unwrap_err().is_not_found());
    assert!(groups.remove_member_entities("unknown", ["nobody"]).await.unwrap_err().is_not_found());
    assert!(groups.add_member_groups("unknown", ["nothing"]).await.unwrap_err().is_not_found());
    assert!(groups.remove_member_groups("unknown", ["nothing"]).await.unwrap_err().is_not_found());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_tasks_lose_no_member() {
    let Some(space) = Space::new("members-concurrent") else { return };
    let ids = entities(&space.client, 17).await;
    let all = group(&space.client, CreateGroup::named("all").member_entity_ids(&ids[16..])).await;

    let add = |id: &EntityId| {
        let client = space.client.with_target(space.client.target().clone());
        let (all, id) = (all.clone(), id.clone());
        tokio::spawn(async move { client.groups().add_member_entities(all, [id]).await })
    };
    for task in ids[..16].iter().map(add).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(read(&space.client, &all).await.member_entity_ids, ids);

    let remove = |id: &EntityId| {
        let (client, all, id) = (space.client.clone(), all.clone(), id.clone());
        tokio::spawn(async move { client.groups().remove_member_entities(all, [id]).await })
    };
    for task in ids[..16].iter().map(remove).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(read(&space.client, &all).await.member_entity_ids, ids[16..]);
}

#[tokio::test]
async fn eight_blocking_threads_lose_no_member() {
    let Some(space) = Space::new("members-threads") else { return };
    let ids = entities(&space.client, 8).await;
    let all = group(&space.client, CreateGroup::named("all")).await;
    let transport = BlockingAdapter::new(HyperTransport::new()).unwrap();
    let client = BlockingClient::new(space.client.target().clone(), transport);
    std::thread::scope(|scope| {
        for id in &ids {
            let (client, all) = (&client, &all);
            scope.spawn(move || client.groups().add_member_entities(all, [id]).unwrap());
        }
    });
    assert_eq!(read(&space.client, &all).await.member_entity_ids, ids);
}

#[tokio::test]
async fn a_group_can_have_more_than_a_thousand_members() {
    let Some(space) = Space::new("members-many") else { return };
    let groups = space.client.groups();
    let ids = entities(&space.client, 1_010).await;
    let all = group(&space.client, CreateGroup::named("all")).await;
    groups.add_member_entities(&all, &ids[..990]).await.unwrap();
    groups.add_member_entities(&all, &ids[990..]).await.unwrap();
    assert_eq!(read(&space.client, &all).await.member_entity_ids, ids);
    groups.remove_member_entities(&all, &ids[..1]).await.unwrap();
    assert_eq!(read(&space.client, &all).await.member_entity_ids, ids[1..]);
}
