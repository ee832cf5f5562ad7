use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity_core::{
    ExposeSecret,
    entity::{CreateEntity, DeleteEntityById, UpdateEntityById},
    group::CreateGroup,
    oidc::{
        GenerateIdToken, IntrospectIdToken, Jwks, ReadDiscovery, ReadJwks, ReadOidcRole, RotateOidcKey,
        WriteOidcConfig, WriteOidcKey, WriteOidcRole,
    },
};
use p521::ecdsa::signature::Verifier;
use serde_json::{Value, json};

use crate::support::{Server, verified};

/// Returns why the token is inactive, `""` if it is active.
fn reason(server: &Server, introspect: &IntrospectIdToken) -> String {
    let introspection = server.send(introspect).unwrap();
    assert_eq!(introspection.active, introspection.error.is_none());
    introspection.error.unwrap_or_default()
}

#[test]
fn tokens_of_all_algorithms_verify() {
    for algorithm in ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"] {
        let server = Server::new();
        server.key("key", algorithm);
        server.send(&WriteOidcRole::new("role", "key").client_id("app")).unwrap();
        let (_, alice) = server.entity(&CreateEntity::named("alice"));
        let issued = alice.send(&GenerateIdToken::new("role")).unwrap();
        let token = issued.token.expose_secret();
        let keys = server.send(&ReadJwks::new()).unwrap();
        assert_eq!(keys.keys.len(), 2, "{algorithm}: the current one and the next");
        assert!(keys.keys.iter().all(|key| key.alg.as_ref().unwrap().as_str() == algorithm));

        if algorithm == "ES512" {
            assert!(is_signed_by_p521(token, &keys));
        } else {
            let data = verified(token, &keys, "app").unwrap_or_else(|| panic!("{algorithm}"));
            assert_eq!(data.claims["aud"], "app");
            assert!(verified(&format!("{token}A"), &keys, "app").is_none(), "{algorithm}");
        }
        assert_eq!(reason(&server, &IntrospectIdToken::new(token)), "", "{algorithm}");
        let (message, _) = token.rsplit_once('.').unwrap();
        let forged = IntrospectIdToken::new(format!("{message}.AAAA"));
        assert_eq!(reason(&server, &forged), "unable to validate the token signature", "{algorithm}");
    }
}

/// The JOSE library does not support the algorithm.
fn is_signed_by_p521(token: &str, keys: &Jwks) -> bool {
    let decoded = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = p521::ecdsa::Signature::from_slice(&decoded(signature)).unwrap();
    keys.keys.iter().any(|key| {
        let number = |name: &str| decoded(key.parameters[name].as_str().unwrap());
        let point = [vec![4], number("x"), number("y")].concat();
        let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
        key.verify(message.as_bytes(), &signature).is_ok()
    })
}

#[test]
fn claims_come_from_the_server_and_the_template() {
    let server = Server::new();
    server.key("key", "ES256");
    let (id, alice) = server.entity(&CreateEntity::named("alice \"a\"").metadata([("team", "eng")]));
    let _ = server.send(&CreateGroup::named("staff").member_entity_ids([id.clone()])).unwrap();
    let accessor = server.vault.mount_auth("userpass");
    let template = format!(
        r#"{{"who": {{{{identity.entity.name}}}}, "of": {{{{identity.entity.groups.names}}}}, "team": {{{{identity.entity.metadata.team}}}},
            "all": {{{{identity.entity.metadata}}}}, "nick": {{{{identity.entity.aliases.{accessor}.name}}}},
            "until": {{{{time.now.plus.1h}}}}}}"#,
        accessor = accessor.as_str()
    );
    let role = WriteOidcRole::new("role", "key").template(template).ttl(Duration::from_secs(60));
    server.send(&role).unwrap();
    let client_id = server.send(&ReadOidcRole::new("role")).unwrap().client_id;

    let issued = alice.send(&GenerateIdToken::new("role")).unwrap();
    let keys = server.send(&ReadJwks::new()).unwrap();
    let claims = verified(issued.token.expose_secret(), &keys, client_id.as_str()).unwrap().claims;
    let time = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time("exp"), time("iat") + 60);
    assert_eq!(time("until"), time("iat") + 3600);
    let discovery = server.send(&ReadDiscovery::new()).unwrap();
    let expected = json!({
        "iss": discovery.issuer, "sub": id.as_str(), "aud": client_id.as_str(), "namespace": "root",
        "iat": time("iat"), "exp": time("exp"), "until": time("until"),
        "who": "alice \"a\"", "of": ["staff"], "team": "eng", "all": {"team": "eng"}, "nick": "",
    });
    assert_eq!(claims, expected);
    assert_eq!(discovery.jwks_uri, format!("{}/.well-known/keys", discovery.issuer));
}

#[test]
fn keys_verify_until_they_expire() {
    let server = Server::new();
    let hour = Duration::from_secs(3600);
    let key = WriteOidcKey::new("key").algorithm("EdDSA").allowed_client_ids(["*"]);
    server.send(&key.rotation_period(24 * hour).verification_ttl(2 * hour)).unwrap();
    server.send(&WriteOidcRole::new("role", "key").client_id("app").ttl(hour)).unwrap();
    let (_, alice) = server.entity(&CreateEntity::named("alice"));
    let kids = || -> Vec<String> {
        let mut kids: Vec<_> =
            server.send(&ReadJwks::new()).unwrap().keys.into_iter().map(|key| key.kid).collect();
        kids.sort();
        kids
    };
    let first = kids();
    let token = alice.send(&GenerateIdToken::new("role")).unwrap().token;
    let introspect = IntrospectIdToken::new(token.expose_secret());

    server.send(&RotateOidcKey::new("key")).unwrap();
    let rotated = kids();
    assert_eq!((first.len(), rotated.len()), (2, 3));
    assert!(first.iter().all(|kid| rotated.contains(kid)), "{first:?} {rotated:?}");
    assert_eq!(reason(&server, &introspect), "");

    server.vault.advance(hour + Duration::from_secs(30));
    assert_eq!(reason(&server, &introspect), "", "for a minute an expired token is still good");
    server.vault.advance(Duration::from_secs(60));
    assert!(reason(&server, &introspect).ends_with("token is expired (exp)"));

    server.vault.advance(hour);
    assert_eq!(kids().len(), 2, "the one rotated out is gone");
    assert_eq!(reason(&server, &introspect), "unable to validate the token signature");

    // Keys rotate on schedule even without requests.
    let before = kids();
    server.vault.advance(24 * hour);
    assert!(!before.iter().all(|kid| kids().contains(kid)) || kids().len() == 3);
    server.vault.advance(700 * hour);
    assert!(kids().iter().all(|kid| !before.contains(kid)));
    let token = alice.send(&GenerateIdToken::new("role")).unwrap().token;
    assert_eq!(reason(&server, &IntrospectIdToken::new(token.expose_secret())), "");
}

#[test]
fn introspection_returns_the_reason() {
    let server = Server::new();
    server.key("key", "ES256");
    server.send(&WriteOidcRole::new("role", "key").client_id("app")).unwrap();
    let (id, alice) = server.entity(&CreateEntity::named("alice"));
    let issued = alice.send(&GenerateIdToken::new("role")).unwrap();
    let introspect = IntrospectIdToken::new(issued.token.expose_secret());
    assert_eq!(reason(&server, &introspect.clone().client_id("app")), "");
    assert!(reason(&server, &introspect.clone().client_id("b")).ends_with("invalid audience claim (aud)"));
    for (token, problem) in [
        ("a.b", "error parsing token: go-jose/go-jose: compact JWS format must have three parts"),
        ("!.b.c", "error parsing token: illegal base64 data at input byte 0"),
        ("bm90.e30.AA", "error parsing token: invalid character 'o' in literal null (expecting 'u')"),
        ("eyJhbGciOiJSUzI1NiJ9..AA", "unable to validate the token signature"),
    ] {
        assert_eq!(reason(&server, &IntrospectIdToken::new(token)), problem, "{token}");
    }

    server.send(&WriteOidcConfig::new("https://vault.example:8200")).unwrap();
    assert!(reason(&server, &introspect).ends_with("invalid issuer claim (iss)"));
    server.send(&WriteOidcConfig::reset()).unwrap();
    server.send(&UpdateEntityById::new(id.clone()).disabled(true)).unwrap();
    assert_eq!(reason(&server, &introspect), "entity is disabled");
    assert!(alice.send(&GenerateIdToken::new("role")).unwrap_err().is_permission_denied());
    server.send(&DeleteEntityById::new(id)).unwrap();
    assert_eq!(reason(&server, &introspect), "entity was not found");
}

#[test]
fn templates_are_validated_like_the_server() {
    let server = Server::new();
    server.key("key", "ES256");
    for (template, problem) in [
        (r#"{"a":{{time.then}}}"#, "error parsing template: invalid time selector \"then\""),
        (r#"{"a":{{time.now.plus}}}"#, "error parsing template: missing time operand"),
        (r#"{"a":{{time.now.times.1h}}}"#, "error parsing template: invalid time operator \"times\""),
        (
            r#"{"a":{{time.now.plus.x}}}"#,
            "error parsing template: invalid duration: time: invalid duration \"x\"",
        ),
        (r#"{"a":{{identity.entity.aliases.x}}}"#, "error parsing template: invalid alias selector"),
        (
            r#"{"a":{{identity.groups.ids.x.name}}}"#,
            "error parsing template: string contains groups template directives but no groups were provided",
        ),
        (
            r#"{"a":{{identity.entity.aliases.x.y}}}"#,
            "error parsing template: no value could be found for one of the template directives",
        ),
        ("a}}b", "error parsing template: unbalanced templating characters"),
        ("{{a", "error parsing template: unbalanced templating characters"),
        (
            "[]",
            "error parsing template JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        // Base64 of invalid UTF-8.
        ("null", "error parsing template JSON: invalid character '\\x9e' looking for beginning of value"),
    ] {
        let error = server.send(&WriteOidcRole::new("role", "key").template(template)).unwrap_err();
        assert_eq!(error.api().unwrap().errors(), [problem], "{template}");
    }
    for template in
        ["{{time.now.minus.1d}}", "{{identity.entity.aliases.x.metadata.z}}", "{{identity.entity.id}}"]
    {
        let template = format!("{{\"a\":{template}}}");
        server.send(&WriteOidcRole::new("role", "key").template(template)).unwrap();
    }
}

#[test]
fn discovery_needs_no_token() {
    let server = Server::new();
    let plain = |problem: &str| json!({ "errors": [problem] });
    assert_eq!(server.raw("GET", ".well-known/keys/", &[], ""), (200, json!({ "keys": [] })));
    assert_eq!(server.raw("POST", ".well-known/keys", &[], "{}"), (405, plain("unsupported operation")));
    assert_eq!(server.raw("GET", ".well-known/nope", &[], ""), (404, plain("unsupported path")));
    assert_eq!(server.raw("GET", "provider/default/token", &[], ""), (405, plain("unsupported operation")));
    assert_eq!(server.raw("GET", "provider/nope/.well-known/keys", &[], ""), (404, json!({ "errors": [] })));
    assert_eq!(server.raw("GET", "config", &[], ""), (403, plain("permission denied")));
    let root = [("x-vault-token", "root")];
    let wrong = |path: &str, body: &str| server.raw("POST", path, &root, body).1["errors"][0].clone();
    let problem = "error converting input for field \"verification_ttl\": time: invalid duration \"soon\"";
    let soon = r#"{"verification_ttl":"soon"}"#;
    assert_eq!(wrong("key/default", soon), Value::from(problem));
    assert_eq!(wrong("key/default/rotate", soon), Value::from(format!("Field validation failed: {problem}")));
}
