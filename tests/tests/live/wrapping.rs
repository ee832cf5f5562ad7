use std::slice::from_ref;
use std::time::Duration;

use vault_identity::entity::{
    CreateEntity, ListEntities, ReadEntityById, UpdateEntityById, WriteEntityByName,
};
use vault_identity::error::OAuthErrorCode;
use vault_identity::group::ListGroups;
use vault_identity::lookup::LookupEntity;
use vault_identity::oidc::{
    AuthorizeOidc, ExchangeOidcToken, GenerateIdToken, IntrospectIdToken, ListOidcProviders, ReadDiscovery,
    ReadJwks, ReadOidcClient, ReadProviderDiscovery, ReadProviderJwks, ReadUserInfo, SigningAlgorithm,
    WriteOidcClient, WriteOidcConfig, WriteOidcKey, WriteOidcProvider, WriteOidcRole,
};
use vault_identity::wrapping::{LookupWrappingToken, UnwrapResponse, Wrapped};
use vault_identity::{Maybe, Upsert, WithMeta, Wrap};

use crate::app::{App, CALLBACK};
use crate::rejected;
use crate::space::Space;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_response_is_wrapped_and_unwrapped_once() {
    let Some(space) = Space::new("wrap-read") else { return };
    let client = &space.client;
    let create = CreateEntity::named("alice").metadata([("team", "eng")]);
    let id = client.entities().create(&create).await.unwrap().created().unwrap().id;

    let wrap = Wrap::new(ReadEntityById::new(&id), MINUTE);
    let info = client.call(&wrap).await.unwrap().wrapped().unwrap();
    assert_eq!((&*info.creation_path, info.ttl), (&*format!("identity/entity/id/{id}"), MINUTE));
    assert!(!info.accessor.is_empty() && info.creation_time.is_some());
    // The wrapping token is sufficient.
    let anybody = client.with_target(client.target().clone().without_token());
    let unwrap = UnwrapResponse::<ReadEntityById>::new(info.token);
    assert_eq!(anybody.call(&unwrap).await.unwrap(), client.entities().read(&id).await.unwrap());
    let error = rejected(anybody.call(&unwrap).await, 400, "wrapping token is not valid or does not exist");
    assert!(!error.is_not_found());
    let garbage = UnwrapResponse::<ReadEntityById>::new("garbage");
    rejected(client.call(&garbage).await, 400, "wrapping token is not valid or does not exist");
}

#[tokio::test]
async fn a_wrapping_token_can_be_looked_up() {
    let Some(space) = Space::new("wrap-lookup") else { return };
    let client = &space.client;
    let info = client.call(&Wrap::new(ReadProviderDiscovery::new("default"), MINUTE)).await.unwrap();
    let info = info.wrapped().unwrap();
    let path = "identity/oidc/provider/default/.well-known/openid-configuration";
    assert_eq!(info.creation_path, path);
    let anybody = client.with_target(client.target().clone().without_token());
    for client in [client, &anybody, &anybody] {
        let found = client.call(&LookupWrappingToken::new(info.token.clone())).await.unwrap();
        assert_eq!((&*found.creation_path, found.creation_ttl), (path, MINUTE));
        assert_eq!(found.creation_time, info.creation_time);
    }
    // A lookup does not use the token up.
    let unwrap = UnwrapResponse::<ReadProviderDiscovery>::new(info.token.clone());
    let discovery = anybody.call(&unwrap).await.unwrap();
    assert_eq!(discovery, client.oidc().providers().discovery("default").await.unwrap());
    let message = "wrapping token is not valid or does not exist";
    rejected(anybody.call(&LookupWrappingToken::new(info.token)).await, 400, message);
    rejected(anybody.call(&LookupWrappingToken::new("garbage")).await, 400, message);

    let info = client.call(&Wrap::new(ReadProviderJwks::new("default"), MINUTE)).await.unwrap();
    let unwrap = UnwrapResponse::<ReadProviderJwks>::new(info.wrapped().unwrap().token);
    assert_eq!(client.call(&unwrap).await.unwrap().keys, []);
    let wrap = Wrap::new(ListOidcProviders::new(), MINUTE);
    let info = client.call(&wrap).await.unwrap().wrapped().unwrap();
    let list = client.call(&UnwrapResponse::<ListOidcProviders>::new(info.token)).await.unwrap();
    assert_eq!(list, client.oidc().providers().list().await.unwrap());
    let wrap = Wrap::new(WriteOidcProvider::new("web").issuer("https://id.example.com"), MINUTE);
    let info = client.call(&wrap).await.unwrap().wrapped().unwrap();
    let unwrap = UnwrapResponse::<WithMeta<WriteOidcProvider>>::new(info.token);
    assert_eq!(client.call(&unwrap).await.unwrap().1.warnings.len(), 1);
    client.call(&Wrap::new(WriteOidcClient::new("app"), MINUTE)).await.unwrap();
    let info = client.call(&Wrap::new(ReadOidcClient::new("app"), MINUTE)).await.unwrap().wrapped().unwrap();
    let app = client.call(&UnwrapResponse::<ReadOidcClient>::new(info.token)).await.unwrap();
    assert!(app.client_secret.is_some());
    let absent = Wrap::new(Maybe(ReadProviderDiscovery::new("unknown")), MINUTE);
    assert!(matches!(client.call(&absent).await.unwrap(), Wrapped::Plain(None)));
}

#[tokio::test]
async fn codes_and_tokens_of_a_provider_can_be_wrapped() {
    let Some(app) = App::new("wrap-provider").await else { return };
    let client = &app.space.client;
    let info =
        app.as_alice.call(&Wrap::new(app.authorize().state("s"), MINUTE)).await.unwrap().wrapped().unwrap();
    let authorized = client.call(&UnwrapResponse::<AuthorizeOidc>::new(info.token)).await.unwrap();
    assert_eq!(authorized.state.as_deref(), Some("s"));
    let exchange = ExchangeOidcToken::code("web", app.by_secret(), authorized.code, CALLBACK);
    let info = client.call(&Wrap::new(exchange.clone(), MINUTE)).await.unwrap().wrapped().unwrap();
    let tokens = client.call(&UnwrapResponse::<ExchangeOidcToken>::new(info.token)).await.unwrap();
    let read = ReadUserInfo::new("web", tokens.access_token);
    let info = client.call(&Wrap::new(read, MINUTE)).await.unwrap().wrapped().unwrap();
    let alice = client.call(&UnwrapResponse::<ReadUserInfo>::new(info.token)).await.unwrap();
    assert_eq!(alice.sub, app.alice);
    // An OAuth error of the provider is wrapped as well, an error of the server's core is not.
    let info = client.call(&Wrap::new(exchange, MINUTE)).await.unwrap().wrapped().unwrap();
    let unwrap = UnwrapResponse::<ExchangeOidcToken>::new(info.token);
    let error = rejected(client.call(&unwrap).await, 400, "invalid or expired");
    assert_eq!(error.api().unwrap().oauth().unwrap().error, OAuthErrorCode::InvalidGrant);
    let info = client.call(&Wrap::new(app.authorize(), MINUTE)).await.unwrap().wrapped().unwrap();
    let error = client.call(&UnwrapResponse::<AuthorizeOidc>::new(info.token)).await.unwrap_err();
    assert_eq!(error.api().unwrap().oauth().unwrap().error, OAuthErrorCode::AccessDenied);
    let garbage = Wrap::new(ReadUserInfo::new("web", "garbage"), MINUTE);
    rejected(client.call(&garbage).await, 401, "permission denied");
}

#[tokio::test]
async fn responses_with_content_are_wrapped() {
    let Some(space) = Space::new("wrap-content") else { return };
    let client = &space.client;

    let create = Wrap::new(CreateEntity::named("alice"), MINUTE);
    let info = client.call(&create).await.unwrap().wrapped().unwrap();
    assert_eq!(info.creation_path, "identity/entity");
    let id = client.entities().read_by_name("alice").await.unwrap().id;
    let created = client.call(&UnwrapResponse::<CreateEntity>::new(info.token)).await.unwrap();
    assert_eq!(created.created().unwrap().id, id);

    let info = client.call(&Wrap::new(ListEntities::new(), MINUTE)).await.unwrap().wrapped().unwrap();
    let list = client.call(&UnwrapResponse::<ListEntities>::new(info.token)).await.unwrap();
    assert_eq!(list, client.entities().list().await.unwrap());
    assert_eq!(list.keys, from_ref(&id));

    let info = client.call(&Wrap::new(ReadDiscovery::new(), MINUTE)).await.unwrap().wrapped().unwrap();
    let discovery = client.call(&UnwrapResponse::<ReadDiscovery>::new(info.token)).await.unwrap();
    assert_eq!(discovery, client.oidc().tokens().discovery().await.unwrap());

    let info = client.call(&Wrap::new(ReadJwks::new(), MINUTE)).await.unwrap().wrapped().unwrap();
    assert_eq!(client.call(&UnwrapResponse::<ReadJwks>::new(info.token)).await.unwrap().keys, []);

    let introspect = Wrap::new(IntrospectIdToken::new("garbage"), MINUTE);
    let info = client.call(&introspect).await.unwrap().wrapped().unwrap();
    let verdict = client.call(&UnwrapResponse::<IntrospectIdToken>::new(info.token)).await.unwrap();
    assert!(!verdict.active && verdict.error.is_some());

    // Warnings are not lost.
    let write = Wrap::new(WriteOidcConfig::new("https://id.example.com"), MINUTE);
    let info = client.call(&write).await.unwrap().wrapped().unwrap();
    let unwrap = UnwrapResponse::<WithMeta<WriteOidcConfig>>::new(info.token);
    assert_eq!(client.call(&unwrap).await.unwrap().1.warnings.len(), 1);

    let info = client.call(&Wrap::new(LookupEntity::by_id(&id), MINUTE)).await.unwrap().wrapped().unwrap();
    let elsewhere = client.with_namespace("").unwrap();
    let found = elsewhere.call(&UnwrapResponse::<LookupEntity>::new(info.token)).await.unwrap();
    assert_eq!(found.unwrap().id, id);

    let read = WithMeta(Maybe(ReadEntityById::new(&id)));
    let info = client.call(&Wrap::new(read, MINUTE)).await.unwrap().wrapped().unwrap();
    let unwrap = UnwrapResponse::<WithMeta<Maybe<ReadEntityById>>>::new(info.token);
    let (alice, meta) = client.call(&unwrap).await.unwrap();
    assert_eq!(alice.unwrap().id, id);
    assert!(meta.request_id.is_some());
}

#[tokio::test]
async fn an_identity_token_can_be_wrapped() {
    let Some(space) = Space::new("wrap-token") else { return };
    space.mount("people");
    space.policy("mint", r#"path "identity/oidc/token/app" { capabilities = ["read"] }"#);
    let as_alice = space.log_in("people", "alice", &["mint"]);
    let key = WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256).allowed_client_ids(["*"]);
    space.client.oidc().keys().write(&key).await.unwrap();
    space.client.oidc().roles().write(&WriteOidcRole::new("app", "web").ttl(MINUTE)).await.unwrap();

    let wrapped = as_alice.call(&Wrap::new(GenerateIdToken::new("app"), MINUTE)).await.unwrap();
    let info = wrapped.wrapped().unwrap();
    assert_eq!(info.creation_path, "identity/oidc/token/app");
    let token = as_alice.call(&UnwrapResponse::<GenerateIdToken>::new(info.token)).await.unwrap();
    assert_eq!(token.ttl, MINUTE);
    let role = space.client.oidc().roles().read("app").await.unwrap();
    assert_eq!(token.client_id, role.client_id);
}

#[tokio::test]
async fn responses_without_content_are_not_wrapped() {
    let Some(space) = Space::new("wrap-plain") else { return };
    let client = &space.client;
    let id = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;

    for _ in 0..2 {
        let wrap = Wrap::new(UpdateEntityById::new(&id).policies(["dev"]), MINUTE);
        assert!(matches!(client.call(&wrap).await.unwrap(), Wrapped::Plain(None)));
        let wrap = Wrap::new(WriteEntityByName::new("alice"), MINUTE);
        assert!(matches!(client.call(&wrap).await.unwrap(), Wrapped::Plain(Upsert::Updated)));
    }
    assert_eq!(client.entities().read(&id).await.unwrap().policies, ["dev"]);

    let as_get = client.with_target(client.target().clone().with_list_as_get(true));
    for client in [client, &as_get] {
        let Wrapped::Plain(none) = client.call(&Wrap::new(ListGroups::new(), MINUTE)).await.unwrap() else {
            panic!("an empty list was wrapped")
        };
        assert!(none.is_empty());
    }
    let nobody = LookupEntity::by_name("nobody");
    assert!(matches!(client.call(&Wrap::new(nobody, MINUTE)).await.unwrap(), Wrapped::Plain(None)));
    let absent = ReadEntityById::new("nobody");
    assert!(client.call(&Wrap::new(absent.clone(), MINUTE)).await.unwrap_err().is_not_found());
    let wrap = Wrap::new(Maybe(absent), MINUTE);
    assert!(matches!(client.call(&wrap).await.unwrap(), Wrapped::Plain(None)));
}

#[tokio::test]
async fn error_responses_are_not_wrapped() {
    let Some(space) = Space::new("wrap-errors") else { return };
    let client = &space.client;
    let wrap = Wrap::new(UpdateEntityById::new("nobody").policies(["dev"]), MINUTE);
    rejected(client.call(&wrap).await, 400, "entity not found from id");
    let nowhere = client.with_namespace("nowhere").unwrap();
    assert!(
        !rejected(nowhere.call(&Wrap::new(ListGroups::new(), MINUTE)).await, 404, "namespace not found")
            .is_not_found()
    );
    let anybody = client.with_target(client.target().clone().without_token());
    assert!(anybody.call(&Wrap::new(ListGroups::new(), MINUTE)).await.unwrap_err().is_permission_denied());
}
