use std::collections::BTreeSet;
use std::time::Duration;

use vault_identity::ExposeSecret;
use vault_identity::error::ErrorKind;
use vault_identity::oidc::{IntrospectIdToken, RotateOidcKey, SigningAlgorithm, WriteOidcKey, WriteOidcRole};

use crate::rejected;
use crate::space::Space;
use crate::tokens::{HOUR, MINT, key_ids, verified};

#[tokio::test]
async fn a_key_of_each_algorithm_signs() {
    let Some(space) = Space::new("tokens-algorithms") else { return };
    space.mount("people");
    space.policy("mint", MINT);
    let as_alice = space.log_in("people", "alice", &["mint"]);
    let oidc = space.client.oidc();
    for algorithm in oidc.tokens().discovery().await.unwrap().id_token_signing_alg_values_supported {
        assert!(!matches!(algorithm, SigningAlgorithm::Other(_)), "{algorithm}");
        let name = algorithm.as_str();
        let key = WriteOidcKey::new(name).algorithm(algorithm.clone()).allowed_client_ids(["*"]);
        oidc.keys().write(&key).await.unwrap();
        assert_eq!(oidc.keys().read(name).await.unwrap().algorithm, algorithm);
        oidc.roles().write(&WriteOidcRole::new(name, name)).await.unwrap();

        let minted = as_alice.oidc().tokens().generate(name).await.unwrap();
        assert!(
            oidc.tokens().introspect(&IntrospectIdToken::new(minted.token.clone())).await.unwrap().active
        );
        let jwks = oidc.tokens().jwks().await.unwrap();
        let mut own = jwks.keys.iter().filter(|key| key.alg.as_ref() == Some(&algorithm));
        assert_eq!(own.clone().count(), 2);
        let (kty, parameters) = match name.get(..2) {
            Some("RS") => ("RSA", "e,n"),
            Some("ES") => ("EC", "crv,x,y"),
            _ => ("OKP", "crv,x"),
        };
        assert!(own.all(|key| key.kty == kty && key.public_key_use.as_deref() == Some("sig")));
        let key = jwks.keys.iter().find(|key| key.alg.as_ref() == Some(&algorithm)).unwrap();
        assert_eq!(key.parameters.keys().map(String::as_str).collect::<Vec<_>>().join(","), parameters);
        // `jsonwebtoken` does not support P-521.
        if algorithm != SigningAlgorithm::ES512 {
            let mut known = jwks;
            known.keys.retain(|key| key.alg != Some(SigningAlgorithm::ES512));
            assert_eq!(verified(&minted, &known)["aud"], minted.client_id.as_str());
        }
    }
    assert_eq!(oidc.keys().list().await.unwrap().len(), 8);

    // The algorithm of a key can be changed.
    let update = WriteOidcKey::new("RS256").algorithm(SigningAlgorithm::EdDSA);
    oidc.keys().write(&update).await.unwrap();
    let minted = as_alice.oidc().tokens().generate("RS256").await.unwrap();
    let header = jsonwebtoken::decode_header(minted.token.expose_secret()).unwrap();
    assert_eq!(header.alg, jsonwebtoken::Algorithm::EdDSA);
    assert!(oidc.tokens().introspect(&IntrospectIdToken::new(minted.token)).await.unwrap().active);
}

#[tokio::test]
async fn valid_names_of_keys_and_roles() {
    let Some(space) = Space::new("tokens-names") else { return };
    let oidc = space.client.oidc();
    let names = ["0", "A", "_", "a", "a-b.c__d"];
    for name in names {
        oidc.keys().write(&WriteOidcKey::new(name).algorithm(SigningAlgorithm::EdDSA)).await.unwrap();
        oidc.roles().write(&WriteOidcRole::new(name, name)).await.unwrap();
        assert_eq!(oidc.roles().read(name).await.unwrap().key, name);
        oidc.keys().rotate(&RotateOidcKey::new(name)).await.unwrap();
    }
    assert_eq!(oidc.roles().list().await.unwrap().keys, names);
    let calls = space.calls().len();
    for name in ["", "a b", "a/b", "-a", "a.", "ü"] {
        let error = oidc.keys().write(&WriteOidcKey::new(name)).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{name}: {error}");
    }
    assert_eq!(space.calls().len(), calls);
}

#[tokio::test]
async fn an_update_of_a_key_or_role_keeps_unset_fields() {
    let Some(space) = Space::new("tokens-updates") else { return };
    let oidc = space.client.oidc();
    let write = WriteOidcKey::new("web").algorithm(SigningAlgorithm::EdDSA).rotation_period(2 * HOUR);
    oidc.keys().write(&write.verification_ttl(3 * HOUR).allowed_client_ids(["one", "two"])).await.unwrap();
    let mut key = oidc.keys().read("web").await.unwrap();

    oidc.keys().write(&WriteOidcKey::new("web").rotation_period(HOUR)).await.unwrap();
    key.rotation_period = HOUR;
    assert_eq!(oidc.keys().read("web").await.unwrap(), key);
    oidc.keys().write(&WriteOidcKey::new("web").allowed_client_ids([""; 0])).await.unwrap();
    key.allowed_client_ids.clear();
    assert_eq!(oidc.keys().read("web").await.unwrap(), key);

    let template = r#"{"nested": {"name": {{identity.entity.name}} } }"#;
    let write = WriteOidcRole::new("app", "web").template(template).client_id("the-app").ttl(HOUR);
    oidc.roles().write(&write).await.unwrap();
    let mut role = oidc.roles().read("app").await.unwrap();
    assert_eq!((role.client_id.as_str(), &*role.template), ("the-app", template));
    oidc.roles().write(&WriteOidcRole::update("app").ttl(2 * HOUR)).await.unwrap();
    role.ttl = 2 * HOUR;
    assert_eq!(oidc.roles().read("app").await.unwrap(), role);
    oidc.roles().write(&WriteOidcRole::update("app").template("eyJhIjogMX0=")).await.unwrap();
    r#"{"a": 1}"#.clone_into(&mut role.template);
    assert_eq!(oidc.roles().read("app").await.unwrap(), role);
    oidc.roles().write(&WriteOidcRole::update("app").template("")).await.unwrap();
    role.template.clear();
    assert_eq!(oidc.roles().read("app").await.unwrap(), role);

    let mut audiences = BTreeSet::from([role.client_id.clone()]);
    for known in 2..=3 {
        oidc.roles().write(&WriteOidcRole::update("app").regenerate_client_id()).await.unwrap();
        let renewed = oidc.roles().read("app").await.unwrap();
        audiences.insert(renewed.client_id.clone());
        assert_eq!(audiences.len(), known);
        role.client_id = renewed.client_id.clone();
        assert_eq!(renewed, role);
    }
}

#[tokio::test]
async fn a_rotated_key_is_published_for_its_verification_ttl() {
    let Some(space) = Space::new("tokens-rotation") else { return };
    let oidc = space.client.oidc();
    oidc.keys().write(&WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256)).await.unwrap();
    oidc.roles().write(&WriteOidcRole::new("app", "web")).await.unwrap();
    let before = key_ids(&space.client).await;

    oidc.keys().rotate(&RotateOidcKey::new("web")).await.unwrap();
    let after = key_ids(&space.client).await;
    assert!(before.is_subset(&after) && after.len() == before.len() + 1, "{before:?} {after:?}");

    oidc.keys().rotate(&RotateOidcKey::new("web").verification_ttl(Duration::ZERO)).await.unwrap();
    let at_last = key_ids(&space.client).await;
    assert_eq!(after.difference(&at_last).count(), 1, "{after:?} {at_last:?}");
    rejected(oidc.keys().rotate(&RotateOidcKey::new("unknown")).await, 400, "no named key found");
}
