use std::slice::from_ref;

use vault_identity::alias::CreateEntityAlias;
use vault_identity::entity::{
    BatchDeleteEntities, CreateEntity, Entity, MergeEntities, UpdateEntityById, WriteEntityByName,
};
use vault_identity::error::ErrorKind;
use vault_identity::group::CreateGroup;
use vault_identity::{Client, EntityId, KeyList, Upsert};

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 11] = [
    "DELETE identity/entity/id/{id}",
    "DELETE identity/entity/name/{name}",
    "GET identity/entity/id/{id}",
    "GET identity/entity/name/{name}",
    "LIST identity/entity/id",
    "LIST identity/entity/name",
    "POST identity/entity",
    "POST identity/entity/batch-delete",
    "POST identity/entity/id/{id}",
    "POST identity/entity/merge",
    "POST identity/entity/name/{name}",
];

/// Reads an entity without the time of its last update.
pub(crate) async fn read(client: &Client, id: &EntityId) -> Entity {
    let mut entity = client.entities().read(id).await.expect("the entity is there");
    assert!(entity.creation_time.is_some() && entity.last_update_time.take() >= entity.creation_time);
    entity
}

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("entities") else { return };
    let entities = space.client.entities();
    assert_eq!(entities.list().await.unwrap(), KeyList::default());
    assert_eq!(entities.list_names().await.unwrap(), KeyList::default());

    let create = CreateEntity::named("Alice").policies(["ops", "Dev"]).metadata([("team", "eng")]);
    let created = entities.create(&create).await.unwrap().created().unwrap();
    assert_eq!((&*created.name, created.aliases.len()), ("Alice", 0));
    let alice = read(&space.client, &created.id).await;
    assert_eq!((&alice.id, &*alice.name), (&created.id, "Alice"));
    assert_eq!(alice.policies, ["dev", "ops"]);
    assert_eq!(alice.metadata["team"], "eng");
    assert!(!alice.disabled && alice.aliases.is_empty() && alice.group_ids.is_empty());
    assert_eq!(entities.create(&create).await.unwrap(), Upsert::Updated);
    assert_eq!(read(&space.client, &alice.id).await, alice);

    let update = UpdateEntityById::new(&alice.id).policies(["audit"]);
    entities.update(&update).await.unwrap();
    let mut expected = alice.clone();
    expected.policies = vec!["audit".to_owned()];
    assert_eq!(read(&space.client, &alice.id).await, expected);
    entities.update(&update).await.unwrap();
    assert_eq!(read(&space.client, &alice.id).await, expected);

    let write = WriteEntityByName::new("bob").metadata([("team", "ops")]);
    let bob = entities.write_by_name(&write).await.unwrap().created().unwrap();
    assert_eq!(bob.name, "bob");
    assert_eq!(entities.write_by_name(&write).await.unwrap(), Upsert::Updated);
    assert_eq!(entities.read_by_name("bob").await.unwrap().metadata["team"], "ops");
    assert_eq!(entities.find_by_name("BOB").await.unwrap().unwrap().id, bob.id);

    let list = entities.list().await.unwrap();
    let mut names: Vec<_> = list.iter().map(|(id, info)| (id.clone(), info.unwrap().name.clone())).collect();
    names.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(names, [(alice.id.clone(), "Alice".to_owned()), (bob.id.clone(), "bob".to_owned())]);
    assert!(list.key_info.values().all(|info| info.aliases.is_empty()));
    let names = entities.list_names().await.unwrap();
    assert_eq!(names.len(), 2);
    assert!(names.key_info.is_empty() && names.keys.contains(&"Alice".to_owned()));

    let merge = MergeEntities::new(&alice.id, [&bob.id]);
    entities.merge(&merge).await.unwrap();
    assert_eq!(entities.find(&bob.id).await.unwrap(), None);
    expected.merged_entity_ids = vec![bob.id];
    assert_eq!(read(&space.client, &alice.id).await, expected);
    rejected(entities.merge(&merge).await, 400, "entity id to merge from is invalid");
    assert_eq!(read(&space.client, &alice.id).await, expected);

    for _ in 0..2 {
        entities.delete(&alice.id).await.unwrap();
        assert_eq!(entities.find(&alice.id).await.unwrap(), None);
    }
    assert!(entities.read(&alice.id).await.unwrap_err().is_not_found());

    let carol = entities.create(&CreateEntity::named("carol")).await.unwrap().created().unwrap();
    for _ in 0..2 {
        entities.delete_by_name("CAROL").await.unwrap();
        assert_eq!(entities.find_by_name("carol").await.unwrap(), None);
    }
    assert!(entities.read_by_name("carol").await.unwrap_err().is_not_found());

    let dave = entities.create(&CreateEntity::named("dave")).await.unwrap().created().unwrap();
    let erin = entities.create(&CreateEntity::named("erin")).await.unwrap().created().unwrap();
    for _ in 0..2 {
        entities.delete_many([&dave.id, &carol.id]).await.unwrap();
        assert_eq!(entities.list().await.unwrap().keys, from_ref(&erin.id));
    }

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn an_update_keeps_unset_fields_and_clears_empty_ones() {
    let Some(space) = Space::new("entity-fields") else { return };
    let entities = space.client.entities();
    let create = CreateEntity::named("alice").policies(["dev"]).metadata([("team", "eng"), ("empty", "")]);
    let id = entities.create(&create.disabled(true)).await.unwrap().created().unwrap().id;
    let mut expected = read(&space.client, &id).await;
    assert!(expected.disabled);
    assert_eq!(expected.metadata["empty"], "");

    entities.update(&UpdateEntityById::new(&id)).await.unwrap();
    assert_eq!(read(&space.client, &id).await, expected);
    assert_eq!(entities.write_by_name(&WriteEntityByName::new("alice")).await.unwrap(), Upsert::Updated);
    assert_eq!(read(&space.client, &id).await, expected);

    entities.update(&UpdateEntityById::new(&id).metadata([("unit", "a, \"b\"\n")])).await.unwrap();
    expected.metadata = [("unit".to_owned(), "a, \"b\"\n".to_owned())].into();
    assert_eq!(read(&space.client, &id).await, expected);

    entities.update(&UpdateEntityById::new(&id).metadata([("", ""); 0])).await.unwrap();
    expected.metadata.clear();
    assert_eq!(read(&space.client, &id).await, expected);

    let write = WriteEntityByName::new("alice").policies([""; 0]);
    assert_eq!(entities.write_by_name(&write).await.unwrap(), Upsert::Updated);
    expected.policies.clear();
    assert_eq!(read(&space.client, &id).await, expected);

    let create = CreateEntity::named("alice").disabled(false);
    assert_eq!(entities.create(&create).await.unwrap(), Upsert::Updated);
    expected.disabled = false;
    assert_eq!(read(&space.client, &id).await, expected);
}

#[tokio::test]
async fn each_unnamed_create_creates_another() {
    let Some(space) = Space::new("entity-unnamed") else { return };
    let entities = space.client.entities();
    let first = entities.create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
    let second = entities.create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
    assert!(first.name.starts_with("entity_"), "{}", first.name);
    assert_eq!(entities.read_by_name(&first.name).await.unwrap().id, first.id);
    let mut ids = [first.id, second.id];
    ids.sort();
    assert_eq!(entities.list().await.unwrap().keys, ids);
}

#[tokio::test]
async fn an_entity_can_be_renamed_in_three_ways() {
    let Some(space) = Space::new("entity-renamed") else { return };
    let entities = space.client.entities();
    let create = CreateEntity::named("one").policies(["dev"]);
    let id = entities.create(&create).await.unwrap().created().unwrap().id;
    let mut expected = read(&space.client, &id).await;

    entities.update(&UpdateEntityById::new(&id).name("two")).await.unwrap();
    expected.name = "two".to_owned();
    assert_eq!(read(&space.client, &id).await, expected);

    assert_eq!(entities.create(&CreateEntity::named("three").id(&id)).await.unwrap(), Upsert::Updated);
    expected.name = "three".to_owned();
    assert_eq!(read(&space.client, &id).await, expected);

    let write = WriteEntityByName::new("four").id(&id);
    assert_eq!(entities.write_by_name(&write).await.unwrap(), Upsert::Updated);
    expected.name = "four".to_owned();
    assert_eq!(read(&space.client, &id).await, expected);
    assert_eq!(entities.list_names().await.unwrap().keys, ["four"]);
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("entity-errors") else { return };
    let entities = space.client.entities();
    let id = entities.create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;
    entities.create(&CreateEntity::named("bob")).await.unwrap().created().unwrap();
    let alice = read(&space.client, &id).await;

    let error = rejected(
        entities.update(&UpdateEntityById::new("nobody").policies(["dev"])).await,
        400,
        "entity not found from id",
    );
    assert!(!error.is_not_found() && !error.is_retryable());
    let unknown = CreateEntity::unnamed().id("nobody");
    rejected(entities.create(&unknown).await, 400, "entity not found from id");
    let taken = UpdateEntityById::new(&id).name("BOB");
    rejected(entities.update(&taken).await, 400, "entity name is already in use");
    let root = UpdateEntityById::new(&id).policies(["dev", "root"]);
    rejected(entities.update(&root).await, 400, "policies cannot contain root");
    assert_eq!(read(&space.client, &id).await, alice);
}

#[tokio::test]
async fn a_disabled_entity_cannot_log_in_until_it_is_enabled() {
    let Some(space) = Space::new("entity-disabled") else { return };
    space.mount("people");
    space.policy("read", r#"path "identity/entity/*" { capabilities = ["read"] }"#);
    let as_alice = space.log_in("people", "alice", &["read"]);
    let entities = space.client.entities();
    let id = entities.list().await.unwrap().keys.remove(0);
    let alice = as_alice.entities().read(&id).await.unwrap();
    assert_eq!((&*alice.aliases[0].name, alice.disabled), ("alice", false));

    for _ in 0..2 {
        entities.update(&UpdateEntityById::new(&id).disabled(true)).await.unwrap();
        assert!(entities.read(&id).await.unwrap().disabled);
        assert!(as_alice.entities().read(&id).await.unwrap_err().is_permission_denied());
        assert_eq!(space.try_to_log_in("people", "alice").0, 403);
    }
    for _ in 0..2 {
        entities.update(&UpdateEntityById::new(&id).disabled(false)).await.unwrap();
        assert!(!as_alice.entities().read(&id).await.unwrap().disabled);
        assert_eq!(space.try_to_log_in("people", "alice").0, 200);
    }
    let mut now = read(&space.client, &id).await;
    let mut before = alice;
    (now.last_update_time, before.last_update_time) = (None, None);
    assert_eq!(now, before);
}

#[tokio::test]
async fn deleting_an_entity_deletes_its_aliases_and_memberships() {
    let Some(space) = Space::new("entity-deleted") else { return };
    let (entities, aliases) = (space.client.entities(), space.client.entity_aliases());
    let people = space.mount("people");
    let mut ids = Vec::new();
    for name in ["by-id", "by-name", "by-batch", "stays"] {
        let id = entities.create(&CreateEntity::named(name)).await.unwrap().created().unwrap().id;
        let create = CreateEntityAlias::new(name, &people).canonical_id(&id);
        ids.push((id, aliases.create(&create).await.unwrap().written().unwrap().id));
    }
    let create = CreateGroup::named("all").member_entity_ids(ids.iter().map(|(id, _)| id));
    let group = space.client.groups().create(&create).await.unwrap().created().unwrap().id;

    entities.delete(&ids[0].0).await.unwrap();
    entities.delete_by_name("by-name").await.unwrap();
    entities.delete_many([&ids[2].0]).await.unwrap();

    let (stays, alias) = ids.remove(3);
    assert_eq!(space.client.groups().read(&group).await.unwrap().member_entity_ids, from_ref(&stays));
    assert_eq!(aliases.list().await.unwrap().keys, [alias]);
    for (id, alias) in ids {
        assert_eq!((entities.find(&id).await.unwrap(), aliases.find(&alias).await.unwrap()), (None, None));
    }
    assert_eq!(entities.list().await.unwrap().keys, [stays]);
}

#[tokio::test]
async fn many_entities_are_deleted_in_several_requests() {
    let Some(space) = Space::new("entity-batches") else { return };
    let entities = space.client.entities();
    let mut ids: Vec<EntityId> = (0..2_500).map(|n| EntityId::new(format!("unknown-{n}"))).collect();
    for place in [0, 998, 999, 2_499] {
        ids[place] = entities.create(&CreateEntity::unnamed()).await.unwrap().created().unwrap().id;
    }
    let stays = entities.create(&CreateEntity::unnamed()).await.unwrap().created().unwrap().id;
    let before = space.calls().len();

    for times in 1..=2 {
        entities.delete_many(&ids).await.unwrap();
        assert_eq!(space.calls().len(), before + 3 * times);
    }
    entities.delete_many([""; 0]).await.unwrap();
    assert_eq!(space.calls().len(), before + 6);
    assert_eq!(entities.list().await.unwrap().keys, from_ref(&stays));

    // One more than a request can carry.
    let mut most = ids[..998].to_vec();
    most.push(stays);
    space.client.call(&BatchDeleteEntities::new(&most)).await.unwrap();
    assert!(entities.list().await.unwrap().is_empty());
    most.push("unknown".into());
    let error = space.client.call(&BatchDeleteEntities::new(&most)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
}
