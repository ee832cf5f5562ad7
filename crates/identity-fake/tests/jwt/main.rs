//! The auth method `jwt` on `FakeVault`. The expected responses were recorded from `OpenBao` 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use identity_fake::FakeVault;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use support::exchange;

const RSA: (&str, &str) = (include_str!("keys/rsa.pem"), include_str!("keys/rsa.pub"));
const P256: (&str, &str) = (include_str!("keys/p256.pem"), include_str!("keys/p256.pub"));
const P384: (&str, &str) = (include_str!("keys/p384.pem"), include_str!("keys/p384.pub"));
const ED25519: (&str, &str) = (include_str!("keys/ed25519.pem"), include_str!("keys/ed25519.pub"));

struct Server(FakeVault);

impl Server {
    /// Mounts `jwt` with the public P-256 key and a role `app`.
    fn new(role: &Value) -> Self {
        let server = Self(FakeVault::new());
        server.0.mount_auth("jwt");
        server.write("auth/jwt/config", &json!({ "jwt_validation_pubkeys": [P256.1] }));
        server.write("auth/jwt/role/app", role);
        server
    }

    fn send(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        exchange(&self.0, &[("x-vault-token", token)], verb, path, body)
    }

    fn write(&self, path: &str, body: &Value) -> Value {
        let (status, response) = self.send("root", "POST", path, body);
        assert!(status < 300, "{path}: {response}");
        response
    }

    fn read(&self, path: &str) -> Value {
        let (status, response) = self.send("root", "GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {response}");
        response["data"].clone()
    }

    fn log_in(&self, jwt: &str) -> (u16, Value) {
        self.send("", "POST", "auth/jwt/login", &json!({ "role": "app", "jwt": jwt }))
    }

    /// Logs in and returns the `auth` part of the response.
    fn auth(&self, claims: Value) -> Value {
        let (status, response) = self.log_in(&es256(claims));
        assert_eq!(status, 200, "{response}");
        response["auth"].clone()
    }

    /// Logs in and returns the message of the error.
    fn error(&self, claims: Value) -> String {
        let (status, response) = self.log_in(&es256(claims));
        assert_eq!(status, 400, "{response}");
        response["errors"][0].as_str().unwrap().to_owned()
    }
}

/// Decodes a PEM file.
fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    BASE64_STANDARD.decode(body).unwrap()
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// Signs claims that are valid for 10 minutes.
fn sign(algorithm: Algorithm, key: &EncodingKey, mut claims: Value) -> String {
    for (name, time) in [("iat", now()), ("exp", now() + 600)] {
        claims.as_object_mut().unwrap().entry(name).or_insert(time.into());
    }
    jsonwebtoken::encode(&Header::new(algorithm), &claims, key).unwrap()
}

fn es256(claims: Value) -> String {
    sign(Algorithm::ES256, &EncodingKey::from_ec_der(&der(P256.0)), claims)
}

#[allow(clippy::needless_pass_by_value, reason = "it keeps calls short")]
fn role(more: Value) -> Value {
    let mut role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_subject": "alice" });
    role.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    role
}

#[test]
fn signatures_of_all_algorithms_verify() {
    let server = Server::new(&role(json!({})));
    let rsa = EncodingKey::from_rsa_der(&der(RSA.0));
    let [p256, p384] = [P256.0, P384.0].map(|pem| EncodingKey::from_ec_der(&der(pem)));
    let ed25519 = EncodingKey::from_ed_der(&der(ED25519.0));
    let certificate = include_str!("keys/p256.crt");
    for (algorithm, key, public) in [
        (Algorithm::RS256, &rsa, RSA.1),
        (Algorithm::RS384, &rsa, RSA.1),
        (Algorithm::RS512, &rsa, RSA.1),
        (Algorithm::PS256, &rsa, RSA.1),
        (Algorithm::PS384, &rsa, RSA.1),
        (Algorithm::PS512, &rsa, RSA.1),
        (Algorithm::ES256, &p256, P256.1),
        (Algorithm::ES256, &p256, certificate),
        (Algorithm::ES384, &p384, P384.1),
        (Algorithm::EdDSA, &ed25519, ED25519.1),
    ] {
        let jwt = sign(algorithm, key, json!({ "sub": "alice" }));
        server.write("auth/jwt/config", &json!({ "jwt_validation_pubkeys": [public] }));
        assert_eq!(server.log_in(&jwt).0, 200, "{algorithm:?}");
        let name = format!("{algorithm:?}");
        let others: Vec<&str> = ["RS256", "ES256"].into_iter().filter(|other| *other != name).collect();
        let config = json!({ "jwt_validation_pubkeys": [public], "jwt_supported_algs": others });
        server.write("auth/jwt/config", &config);
        let problem = "error validating token: invalid algorithm (alg) header parameter: token signed with unexpected \
                       algorithm";
        assert_eq!(server.log_in(&jwt).1["errors"], json!([problem]), "{algorithm:?}");
        let other = if public == RSA.1 { P256.1 } else { RSA.1 };
        server.write("auth/jwt/config", &json!({ "jwt_validation_pubkeys": [other] }));
        let problem = "error validating token: error verifying token signature: no known key successfully validated the \
                       token signature";
        assert_eq!(server.log_in(&jwt).1["errors"], json!([problem]), "{algorithm:?}");
    }
}

#[test]
fn identity_tokens_are_accepted() {
    let server = Server::new(&role(json!({ "bound_subject": "", "bound_audiences": "app" })));
    server.0.mount_auth("userpass");
    let policy = json!({ "policy": "path \"identity/oidc/token/*\" { capabilities = [\"read\"] }" });
    server.write("sys/policies/acl/tokens", &policy);
    server.write("auth/userpass/users/alice", &json!({ "password": "p", "token_policies": "tokens" }));
    let login = server.send("", "POST", "auth/userpass/login/alice", &json!({ "password": "p" })).1;
    let token = login["auth"]["client_token"].as_str().unwrap();

    for algorithm in ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"] {
        let (key, path) = (format!("key-{algorithm}"), format!("identity/oidc/role/{algorithm}"));
        server.write(
            &format!("identity/oidc/key/{key}"),
            &json!({ "algorithm": algorithm, "allowed_client_ids": "*" }),
        );
        server.write(&path, &json!({ "key": key, "client_id": "app" }));
        let jwt = server.send(token, "GET", &format!("identity/oidc/token/{algorithm}"), &Value::Null).1;
        let jwt = jwt["data"]["token"].as_str().unwrap();
        for source in [
            json!({ "jwks_url": "http://fake.vault/v1/identity/oidc/.well-known/keys" }),
            json!({ "oidc_discovery_url": "http://fake.vault/v1/identity/oidc" }),
        ] {
            server.write("auth/jwt/config", &source);
            let (status, response) = server.log_in(jwt);
            assert_eq!(status, 200, "{algorithm}: {response}");
            let problem = "error validating token: error verifying token signature: failed to verify id token signature";
            let (message, _) = jwt.rsplit_once('.').unwrap();
            assert_eq!(server.log_in(&format!("{message}.AAAA")).1["errors"], json!([problem]));
        }
    }
}

#[test]
fn other_servers_are_unreachable() {
    let server = Server::new(&role(json!({})));
    let config = json!({ "jwks_url": "http://127.0.0.1:1/keys" });
    let (status, response) = server.send("root", "POST", "auth/jwt/config", &config);
    assert_eq!((status, &response["errors"]), (400, &json!(["error checking jwks URL"])));
    let refused = "dial tcp 127.0.0.1:1: connect: connection refused";
    let get = format!("Get \"http://127.0.0.1:1/.well-known/openid-configuration\": {refused}");
    let mut config = json!({ "oidc_discovery_url": "http://127.0.0.1:1" });
    let (status, response) = server.send("root", "POST", "auth/jwt/config", &config);
    assert_eq!(
        (status, &response["errors"]),
        (400, &json!([format!("error checking oidc discovery URL: {get}")]))
    );
    config["skip_jwks_validation"] = json!(true);
    for _ in 0..2 {
        let response = server.write("auth/jwt/config", &config);
        assert_eq!(response["warnings"], json!(["error checking oidc discovery URL"]));
    }
    assert_eq!(server.read("auth/jwt/config")["status"], "invalid");
    let problem = format!("error configuring token validator: keyset configuration error: {get}");
    assert_eq!(server.error(json!({ "sub": "alice" })), problem);
}

#[test]
fn times_have_leeways() {
    let server = Server::new(&role(json!({})));
    let (expired, early) = (
        "error validating token: invalid expiration time (exp) claim: token is expired",
        "error validating token: invalid not before (nbf) claim: token not yet valid",
    );
    let at = |claims: &Value, is_valid: Option<&str>| {
        let mut claims = claims.clone();
        claims["sub"] = json!("alice");
        match is_valid {
            None => drop(server.auth(claims)),
            Some(problem) => assert_eq!(server.error(claims), problem),
        }
    };
    at(&json!({ "exp": now() - 30 }), None);
    at(&json!({ "exp": now() - 90 }), Some(expired));
    at(&json!({ "nbf": now() + 30 }), None);
    at(&json!({ "nbf": now() + 90 }), Some(early));
    at(&json!({ "exp": null, "iat": now() - 180 }), None);
    at(&json!({ "exp": null, "iat": now() - 240 }), Some(expired));
    server.write("auth/jwt/role/app", &role(json!({ "clock_skew_leeway": -1, "expiration_leeway": -1 })));
    at(&json!({ "exp": now() - 30 }), Some(expired));
    at(&json!({ "exp": null, "iat": now() - 30 }), Some(expired));
    at(&json!({ "nbf": now() + 30 }), Some(early));
    server.write("auth/jwt/role/app", &role(json!({ "clock_skew_leeway": "10m" })));
    at(&json!({ "exp": now() - 500 }), None);

    // The clock is that of the server.
    server.0.advance(Duration::from_secs(2000));
    at(&json!({}), Some(expired));
}

#[test]
fn claims_are_bound_and_mapped() {
    let server = Server::new(&role(json!({
        "bound_claims": { "team": ["a*", "b"], "/org/level": 3 },
        "claim_mappings": { "/org/city": "city", "mail": "mail" },
    })));
    let with = |team: Value, level: Value| json!({ "sub": "alice", "team": team, "org": { "level": level, "city": "X" } });
    let auth = server.auth(with(json!("b"), json!(3)));
    assert_eq!(auth["metadata"], json!({ "city": "X", "role": "app" }));
    server.auth(with(json!(["z", "b"]), json!(3.5)));
    let mismatch = |claim: &str| {
        format!("error validating claims: claim \"{claim}\" does not match any associated bound claim values")
    };
    assert_eq!(server.error(with(json!("abc"), json!(3))), mismatch("team"));
    assert_eq!(server.error(with(json!("b"), json!("3"))), mismatch("/org/level"));
    assert_eq!(server.error(with(json!("b"), json!([3]))), mismatch("/org/level"));
    let globs = json!({ "bound_claims_type": "glob", "bound_claims": { "team": ["a*", "*x*y"] } });
    server.write("auth/jwt/role/app", &role(globs));
    for (team, matches) in [("abc", true), ("a", true), ("ba", false), ("1x2y", true), ("xyz", false)] {
        assert_eq!(
            server.log_in(&es256(json!({ "sub": "alice", "team": team }))).0 == 200,
            matches,
            "{team}"
        );
    }
    let mapped = json!({ "claim_mappings": { "mail": "mail" }, "bound_claims": {} });
    server.write("auth/jwt/role/app", &role(mapped));
    assert_eq!(server.error(json!({ "sub": "alice", "mail": 5 })), "error converting claim 'mail' to string");
    let audience = "audience claim found in JWT but no audiences bound to the role";
    assert_eq!(server.error(json!({ "sub": "alice", "aud": "x" })), audience);
    let collision = "error validating token: ambiguous claim: key \"SUB\" collides with registered claim \"sub\" under \
                     case folding";
    assert_eq!(server.error(json!({ "sub": "alice", "SUB": "bob" })), collision);
}

#[test]
fn the_alias_has_the_metadata_of_the_last_login() {
    let server = Server::new(&role(json!({ "claim_mappings": { "mail": "mail" } })));
    let mut ids = Vec::new();
    for mail in ["a", "b"] {
        let auth = server.auth(json!({ "sub": "alice", "mail": mail }));
        let id = auth["entity_id"].as_str().unwrap().to_owned();
        let alias = &server.read(&format!("identity/entity/id/{id}"))["aliases"][0];
        assert_eq!(alias["metadata"], json!({ "mail": mail, "role": "app" }));
        let token = auth["client_token"].as_str().unwrap();
        let lookup = server.send(token, "GET", "auth/token/lookup-self", &Value::Null).1;
        assert_eq!(
            (&lookup["data"]["display_name"], &lookup["data"]["path"]),
            (&json!("jwt-alice"), &json!("auth/jwt/login"))
        );
        ids.push(id);
    }
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn policies_contain_claims() {
    let templates =
        json!({ "token_policies": "team-{{ .team }},{{.org.unit}}", "token_policies_template_claims": true });
    let server = Server::new(&role(templates));
    let auth = server.auth(json!({ "sub": "alice", "team": "Red", "org": { "unit": "u1" } }));
    assert_eq!(auth["token_policies"], json!(["default", "team-red", "u1"]));
    let (status, response) = server.log_in(&es256(json!({ "sub": "alice", "team": "Red", "org": {} })));
    let problem = "failed to template policy [1]: unable to apply template: template: template:1:6: executing \"template\" \
                   at <.org.unit>: map has no entry for key \"unit\"";
    assert_eq!((status, &response["errors"]), (500, &json!([problem])));
    let (status, response) =
        server.send("root", "POST", "auth/jwt/role/app", &role(json!({ "token_policies": "{{.x" })));
    let problem = "1 error occurred:\n\t* failed to parse template policy [0]: unable to parse template: template: \
                   template:1: unclosed action\n\n";
    assert_eq!((status, &response["errors"]), (500, &json!([problem])));
}

#[test]
fn renewals_refresh_external_groups() {
    let server = Server::new(&role(json!({ "groups_claim": "groups" })));
    let accessor = server.read("sys/auth/jwt")["accessor"].clone();
    let group =
        server.write("identity/group", &json!({ "name": "eng", "type": "external" }))["data"]["id"].clone();
    let members = || server.read("identity/group/name/eng")["member_entity_ids"].clone();
    let first = server.auth(json!({ "sub": "alice", "groups": ["eng"] }));
    assert_eq!(members(), Value::Null);
    let alias = json!({ "name": "eng", "mount_accessor": accessor, "canonical_id": group });
    server.write("identity/group-alias", &alias);
    let second = server.auth(json!({ "sub": "alice", "groups": ["eng"] }));
    let entity = &second["entity_id"];
    assert_eq!(members(), json!([entity]));
    // A token knows only the groups that existed at its login.
    for (auth, expected) in [(&first, json!([])), (&second, json!([entity])), (&first, json!([]))] {
        let token = auth["client_token"].as_str().unwrap();
        let (status, response) = server.send(token, "POST", "auth/token/renew-self", &json!({}));
        assert_eq!(status, 200, "{response}");
        assert_eq!(members(), expected);
    }
    // A name that a token has twice makes the entity a member again, as on the server.
    server.auth(json!({ "sub": "alice", "groups": ["eng"] }));
    server.auth(json!({ "sub": "alice", "groups": ["eng", "eng"] }));
    assert_eq!(members(), json!([entity, entity]));
}

#[test]
fn group_claims_are_lists_of_texts() {
    let server = Server::new(&role(json!({ "groups_claim": "/org/groups" })));
    let with = |groups: Value| json!({ "sub": "alice", "org": { "groups": groups } });
    server.auth(with(json!(["", "eng"])));
    server.auth(with(json!("eng")));
    for (groups, problem) in [
        (Value::Null, "failed to fetch groups: \"/org/groups\" claim not found in token"),
        (json!({}), "\"/org/groups\" claim could not be converted to string list"),
        (json!(["a", 5]), "value 5 in groups claim could not be parsed as string"),
    ] {
        assert_eq!(server.error(with(groups)), problem);
    }
}

#[test]
fn mounts_are_separate_and_disabled_with_their_roles() {
    let server = Server::new(&role(json!({})));
    server.0.mount_auth_at("jwt", "team/jwt");
    assert_eq!(server.send("root", "GET", "auth/team/jwt/role/app", &Value::Null).0, 404);
    server.write("auth/team/jwt/role/app", &role(json!({ "token_policies": "x" })));
    assert_eq!(server.read("auth/jwt/role/app")["token_policies"], json!([]));
    assert_eq!(server.send("root", "DELETE", "sys/auth/team/jwt", &Value::Null).0, 204);
    server.0.mount_auth_at("jwt", "team/jwt");
    assert_eq!(server.send("root", "GET", "auth/team/jwt/role/app", &Value::Null).0, 404);
    server.auth(json!({ "sub": "alice" }));
}

#[test]
fn creating_a_role_needs_another_capability_than_updating_it() {
    let server = Server::new(&role(json!({})));
    let policy = json!({ "policy": "path \"auth/jwt/role/*\" { capabilities = [\"create\"] }" });
    server.write("sys/policies/acl/creator", &policy);
    let token = server.write("auth/token/create", &json!({ "policies": ["creator"] }));
    let token = token["auth"]["client_token"].as_str().unwrap();
    for (name, status) in [("app", 403), ("new", 204), ("new", 403)] {
        let path = format!("auth/jwt/role/{name}");
        assert_eq!(server.send(token, "POST", &path, &role(json!({}))).0, status, "{name}");
    }
}

#[test]
fn renewals_follow_the_role() {
    let server = Server::new(&role(json!({ "token_ttl": 100 })));
    let auth = server.auth(json!({ "sub": "alice" }));
    assert_eq!(auth["lease_duration"], 100);
    let renew =
        || server.send(auth["client_token"].as_str().unwrap(), "POST", "auth/token/renew-self", &json!({}));
    server.write("auth/jwt/role/app", &role(json!({ "token_ttl": 50, "token_policies": "new" })));
    let response = renew().1;
    assert_eq!(response["auth"]["lease_duration"], 50);
    assert_eq!(response["auth"]["policies"], json!(["default"]));
    server.send("root", "DELETE", "auth/jwt/role/app", &Value::Null);
    let problem = "1 error occurred:\n\t* failed to renew entry: role app does not exist during renewal\n\n";
    assert_eq!(renew(), (500, json!({ "errors": [problem] })));
}

#[test]
fn unknown_parameters_are_named() {
    let server = Server::new(&role(json!({ "token_max_ttl": "24h" })));
    let ignored = "Endpoint ignored these unrecognized parameters: [colour]";
    let (_, config) = server.send("root", "GET", "auth/jwt/config?colour=red", &Value::Null);
    assert_eq!(config["warnings"], json!([ignored]));

    let jwt = es256(json!({ "sub": "alice" }));
    let body = json!({ "role": "app", "jwt": jwt, "colour": "red" });
    let (_, login) = server.send("", "POST", "auth/jwt/login", &body);
    let capped = "TTL of \"768h\" exceeded the effective max_ttl of \"24h\"; TTL value is capped accordingly";
    assert_eq!(login["warnings"], json!([ignored, capped]));
}
