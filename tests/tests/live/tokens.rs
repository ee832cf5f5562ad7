use std::collections::BTreeSet;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};
use vault_identity::entity::UpdateEntityById;
use vault_identity::oidc::{
    IdToken, IntrospectIdToken, Jwks, OidcConfig, RotateOidcKey, SigningAlgorithm, WriteOidcConfig,
    WriteOidcKey, WriteOidcRole,
};
use vault_identity::{Client, ClientId, ExposeSecret, KeyList, SecretString, WithMeta};

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 15] = [
    "DELETE identity/oidc/key/{name}",
    "DELETE identity/oidc/role/{name}",
    "GET identity/oidc/.well-known/keys",
    "GET identity/oidc/.well-known/openid-configuration",
    "GET identity/oidc/config",
    "GET identity/oidc/key/{name}",
    "GET identity/oidc/role/{name}",
    "GET identity/oidc/token/{role}",
    "LIST identity/oidc/key",
    "LIST identity/oidc/role",
    "POST identity/oidc/config",
    "POST identity/oidc/introspect",
    "POST identity/oidc/key/{name}",
    "POST identity/oidc/key/{name}/rotate",
    "POST identity/oidc/role/{name}",
];

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const MINT: &str = r#"path "identity/oidc/token/*" { capabilities = ["read"] }"#;

/// Verifies a token with the published keys, and returns its claims.
pub(crate) fn verified(token: &IdToken, jwks: &Jwks) -> Value {
    claims(&token.token, &token.client_id, jwks)
}

/// Verifies a JWT for this audience with the published keys, and returns its claims.
pub(crate) fn claims(jwt: &SecretString, audience: &ClientId, jwks: &Jwks) -> Value {
    let jwks = serde_json::to_value(jwks).expect("keys are JSON");
    let keys: JwkSet = serde_json::from_value(jwks).expect("the library knows all kinds of keys");
    let jwt = jwt.expose_secret();
    let header = jsonwebtoken::decode_header(jwt).expect("a token has a header");
    let key = keys.find(&header.kid.expect("a token names its key")).expect("the key is published");
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[audience]);
    let key = DecodingKey::from_jwk(key).expect("the key is good");
    jsonwebtoken::decode(jwt, &key, &validation).expect("the signature is good").claims
}

pub(crate) async fn key_ids(client: &Client) -> BTreeSet<String> {
    let jwks = client.oidc().tokens().jwks().await.expect("there are keys");
    jwks.keys.into_iter().map(|key| key.kid).collect()
}

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("tokens") else { return };
    space.mount("people");
    space.policy("mint", MINT);
    let as_alice = space.log_in("people", "alice", &["mint"]);
    let oidc = space.client.oidc();
    let (keys, roles, tokens) = (oidc.keys(), oidc.roles(), oidc.tokens());

    assert_eq!(oidc.config().read().await.unwrap(), OidcConfig::default());
    for _ in 0..2 {
        oidc.config().write(&WriteOidcConfig::new("https://id.example.com:8200")).await.unwrap();
        assert_eq!(oidc.config().read().await.unwrap().issuer, "https://id.example.com:8200");
    }

    let write = WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256).verification_ttl(2 * HOUR);
    for _ in 0..2 {
        keys.write(&write.clone().allowed_client_ids(["*"])).await.unwrap();
    }
    let key = keys.read("web").await.unwrap();
    assert_eq!((&key.algorithm, key.rotation_period), (&SigningAlgorithm::ES256, 24 * HOUR));
    assert_eq!((key.verification_ttl, key.allowed_client_ids.len()), (2 * HOUR, 1));
    assert_eq!(keys.find("web").await.unwrap(), Some(key));
    assert_eq!(keys.list().await.unwrap().keys, ["default", "web"]);

    assert_eq!(roles.list().await.unwrap(), KeyList::default());
    assert_eq!(tokens.jwks().await.unwrap().keys, []);
    let template = r#"{"user": {{identity.entity.name}} }"#;
    let write = WriteOidcRole::new("app", "web").template(template).ttl(HOUR);
    roles.write(&write).await.unwrap();
    let role = roles.read("app").await.unwrap();
    assert_eq!((&*role.key, &*role.template, role.ttl), ("web", template, HOUR));
    assert_eq!(role.client_id.as_str().len(), 26);
    roles.write(&write).await.unwrap();
    assert_eq!(roles.find("app").await.unwrap().as_ref(), Some(&role));
    assert_eq!(roles.list().await.unwrap().keys, ["app"]);

    let minted = as_alice.oidc().tokens().generate("app").await.unwrap();
    assert_eq!((&minted.client_id, minted.ttl), (&role.client_id, HOUR));
    let jwks = tokens.jwks().await.unwrap();
    assert_eq!(jwks.keys.len(), 2, "the key and the next");
    let claims = verified(&minted, &jwks);
    assert_eq!(claims["iss"], "https://id.example.com:8200/v1/tokens/identity/oidc");
    assert!(claims["user"].as_str().unwrap().starts_with("entity_"), "{claims}");
    let introspect = IntrospectIdToken::new(minted.token).client_id(&role.client_id);
    for _ in 0..2 {
        let verdict = tokens.introspect(&introspect).await.unwrap();
        assert_eq!((verdict.active, verdict.error), (true, None));
    }

    let discovery = tokens.discovery().await.unwrap();
    assert_eq!(discovery.issuer, "https://id.example.com:8200/v1/tokens/identity/oidc");
    assert_eq!(discovery.jwks_uri, discovery.issuer + "/.well-known/keys");
    assert_eq!(discovery.response_types_supported, ["id_token"]);
    assert_eq!(discovery.subject_types_supported, ["public"]);
    assert_eq!(discovery.id_token_signing_alg_values_supported.len(), 7);

    for published in 3..=4 {
        keys.rotate(&RotateOidcKey::new("web")).await.unwrap();
        assert_eq!(key_ids(&space.client).await.len(), published);
    }
    rejected(keys.delete("web").await, 400, "referenced by these roles: app");
    for _ in 0..2 {
        roles.delete("app").await.unwrap();
        assert_eq!(roles.find("app").await.unwrap(), None);
        assert!(roles.list().await.unwrap().is_empty());
    }
    assert!(roles.read("app").await.unwrap_err().is_not_found());
    for _ in 0..2 {
        keys.delete("web").await.unwrap();
        assert_eq!(keys.find("web").await.unwrap(), None);
        assert_eq!(keys.list().await.unwrap().keys, ["default"]);
    }
    assert!(keys.read("web").await.unwrap_err().is_not_found());

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn setting_the_issuer_returns_a_warning() {
    let Some(space) = Space::new("tokens-config") else { return };
    let config = space.client.oidc().config();
    let ((), meta) =
        space.client.call(&WithMeta(WriteOidcConfig::new("http://id.example.com"))).await.unwrap();
    assert!(meta.warnings[0].contains("issuer"), "{meta:?}");
    assert!(meta.request_id.is_some());

    for issuer in ["id.example.com", "https://id.example.com/", "https://id.example.com/path"] {
        rejected(config.write(&WriteOidcConfig::new(issuer)).await, 400, "invalid issuer");
    }
    assert_eq!(config.read().await.unwrap().issuer, "http://id.example.com");

    for _ in 0..2 {
        let ((), meta) = space.client.call(&WithMeta(WriteOidcConfig::reset())).await.unwrap();
        assert_eq!((meta.warnings.len(), meta.request_id), (0, None));
        assert_eq!(config.read().await.unwrap().issuer, "");
    }
}

#[tokio::test]
async fn a_token_is_valid_for_its_audience_and_while_its_entity_is_enabled() {
    let Some(space) = Space::new("tokens-introspection") else { return };
    space.mount("people");
    space.policy("mint", MINT);
    let as_alice = space.log_in("people", "alice", &["mint"]);
    let (oidc, entities) = (space.client.oidc(), space.client.entities());
    let alice = entities.list().await.unwrap().keys.remove(0);
    entities.update(&UpdateEntityById::new(&alice).metadata([("team", "eng")])).await.unwrap();
    let key = WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256).allowed_client_ids(["the-app"]);
    oidc.keys().write(&key).await.unwrap();
    let role = WriteOidcRole::new("app", "web").client_id("the-app");
    oidc.roles().write(&role.template(r#"{"team": {{identity.entity.metadata.team}} }"#)).await.unwrap();

    let minted = as_alice.oidc().tokens().generate("app").await.unwrap();
    let claims = verified(&minted, &oidc.tokens().jwks().await.unwrap());
    assert_eq!(claims["sub"], json!(alice));
    assert_eq!((&claims["aud"], &claims["team"]), (&json!("the-app"), &json!("eng")));

    let verdict = async |introspect: IntrospectIdToken| {
        let verdict = oidc.tokens().introspect(&introspect).await.unwrap();
        (verdict.active, verdict.error.unwrap_or_default())
    };
    let introspect = IntrospectIdToken::new(minted.token.clone());
    assert_eq!(verdict(introspect.clone()).await, (true, String::new()));
    assert_eq!(verdict(introspect.clone().client_id("the-app")).await, (true, String::new()));
    let (active, why) = verdict(introspect.clone().client_id("another")).await;
    assert!(!active && why.contains("audience"), "{why}");
    let (active, why) = verdict(IntrospectIdToken::new("garbage")).await;
    assert!(!active && why.contains("error parsing token"), "{why}");

    entities.update(&UpdateEntityById::new(&alice).disabled(true)).await.unwrap();
    assert_eq!(verdict(introspect.clone()).await, (false, "entity is disabled".to_owned()));
    entities.update(&UpdateEntityById::new(&alice).disabled(false)).await.unwrap();
    assert_eq!(verdict(introspect.clone()).await, (true, String::new()));
    entities.delete(&alice).await.unwrap();
    assert_eq!(verdict(introspect).await, (false, "entity was not found".to_owned()));
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("tokens-errors") else { return };
    space.mount("people");
    space.policy("mint", MINT);
    let as_alice = space.log_in("people", "alice", &["mint"]);
    let (keys, roles) = (space.client.oidc().keys(), space.client.oidc().roles());
    keys.write(&WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256)).await.unwrap();
    roles.write(&WriteOidcRole::new("app", "web")).await.unwrap();

    let message = "does not list the client ID of the role";
    rejected(as_alice.oidc().tokens().generate("app").await, 400, message);
    keys.write(&WriteOidcKey::new("web").allowed_client_ids(["*"])).await.unwrap();
    let message = "no entity associated with the request's token";
    rejected(space.client.oidc().tokens().generate("app").await, 400, message);
    let error = rejected(as_alice.oidc().tokens().generate("unknown").await, 400, "not found");
    assert!(!error.is_not_found());

    rejected(keys.delete("default").await, 400, "deletion of key \"default\" not allowed");
    let unknown = WriteOidcKey::new("new").algorithm(SigningAlgorithm::Other("HS256".to_owned()));
    rejected(keys.write(&unknown).await, 400, "unknown signing algorithm");
    let often = WriteOidcKey::new("new").rotation_period(Duration::from_secs(59));
    rejected(keys.write(&often).await, 400, "rotation_period must be at least one minute");
    let long = WriteOidcKey::new("new").rotation_period(HOUR).verification_ttl(11 * HOUR);
    rejected(keys.write(&long).await, 400, "verification_ttl cannot be longer than 10x rotation_period");
    assert_eq!(keys.find("new").await.unwrap(), None);

    rejected(roles.write(&WriteOidcRole::update("new")).await, 400, "the key parameter is required");
    rejected(roles.write(&WriteOidcRole::new("new", "unknown")).await, 400, "cannot find key");
    let long = WriteOidcRole::new("new", "web").ttl(25 * HOUR);
    rejected(roles.write(&long).await, 400, "cannot be longer than the verification_ttl");
    let reserved = WriteOidcRole::new("new", "web").template(r#"{"iss": "me"}"#);
    rejected(roles.write(&reserved).await, 400, "top level key \"iss\" not allowed");
    assert_eq!(roles.list().await.unwrap().keys, ["app"]);
}
