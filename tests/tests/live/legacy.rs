use std::slice::from_ref;

use vault_identity::alias::{AliasWrite, CreateEntityAlias};
use vault_identity::entity::CreateEntity;
use vault_identity::legacy::{
    CreateAlias, CreatePersona, DeleteAlias, DeletePersona, ListAliases, ListPersonas, ReadAlias,
    ReadPersona, UpdateAlias, UpdatePersona,
};
use vault_identity::{KeyList, Maybe, Upsert};

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 10] = [
    "DELETE identity/alias/id/{id}",
    "DELETE identity/persona/id/{id}",
    "GET identity/alias/id/{id}",
    "GET identity/persona/id/{id}",
    "LIST identity/alias/id",
    "LIST identity/persona/id",
    "POST identity/alias",
    "POST identity/alias/id/{id}",
    "POST identity/persona",
    "POST identity/persona/id/{id}",
];

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("legacy") else { return };
    let client = &space.client;
    let people = space.mount("people");
    assert_eq!(client.call(&ListAliases::new()).await.unwrap(), KeyList::default());
    assert_eq!(client.call(&ListPersonas::new()).await.unwrap(), KeyList::default());

    // An alias is an entity alias.
    let alice = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;
    let create = CreateAlias::new("ali", &people).canonical_id(&alice);
    let written = client.call(&create).await.unwrap().written().unwrap();
    assert_eq!(written.canonical_id, alice);
    assert_eq!(client.call(&create).await.unwrap(), AliasWrite::Unchanged);
    let alias = client.entity_aliases().read(&written.id).await.unwrap();
    assert_eq!((&*alias.name, &alias.mount_accessor), ("ali", &people));
    assert_eq!(client.call(&ReadAlias::new(&written.id)).await.unwrap(), alias);
    let update = UpdateAlias::new(&written.id).name("alicia");
    assert_eq!(client.call(&update).await.unwrap(), AliasWrite::Written(written.clone()));
    assert_eq!(client.call(&update).await.unwrap(), AliasWrite::Unchanged);
    let alias = client.entity_aliases().read(&written.id).await.unwrap();
    assert_eq!((&*alias.name, &alias.canonical_id), ("alicia", &alice));
    let list = client.call(&ListAliases::new()).await.unwrap();
    assert_eq!((&*list.keys, &*list.key_info[&written.id].name), (from_ref(&written.id), "alicia"));
    assert_eq!(list, client.entity_aliases().list().await.unwrap());

    // A persona is an entity alias as well when it is read.
    assert_eq!(client.call(&ReadPersona::new(&written.id)).await.unwrap(), alias);
    assert_eq!(client.call(&ListPersonas::new()).await.unwrap(), list);
    for _ in 0..2 {
        client.call(&DeleteAlias::new(&written.id)).await.unwrap();
        assert_eq!(client.entity_aliases().find(&written.id).await.unwrap(), None);
    }
    assert!(client.call(&ReadAlias::new(&written.id)).await.unwrap_err().is_not_found());
    assert_eq!(client.call(&Maybe(ReadPersona::new(&written.id))).await.unwrap(), None);
    let create = CreateEntityAlias::new("ali", &people).canonical_id(&alice);
    let again = client.entity_aliases().create(&create).await.unwrap().written().unwrap().id;
    for _ in 0..2 {
        client.call(&DeletePersona::new(&again)).await.unwrap();
        assert_eq!(client.entity_aliases().find(&again).await.unwrap(), None);
    }

    // When it is written, it is an entity.
    let create = CreatePersona::named("bob").metadata([("team", "eng")]);
    let bob = client.call(&create).await.unwrap().created().unwrap();
    assert_eq!((&*bob.name, bob.aliases.len()), ("bob", 0));
    assert_eq!(client.call(&create).await.unwrap(), Upsert::Updated);
    let mut expected = client.entities().read(&bob.id).await.unwrap();
    assert_eq!((&*expected.name, &*expected.metadata["team"]), ("bob", "eng"));
    for _ in 0..2 {
        client.call(&UpdatePersona::new(&bob.id).name("robert").metadata([("team", "ops")])).await.unwrap();
        let mut entity = client.entities().read(&bob.id).await.unwrap();
        expected.metadata.insert("team".to_owned(), "ops".to_owned());
        (expected.name, expected.last_update_time) = ("robert".to_owned(), None);
        entity.last_update_time = None;
        assert_eq!(entity, expected);
    }
    assert!(client.call(&ListPersonas::new()).await.unwrap().is_empty());
    let as_alias = bob.id.as_str();
    assert_eq!(client.call(&Maybe(ReadPersona::new(as_alias))).await.unwrap(), None);
    client.call(&DeletePersona::new(as_alias)).await.unwrap();
    assert!(client.entities().find(&bob.id).await.unwrap().is_some());

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn creates_with_and_without_an_identifier() {
    let Some(space) = Space::new("legacy-ids") else { return };
    let client = &space.client;
    let (people, robots) = (space.mount("people"), space.mount("robots"));

    // Without an entity, the server creates one.
    let alias = client.call(&CreateAlias::new("ali", &people)).await.unwrap().written().unwrap();
    assert!(client.entities().find(&alias.canonical_id).await.unwrap().is_some());
    let moved =
        client.call(&CreateAlias::new("bot", &robots).id(&alias.id)).await.unwrap().written().unwrap();
    assert_eq!(moved, alias);
    let alice = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;
    let update = UpdateAlias::new(&alias.id).mount_accessor(&people).canonical_id(&alice);
    assert_eq!(client.call(&update).await.unwrap().written().unwrap().canonical_id, alice);
    let now = client.call(&ReadAlias::new(&alias.id)).await.unwrap();
    assert_eq!((&*now.name, now.mount_accessor), ("bot", people.clone()));

    let first = client.call(&CreatePersona::default()).await.unwrap().created().unwrap();
    assert!(first.name.starts_with("entity_"), "{}", first.name);
    let rename = CreatePersona::named("bob").id(&first.id);
    for _ in 0..2 {
        assert_eq!(client.call(&rename).await.unwrap(), Upsert::Updated);
        assert_eq!(client.entities().read_by_name("bob").await.unwrap().id, first.id);
    }

    rejected(client.call(&CreateAlias::new("x", "unknown")).await, 400, "invalid mount accessor");
    rejected(client.call(&UpdateAlias::new("unknown").name("x")).await, 400, "");
    rejected(client.call(&UpdatePersona::new("unknown").name("x")).await, 400, "entity not found from id");
    rejected(client.call(&UpdatePersona::new(&first.id).name("alice")).await, 400, "already in use");
}
