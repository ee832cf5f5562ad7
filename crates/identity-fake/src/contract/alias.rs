use identity_core::{
    alias::{
        AliasWrite, CreateEntityAlias, DeleteEntityAliasById, ListEntityAliases, ReadEntityAliasById,
        UpdateEntityAliasById,
    },
    entity::{DeleteEntityById, ListEntities, ReadEntityById},
};

use super::endpoint::DisableAuth;
use super::server::Server;

const UNKNOWN_ID: &str = "00000000-0000-0000-0000-000000000000";

pub(super) async fn alias_is_created_updated_and_deleted(server: &Server<'_>) {
    let people = server.mount("people").await;
    let alice = server.entity("alice").await;
    assert!(server.ok(&ListEntityAliases::new()).await.is_empty());
    let create =
        CreateEntityAlias::new("al", &people).canonical_id(&alice).custom_metadata([("mail box", "a@b/é")]);
    let written = server.ok(&create).await.written().expect("it is new");
    assert_eq!(written.canonical_id, alice);

    let alias = server.ok(&ReadEntityAliasById::new(&written.id)).await;
    assert_eq!((&alias.id, &alias.canonical_id, &*alias.name), (&written.id, &alice, "al"));
    assert_eq!(
        (alias.mount_path.as_deref(), alias.mount_type.as_deref()),
        (Some("auth/people/"), Some("userpass"))
    );
    assert_eq!(alias.custom_metadata["mail box"], "a@b/é");
    assert!(!alias.local && alias.merged_from_canonical_ids.is_empty());
    let entity = server.ok(&ReadEntityById::new(&alice)).await;
    assert_eq!((entity.aliases.len(), &entity.aliases[0].id), (1, &written.id));
    // Changes of aliases do not update their entity.
    assert_eq!(entity.creation_time, entity.last_update_time);

    let update = UpdateEntityAliasById::new(&written.id).name("ally");
    assert_eq!(server.ok(&update).await.written().expect("it has changed").id, written.id);
    assert_eq!(server.ok(&update).await, AliasWrite::Unchanged);
    let alias = server.ok(&ReadEntityAliasById::new(&written.id)).await;
    assert_eq!((&*alias.name, alias.custom_metadata.len()), ("ally", 1));
    let list = server.ok(&ListEntityAliases::new()).await;
    assert_eq!((&list.keys[..], &*list.key_info[&written.id].name), (&[written.id.clone()][..], "ally"));
    assert_eq!(server.ok(&ListEntities::new()).await.key_info[&alice].aliases[0].name, "ally");

    for _ in 0..2 {
        server.ok(&DeleteEntityAliasById::new(&written.id)).await;
        server.not_found(&ReadEntityAliasById::new(&written.id)).await;
    }
    assert!(server.ok(&ReadEntityById::new(&alice)).await.aliases.is_empty());

    let written = server.ok(&create).await.written().expect("it is new again");
    server.ok(&DeleteEntityById::new(&alice)).await;
    server.not_found(&ReadEntityAliasById::new(&written.id)).await;
}

pub(super) async fn alias_is_overwritten(server: &Server<'_>) {
    let people = server.mount("people").await;
    let alice = server.entity("alice").await;
    let create = CreateEntityAlias::new("al", &people).canonical_id(&alice);
    let first = server.ok(&create.clone().custom_metadata([("k", "v")])).await.written().expect("it is new");
    assert_eq!(server.ok(&create.clone().custom_metadata([("k", "v")])).await, AliasWrite::Unchanged);
    // Omitted custom metadata are cleared.
    assert_eq!(server.ok(&create).await, AliasWrite::Written(first.clone()));
    assert!(server.ok(&ReadEntityAliasById::new(&first.id)).await.custom_metadata.is_empty());
    // The name is found in any case, and replaced.
    assert_eq!(server.ok(&CreateEntityAlias::new("AL", &people)).await, AliasWrite::Written(first.clone()));
    assert_eq!(server.ok(&ReadEntityAliasById::new(&first.id)).await.name, "AL");
}

pub(super) async fn alias_without_an_entity_creates_one(server: &Server<'_>) {
    let people = server.mount("people").await;
    let written = server.ok(&CreateEntityAlias::new("al", &people)).await.written().expect("it is new");
    let entity = server.ok(&ReadEntityById::new(&written.canonical_id)).await;
    assert!(entity.name.starts_with("entity_"), "{}", entity.name);
    assert_eq!(entity.aliases[0].id, written.id);
}

pub(super) async fn alias_moves_between_entities(server: &Server<'_>) {
    let (people, robots) = (server.mount("people").await, server.mount("robots").await);
    let (alice, bob) = (server.entity("alice").await, server.entity("bob").await);
    let create = CreateEntityAlias::new("al", &people);
    let written = server.ok(&create.clone().canonical_id(&alice)).await.written().expect("it is new");
    // A write with another entity moves the alias.
    let moved = server.ok(&create.canonical_id(&bob)).await.written().expect("it has moved");
    assert_eq!((&moved.id, &moved.canonical_id), (&written.id, &bob));
    assert!(server.ok(&ReadEntityById::new(&alice)).await.aliases.is_empty());
    let update = UpdateEntityAliasById::new(&written.id);
    server.ok(&update.clone().canonical_id(&alice)).await.written().expect("it has moved back");
    assert_eq!(server.ok(&ReadEntityById::new(&alice)).await.aliases[0].id, written.id);
    server.ok(&update.mount_accessor(&robots)).await.written().expect("it has another mount");
    let alias = server.ok(&ReadEntityAliasById::new(&written.id)).await;
    assert_eq!(alias.mount_path.as_deref(), Some("auth/robots/"));
}

pub(super) async fn alias_errors(server: &Server<'_>) {
    let (people, robots) = (server.mount("people").await, server.mount("robots").await);
    let (alice, bob) = (server.entity("alice").await, server.entity("bob").await);
    let at_people = CreateEntityAlias::new("al", &people).canonical_id(&alice);
    let at_people = server.ok(&at_people).await.written().expect("it is new").id;
    let at_robots = CreateEntityAlias::new("al", &robots).canonical_id(&alice);
    server.ok(&at_robots).await.written().expect("it is new");
    server.ok(&CreateEntityAlias::new("bo", &people).canonical_id(&bob)).await.written().expect("it is new");

    let second = CreateEntityAlias::new("ally", &people).canonical_id(&alice);
    server.error(&second, 400, "Alias already exists for requested entity and mount accessor").await;
    let nowhere = CreateEntityAlias::new("al", "auth_userpass_00000000");
    server.error(&nowhere, 400, "invalid mount accessor \"auth_userpass_00000000\"").await;
    let without_entity = CreateEntityAlias::new("new", &people).canonical_id(UNKNOWN_ID);
    server.error(&without_entity, 400, "invalid canonical ID").await;
    server.error(&UpdateEntityAliasById::new(UNKNOWN_ID).name("x"), 400, "invalid alias ID provided").await;
    let update = UpdateEntityAliasById::new(&at_people);
    let problem = "alias with combination of mount accessor and name already exists";
    server.error(&update.clone().name("BO"), 400, problem).await;
    // The trailing space is the server's.
    let problem =
        "Alias cannot be updated as the entity already has an alias for the given 'mount_accessor' ";
    server.error(&update.clone().mount_accessor(&robots), 400, problem).await;
    let problem = "Alias cannot be updated as the given entity already has an alias for this mount ";
    server.error(&update.clone().canonical_id(&bob), 400, problem).await;
    let problem = "given 'canonical_id' is not associated with an entity";
    server.error(&update.clone().canonical_id(UNKNOWN_ID), 400, problem).await;
    let problem = "custom_metadata validation failed: length of value for key \"k\" is 0 but must be 0 < len(value) <= 512";
    let problem = format!("1 error occurred:\n\t* {problem}\n\n");
    let path = format!("identity/entity-alias/id/{}", update.id);
    server.raw_error(("POST", &path, r#"{"custom_metadata":{"k":""}}"#), 500, &[&problem]).await;
    let problem = "'id' or 'mount_accessor' and 'name' must be provided";
    server.raw_error(("POST", "identity/entity-alias", r#"{"name":"x"}"#), 400, &[problem]).await;
    assert_eq!(server.ok(&ReadEntityAliasById::new(&at_people)).await.name, "al");
}

pub(super) async fn alias_of_a_deleted_mount(server: &Server<'_>) {
    let people = server.mount("people").await;
    let written = server.ok(&CreateEntityAlias::new("al", &people)).await.written().expect("it is new");
    server.ok(&DisableAuth { path: "people".to_owned() }).await;
    let alias = server.ok(&ReadEntityAliasById::new(&written.id)).await;
    assert_eq!((alias.mount_path, alias.mount_type, alias.mount_accessor), (None, None, people.clone()));
    let problem = format!("invalid mount accessor \"{}\"", people.as_str());
    server.error(&UpdateEntityAliasById::new(&written.id).name("x"), 400, &problem).await;
    let other = server.entity("other").await;
    let problem = format!("1 error occurred:\n\t* {problem}\n\n");
    server.error(&UpdateEntityAliasById::new(&written.id).canonical_id(&other), 500, &problem).await;
}
