//! Errors of the OpenID provider, as OAuth errors and otherwise.

use std::fmt::Debug;
use std::time::Duration;

use serde_json::json;
use vault_identity::entity::UpdateEntityById;
use vault_identity::error::{ErrorKind, OAuthErrorCode};
use vault_identity::oidc::{
    AuthorizeOidc, AuthorizeOidcByPost, ClientAuth, CodeChallenge, CodeChallengeMethod, ExchangeOidcToken,
    Pkce, ReadUserInfo, ReadUserInfoByPost, WriteOidcAssignment, WriteOidcClient, WriteOidcProvider,
};
use vault_identity::{Error, Result};

use crate::app::{App, CALLBACK};
use crate::rejected;
use crate::tokens::claims;

/// Asserts that the server rejects a call with this status, OAuth code and message, and returns the error.
#[track_caller]
fn rejected_by<T: Debug>(result: Result<T>, status: u16, code: &OAuthErrorCode, message: &str) -> Error {
    let error = rejected(result, status, message);
    let oauth = error.api().and_then(|api| api.oauth()).unwrap_or_else(|| panic!("not OAuth: {error:#}"));
    assert_eq!(oauth.error, *code, "{error:#}");
    assert!(!error.is_not_found() && !error.is_retryable(), "{error:#}");
    error
}

#[tokio::test]
async fn a_user_without_an_assignment_gets_no_code() {
    let Some(app) = App::new("oauth-authorize").await else { return };
    let as_bob = app.space.log_in("people", "bob", &[]);
    let authorize = app.authorize().state("the state").nonce("the nonce");
    let alter = |alter: fn(&mut AuthorizeOidc)| {
        let mut altered = authorize.clone();
        alter(&mut altered);
        altered
    };
    let mut unknown = Pkce::new().unwrap().challenge;
    unknown.method = CodeChallengeMethod::Other("unknown".to_owned());
    let with_unknown = AuthorizeOidc::new("web", &app.public, CALLBACK, unknown).state("the state");
    let public = AuthorizeOidc::without_code_challenge("web", &app.public, CALLBACK).state("the state");
    let providers = app.space.client.oidc().providers();
    providers.write(&WriteOidcProvider::new("closed")).await.unwrap();

    for (client, authorize, code, message) in [
        (
            &app.as_alice,
            alter(|it| it.client_id = "unknown".into()),
            OAuthErrorCode::InvalidClientId,
            "client",
        ),
        (
            &app.as_alice,
            alter(|it| it.redirect_uri = "https://evil.example.com".to_owned()),
            OAuthErrorCode::InvalidRedirectUri,
            "redirect_uri",
        ),
        (
            &app.as_alice,
            alter(|it| it.provider = "unknown".to_owned()),
            OAuthErrorCode::InvalidRequest,
            "provider not found",
        ),
        (
            &app.as_alice,
            alter(|it| it.provider = "closed".to_owned()),
            OAuthErrorCode::UnauthorizedClient,
            "not authorized to use the provider",
        ),
        (&app.as_alice, public, OAuthErrorCode::InvalidRequest, "PKCE is required"),
        (&app.as_alice, with_unknown, OAuthErrorCode::InvalidRequest, "code_challenge_method"),
        (&as_bob, authorize.clone(), OAuthErrorCode::AccessDenied, "not authorized by client assignment"),
        (&app.space.client, authorize.clone(), OAuthErrorCode::AccessDenied, "identity entity"),
    ] {
        let got = client.oidc().providers().authorize(&authorize).await;
        let by_get = rejected_by(got, 400, &code, message);
        let by_post = rejected_by(client.call(&AuthorizeOidcByPost(authorize)).await, 400, &code, message);
        for error in [by_get, by_post] {
            assert_eq!(
                error.api().unwrap().oauth().unwrap().state.as_deref(),
                Some("the state"),
                "{error:#}"
            );
            assert_eq!(error.to_string().matches("the state").count(), 0);
        }
    }

    let write = WriteOidcClient::new("confidential").authorization_code(false);
    app.space.client.oidc().clients().write(&write).await.unwrap();
    let got = app.as_alice.oidc().providers().authorize(&app.authorize()).await;
    let error = rejected_by(got, 400, &OAuthErrorCode::InvalidGrant, "");
    assert_eq!(error.api().unwrap().oauth().unwrap().state, None);
}

#[tokio::test]
async fn a_denied_policy_is_not_an_oauth_error() {
    let Some(app) = App::new("oauth-policy").await else { return };
    let body = json!({ "password": "correct horse", "token_no_default_policy": true });
    app.space.set_up("POST", "auth/people/users/bob", &body);
    let as_bob = app.space.log_in("people", "bob", &[]);
    let wrong = app.space.client.with_token("s.wrong").unwrap();
    for client in [as_bob, wrong] {
        for error in [
            client.oidc().providers().authorize(&app.authorize()).await.unwrap_err(),
            client.call(&AuthorizeOidcByPost(app.authorize())).await.unwrap_err(),
        ] {
            assert!(error.is_permission_denied(), "{error:#}");
            let api = error.api().unwrap();
            assert_eq!((api.oauth(), api.errors().len()), (None, 1), "{error:#}");
        }
    }

    // Invalid requests are not even sent.
    let calls = app.space.calls().len();
    let mut without_openid = app.authorize();
    without_openid.scope = "profile".to_owned();
    let mut short = app.authorize();
    short.code_challenge = Some(CodeChallenge::plain("too short"));
    for authorize in [without_openid, short, app.authorize().max_age(Duration::ZERO)] {
        let error = app.as_alice.oidc().providers().authorize(&authorize).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:#}");
    }
    assert_eq!(app.space.calls().len(), calls);
}

#[tokio::test]
async fn max_age_requires_a_recent_login() {
    let Some(app) = App::new("oauth-max-age").await else { return };
    let hour = app.authorize().max_age(Duration::from_secs(3_600)).state("the state");
    let code = app.code(&hour).await;
    let tokens = app.exchange(app.by_secret(), code).await.unwrap();
    let jwks = app.space.client.oidc().providers().jwks("web").await.unwrap();
    let claims = claims(&tokens.id_token.unwrap(), &app.confidential, &jwks);
    let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
    assert!((0..60).contains(&age), "{claims}");

    let second = hour.clone().max_age(Duration::from_secs(1));
    let mut got = app.as_alice.oidc().providers().authorize(&second).await;
    for _ in 0..50 {
        if got.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        got = app.as_alice.oidc().providers().authorize(&second).await;
    }
    let error = rejected_by(got, 400, &OAuthErrorCode::MaxAgeViolation, "");
    assert_eq!(error.api().unwrap().oauth().unwrap().state.as_deref(), Some("the state"));
    app.code(&hour).await;
}

#[tokio::test]
async fn a_code_is_valid_once_and_for_its_client() {
    let Some(app) = App::new("oauth-code").await else { return };
    let providers = app.space.client.oidc().providers();
    let invalid = OAuthErrorCode::InvalidGrant;
    let used_up = "invalid or expired";

    let code = app.code(&app.authorize()).await;
    app.exchange(app.by_secret(), code.clone()).await.unwrap();
    rejected_by(app.exchange(app.by_secret(), code).await, 400, &invalid, used_up);
    rejected_by(app.exchange(app.by_secret(), "garbage").await, 400, &invalid, used_up);

    // A wrong verifier uses the code up.
    let (pkce, other) = (Pkce::new().unwrap(), Pkce::new().unwrap());
    let code = app.code(&app.authorize_public(&pkce)).await;
    let with = |verifier: &Pkce| ClientAuth::public(&app.public, verifier.verifier.clone());
    rejected_by(app.exchange(with(&other), code.clone()).await, 400, &invalid, "code_verifier");
    rejected_by(app.exchange(with(&pkce), code).await, 400, &invalid, used_up);

    // One too many, and one too few.
    let code = app.code(&app.authorize()).await;
    let exchange = ExchangeOidcToken::code("web", app.by_secret(), code, CALLBACK);
    let exchange = exchange.code_verifier(pkce.verifier.clone());
    rejected_by(providers.exchange(&exchange).await, 400, &OAuthErrorCode::InvalidRequest, "code_verifier");
    let mut authorize = app.authorize();
    authorize.code_challenge = Some(pkce.challenge.clone());
    let code = app.code(&authorize).await;
    let missing = app.exchange(app.by_secret(), code).await;
    rejected_by(missing, 400, &OAuthErrorCode::InvalidRequest, "code_verifier");

    let code = app.code(&app.authorize_public(&pkce)).await;
    rejected_by(app.exchange(app.by_secret(), code).await, 400, &invalid, "");
    let code = app.code(&app.authorize()).await;
    let elsewhere = "https://app.example.com/elsewhere";
    let exchange = ExchangeOidcToken::code("web", app.by_secret(), code, elsewhere);
    rejected_by(providers.exchange(&exchange).await, 400, &invalid, "redirect_uri");
}

#[tokio::test]
async fn an_unknown_client_or_a_wrong_secret_is_rejected() {
    let Some(app) = App::new("oauth-client").await else { return };
    let providers = app.space.client.oidc().providers();
    let invalid = OAuthErrorCode::InvalidClient;
    for who in [
        ClientAuth::basic(&app.confidential, "wrong"),
        ClientAuth::post(&app.confidential, "wrong"),
        ClientAuth::basic("unknown", app.secret.clone()),
        ClientAuth::post("unknown", app.secret.clone()),
        ClientAuth::public("unknown", "x".repeat(43)),
        ClientAuth::public(&app.confidential, "x".repeat(43)),
    ] {
        let code = app.code(&app.authorize()).await;
        let error = rejected_by(app.exchange(who, code).await, 401, &invalid, "client");
        assert!(!error.is_permission_denied());
    }
    // With characters that a header cannot carry unencoded.
    let odd = ClientAuth::basic(&app.confidential, "%:+ ü");
    rejected_by(app.exchange(odd, "garbage").await, 401, &invalid, "client");

    let write = WriteOidcProvider::new("web").allowed_client_ids([&app.public]);
    let code = app.code(&app.authorize()).await;
    providers.write(&write).await.unwrap();
    rejected_by(app.exchange(app.by_secret(), code).await, 401, &invalid, "client");

    let exchange = ExchangeOidcToken::code("unknown", app.by_secret(), "garbage", CALLBACK);
    rejected_by(
        providers.exchange(&exchange).await,
        400,
        &OAuthErrorCode::InvalidRequest,
        "provider not found",
    );
    providers.write(&write.allowed_client_ids(["*"])).await.unwrap();
    let itself = ExchangeOidcToken::client_credentials("web", app.by_secret());
    rejected_by(providers.exchange(&itself).await, 400, &OAuthErrorCode::InvalidGrant, "");
}

#[tokio::test]
async fn an_access_token_becomes_invalid_with_its_client_or_entity() {
    let Some(app) = App::new("oauth-user-info").await else { return };
    let oidc = app.space.client.oidc();
    let providers = oidc.providers();
    let invalid = OAuthErrorCode::InvalidToken;
    let token = app.tokens().await.access_token;
    providers.write(&WriteOidcProvider::new("other").allowed_client_ids(["*"])).await.unwrap();
    let unasked = app.space.log_in("people", "bob", &[]);
    let root = unasked.with_token("garbage").unwrap();

    for token in ["garbage".into(), "root".into(), app.tokens().await.id_token.unwrap()] {
        let read = ReadUserInfo::new("web", token);
        rejected_by(root.call(&read).await, 401, &invalid, "");
        rejected_by(root.call(&ReadUserInfoByPost(read)).await, 401, &invalid, "");
    }
    rejected_by(providers.user_info("other", token.clone()).await, 401, &invalid, "");
    rejected_by(providers.user_info("unknown", token.clone()).await, 401, &invalid, "");

    let info = async || providers.user_info("web", token.clone()).await;
    let alice = |disabled| UpdateEntityById::new(&app.alice).disabled(disabled);
    assert_eq!(info().await.unwrap().sub, app.alice);
    app.space.client.entities().update(&alice(true)).await.unwrap();
    rejected_by(info().await, 401, &invalid, "");
    app.space.client.entities().update(&alice(false)).await.unwrap();
    assert_eq!(info().await.unwrap().sub, app.alice);

    let denied = OAuthErrorCode::AccessDenied;
    let nobody = WriteOidcAssignment::new("staff").entity_ids([""; 0]);
    oidc.assignments().write(&nobody).await.unwrap();
    assert!(rejected_by(info().await, 403, &denied, "assignment").is_permission_denied());
    oidc.assignments().write(&nobody.entity_ids([&app.alice])).await.unwrap();
    assert_eq!(info().await.unwrap().sub, app.alice);
    oidc.clients().delete("confidential").await.unwrap();
    rejected_by(info().await, 403, &denied, "client");
    providers.delete("web").await.unwrap();
    rejected_by(info().await, 400, &OAuthErrorCode::InvalidRequest, "provider not found");
}
