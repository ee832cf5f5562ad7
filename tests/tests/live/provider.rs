use std::slice::from_ref;
use std::time::Duration;

use vault_identity::entity::CreateEntity;
use vault_identity::group::CreateGroup;
use vault_identity::oidc::{
    OidcAssignment, OidcClient, OidcClientInfo, OidcClientType, SigningAlgorithm, WriteOidcAssignment,
    WriteOidcClient, WriteOidcKey, WriteOidcProvider, WriteOidcScope,
};
use vault_identity::{Client, KeyList};

use crate::rejected;
use crate::space::Space;
use crate::tokens::HOUR;

pub(crate) const OPERATIONS: [&str; 16] = [
    "DELETE identity/oidc/assignment/{name}",
    "DELETE identity/oidc/client/{name}",
    "DELETE identity/oidc/provider/{name}",
    "DELETE identity/oidc/scope/{name}",
    "GET identity/oidc/assignment/{name}",
    "GET identity/oidc/client/{name}",
    "GET identity/oidc/provider/{name}",
    "GET identity/oidc/scope/{name}",
    "LIST identity/oidc/assignment",
    "LIST identity/oidc/client",
    "LIST identity/oidc/provider",
    "LIST identity/oidc/scope",
    "POST identity/oidc/assignment/{name}",
    "POST identity/oidc/client/{name}",
    "POST identity/oidc/provider/{name}",
    "POST identity/oidc/scope/{name}",
];

const TEMPLATE: &str = r#"{"user": {{identity.entity.name}} }"#;
const CALLBACK: &str = "https://app.example.com/callback";

async fn info(client: &Client, name: &str) -> OidcClientInfo {
    client.oidc().clients().read(name).await.expect("the client is there").info
}

async fn write_key(client: &Client, name: &str) {
    let key = WriteOidcKey::new(name).algorithm(SigningAlgorithm::ES256).allowed_client_ids(["*"]);
    client.oidc().keys().write(&key).await.expect("the key is good");
}

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("provider") else { return };
    let oidc = space.client.oidc();
    let (assignments, scopes) = (oidc.assignments(), oidc.scopes());
    let (clients, providers) = (oidc.clients(), oidc.providers());
    let alice = CreateEntity::named("alice");
    let alice = space.client.entities().create(&alice).await.unwrap().created().unwrap().id;
    let staff = CreateGroup::named("staff");
    let staff = space.client.groups().create(&staff).await.unwrap().created().unwrap().id;

    assert_eq!(assignments.list().await.unwrap().keys, ["allow_all"]);
    let all = assignments.read("allow_all").await.unwrap();
    assert_eq!((all.entity_ids, all.group_ids), (vec!["*".into()], vec!["*".into()]));
    let write = WriteOidcAssignment::new("staff").entity_ids([&alice]).group_ids([&staff]);
    for _ in 0..2 {
        assignments.write(&write).await.unwrap();
        let assignment = assignments.read("staff").await.unwrap();
        assert_eq!((&*assignment.entity_ids, &*assignment.group_ids), (from_ref(&alice), from_ref(&staff)));
        assert_eq!(assignments.find("staff").await.unwrap(), Some(assignment));
        assert_eq!(assignments.list().await.unwrap().keys, ["allow_all", "staff"]);
    }

    assert_eq!(scopes.list().await.unwrap(), KeyList::default());
    let write = WriteOidcScope::new("profile").template(TEMPLATE).description("who it is");
    for _ in 0..2 {
        scopes.write(&write).await.unwrap();
        let scope = scopes.read("profile").await.unwrap();
        assert_eq!((&*scope.template, &*scope.description), (TEMPLATE, "who it is"));
        assert_eq!(scopes.find("profile").await.unwrap(), Some(scope));
        assert_eq!(scopes.list().await.unwrap().keys, ["profile"]);
    }

    assert_eq!(clients.list().await.unwrap(), KeyList::default());
    write_key(&space.client, "web").await;
    let write = WriteOidcClient::new("app")
        .key("web")
        .redirect_uris([CALLBACK])
        .assignments(["staff"])
        .id_token_ttl(HOUR)
        .access_token_ttl(2 * HOUR);
    clients.write(&write).await.unwrap();
    let OidcClient { info: app, client_secret, .. } = clients.read("app").await.unwrap();
    assert_eq!((app.client_id.as_str().len(), &*app.key), (32, "web"));
    assert!(client_secret.is_some());
    assert_eq!(app.client_type, OidcClientType::Confidential);
    assert_eq!((&*app.redirect_uris, &*app.assignments), (&[CALLBACK.into()][..], &["staff".into()][..]));
    assert_eq!((app.id_token_ttl, app.access_token_ttl), (HOUR, 2 * HOUR));
    assert_eq!((app.authorization_code, app.client_credentials), (Some(true), Some(false)));
    clients.write(&write).await.unwrap();
    assert_eq!(clients.find("app").await.unwrap().unwrap().info, app);
    let list = clients.list().await.unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), [(&"app".to_owned(), Some(&app))]);

    let list = providers.list().await.unwrap();
    assert_eq!(
        (list.keys, &*list.key_info["default"].allowed_client_ids),
        (vec!["default".into()], &["*".into()][..])
    );
    let write =
        WriteOidcProvider::new("web").allowed_client_ids([&app.client_id]).scopes_supported(["profile"]);
    for _ in 0..2 {
        providers.write(&write).await.unwrap();
        let provider = providers.read("web").await.unwrap();
        assert!(provider.issuer.ends_with("/v1/provider/identity/oidc/provider/web"), "{}", provider.issuer);
        assert_eq!(&*provider.allowed_client_ids, from_ref(&app.client_id));
        assert_eq!(provider.scopes_supported, ["profile"]);
        assert_eq!(providers.find("web").await.unwrap().as_ref(), Some(&provider));
        let list = providers.list().await.unwrap();
        assert_eq!((list.len(), &list.key_info["web"]), (2, &provider));
    }

    rejected(scopes.delete("profile").await, 400, "referenced by these providers: web");
    rejected(assignments.delete("staff").await, 400, "referenced by these clients: app");
    rejected(oidc.keys().delete("web").await, 400, "referenced by these clients: app");
    for _ in 0..2 {
        providers.delete("web").await.unwrap();
        assert_eq!(providers.find("web").await.unwrap(), None);
        scopes.delete("profile").await.unwrap();
        assert_eq!(scopes.find("profile").await.unwrap(), None);
        clients.delete("app").await.unwrap();
        assert!(clients.find("app").await.unwrap().is_none());
        assignments.delete("staff").await.unwrap();
        assert_eq!(assignments.find("staff").await.unwrap(), None);
    }
    assert!(providers.read("web").await.unwrap_err().is_not_found());
    assert!(scopes.read("profile").await.unwrap_err().is_not_found());
    assert!(clients.read("app").await.unwrap_err().is_not_found());
    assert!(assignments.read("staff").await.unwrap_err().is_not_found());
    assert_eq!(providers.list().await.unwrap().keys, ["default"]);
    assert_eq!(assignments.list().await.unwrap().keys, ["allow_all"]);
    assert!(clients.list().await.unwrap().is_empty() && scopes.list().await.unwrap().is_empty());

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn an_update_keeps_unset_fields_and_clears_empty_ones() {
    let Some(space) = Space::new("provider-fields") else { return };
    let oidc = space.client.oidc();
    let (assignments, scopes) = (oidc.assignments(), oidc.scopes());
    let (clients, providers) = (oidc.clients(), oidc.providers());

    // The server does not check that they exist.
    let write = WriteOidcAssignment::new("staff").entity_ids(["nobody", "b"]).group_ids(["nothing"]);
    assignments.write(&write).await.unwrap();
    let before = assignments.read("staff").await.unwrap();
    assert_eq!((before.entity_ids.len(), before.group_ids.len()), (2, 1));
    assignments.write(&WriteOidcAssignment::new("staff")).await.unwrap();
    assert_eq!(assignments.read("staff").await.unwrap(), before);
    assignments.write(&WriteOidcAssignment::new("staff").entity_ids([""; 0])).await.unwrap();
    let mut expected = before;
    expected.entity_ids.clear();
    assert_eq!(assignments.read("staff").await.unwrap(), expected);
    assignments.write(&WriteOidcAssignment::new("staff").group_ids([""; 0])).await.unwrap();
    assert_eq!(assignments.read("staff").await.unwrap(), OidcAssignment::default());

    scopes.write(&WriteOidcScope::new("profile").template(TEMPLATE).description("who")).await.unwrap();
    let mut expected = scopes.read("profile").await.unwrap();
    scopes.write(&WriteOidcScope::new("profile").description("what")).await.unwrap();
    expected.description = "what".to_owned();
    assert_eq!(scopes.read("profile").await.unwrap(), expected);
    scopes.write(&WriteOidcScope::new("profile").description("")).await.unwrap();
    expected.description.clear();
    assert_eq!(scopes.read("profile").await.unwrap(), expected);

    let write = WriteOidcClient::new("app").client_type(OidcClientType::Public).redirect_uris([CALLBACK]);
    clients.write(&write.assignments(["staff"])).await.unwrap();
    let OidcClient { info: mut expected, client_secret, .. } = clients.read("app").await.unwrap();
    assert!(client_secret.is_none());
    assert_eq!((&expected.client_type, &*expected.key), (&OidcClientType::Public, "default"));
    assert_eq!((expected.id_token_ttl, expected.access_token_ttl), (24 * HOUR, 24 * HOUR));
    clients.write(&WriteOidcClient::new("app")).await.unwrap();
    assert_eq!(info(&space.client, "app").await, expected);
    clients.write(&WriteOidcClient::new("app").redirect_uris([""; 0])).await.unwrap();
    expected.redirect_uris.clear();
    assert_eq!(info(&space.client, "app").await, expected);
    let write = WriteOidcClient::new("app").authorization_code(false).id_token_ttl(HOUR);
    clients.write(&write.assignments(["allow_all"])).await.unwrap();
    (expected.authorization_code, expected.id_token_ttl) = (Some(false), HOUR);
    expected.assignments = vec!["allow_all".to_owned()];
    assert_eq!(info(&space.client, "app").await, expected);

    let write = WriteOidcProvider::new("web").issuer("https://id.example.com").scopes_supported(["profile"]);
    providers.write(&write.allowed_client_ids(["*"])).await.unwrap();
    let mut expected = providers.read("web").await.unwrap();
    assert_eq!(expected.issuer, "https://id.example.com/v1/provider-fields/identity/oidc/provider/web");
    providers.write(&WriteOidcProvider::new("web")).await.unwrap();
    assert_eq!(providers.read("web").await.unwrap(), expected);
    providers.write(&WriteOidcProvider::new("web").scopes_supported([""; 0])).await.unwrap();
    expected.scopes_supported.clear();
    assert_eq!(providers.read("web").await.unwrap(), expected);
    providers.write(&WriteOidcProvider::new("web").allowed_client_ids([""; 0])).await.unwrap();
    expected.allowed_client_ids.clear();
    assert_eq!(providers.read("web").await.unwrap(), expected);
}

#[tokio::test]
async fn the_providers_of_a_client_are_those_that_allow_it() {
    let Some(space) = Space::new("provider-lists") else { return };
    let (clients, providers) = (space.client.oidc().clients(), space.client.oidc().providers());
    for name in ["one", "two"] {
        clients.write(&WriteOidcClient::new(name)).await.unwrap();
        let id = info(&space.client, name).await.client_id;
        providers.write(&WriteOidcProvider::new(name).allowed_client_ids([&id])).await.unwrap();
    }
    providers.write(&WriteOidcProvider::new("none")).await.unwrap();
    let one = info(&space.client, "one").await.client_id;

    let as_get = space.client.with_target(space.client.target().clone().with_list_as_get(true));
    for client in [&space.client, &as_get] {
        let providers = client.oidc().providers();
        let mut list = providers.list_for_client(&one).await.unwrap();
        list.keys.sort();
        assert_eq!(list.keys, ["default", "one"]);
        assert_eq!(list.key_info.keys().collect::<Vec<_>>(), ["default", "one"]);
        assert_eq!(list.key_info["one"], providers.read("one").await.unwrap());
        assert_eq!(providers.list_for_client("unknown").await.unwrap().keys, ["default"]);
        assert_eq!(providers.list().await.unwrap().len(), 4);
    }
    let calls = space.calls();
    let last = calls.iter().rfind(|call| call.request.contains("allowed_client_id=unknown")).unwrap();
    assert!(last.request.starts_with("GET ") && last.request.contains("list=true"), "{}", last.request);

    // If no provider allows all clients, an unknown client has none.
    providers.write(&WriteOidcProvider::new("default").allowed_client_ids([""; 0])).await.unwrap();
    assert!(providers.list_for_client("unknown").await.unwrap().is_empty());
    assert!(as_get.oidc().providers().list_for_client("unknown").await.unwrap().is_empty());
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("provider-errors") else { return };
    let oidc = space.client.oidc();
    let (assignments, scopes) = (oidc.assignments(), oidc.scopes());
    let (clients, providers) = (oidc.clients(), oidc.providers());
    write_key(&space.client, "web").await;
    clients.write(&WriteOidcClient::new("app").key("web")).await.unwrap();
    scopes.write(&WriteOidcScope::new("profile").template(TEMPLATE)).await.unwrap();
    scopes.write(&WriteOidcScope::new("empty")).await.unwrap();
    let app = info(&space.client, "app").await;

    let all = WriteOidcAssignment::new("allow_all").entity_ids(["nobody"]);
    rejected(assignments.write(&all).await, 400, "modification of assignment \"allow_all\" not allowed");
    rejected(assignments.delete("allow_all").await, 400, "deletion of assignment \"allow_all\" not allowed");

    let openid = WriteOidcScope::new("openid").template(TEMPLATE);
    rejected(scopes.write(&openid).await, 400, "the \"openid\" scope name is reserved");
    let broken = WriteOidcScope::new("profile").template("{");
    rejected(scopes.write(&broken).await, 400, "error parsing template");
    let reserved = WriteOidcScope::new("profile").template(r#"{"sub": "me"}"#);
    rejected(scopes.write(&reserved).await, 400, "top level key \"sub\" not allowed");
    assert_eq!(scopes.read("profile").await.unwrap().template, TEMPLATE);

    let update = || WriteOidcClient::new("app");
    rejected(clients.write(&update().key("default")).await, 400, "key modification is not allowed");
    let public = update().client_type(OidcClientType::Public);
    rejected(clients.write(&public).await, 400, "client_type modification is not allowed");
    rejected(clients.write(&update().assignments(["unknown"])).await, 400, "\"unknown\" does not exist");
    let long = update().id_token_ttl(25 * HOUR);
    rejected(clients.write(&long).await, 400, "cannot be greater than the verification_ttl");
    let itself = WriteOidcClient::new("new").client_type(OidcClientType::Public).client_credentials(true);
    assert!(clients.write(&itself).await.unwrap_err().api().is_none());
    let other = WriteOidcClient::new("new").client_type(OidcClientType::Other("native".to_owned()));
    rejected(clients.write(&other).await, 400, "invalid client_type");
    let unknown = WriteOidcClient::new("new").key("unknown");
    rejected(clients.write(&unknown).await, 400, "key \"unknown\" does not exist");
    let half = update().access_token_ttl(Duration::from_millis(1_500));
    assert!(clients.write(&half).await.unwrap_err().api().is_none());
    assert_eq!(clients.list().await.unwrap().keys, ["app"]);
    assert_eq!(info(&space.client, "app").await, app);

    let unknown = WriteOidcProvider::new("new").scopes_supported(["unknown"]);
    rejected(providers.write(&unknown).await, 400, "scope \"unknown\" does not exist");
    let empty = WriteOidcProvider::new("new").scopes_supported(["empty"]);
    assert!(!rejected(providers.write(&empty).await, 500, "").is_retryable());
    for issuer in ["id.example.com", "https://id.example.com/", "https://id.example.com/v1/path"] {
        rejected(providers.write(&WriteOidcProvider::new("new").issuer(issuer)).await, 400, "invalid issuer");
    }
    rejected(providers.delete("default").await, 400, "deletion of OIDC provider \"default\" not allowed");
    assert_eq!(providers.list().await.unwrap().keys, ["default"]);
}
