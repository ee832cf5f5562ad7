use std::slice::from_ref;

use vault_identity::alias::{AliasWrite, CreateEntityAlias};
use vault_identity::entity::{CreateEntity, ReadEntityById, UpdateEntityById};
use vault_identity::group::{CreateGroup, UpdateGroupById};
use vault_identity::lookup::LookupEntity;
use vault_identity::oidc::{IntrospectIdToken, SigningAlgorithm, WriteOidcKey, WriteOidcRole};
use vault_identity::transport::{BlockingAdapter, HyperTransport};
use vault_identity::{BlockingClient, Maybe, Result, Upsert, WithMeta};

use crate::rejected;
use crate::space::Space;

#[tokio::test]
async fn an_unknown_namespace_or_mount_is_not_an_empty_one() {
    let Some(space) = Space::new("client-namespace") else { return };
    let nowhere = space.client.with_namespace("client-namespace/nowhere").unwrap();
    let message = "namespace not found";
    for error in [
        rejected(nowhere.entities().read("nobody").await, 404, message),
        rejected(nowhere.entities().find("nobody").await, 404, message),
        rejected(nowhere.entities().find_by_name("nobody").await, 404, message),
        rejected(nowhere.entities().delete("nobody").await, 404, message),
        rejected(nowhere.entities().list().await, 404, message),
        rejected(nowhere.entities().list_names().await, 404, message),
        rejected(nowhere.groups().list().await, 404, message),
        rejected(nowhere.entity_aliases().list().await, 404, message),
        rejected(nowhere.group_aliases().find("nothing").await, 404, message),
        rejected(nowhere.lookup().entity(&LookupEntity::by_name("nobody")).await, 404, message),
        rejected(nowhere.oidc().roles().list().await, 404, message),
        rejected(nowhere.oidc().keys().find("default").await, 404, message),
        rejected(nowhere.oidc().tokens().jwks().await, 404, message),
        rejected(nowhere.groups().add_member_entities("all", ["nobody"]).await, 404, message),
    ] {
        let text = error.to_string();
        assert!(text.contains(" failed: 404 ") && text.contains(message), "{text}");
        assert!(!error.is_not_found() && !error.is_permission_denied() && !error.is_retryable(), "{error}");
    }
    let elsewhere = space.client.target().clone().with_mount("elsewhere").unwrap();
    let elsewhere = space.client.with_target(elsewhere);
    let message = "no handler for route";
    assert!(!rejected(elsewhere.entities().find("nobody").await, 404, message).is_not_found());
    assert!(!rejected(elsewhere.entities().list().await, 404, message).is_not_found());
    let as_usual = space.client.target().clone().with_mount("/identity/").unwrap();
    assert!(space.client.with_target(as_usual).entities().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn namespaces_are_separate() {
    let Some(space) = Space::new("client-parent") else { return };
    space.set_up("POST", "sys/namespaces/child", &serde_json::json!({}));
    let child = space.client.with_namespace("/client-parent/child/").unwrap();
    let root = space.client.with_namespace("root").unwrap();
    let here =
        space.client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap();
    let there = child.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap();
    assert!(here.id.as_str().contains('.') && there.id.as_str().contains('.') && here.id != there.id);

    assert_eq!(child.entities().read_by_name("alice").await.unwrap().id, there.id);
    assert_eq!(child.entities().list().await.unwrap().keys, from_ref(&there.id));
    for elsewhere in [&child, &root] {
        assert_eq!(elsewhere.entities().find(&here.id).await.unwrap(), None);
        assert_eq!(elsewhere.lookup().entity(&LookupEntity::by_id(&here.id)).await.unwrap(), None);
        let update = UpdateEntityById::new(&here.id).policies(["dev"]);
        rejected(elsewhere.entities().update(&update).await, 400, "entity not found from id");
        elsewhere.entities().delete(&here.id).await.unwrap();
    }
    let alice = space.client.entities().read(&here.id).await.unwrap();
    assert!(alice.policies.is_empty() && alice.namespace_id != "root");
    assert_eq!(here.id.as_str().split_once('.').unwrap().1, alice.namespace_id);
    let group = child.groups().create(&CreateGroup::named("all")).await.unwrap().created().unwrap().id;
    let update = UpdateGroupById::new(&group).member_entity_ids([&here.id]);
    rejected(child.groups().update(&update).await, 500, "invalid entity ID");

    let name = "client-test-in-the-root-namespace";
    let in_root = root.entities().create(&CreateEntity::named(name)).await.unwrap().created().unwrap();
    let entity = root.entities().read(&in_root.id).await.unwrap();
    assert_eq!((&*entity.namespace_id, in_root.id.as_str().contains('.')), ("root", false));
    root.entities().delete(&in_root.id).await.unwrap();
}

#[tokio::test]
async fn a_namespace_can_have_an_unusual_name() {
    let Some(space) = Space::new("client-namespaces") else { return };
    for (name, encoded) in [("ü", "%C3%BC"), ("a%b", "a%25b"), ("A.b", "A.b")] {
        space.set_up("POST", &format!("sys/namespaces/{encoded}"), &serde_json::json!({}));
        let inside = space.client.with_namespace(&format!("client-namespaces/{name}")).unwrap();
        inside.entities().create(&CreateEntity::named(name)).await.unwrap().created().unwrap();
        assert_eq!(inside.entities().list_names().await.unwrap().keys, [name]);
    }
    assert!(space.client.entities().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_without_permission_is_rejected() {
    let Some(space) = Space::new("client-token") else { return };
    space.mount("people");
    space.policy("list", r#"path "identity/entity/id" { capabilities = ["list"] }"#);
    let as_alice = space.log_in("people", "alice", &["list"]);
    let wrong = space.client.with_token("s.wrong").unwrap();
    let nobody = space.client.with_target(space.client.target().clone().without_token());
    for error in [
        wrong.entities().list().await.unwrap_err(),
        wrong.entities().find("nobody").await.unwrap_err(),
        nobody.entities().list().await.unwrap_err(),
        nobody.groups().create(&CreateGroup::unnamed()).await.unwrap_err(),
        as_alice.groups().list().await.unwrap_err(),
        as_alice.entities().delete("nobody").await.unwrap_err(),
        as_alice.with_namespace("").unwrap().entities().list().await.unwrap_err(),
    ] {
        assert!(error.is_permission_denied() && !error.is_not_found() && !error.is_retryable(), "{error}");
    }
    assert_eq!(as_alice.entities().list().await.unwrap().len(), 1);
    // Verifiers need no token.
    let jwks = nobody.oidc().tokens().jwks().await.unwrap();
    assert_eq!(jwks, wrong.oidc().tokens().jwks().await.unwrap());
    assert!(nobody.oidc().tokens().discovery().await.unwrap().issuer.contains("client-token"));
}

#[tokio::test]
async fn with_meta_and_maybe_wrap_an_operation() {
    let Some(space) = Space::new("client-combinators") else { return };
    let client = &space.client;
    let id = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;
    let (first, meta) = client.call(&WithMeta(ReadEntityById::new(&id))).await.unwrap();
    let (second, other) = client.call(&WithMeta(Maybe(ReadEntityById::new(&id)))).await.unwrap();
    assert_eq!(Some(first), second);
    assert!(meta.warnings.is_empty() && meta.request_id.is_some() && meta.request_id != other.request_id);
    assert_eq!(client.call(&Maybe(ReadEntityById::new("nobody"))).await.unwrap(), None);
    assert!(client.call(&WithMeta(ReadEntityById::new("nobody"))).await.unwrap_err().is_not_found());
    let (updated, meta) = client.call(&WithMeta(CreateEntity::named("alice"))).await.unwrap();
    assert_eq!((updated, meta.request_id), (Upsert::Updated, None));
}

#[tokio::test]
async fn lists_by_get_return_the_same() {
    let Some(space) = Space::new("client-list-as-get") else { return };
    let client = space.client.with_target(space.client.target().clone().with_list_as_get(true));
    assert!(client.entities().list().await.unwrap().is_empty());
    client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap();
    assert_eq!(client.entities().list().await.unwrap(), space.client.entities().list().await.unwrap());
    assert_eq!(client.entities().list_names().await.unwrap().keys, ["alice"]);
    assert_eq!(client.oidc().keys().list().await.unwrap().keys, ["default"]);
    assert!(client.group_aliases().list().await.unwrap().is_empty());

    let calls = space.calls();
    let sent = |verb| calls.iter().filter(|call| call.request.starts_with(verb)).count();
    assert_eq!((sent("LIST "), sent("GET ")), (1, 5));
    assert!(
        calls
            .iter()
            .filter(|call| call.request.starts_with("GET "))
            .all(|call| call.request.ends_with("?list=true"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_client_serves_many_tasks() {
    let Some(space) = Space::new("client-tasks") else { return };
    let task = |n: usize| {
        let client = space.client.clone();
        tokio::spawn(async move {
            let name = format!("entity-{n}");
            let created = client.entities().create(&CreateEntity::named(&name)).await?.created();
            assert_eq!(client.entities().read_by_name(&name).await?.id, created.unwrap().id);
            Result::<()>::Ok(())
        })
    };
    for task in (0..32).map(task).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(space.client.entities().list().await.unwrap().len(), 32);
}

#[test]
fn a_client_outlives_its_runtime() {
    let Some(space) = Space::new("client-runtimes") else { return };
    for turn in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let create = CreateEntity::unnamed();
        assert!(runtime.block_on(space.client.entities().create(&create)).unwrap().is_created());
        assert_eq!(runtime.block_on(space.client.entities().list()).unwrap().len(), turn + 1);
    }
}

/// The quick start: a user who logs in, a group with policies, and an ID token.
#[test]
fn a_blocking_client_makes_the_round_trip() {
    let (Some(outside), Some(inside)) = (Space::new("client-blocking"), Space::new("client-blocking-inside"))
    else {
        return;
    };
    let round_trip = |space: &Space| {
        let people = space.mount("people");
        space.policy("mint", r#"path "identity/oidc/token/app" { capabilities = ["read"] }"#);
        let transport = BlockingAdapter::new(HyperTransport::new()).unwrap();
        let client = BlockingClient::new(space.client.target().clone(), transport);

        let create = CreateEntity::named("alice").metadata([("team", "eng")]);
        let alice = client.entities().create(&create).unwrap().created().unwrap().id;
        assert_eq!(client.entities().create(&create).unwrap(), Upsert::Updated);
        let alias = CreateEntityAlias::new("alice", &people).canonical_id(&alice);
        assert_eq!(client.entity_aliases().create(&alias).unwrap().written().unwrap().canonical_id, alice);
        assert_eq!(client.entity_aliases().create(&alias).unwrap(), AliasWrite::Unchanged);
        let engineers = client.groups().create(&CreateGroup::named("engineers").policies(["mint"])).unwrap();
        let engineers = engineers.created().unwrap().id;
        client.groups().add_member_entities(&engineers, [&alice]).unwrap();
        let found = client.lookup().entity(&LookupEntity::by_alias("alice", &people)).unwrap().unwrap();
        assert_eq!((&found.id, &found.group_ids[..]), (&alice, &[engineers.clone()][..]));

        let key = WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256).allowed_client_ids(["*"]);
        client.oidc().keys().write(&key).unwrap();
        client.oidc().roles().write(&WriteOidcRole::new("app", "web")).unwrap();
        let login = space.log_in("people", "alice", &[]);
        let as_alice = client.with_target(login.target().clone());
        let minted = as_alice.oidc().tokens().generate("app").unwrap();
        assert!(client.oidc().tokens().introspect(&IntrospectIdToken::new(minted.token)).unwrap().active);

        assert_eq!(client.entities().list().unwrap().keys, from_ref(&alice));
        client.entities().delete_many([&alice]).unwrap();
        assert_eq!(client.entities().find(&alice).unwrap(), None);
        assert!(client.entities().read(&alice).unwrap_err().is_not_found());
        assert!(client.groups().read(&engineers).unwrap().member_entity_ids.is_empty());
        let nowhere = client.with_namespace("nowhere").unwrap();
        assert!(!nowhere.groups().list().unwrap_err().is_not_found());
        assert!(client.with_token("s.wrong").unwrap().groups().list().unwrap_err().is_permission_denied());
    };
    round_trip(&outside);
    // It works in the thread of a runtime, although it blocks the thread.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { round_trip(&inside) });
}
