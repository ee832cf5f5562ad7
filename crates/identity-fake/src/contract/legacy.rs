use std::slice::from_ref;

use identity_core::alias::AliasWrite;
use identity_core::legacy::{
    CreateAlias, CreatePersona, DeleteAlias, DeletePersona, ListAliases, ListPersonas, ReadAlias,
    ReadPersona, UpdateAlias, UpdatePersona,
};
use identity_core::{alias::ReadEntityAliasById, entity::ReadEntityById};

use super::server::Server;

pub(super) async fn legacy_aliases_are_aliases(server: &Server<'_>) {
    let people = server.mount("people").await;
    let alice = server.entity("alice").await;
    let create = CreateAlias::new("al", &people).canonical_id(&alice);
    let written = server.ok(&create).await.written().expect("it is new");
    assert_eq!(server.ok(&create).await, AliasWrite::Unchanged);
    let alias = server.ok(&ReadAlias::new(&written.id)).await;
    assert_eq!(server.ok(&ReadEntityAliasById::new(&written.id)).await, alias);
    server.ok(&UpdateAlias::new(&written.id).name("ally")).await.written().expect("it has changed");
    assert_eq!(server.ok(&ListAliases::new()).await.key_info[&written.id].name, "ally");
    server.ok(&DeleteAlias::new(&written.id)).await;
    server.not_found(&ReadAlias::new(&written.id)).await;
}

pub(super) async fn legacy_personas_are_partly_entities(server: &Server<'_>) {
    let people = server.mount("people").await;
    let create = CreatePersona::named("pers");
    let created = server.ok(&create).await.created().expect("it is new");
    assert!(!server.ok(&create).await.is_created());
    server.not_found(&ReadPersona::new(created.id.as_str())).await;
    server.ok(&UpdatePersona::new(&created.id).name("pers2")).await;
    server.ok(&DeletePersona::new(created.id.as_str())).await;
    assert_eq!(server.ok(&ReadEntityById::new(&created.id)).await.name, "pers2");

    let alias = server.ok(&CreateAlias::new("al", &people)).await.written().expect("it is new").id;
    assert_eq!(server.ok(&ListPersonas::new()).await.keys, from_ref(&alias));
    assert_eq!(server.ok(&ReadPersona::new(&alias)).await.name, "al");
    server.ok(&DeletePersona::new(&alias)).await;
    server.not_found(&ReadEntityAliasById::new(&alias)).await;
}
