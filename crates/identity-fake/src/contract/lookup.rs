use identity_core::{
    alias::{CreateEntityAlias, CreateGroupAlias},
    entity::ReadEntityById,
    group::{CreateGroup, GroupType, ReadGroupById},
    lookup::{LookupEntity, LookupGroup},
};

use super::server::Server;

pub(super) async fn lookup_finds_an_entity(server: &Server<'_>) {
    let people = server.mount("people").await;
    let id = server.entity("alice").await;
    let alias = CreateEntityAlias::new("al", &people).canonical_id(&id);
    let alias = server.ok(&alias).await.written().expect("it is new").id;
    let alice = server.ok(&ReadEntityById::new(&id)).await;
    for lookup in [
        LookupEntity::by_id(&id),
        LookupEntity::by_name("ALICE"),
        LookupEntity::by_alias_id(&alias),
        LookupEntity::by_alias("AL", &people),
    ] {
        assert_eq!(server.ok(&lookup).await, Some(alice.clone()), "{lookup:?}");
    }
    for lookup in [
        LookupEntity::by_id("x"),
        LookupEntity::by_name("x"),
        LookupEntity::by_alias_id("x"),
        LookupEntity::by_alias("x", &people),
    ] {
        assert_eq!(server.ok(&lookup).await, None, "{lookup:?}");
    }
    let conflict = "query parameter conflict; please supply distinct set of query parameters";
    for (body, problem) in [
        ("{}", "query parameter not supplied"),
        (r#"{"id":"x","name":null}"#, conflict),
        (r#"{"alias_name":"x"}"#, "both 'alias_name' and 'alias_mount_accessor' needs to be set"),
    ] {
        server.raw_error(("POST", "identity/lookup/entity", body), 400, &[problem]).await;
    }
    assert_eq!(server.send("POST", "identity/lookup/entity", r#"{"name":""}"#).await.status(), 204);
}

pub(super) async fn lookup_finds_a_group(server: &Server<'_>) {
    let directory = server.mount("directory").await;
    let id = server.group(CreateGroup::named("eng").group_type(GroupType::External)).await;
    let alias = CreateGroupAlias::new("e", &directory).canonical_id(&id);
    let alias = server.ok(&alias).await.written().expect("it is new").id;
    let group = server.ok(&ReadGroupById::new(&id)).await;
    for lookup in [
        LookupGroup::by_id(&id),
        LookupGroup::by_name("ENG"),
        LookupGroup::by_alias_id(&alias),
        LookupGroup::by_alias("E", &directory),
    ] {
        assert_eq!(server.ok(&lookup).await, Some(group.clone()), "{lookup:?}");
    }
    // Group aliases do not find entities.
    assert_eq!(server.ok(&LookupEntity::by_alias("e", &directory)).await, None);
}
