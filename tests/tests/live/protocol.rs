use std::time::Duration;

use serde_json::json;
use vault_identity::ExposeSecret;
use vault_identity::oidc::{
    AuthorizeOidc, AuthorizeOidcByPost, ClientAuth, CodeChallenge, ExchangeOidcToken, Pkce, ReadUserInfo,
    ReadUserInfoByPost, SigningAlgorithm, WriteOidcClient, WriteOidcProvider, random_urlsafe,
};

use crate::app::{App, CALLBACK};
use crate::space::Space;
use crate::tokens::{HOUR, claims};

pub(crate) const OPERATIONS: [&str; 7] = [
    "GET identity/oidc/provider/{name}/.well-known/keys",
    "GET identity/oidc/provider/{name}/.well-known/openid-configuration",
    "GET identity/oidc/provider/{name}/authorize",
    "GET identity/oidc/provider/{name}/userinfo",
    "POST identity/oidc/provider/{name}/authorize",
    "POST identity/oidc/provider/{name}/token",
    "POST identity/oidc/provider/{name}/userinfo",
];

#[tokio::test]
async fn every_operation() {
    let Some(app) = App::new("protocol").await else { return };
    let providers = app.space.client.oidc().providers();
    let discovery = providers.discovery("web").await.unwrap();
    let jwks = providers.jwks("web").await.unwrap();
    assert!(discovery.issuer.ends_with("/v1/protocol/identity/oidc/provider/web"), "{}", discovery.issuer);

    for by_post in [false, true] {
        let (pkce, state, nonce) =
            (Pkce::new().unwrap(), random_urlsafe().unwrap(), random_urlsafe().unwrap());
        let authorize =
            app.authorize_public(&pkce).scopes(["openid", "profile", "unknown"]).state(&state).nonce(&nonce);
        let authorized = if by_post {
            app.as_alice.call(&AuthorizeOidcByPost(authorize)).await.unwrap()
        } else {
            app.as_alice.oidc().providers().authorize(&authorize).await.unwrap()
        };
        assert_eq!(authorized.state, Some(state));

        let who = ClientAuth::public(&app.public, pkce.verifier);
        let tokens = app.exchange(who, authorized.code).await.unwrap();
        assert_eq!((&*tokens.token_type, tokens.expires_in), ("Bearer", 24 * HOUR));
        let claims = claims(&tokens.id_token.unwrap(), &app.public, &jwks);
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(discovery.issuer), &json!(app.alice)));
        assert_eq!((&claims["aud"], &claims["nonce"]), (&json!(app.public), &json!(nonce)));
        assert_eq!((&claims["email"], claims.get("teams")), (&json!("alice@example.com"), None));
        assert_eq!(claims.get("auth_time"), None);

        // The access token is sufficient.
        let info = if by_post {
            app.space.client.call(&ReadUserInfoByPost(ReadUserInfo::new("web", tokens.access_token))).await
        } else {
            providers.user_info("web", tokens.access_token).await
        };
        let info = info.unwrap();
        assert_eq!(info.sub, app.alice);
        assert_eq!(info.claims, [("email".to_owned(), json!("alice@example.com"))].into());
    }
    for _ in 0..2 {
        let authorize = AuthorizeOidcByPost(app.authorize());
        assert_eq!(app.as_alice.call(&authorize).await.unwrap().state, None);
        let token = app.tokens().await.access_token;
        app.space.client.call(&ReadUserInfoByPost(ReadUserInfo::new("web", token))).await.unwrap();
    }
    app.space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn a_confidential_client_authenticates_in_two_ways() {
    let Some(app) = App::new("protocol-confidential").await else { return };
    let providers = app.space.client.oidc().providers();
    let jwks = providers.jwks("web").await.unwrap();
    for who in [app.by_secret(), ClientAuth::post(&app.confidential, app.secret.clone())] {
        let code = app.code(&app.authorize()).await;
        let tokens = app.exchange(who.clone(), code).await.unwrap();
        let claims = claims(&tokens.id_token.unwrap(), &app.confidential, &jwks);
        assert_eq!((&claims["sub"], claims.get("nonce")), (&json!(app.alice), None));
        let info = providers.user_info("web", tokens.access_token).await.unwrap();
        assert_eq!((info.sub, info.claims.len()), (app.alice.clone(), 0));

        // With an additional code challenge: hashed and plain.
        let pkce = Pkce::new().unwrap();
        for challenge in [pkce.challenge, CodeChallenge::plain(pkce.verifier.expose_secret())] {
            let mut authorize = app.authorize().scopes(["team", "profile"]);
            authorize.code_challenge = Some(challenge);
            let code = app.code(&authorize).await;
            let exchange = ExchangeOidcToken::code("web", who.clone(), code, CALLBACK);
            let exchange = exchange.code_verifier(pkce.verifier.clone());
            let tokens = providers.exchange(&exchange).await.unwrap();
            let info = providers.user_info("web", tokens.access_token).await.unwrap();
            assert_eq!(info.claims.keys().collect::<Vec<_>>(), ["email", "teams"]);
            assert_eq!(info.claims["teams"], json!(["engineers"]));
        }
    }
}

#[tokio::test]
async fn the_client_sets_the_lifetime_of_tokens() {
    let Some(app) = App::new("protocol-ttl").await else { return };
    let minute = Duration::from_secs(60);
    let write = WriteOidcClient::new("confidential").id_token_ttl(minute).access_token_ttl(2 * minute);
    app.space.client.oidc().clients().write(&write).await.unwrap();
    let tokens = app.tokens().await;
    assert_eq!(tokens.expires_in, 2 * minute);
    let jwks = app.space.client.oidc().providers().jwks("web").await.unwrap();
    let claims = claims(&tokens.id_token.unwrap(), &app.confidential, &jwks);
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60);
}

#[tokio::test]
async fn a_loopback_redirect_uri_matches_any_port() {
    let Some(app) = App::new("protocol-loopback").await else { return };
    let providers = app.space.client.oidc().providers();
    let write = WriteOidcClient::new("public").redirect_uris(["http://127.0.0.1/callback"]);
    app.space.client.oidc().clients().write(&write).await.unwrap();
    let pkce = Pkce::new().unwrap();
    let mut authorize = app.authorize_public(&pkce);
    authorize.redirect_uri = "http://127.0.0.1:53682/callback".to_owned();
    let code = app.code(&authorize).await;
    let who = ClientAuth::public(&app.public, pkce.verifier);
    let exchange = ExchangeOidcToken::code("web", who, code, authorize.redirect_uri);
    assert!(providers.exchange(&exchange).await.unwrap().id_token.is_some());
}

#[tokio::test]
async fn a_client_can_obtain_a_token_for_itself() {
    let Some(app) = App::new("protocol-itself").await else { return };
    let (clients, providers) = (app.space.client.oidc().clients(), app.space.client.oidc().providers());
    let write = WriteOidcClient::new("confidential").client_credentials(true).authorization_code(false);
    clients.write(&write).await.unwrap();
    let jwks = providers.jwks("web").await.unwrap();
    for who in [app.by_secret(), ClientAuth::post(&app.confidential, app.secret.clone())] {
        let exchange = ExchangeOidcToken::client_credentials("web", who);
        let tokens = providers.exchange(&exchange).await.unwrap();
        assert!(tokens.id_token.is_none());
        assert_eq!((&*tokens.token_type, tokens.expires_in), ("Bearer", 24 * HOUR));
        let claims = claims(&tokens.access_token, &app.confidential, &jwks);
        assert_eq!(claims["sub"], json!(app.confidential));
        // It has no user info.
        let error = providers.user_info("web", tokens.access_token).await.unwrap_err();
        assert_eq!(error.api().unwrap().status(), 401);
        assert_eq!(error.api().unwrap().oauth().unwrap().error.as_str(), "invalid_token");
    }
}

#[tokio::test]
async fn the_metadata_of_a_provider_need_no_token() {
    let Some(app) = App::new("protocol-discovery").await else { return };
    let write = WriteOidcProvider::new("web").issuer("https://id.example.com");
    app.space.client.oidc().providers().write(&write).await.unwrap();
    let nobody = app.space.client.with_target(app.space.client.target().clone().without_token());
    let providers = nobody.oidc().providers();

    let discovery = providers.discovery("web").await.unwrap();
    let issuer = "https://id.example.com/v1/protocol-discovery/identity/oidc/provider/web";
    assert_eq!(discovery.issuer, issuer);
    assert_eq!(discovery.jwks_uri, format!("{issuer}/.well-known/keys"));
    assert_eq!(discovery.token_endpoint, format!("{issuer}/token"));
    assert_eq!(discovery.userinfo_endpoint, format!("{issuer}/userinfo"));
    assert!(discovery.authorization_endpoint.contains("/ui/vault/"), "{}", discovery.authorization_endpoint);
    assert!(!discovery.request_parameter_supported && !discovery.request_uri_parameter_supported);
    let algorithms = discovery.id_token_signing_alg_values_supported;
    assert!(algorithms.contains(&SigningAlgorithm::ES256) && algorithms.len() == 7, "{algorithms:?}");
    assert_eq!(discovery.response_types_supported, ["code"]);
    assert_eq!(discovery.scopes_supported, ["profile", "team", "openid"]);
    assert!(discovery.claims_supported.is_empty());
    assert_eq!(discovery.subject_types_supported, ["public"]);
    assert_eq!(discovery.grant_types_supported, ["authorization_code"]);
    assert_eq!(
        discovery.token_endpoint_auth_methods_supported,
        ["none", "client_secret_basic", "client_secret_post"]
    );

    let keys = providers.jwks("web").await.unwrap().keys;
    assert!(!keys.is_empty() && keys.iter().all(|key| key.alg == Some(SigningAlgorithm::ES256)));
    app.space.client.oidc().providers().write(&WriteOidcProvider::new("none")).await.unwrap();
    assert_eq!(providers.jwks("none").await.unwrap().keys, []);
    assert!(providers.discovery("unknown").await.unwrap_err().is_not_found());
    assert!(providers.jwks("unknown").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn every_user_can_log_in_through_the_default_provider() {
    let Some(space) = Space::new("protocol-default") else { return };
    space.mount("people");
    let as_alice = space.log_in("people", "alice", &[]);
    let (clients, providers) = (space.client.oidc().clients(), space.client.oidc().providers());
    let write = WriteOidcClient::new("app").redirect_uris([CALLBACK]).assignments(["allow_all"]);
    clients.write(&write).await.unwrap();
    let client = clients.read("app").await.unwrap();
    let id = client.info.client_id;

    let authorize = AuthorizeOidc::without_code_challenge("default", &id, CALLBACK);
    let code = as_alice.oidc().providers().authorize(&authorize).await.unwrap().code;
    let who = ClientAuth::basic(&id, client.client_secret.unwrap());
    let exchange = ExchangeOidcToken::code("default", who, code, CALLBACK);
    let tokens = providers.exchange(&exchange).await.unwrap();
    let claims = claims(&tokens.id_token.unwrap(), &id, &providers.jwks("default").await.unwrap());
    assert_eq!(claims["sub"], json!(space.client.entities().list().await.unwrap().keys[0]));
}
