//! Lists of any length: the server accepts 1000 strings in a JSON body, including field names.

use vault_identity::entity::{CreateEntity, MergeEntities, UpdateEntityById};
use vault_identity::error::ErrorKind;
use vault_identity::group::{CreateGroup, UpdateGroupById};
use vault_identity::mfa::{CreateTotpMethod, TotpParams, WriteLoginEnforcement};
use vault_identity::oidc::{
    WriteOidcAssignment, WriteOidcClient, WriteOidcKey, WriteOidcProvider, WriteOidcScope,
};
use vault_identity::{EntityId, GroupId, Result};

use crate::space::Space;

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:05}")).collect()
}

/// Asserts that the call was rejected before it was sent, because of this parameter.
#[track_caller]
pub(crate) fn not_sent<T>(result: Result<T>, parameter: &str) {
    let Err(error) = result else { panic!("it was sent") };
    let ErrorKind::Request(error) = error.kind() else { panic!("{error:#}") };
    assert_eq!(error.parameter(), parameter, "{error}");
}

#[tokio::test]
async fn lists_of_unchecked_references() {
    let Some(space) = Space::new("lists") else { return };
    let oidc = space.client.oidc();
    let entity = space.client.entities().create(&CreateEntity::named("e")).await.unwrap().created().unwrap();
    let group = space.client.groups().create(&CreateGroup::named("g")).await.unwrap().created().unwrap();
    for count in [999, 1_000, 5_000] {
        let ids = names("id", count);
        oidc.keys().write(&WriteOidcKey::new("k").allowed_client_ids(ids.clone())).await.unwrap();
        let read = oidc.keys().read("k").await.unwrap().allowed_client_ids;
        assert!(read.iter().map(vault_identity::ClientId::as_str).eq(&ids), "{count}");

        oidc.providers().write(&WriteOidcProvider::new("p").allowed_client_ids(ids.clone())).await.unwrap();
        let read = oidc.providers().read("p").await.unwrap().allowed_client_ids;
        assert!(read.iter().map(vault_identity::ClientId::as_str).eq(&ids), "{count}");

        let write = WriteOidcAssignment::new("a").entity_ids(ids.clone()).group_ids(ids.clone());
        oidc.assignments().write(&write).await.unwrap();
        let read = oidc.assignments().read("a").await.unwrap();
        assert!(read.entity_ids.iter().map(EntityId::as_str).eq(&ids), "{count}");
        assert!(read.group_ids.iter().map(GroupId::as_str).eq(&ids), "{count}");

        let uris = names("https://app.example.com/", count);
        oidc.clients().write(&WriteOidcClient::new("c").redirect_uris(&uris)).await.unwrap();
        assert_eq!(oidc.clients().read("c").await.unwrap().info.redirect_uris, uris);

        let policies = names("policy", count);
        let update = UpdateEntityById::new(&entity.id).policies(&policies);
        space.client.entities().update(&update).await.unwrap();
        assert_eq!(space.client.entities().read(&entity.id).await.unwrap().policies, policies);
        let update = UpdateGroupById::new(&group.id).policies(&policies);
        space.client.groups().update(&update).await.unwrap();
        assert_eq!(space.client.groups().read(&group.id).await.unwrap().policies, policies);
    }
    // As many as arrays in one body can hold.
    let ids = names("id", 150);
    let pairs = names("k", 64).into_iter().map(|key| (key, ""));
    let update = UpdateGroupById::new(&group.id).name("g").policies(&ids).metadata(pairs);
    space.client.groups().update(&update.member_group_ids([""; 0])).await.unwrap();
}

#[tokio::test]
async fn an_element_with_a_comma_is_not_split() {
    let Some(space) = Space::new("lists-commas") else { return };
    let clients = space.client.oidc().clients();
    let mut uris = names("https://app.example.com/?scope=a,b&n=", 500);
    clients.write(&WriteOidcClient::new("c").redirect_uris(&uris)).await.unwrap();
    assert_eq!(clients.read("c").await.unwrap().info.redirect_uris, uris);
    uris.push("https://app.example.com/".to_owned());
    not_sent(clients.write(&WriteOidcClient::new("c").redirect_uris(&uris)).await, "redirect_uris");
}

#[tokio::test]
async fn lists_of_checked_references() {
    let Some(space) = Space::new("lists-existing") else { return };
    let oidc = space.client.oidc();
    let all = names("n", 1_000);
    for name in &all {
        let template = format!(r#"{{"{name}": "x"}}"#);
        oidc.scopes().write(&WriteOidcScope::new(name).template(template)).await.unwrap();
        oidc.assignments().write(&WriteOidcAssignment::new(name)).await.unwrap();
    }
    oidc.providers().write(&WriteOidcProvider::new("p").scopes_supported(&all)).await.unwrap();
    assert_eq!(oidc.providers().read("p").await.unwrap().scopes_supported, all);
    oidc.clients().write(&WriteOidcClient::new("c").assignments(&all)).await.unwrap();
    assert_eq!(oidc.clients().read("c").await.unwrap().info.assignments, all);
}

/// The lists of an enforcement are not split at commas.
#[tokio::test]
async fn an_enforcement_has_a_limit_and_a_merge_has_none() {
    let Some(space) = Space::new("lists-entities") else { return };
    let entities = space.client.entities();
    let mut ids: Vec<EntityId> = Vec::new();
    for _ in 0..1_001 {
        ids.push(entities.create(&CreateEntity::unnamed()).await.unwrap().created().unwrap().id);
    }
    let create = CreateTotpMethod::new(TotpParams::new("Example"));
    let method = space.client.mfa().totp().create(&create).await.unwrap().method_id;
    let enforcements = space.client.mfa().enforcements();
    let write = |ids| WriteLoginEnforcement::new("all", [&method]).identity_entity_ids(ids);
    enforcements.write(&write(&ids[..997])).await.unwrap();
    assert_eq!(enforcements.read("all").await.unwrap().identity_entity_ids.len(), 997);
    not_sent(enforcements.write(&write(&ids[..998])).await, "identity_entity_ids");

    entities.merge(&MergeEntities::new(&ids[0], &ids[1..])).await.unwrap();
    assert_eq!(entities.read(&ids[0]).await.unwrap().merged_entity_ids.len(), 1_000);
}
