use std::collections::BTreeMap;

use identity_core::{
    Upsert,
    entity::{
        BatchDeleteEntities, CreateEntity, DeleteEntityById, DeleteEntityByName, ListEntities,
        ListEntityNames, ReadEntityById, ReadEntityByName, UpdateEntityById, WriteEntityByName,
    },
};

use super::server::Server;

const UNKNOWN_ID: &str = "00000000-0000-0000-0000-000000000000";

pub(super) async fn entity_is_created_updated_and_deleted(server: &Server<'_>) {
    let create = CreateEntity::named("alice").metadata([("team", "eng")]).policies(["Dev", "dev", "ops"]);
    let created = server.ok(&create).await.created().expect("alice is new");
    assert_eq!((&*created.name, &created.aliases[..]), ("alice", &[][..]));
    assert_eq!(server.ok(&create).await, Upsert::Updated);

    let alice = server.ok(&ReadEntityById::new(&created.id)).await;
    assert_eq!((&alice.id, &*alice.name, alice.disabled), (&created.id, "alice", false));
    assert_eq!(alice.metadata, BTreeMap::from([("team".to_owned(), "eng".to_owned())]));
    assert_eq!(alice.policies, ["dev", "ops"]);
    assert!(alice.creation_time.is_some() && alice.last_update_time >= alice.creation_time);
    assert_eq!(server.ok(&ReadEntityByName::new("alice")).await, alice);

    server.ok(&UpdateEntityById::new(&created.id).name("alicia").disabled(true)).await;
    let alicia = server.ok(&ReadEntityById::new(&created.id)).await;
    assert_eq!((&*alicia.name, alicia.disabled, &alicia.policies), ("alicia", true, &alice.policies));
    server.not_found(&ReadEntityByName::new("alice")).await;

    for _ in 0..2 {
        server.ok(&DeleteEntityById::new(&created.id)).await;
        server.not_found(&ReadEntityById::new(&created.id)).await;
    }
    server.entity("bob").await;
    for _ in 0..2 {
        server.ok(&DeleteEntityByName::new("BOB")).await;
        server.not_found(&ReadEntityByName::new("bob")).await;
    }
}

pub(super) async fn entity_is_found_by_its_name_in_any_case(server: &Server<'_>) {
    let id = server.entity("Zoë").await;
    assert_eq!(server.ok(&CreateEntity::named("zoË").policies(["p"])).await, Upsert::Updated);
    let zoe = server.ok(&ReadEntityByName::new("ZOË")).await;
    // The last case is kept.
    assert_eq!((&zoe.id, &*zoe.name, &*zoe.policies), (&id, "zoË", &["p".to_owned()][..]));
}

pub(super) async fn entity_gets_a_default_name(server: &Server<'_>) {
    let first = server.ok(&CreateEntity::unnamed()).await.created().expect("it is new");
    let second = server.ok(&CreateEntity::unnamed()).await.created().expect("it is new");
    assert_ne!(first.id, second.id);
    for created in [first, second] {
        assert!(created.name.starts_with("entity_"), "{}", created.name);
        assert_eq!(server.ok(&ReadEntityByName::new(&created.name)).await.id, created.id);
    }
}

pub(super) async fn entity_update_keeps_omitted_fields(server: &Server<'_>) {
    let id = server.entity("alice").await;
    let update = UpdateEntityById::new(&id);
    server.ok(&update.clone().metadata([("a", "1"), ("b", "2")]).policies(["x", "y"])).await;
    server.ok(&update.clone().metadata([("c", "3")])).await;
    let alice = server.ok(&ReadEntityById::new(&id)).await;
    assert_eq!(alice.metadata.keys().collect::<Vec<_>>(), ["c"]);
    assert_eq!(alice.policies, ["x", "y"]);
    server.ok(&update.metadata([("", ""); 0]).policies([""; 0])).await;
    let alice = server.ok(&ReadEntityById::new(&id)).await;
    assert!(alice.metadata.is_empty() && alice.policies.is_empty());

    // A write by name with an identifier renames the entity.
    assert_eq!(server.ok(&WriteEntityByName::new("carol").id(&id)).await, Upsert::Updated);
    assert_eq!(server.ok(&ReadEntityById::new(&id)).await.name, "carol");
    assert!(server.ok(&WriteEntityByName::new("dave")).await.is_created());
    assert_eq!(server.ok(&WriteEntityByName::new("DAVE").disabled(true)).await, Upsert::Updated);
}

pub(super) async fn entity_errors(server: &Server<'_>) {
    let alice = server.entity("alice").await;
    let bob = server.entity("bob").await;
    server.error(&CreateEntity::unnamed().id(UNKNOWN_ID), 400, "entity not found from id").await;
    server.error(&UpdateEntityById::new(UNKNOWN_ID), 400, "entity not found from id").await;
    server.error(&UpdateEntityById::new(&bob).name("ALICE"), 400, "entity name is already in use").await;
    server.error(&CreateEntity::named("eve").policies(["Root"]), 400, "policies cannot contain root").await;
    server.not_found(&ReadEntityByName::new("eve")).await;
    assert_eq!(server.ok(&ReadEntityById::new(&alice)).await.name, "alice");
}

pub(super) async fn entity_metadata_limits(server: &Server<'_>) {
    let most = (0..64).map(|index| (format!("{index}{}", "k".repeat(126)), "v".repeat(512)));
    server.ok(&CreateEntity::named("full").metadata(most)).await.created().expect("it is new");
    let of = |name: &str, pairs: &[(&str, &str)]| {
        let pairs: BTreeMap<_, _> = pairs.iter().copied().collect();
        serde_json::json!({ "name": name, "metadata": pairs }).to_string()
    };
    let message = |key: &str, value: &str, problem: &str| {
        format!(
            "1 error occurred:\n\t* invalid entity metadata: failed to load metadata pair (\"{key}\", \"{value}\"): {problem}\n\n"
        )
    };
    let long_key = "k".repeat(129);
    let long_value = "v".repeat(513);
    for (key, value, problem) in [
        (&*long_key, "v", "key is too long (limit: 128 characters)"),
        ("k", &*long_value, "value is too long (limit: 512 characters)"),
        ("", "v", "key cannot be blank"),
        ("a b", "v", "key contains invalid characters"),
    ] {
        let create = of("too-much", &[(key, value)]);
        server.raw_error(("POST", "identity/entity", &create), 500, &[&message(key, value, problem)]).await;
    }
    let keys: Vec<String> = (0..65).map(|index| index.to_string()).collect();
    let many = of("many", &keys.iter().map(|key| (key.as_str(), "v")).collect::<Vec<_>>());
    let problem = "invalid entity metadata: metadata cannot contain more than 64 key/value pairs";
    let message = format!("1 error occurred:\n\t* {problem}\n\n");
    server.raw_error(("POST", "identity/entity", &many), 500, &[&message]).await;
    server.not_found(&ReadEntityByName::new("too-much")).await;
}

pub(super) async fn entity_lists(server: &Server<'_>) {
    assert!(server.ok(&ListEntities::new()).await.is_empty());
    assert!(server.ok(&ListEntityNames::new()).await.is_empty());
    let mut ids =
        vec![server.entity("alice").await, server.entity("Bob").await, server.entity("carol").await];
    ids.sort();
    let list = server.ok(&ListEntities::new()).await;
    assert_eq!(list.keys, ids);
    let names: Vec<&str> = ids.iter().map(|id| &*list.key_info[id].name).collect();
    // Names are sorted by the identifiers of their entities.
    assert_eq!(server.ok(&ListEntityNames::new()).await.keys, names);
}

pub(super) async fn entities_are_deleted_in_batches(server: &Server<'_>) {
    let ids = [server.entity("alice").await, server.entity("bob").await];
    let kept = server.entity("carol").await;
    server.ok(&BatchDeleteEntities::new([ids[0].as_str(), ids[1].as_str(), UNKNOWN_ID])).await;
    assert_eq!(server.ok(&ListEntities::new()).await.keys, [kept]);
    server.ok(&BatchDeleteEntities::new(&ids)).await;
    server
        .raw_error(("POST", "identity/entity/batch-delete", "{}"), 400, &["missing entity ids to delete"])
        .await;
}

pub(super) async fn entity_names_with_special_characters(server: &Server<'_>) {
    for name in [
        "a b",
        "a/b",
        "zoë 名前 😀",
        "100%",
        "a%2Fb",
        "a?b#c",
        "a+b;c",
        "say \"hi\"",
        "x//y",
        "/lead",
        "-dash",
        "a..b",
    ] {
        let created = server.ok(&WriteEntityByName::new(name)).await.created().expect(name);
        assert_eq!(created.name, name);
        assert_eq!(server.ok(&ReadEntityByName::new(name)).await.id, created.id, "{name}");
        server.ok(&DeleteEntityByName::new(name)).await;
        server.not_found(&ReadEntityById::new(&created.id)).await;
    }
    // A body can contain names that a path cannot.
    for name in ["a/../b", "tab\there", "trail/", "."] {
        let id = server.entity(name).await;
        assert_eq!(server.ok(&ReadEntityById::new(&id)).await.name, name);
    }
}
