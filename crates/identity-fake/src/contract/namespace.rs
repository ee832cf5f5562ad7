use std::slice::from_ref;

use identity_core::{
    alias::CreateEntityAlias,
    entity::{ListEntities, ReadEntityById, ReadEntityByName, UpdateEntityById},
    group::CreateGroup,
};

use super::endpoint::{CreateNamespace, DeleteNamespace};
use super::server::Server;

pub(super) async fn namespaces_are_isolated(server: &Server<'_>) {
    let below = server.ok(&CreateNamespace { name: "below".to_owned() }).await;
    let target = server.target.clone().with_namespace(&format!("{}/below", server.namespace));
    let inner = server.at(target.expect("a namespace can be called so"));
    let (outside, inside) = (server.entity("alice").await, inner.entity("alice").await);
    let suffix = format!(".{}", below["id"].as_str().expect("a namespace has an identifier"));
    assert!(inside.as_str().ends_with(&suffix), "{}", inside.as_str());
    assert_eq!(inner.ok(&ReadEntityByName::new("alice")).await.id, inside);
    assert_eq!(inner.ok(&ListEntities::new()).await.keys, from_ref(&inside));
    inner.not_found(&ReadEntityById::new(&outside)).await;
    inner.error(&UpdateEntityById::new(&outside), 400, "entity not found from id").await;
    let problem = format!("1 error occurred:\n\t* invalid entity ID \"{}\"\n\n", outside.as_str());
    inner.error(&CreateGroup::named("g").member_entity_ids([&outside]), 500, &problem).await;
    let accessor = inner.mount("people").await;
    let alias = CreateEntityAlias::new("al", &accessor);
    server.error(&alias, 403, "matching mount is in a different namespace than request").await;
    assert_eq!(
        inner.ok(&alias.canonical_id(&inside)).await.written().expect("it is new").canonical_id,
        inside
    );

    // The namespace can also be part of the path.
    let read = format!("below/identity/entity/id/{}", inside.as_str());
    assert_eq!(server.send("GET", &read, "").await.status(), 200);
    let problem = "unable to delete namespace containing child namespaces";
    let parent = server.target.clone().with_namespace("").expect("it is the root");
    let delete = DeleteNamespace { name: server.namespace.clone() };
    server.at(parent).error(&delete, 400, problem).await;
    server.ok(&DeleteNamespace { name: "below".to_owned() }).await;
}

pub(super) async fn unknown_namespaces_are_rejected(server: &Server<'_>) {
    let target =
        server.target.clone().with_namespace("contract-nowhere").expect("a namespace can be called so");
    let error =
        server.at(target.clone()).call(&ListEntities::new()).await.expect_err("there is no such namespace");
    assert!(!error.is_not_found(), "{error:#}");
    server.at(target.clone()).error(&ListEntities::new(), 404, "namespace not found").await;
    server.at(target.without_token()).error(&ListEntities::new(), 404, "namespace not found").await;
}
