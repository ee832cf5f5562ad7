use std::slice::from_ref;

use serde_json::json;
use vault_identity::entity::CreateEntity;
use vault_identity::mfa::{
    CreateTotpMethod, TotpEnrollment, TotpParams, UpdateTotpMethod, WriteLoginEnforcement,
};
use vault_identity::oidc::{
    AuthorizeOidc, ClientAuth, ExchangeOidcToken, SigningAlgorithm, WriteOidcAssignment, WriteOidcClient,
    WriteOidcKey, WriteOidcProvider, WriteOidcScope,
};

use crate::app::CALLBACK;
use crate::rejected;
use crate::space::Space;
use crate::tokens::claims;

#[tokio::test]
async fn a_new_namespace_has_a_default_key_since_2_7() {
    let Some(space) = Space::new("namespaces-key") else { return };
    space.set_up("POST", "sys/namespaces/below", &json!({}));
    let below = space.client.with_namespace("namespaces-key/below").unwrap();
    let below = below.oidc();
    let app = WriteOidcClient::new("app");
    match below.clients().write(&app).await {
        Ok(()) => assert_eq!(below.keys().list().await.unwrap().keys, ["default"]),
        // OpenBao 2.6 adds the key later.
        error => {
            assert!(!space.has_default_keys());
            rejected(error, 400, "key \"default\" does not exist");
        }
    }
    assert_eq!(below.providers().list().await.unwrap().keys, ["default"]);
}

#[tokio::test]
async fn each_namespace_has_its_own_provider() {
    let Some(space) = Space::new("namespaces-provider") else { return };
    space.create_namespace("below");
    let below = space.client.with_namespace("namespaces-provider/below").unwrap();
    space.create_namespace("beside");
    let beside = space.client.with_namespace("namespaces-provider/beside").unwrap();

    let oidc = below.oidc();
    oidc.assignments().write(&WriteOidcAssignment::new("staff")).await.unwrap();
    oidc.scopes().write(&WriteOidcScope::new("profile").template(r#"{"a": "b"}"#)).await.unwrap();
    oidc.clients().write(&WriteOidcClient::new("app").assignments(["staff"])).await.unwrap();
    let app = oidc.clients().read("app").await.unwrap().info;
    // Unlike the identifier of an entity, that of a client does not contain the namespace.
    assert!(!app.client_id.as_str().contains('.'), "{}", app.client_id);
    let write = WriteOidcProvider::new("web").allowed_client_ids([&app.client_id]);
    oidc.providers().write(&write.scopes_supported(["profile"])).await.unwrap();
    let issuer = oidc.providers().read("web").await.unwrap().issuer;
    assert!(issuer.ends_with("/v1/namespaces-provider/below/identity/oidc/provider/web"), "{issuer}");
    let discovery = oidc.providers().discovery("web").await.unwrap();
    assert_eq!((&discovery.issuer, discovery.jwks_uri), (&issuer, format!("{issuer}/.well-known/keys")));

    for elsewhere in [&space.client, &beside] {
        let oidc = elsewhere.oidc();
        assert_eq!(oidc.assignments().list().await.unwrap().keys, ["allow_all"]);
        assert!(oidc.scopes().list().await.unwrap().is_empty());
        assert!(oidc.clients().find("app").await.unwrap().is_none());
        assert_eq!(oidc.providers().list().await.unwrap().keys, ["default"]);
        assert_eq!(oidc.providers().find("web").await.unwrap(), None);
        assert!(oidc.providers().discovery("web").await.unwrap_err().is_not_found());
        let unknown = WriteOidcClient::new("app").assignments(["staff"]);
        rejected(oidc.clients().write(&unknown).await, 400, "\"staff\" does not exist");
        oidc.clients().delete("app").await.unwrap();
        oidc.providers().delete("web").await.unwrap();
    }
    assert_eq!(oidc.clients().read("app").await.unwrap().info, app);
    let nowhere = space.client.with_namespace("namespaces-provider/nowhere").unwrap();
    let message = "namespace not found";
    for error in [
        rejected(nowhere.oidc().providers().list().await, 404, message),
        rejected(nowhere.oidc().providers().find("web").await, 404, message),
        rejected(nowhere.oidc().providers().jwks("web").await, 404, message),
        rejected(nowhere.oidc().clients().delete("app").await, 404, message),
        rejected(nowhere.mfa().list().await, 404, message),
        rejected(nowhere.mfa().enforcements().find("people").await, 404, message),
    ] {
        assert!(!error.is_not_found() && !error.is_permission_denied());
    }
}

#[tokio::test]
async fn entities_log_in_to_their_namespace() {
    let Some(space) = Space::new("namespaces-login") else { return };
    space.mount("people");
    let as_alice = space.log_in("people", "alice", &[]);
    let alice = space.client.entities().list().await.unwrap().keys.remove(0);
    let oidc = space.client.oidc();
    let key = WriteOidcKey::new("key").algorithm(SigningAlgorithm::EdDSA).allowed_client_ids(["*"]);
    oidc.keys().write(&key).await.unwrap();
    let write = WriteOidcClient::new("app").key("key").redirect_uris([CALLBACK]).assignments(["allow_all"]);
    oidc.clients().write(&write).await.unwrap();
    let app = oidc.clients().read("app").await.unwrap();
    let id = app.info.client_id;
    let write = WriteOidcProvider::new("web").issuer("https://id.example.com").allowed_client_ids([&id]);
    oidc.providers().write(&write).await.unwrap();

    let authorize = AuthorizeOidc::without_code_challenge("web", &id, CALLBACK);
    let outside = as_alice.with_namespace("").unwrap();
    assert!(outside.oidc().providers().authorize(&authorize).await.unwrap_err().is_permission_denied());
    let code = as_alice.oidc().providers().authorize(&authorize).await.unwrap().code;
    let who = ClientAuth::basic(&id, app.client_secret.unwrap());
    let exchange = ExchangeOidcToken::code("web", who, code, CALLBACK);
    let elsewhere = space.client.with_namespace("").unwrap();
    assert!(elsewhere.oidc().providers().exchange(&exchange).await.unwrap_err().api().is_some());
    let tokens = oidc.providers().exchange(&exchange).await.unwrap();
    let claims = claims(&tokens.id_token.unwrap(), &id, &oidc.providers().jwks("web").await.unwrap());
    assert_eq!(claims["iss"], "https://id.example.com/v1/namespaces-login/identity/oidc/provider/web");
    let info = oidc.providers().user_info("web", tokens.access_token.clone()).await.unwrap();
    assert_eq!((json!(info.sub), &claims["sub"]), (claims["sub"].clone(), &json!(alice)));
    assert_eq!(alice.as_str().split_once('.').unwrap().1, claims["namespace"].as_str().unwrap());
    let error = elsewhere.oidc().providers().user_info("web", tokens.access_token).await.unwrap_err();
    assert!(error.api().is_some() && !error.is_not_found(), "{error:#}");
}

#[tokio::test]
async fn methods_are_visible_in_child_namespaces_and_written_in_their_own() {
    let Some(space) = Space::new("namespaces-mfa") else { return };
    space.set_up("POST", "sys/namespaces/below", &json!({}));
    let below = space.client.with_namespace("namespaces-mfa/below").unwrap();
    let (here, there) = (space.client.mfa(), below.mfa());
    let create = || CreateTotpMethod::new(TotpParams::new("Example").method_name("app"));
    let upper = here.totp().create(&create()).await.unwrap().method_id;
    let lower = there.totp().create(&create()).await.unwrap().method_id;
    assert!(upper != lower && [&upper, &lower].iter().all(|id| id.as_str().len() == 36), "{upper} {lower}");

    assert_eq!(here.list().await.unwrap().keys, from_ref(&upper));
    assert_eq!(here.totp().list().await.unwrap().keys, from_ref(&upper));
    let mut seen = there.list().await.unwrap();
    seen.keys.sort();
    let mut both = [upper.clone(), lower.clone()];
    both.sort();
    assert_eq!(seen.keys, both);
    let method = there.totp().read(&upper).await.unwrap();
    assert_eq!(method, here.totp().read(&upper).await.unwrap());
    assert_eq!(method.info.namespace_path, "namespaces-mfa/");
    assert_eq!(there.totp().read(&lower).await.unwrap().info.namespace_path, "namespaces-mfa/below/");

    let message = "request namespace does not match method namespace";
    let update = |id| UpdateTotpMethod::new(id, TotpParams::new("Other"));
    rejected(there.totp().update(&update(&upper)).await, 400, message);
    rejected(here.totp().update(&update(&lower)).await, 400, message);
    assert_eq!(here.totp().read(&upper).await.unwrap(), method);

    // Entities of a child namespace validate methods of its parent.
    let alice = below.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;
    let secret = there.totp().admin_generate(&upper, &alice).await.unwrap();
    assert!(matches!(secret, TotpEnrollment::Created(_)));
    there.totp().admin_destroy(&upper, &alice).await.unwrap();
    let write = WriteLoginEnforcement::new("people", [&upper, &lower]).identity_entity_ids([&alice]);
    there.enforcements().write(&write).await.unwrap();
    let enforcement = there.enforcements().read("people").await.unwrap();
    assert_eq!(enforcement.namespace_path, "namespaces-mfa/below/");
    assert_eq!(enforcement.id.len(), 36);
    assert_eq!(here.enforcements().find("people").await.unwrap(), None);
    assert!(here.enforcements().list().await.unwrap().is_empty());
}
