use std::slice::from_ref;

use identity_core::{
    EntityAliasId, EntityId, MountAccessor,
    alias::{CreateEntityAlias, ReadEntityAliasById},
    entity::{MergeEntities, ReadEntityById},
    group::{CreateGroup, ReadGroupById},
};

use super::server::Server;

const UNKNOWN_ID: &str = "00000000-0000-0000-0000-000000000000";

async fn with_alias(server: &Server<'_>, name: &str, mount: &MountAccessor) -> (EntityId, EntityAliasId) {
    let entity = server.entity(name).await;
    let alias = CreateEntityAlias::new(format!("{name}-alias"), mount).canonical_id(&entity);
    (entity, server.ok(&alias).await.written().expect("it is new").id)
}

pub(super) async fn merge_moves_aliases_and_memberships(server: &Server<'_>) {
    let (people, robots) = (server.mount("people").await, server.mount("robots").await);
    let (alice, own) = with_alias(server, "alice", &people).await;
    let (bob, other) = with_alias(server, "bob", &robots).await;
    let carol = server.entity("carol").await;
    let group = server.group(CreateGroup::named("group").member_entity_ids([&bob, &carol])).await;
    server.ok(&MergeEntities::new(&alice, [&bob, &carol])).await;
    let merged = server.ok(&ReadEntityById::new(&alice)).await;
    assert_eq!(merged.aliases.iter().map(|alias| &alias.id).collect::<Vec<_>>(), [&own, &other]);
    assert_eq!(merged.aliases[1].merged_from_canonical_ids, from_ref(&bob));
    assert_eq!((merged.merged_entity_ids.len(), &merged.direct_group_ids[..]), (2, &[group.clone()][..]));
    assert_eq!(server.ok(&ReadEntityAliasById::new(&other)).await.canonical_id, alice);
    assert_eq!(server.ok(&ReadGroupById::new(&group)).await.member_entity_ids, [alice]);
    server.not_found(&ReadEntityById::new(&bob)).await;
    server.not_found(&ReadEntityById::new(&carol)).await;
}

pub(super) async fn merge_rejects_two_aliases_on_a_mount(server: &Server<'_>) {
    let people = server.mount("people").await;
    let (alice, _) = with_alias(server, "alice", &people).await;
    let (bob, other) = with_alias(server, "bob", &people).await;
    let (carol, _) = with_alias(server, "carol", &people).await;
    for merge in [MergeEntities::new(&alice, [&bob]), MergeEntities::new(&alice, [&bob]).force(true)] {
        let error = server.call(&merge).await.expect_err("two aliases on a mount");
        let api = error.api().expect("the server rejected the merge");
        let conflicts = api.conflicts();
        assert_eq!((api.status().as_u16(), conflicts.len()), (400, 2));
        let texts =
            conflicts.iter().map(|conflict| (&*conflict.entity, &*conflict.alias, &*conflict.mount_path));
        assert!(texts.eq([("alice", "alice-alias", "auth/people/"), ("bob", "bob-alias", "auth/people/")]));
    }
    let problem = "merge should be done with one fromEntity at a time";
    let problem = format!("mount accessor {} found in multiple fromEntities, {problem}", people.as_str());
    server.error(&MergeEntities::new(&alice, [&bob, &carol]), 400, &problem).await;
    let keep = MergeEntities::new(&alice, [&bob]).conflicting_alias_ids_to_keep(["neither"]);
    let error = server.call(&keep).await.expect_err("none of the two is named");
    assert!(error.api().is_some_and(|api| api.errors()[0].contains("neither were present")), "{error:#}");
    assert_eq!(server.ok(&ReadEntityAliasById::new(&other)).await.canonical_id, bob);
}

pub(super) async fn merge_keeps_the_selected_alias(server: &Server<'_>) {
    let people = server.mount("people").await;
    let (alice, own) = with_alias(server, "alice", &people).await;
    let (bob, bobs) = with_alias(server, "bob", &people).await;
    // The alias of the other entity is dropped, according to the response.
    server.ok(&MergeEntities::new(&alice, [&bob]).conflicting_alias_ids_to_keep([&own])).await;
    assert_eq!(server.ok(&ReadEntityById::new(&alice)).await.aliases.len(), 2);
    assert_eq!(server.ok(&ReadEntityAliasById::new(&bobs)).await.canonical_id, alice);
    // The entity's own alias is dropped, but still shown.
    let (carol, carols) = with_alias(server, "carol", &people).await;
    server.ok(&MergeEntities::new(&alice, [&carol]).conflicting_alias_ids_to_keep([&carols])).await;
    assert_eq!(server.ok(&ReadEntityById::new(&alice)).await.aliases.len(), 3);
    server.not_found(&ReadEntityAliasById::new(&own)).await;
}

pub(super) async fn merge_errors(server: &Server<'_>) {
    let (alice, bob) = (server.entity("alice").await, server.entity("bob").await);
    server.error(&MergeEntities::new(UNKNOWN_ID, [&bob]), 400, "entity id to merge to is invalid").await;
    server.error(&MergeEntities::new(&alice, [UNKNOWN_ID]), 400, "entity id to merge from is invalid").await;
    let several = MergeEntities::new(&alice, [&bob, &alice.as_str().replace('-', "x").into()]);
    let problem =
        "aliases conflicts cannot be resolved with multiple from entity ids - merge one entity at a time";
    server.error(&several.conflicting_alias_ids_to_keep(["x", "y"]), 400, problem).await;
    for (body, problem) in [
        (format!(r#"{{"from_entity_ids":["{}"]}}"#, bob.as_str()), "missing entity id to merge to"),
        (format!(r#"{{"to_entity_id":"{}"}}"#, alice.as_str()), "missing entity ids to merge from"),
        (
            format!(r#"{{"to_entity_id":"{0}","from_entity_ids":"{0}"}}"#, alice.as_str()),
            "to_entity_id should not be present in from_entity_ids",
        ),
    ] {
        server.raw_error(("POST", "identity/entity/merge", &body), 400, &[problem]).await;
    }
    server.ok(&MergeEntities::new(&alice, [&bob])).await;
    server.error(&MergeEntities::new(&alice, [&bob]), 400, "entity id to merge from is invalid").await;
}
