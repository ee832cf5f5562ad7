//! Login with JWTs, and the external groups of those who log in.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use identity_core::{
    EntityId, GroupId,
    alias::{CreateEntityAlias, CreateGroupAlias},
    entity::ReadEntityById,
    group::{CreateGroup, GroupType, ReadGroupById},
};
use jiff::Timestamp;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use super::endpoint::{EnableAuth, ReadAuth};
use super::server::{Server, json};

/// The only key, which the scenarios sign with.
fn key() -> SigningKey {
    SigningKey::from_slice(&[1; 32]).expect("a key")
}

fn pem() -> String {
    /// The encoding of a public key of this curve up to the point.
    const HEADER: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let point = key().verifying_key().to_encoded_point(false);
    let body = BASE64_STANDARD.encode([&HEADER[..], point.as_bytes()].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

/// Signs claims that are valid now.
fn jwt(mut claims: Value) -> String {
    let now = Timestamp::now().as_second();
    let times = json!({ "iat": now, "exp": now + 600 });
    for (name, time) in times.as_object().into_iter().flatten() {
        claims.as_object_mut().expect("an object").entry(name).or_insert_with(|| time.clone());
    }
    let parts = [json!({ "alg": "ES256" }), claims];
    let message = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature: Signature = key().sign(message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// Mounts the method at a path with the key and a role `r`. Returns the accessor.
async fn mount(server: &Server<'_>, path: &str, role: &Value) -> String {
    server.ok(&EnableAuth { path: path.to_owned(), kind: "jwt".to_owned() }).await;
    for _ in 0..2 {
        write(server, &format!("auth/{path}/config"), &json!({ "jwt_validation_pubkeys": [pem()] })).await;
        write(server, &format!("auth/{path}/role/r"), role).await;
    }
    let mount = server.ok(&ReadAuth { path: path.to_owned() }).await;
    mount["accessor"].as_str().expect("a mount has an accessor").to_owned()
}

async fn write(server: &Server<'_>, path: &str, body: &Value) {
    let response = server.send("POST", path, &body.to_string()).await;
    assert_eq!(response.status(), 204, "{path}: {}", json(&response));
}

/// Logs in with role `r` and returns the `auth` part of the response.
async fn log_in(server: &Server<'_>, path: &str, claims: Value) -> Value {
    let body = json!({ "role": "r", "jwt": jwt(claims) }).to_string();
    let response = json(&server.send("POST", &format!("auth/{path}/login"), &body).await);
    assert!(response["auth"].is_object(), "{response}");
    response["auth"].clone()
}

pub(super) async fn jwt_login_creates_an_entity(server: &Server<'_>) {
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": "app", "token_policies": "dev",
        "claim_mappings": { "mail": "mail_address" } });
    mount(server, "sso", &role).await;
    let first = log_in(server, "sso", json!({ "sub": "alice", "aud": "app", "mail": "a@b" })).await;
    assert_eq!(first["metadata"], json!({ "mail_address": "a@b", "role": "r" }));
    assert_eq!(first["token_policies"], json!(["default", "dev"]));
    let second = log_in(server, "sso", json!({ "sub": "alice", "aud": ["other", "app"] })).await;
    assert_eq!(first["entity_id"], second["entity_id"]);
    let id = second["entity_id"].as_str().expect("it has an entity");
    let entity = server.ok(&ReadEntityById::new(id)).await;
    let alias = &entity.aliases[0];
    assert_eq!((&*alias.name, alias.mount_path.as_deref()), ("alice", Some("auth/sso/")));
    assert_eq!(alias.metadata.iter().collect::<Vec<_>>(), [(&"role".to_owned(), &"r".to_owned())]);
}

pub(super) async fn jwt_login_errors(server: &Server<'_>) {
    let login = |role: &str, jwt: &str| json!({ "role": role, "jwt": jwt }).to_string();
    server.ok(&EnableAuth { path: "sso".to_owned(), kind: "jwt".to_owned() }).await;
    let path = "auth/sso/login";
    server.raw_error(("POST", path, &login("r", "x")), 400, &["could not load configuration"]).await;
    write(server, "auth/sso/config", &json!({ "jwt_validation_pubkeys": [pem()], "bound_issuer": "us" }))
        .await;
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": "app",
        "bound_claims": { "team": ["a", "b"] } });
    write(server, "auth/sso/role/r", &role).await;
    let problem = "role \"unknown\" could not be found";
    server.raw_error(("POST", path, &login("unknown", "x")), 400, &[problem]).await;
    server.raw_error(("POST", path, &login("", "x")), 400, &["missing role"]).await;
    server.raw_error(("POST", path, &login("r", "")), 400, &["missing token"]).await;

    let good = json!({ "iss": "us", "sub": "alice", "aud": "app", "team": "b" });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        jwt(claims)
    };
    let unsigned = jwt(good.clone()).rsplit_once('.').map(|(message, _)| format!("{message}.AAAA"));
    let signature = "error verifying token signature";
    for (token, problem) in [
        ("x".to_owned(), &*format!("{signature}: go-jose/go-jose: compact JWS format must have three parts")),
        (
            unsigned.unwrap_or_default(),
            &format!("{signature}: no known key successfully validated the token signature"),
        ),
        (with("iss", json!("them")), "invalid issuer (iss) claim"),
        (
            with("aud", json!("other")),
            "invalid audience (aud) claim: audience claim does not match any expected audience",
        ),
        (with("exp", json!(1)), "invalid expiration time (exp) claim: token is expired"),
        (with("nbf", json!(99_999_999_999_i64)), "invalid not before (nbf) claim: token not yet valid"),
    ] {
        let problem = format!("error validating token: {problem}");
        server.raw_error(("POST", path, &login("r", &token)), 400, &[&problem]).await;
    }
    for (token, problem) in [
        (with("sub", Value::Null), "claim \"sub\" not found in token"),
        (
            with("team", json!("c")),
            "error validating claims: claim \"team\" does not match any associated bound claim values",
        ),
        (with("team", Value::Null), "error validating claims: claim \"team\" is missing"),
    ] {
        server.raw_error(("POST", path, &login("r", &token)), 400, &[problem]).await;
    }
}

pub(super) async fn jwt_roles_and_configurations(server: &Server<'_>) {
    server.ok(&EnableAuth { path: "sso".to_owned(), kind: "oidc".to_owned() }).await;
    let response = server.send("GET", "auth/sso/config", "").await;
    assert_eq!(response.status(), 404);
    let sources = "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or \
                   'provider_config' must be set";
    server.raw_error(("POST", "auth/sso/config", "{}"), 400, &[sources]).await;
    let problem = "error parsing public key: data does not contain any valid public keys";
    let config = r#"{"jwt_validation_pubkeys":["x"]}"#;
    server.raw_error(("POST", "auth/sso/config", config), 400, &[problem]).await;
    let config = json!({ "jwt_validation_pubkeys": [pem()], "default_role": "Ops" });
    write(server, "auth/sso/config", &config).await;
    let config = json(&server.send("GET", "auth/sso/config", "").await)["data"].clone();
    assert_eq!((&config["default_role"], &config["status"]), (&json!("ops"), &json!("valid")));

    for (role, problem) in [
        (json!({ "role_type": "x" }), "invalid 'role_type': x"),
        (json!({ "role_type": "jwt" }), "a user claim must be defined on the role"),
        (
            json!({ "role_type": "jwt", "user_claim": "sub" }),
            "must have at least one bound constraint when creating/updating a role",
        ),
        (
            json!({ "user_claim": "sub" }),
            "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.",
        ),
    ] {
        server.raw_error(("POST", "auth/sso/role/ops", &role.to_string()), 400, &[problem]).await;
    }
    let role =
        json!({ "role_type": "jwt", "user_claim": "sub", "bound_subject": "alice", "policies": "B,a" });
    for _ in 0..2 {
        write(server, "auth/sso/role/OPS", &role).await;
    }
    let role = json(&server.send("GET", "auth/sso/role/ops", "").await)["data"].clone();
    assert_eq!((&role["token_policies"], &role["policies"]), (&json!(["a", "b"]), &json!(["a", "b"])));
    assert_eq!((&role["bound_audiences"], &role["bound_subject"]), (&Value::Null, &json!("alice")));
    let roles = json(&server.send("LIST", "auth/sso/role", "").await)["data"].clone();
    assert_eq!(roles, json!({ "keys": ["ops"] }));
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", "auth/sso/role/ops", "").await.status(), 204);
        assert_eq!(server.send("GET", "auth/sso/role/ops", "").await.status(), 404);
        assert_eq!(server.send("LIST", "auth/sso/role", "").await.status(), 404);
    }
}

pub(super) async fn external_groups_follow_the_login(server: &Server<'_>) {
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_subject": "alice", "groups_claim": "groups" });
    let accessor = mount(server, "sso", &role).await;
    let other = mount(server, "other", &role).await;
    let mut groups: Vec<GroupId> = Vec::new();
    for (name, accessor) in [("eng", &accessor), ("ops", &accessor), ("else", &other)] {
        let group = server.group(CreateGroup::named(name).group_type(GroupType::External)).await;
        let alias = CreateGroupAlias::new(name, accessor.as_str()).canonical_id(&group);
        server.ok(&alias).await.written().expect("it is new");
        groups.push(group);
    }
    let auth = log_in(server, "sso", json!({ "sub": "alice", "groups": [] })).await;
    let alice = auth["entity_id"].as_str().expect("it has an entity");
    let alias = CreateEntityAlias::new("alice", other.as_str()).canonical_id(alice);
    server.ok(&alias).await.written().expect("it is new");

    // The last login at each mount determines the memberships there.
    let logins = [
        ("sso", json!(["eng", "unknown"]), [true, false, false]),
        ("sso", json!(["ENG", "ops"]), [true, true, false]),
        ("sso", json!("ops"), [false, true, false]),
        ("sso", json!(["else"]), [false, false, false]),
        ("other", json!(["else", "eng"]), [false, false, true]),
        ("sso", json!([]), [false, false, true]),
    ];
    for (path, claim, expected) in logins {
        for _ in 0..2 {
            let auth = log_in(server, path, json!({ "sub": "alice", "groups": claim })).await;
            assert_eq!(auth["entity_id"], alice);
        }
        for (group, is_member) in groups.iter().zip(expected) {
            let group = server.ok(&ReadGroupById::new(group)).await;
            let members: Vec<&str> = group.member_entity_ids.iter().map(EntityId::as_str).collect();
            assert_eq!(
                members,
                if is_member { vec![alice] } else { vec![] },
                "{path} {claim} {}",
                group.name
            );
        }
    }
}
