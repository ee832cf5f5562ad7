//! `sys/` on `FakeVault`. The expected responses were recorded from `OpenBao` 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::Duration;

use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

const DENIED: &str = "1 error occurred:\n\t* permission denied\n\n";

struct Server(FakeVault);

impl Server {
    fn new() -> Self {
        Self(FakeVault::new())
    }

    fn send(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send_with(&[("x-vault-token", token)], verb, path, body)
    }

    fn send_with(&self, headers: &[(&str, &str)], verb: &str, path: &str, body: &Value) -> (u16, Value) {
        exchange(&self.0, headers, verb, path, body)
    }

    fn get(&self, path: &str) -> Value {
        let (status, response) = self.send("root", "GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {response}");
        response["data"].clone()
    }

    fn root(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (status, response) = self.send("root", verb, path, body);
        assert!(status < 300, "{verb} {path}: {response}");
        response
    }

    /// Creates a token with a policy of its own.
    fn token(&self, policy: &str) -> String {
        self.root("PUT", "sys/policies/acl/p", &json!({ "policy": policy }));
        let body = json!({ "policies": ["p"], "no_default_policy": true });
        self.root("POST", "auth/token/create", &body)["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    fn error(&self, verb: &str, path: &str, body: &Value) -> (u16, String) {
        let (status, response) = self.send("root", verb, path, body);
        (status, response["errors"][0].as_str().unwrap_or_default().to_owned())
    }
}

#[test]
fn health_has_the_requested_status() {
    let server = Server::new();
    for (query, status) in [
        ("", 200),
        ("?activecode=299", 299),
        ("?sealedcode=299", 200),
        ("?activecode=", 400),
        ("?standbycode=x", 400),
        ("?standbyok=true", 200),
        ("?standbyok=maybe", 400),
    ] {
        assert_eq!(server.send("", "GET", &format!("sys/health{query}"), &Value::Null).0, status, "{query}");
        assert_eq!(server.send("", "HEAD", &format!("sys/health{query}"), &Value::Null).0, status, "{query}");
    }
    assert_eq!(server.send("", "POST", "sys/health", &Value::Null), (405, json!({ "errors": [] })));
    let (status, response) =
        server.send_with(&[("x-vault-namespace", "team")], "GET", "sys/health", &Value::Null);
    assert_eq!((status, &response["errors"][0]), (400, &json!("operation unavailable in namespaces")));
    server.root("PUT", "sys/namespaces/team", &json!({}));
    let problem = "operation only available in root namespace".to_owned();
    assert_eq!(server.error("GET", "team/sys/health", &Value::Null), (400, problem));
}

#[test]
fn an_initialized_server_is_not_initialized_again() {
    let server = Server::new();
    let initialize = |body: &Value| server.error("PUT", "sys/init", body);
    for _ in 0..2 {
        let body = json!({ "secret_shares": 1, "secret_threshold": 1 });
        assert_eq!(initialize(&body), (400, "Vault is already initialized".to_owned()));
    }
    let problem = "invalid seal configuration: shares must be at least one";
    assert_eq!(initialize(&json!({})), (400, problem.to_owned()));
    assert_eq!(server.send("", "GET", "sys/init", &Value::Null), (200, json!({ "initialized": true })));
}

#[test]
fn a_sealed_server_responds_only_with_its_status() {
    let server = Server::new();
    server.root("POST", "identity/entity", &json!({ "name": "alice" }));
    let updater = server.token(r#"path "sys/seal" {capabilities=["update"]}"#);
    let (status, response) = server.send(&updater, "PUT", "sys/seal", &Value::Null);
    assert_eq!((status, &response["errors"][0]), (403, &json!(DENIED)));
    for _ in 0..2 {
        assert_eq!(server.send("root", "PUT", "sys/seal", &Value::Null).0, 204);
    }
    let sealed = (503, "Vault is sealed".to_owned());
    assert_eq!(server.error("GET", "identity/entity/name/alice", &Value::Null), sealed);
    assert_eq!(server.error("GET", "sys/internal/ui/mounts", &Value::Null), sealed);
    let (status, health) = server.send("", "GET", "sys/health", &Value::Null);
    assert_eq!((status, &health["sealed"], &health["cluster_name"]), (503, &json!(true), &Value::Null));
    assert_eq!(server.send("", "GET", "sys/seal-status", &Value::Null).1["sealed"], true);

    let unseal = |body: &Value| server.error("PUT", "sys/unseal", body);
    assert_eq!(unseal(&json!({})).0, 400);
    let problem = "'key' must be a valid hex or base64 string";
    assert_eq!(unseal(&json!({ "key": "?" })), (400, problem.to_owned()));
    assert_eq!(unseal(&json!({ "key": "AAAA" })).1, "invalid key: key is shorter than minimum 16 bytes");
    assert_eq!(unseal(&json!({ "reset": true })).0, 200);
    assert_eq!(server.error("GET", "sys/auth", &Value::Null).0, 503);
    for _ in 0..2 {
        assert_eq!(unseal(&json!({ "key": "00".repeat(32) })).0, 200);
        assert_eq!(server.get("identity/entity/name/alice")["name"], "alice");
    }
    assert_eq!(unseal(&json!({ "reset": true })), (400, "vault is unsealed".to_owned()));
}

#[test]
fn privileged_paths_require_sudo() {
    let server = Server::new();
    for (rule, verb, path, expected) in [
        (r#"path "sys/auth/x" {capabilities=["update"]}"#, "POST", "sys/auth/x", 403),
        (r#"path "sys/auth/x" {capabilities=["update", "sudo"]}"#, "POST", "sys/auth/x", 400),
        (r#"path "sys/mounts/auth/x/tune" {capabilities=["read"]}"#, "GET", "sys/mounts/auth/x/tune", 400),
        (r#"path "sys/auth/x/tune" {capabilities=["read"]}"#, "GET", "sys/auth/x/tune", 403),
        (r#"path "sys/remount" {capabilities=["update"]}"#, "POST", "sys/remount", 403),
        (r#"path "sys/auth" {capabilities=["read"]}"#, "GET", "sys/auth", 200),
        (r#"path "sys/auth" {capabilities=["list"]}"#, "LIST", "sys/auth", 403),
        (r#"path "sys/auth" {capabilities=["list", "sudo"]}"#, "LIST", "sys/auth", 404),
        (
            r#"path "auth/token/accessors" {capabilities=["list", "sudo"]}"#,
            "LIST",
            "auth/token/accessors",
            200,
        ),
    ] {
        let token = server.token(rule);
        let body = if verb == "POST" { json!({}) } else { Value::Null };
        assert_eq!(server.send(&token, verb, path, &body).0, expected, "{rule}");
    }
}

#[test]
fn mounts_are_visible_to_tokens_that_may_use_them() {
    let server = Server::new();
    for name in ["people", "robots"] {
        server.root("POST", &format!("sys/auth/{name}"), &json!({ "type": "userpass" }));
    }
    let visible = |token: &str| {
        let (status, response) = server.send(token, "GET", "sys/internal/ui/mounts", &Value::Null);
        assert_eq!(status, 200, "{response}");
        let names =
            |kind: &str| response["data"][kind].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        (names("auth"), names("secret"))
    };
    assert_eq!(visible(""), (vec![], vec![]));
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(visible("root").0, ["people/", "robots/", "token/"]);
    for (rule, expected) in [
        (r#"path "auth/people/users/x" {capabilities=["read"]}"#, &["people/"][..]),
        (r#"path "auth/people/*" {capabilities=["read"]}"#, &["people/"]),
        (r#"path "auth/+/users" {capabilities=["read"]}"#, &["people/", "robots/", "token/"]),
        (
            r#"path "auth/people" {capabilities=["read"]} path "auth/robots/x" {capabilities=["deny"]}"#,
            &["people/"],
        ),
    ] {
        assert_eq!(visible(&server.token(rule)), (strings(expected), vec![]), "{rule}");
    }
    let (status, response) = server.send("nope", "GET", "sys/internal/ui/mounts", &Value::Null);
    assert_eq!((status, &response["errors"][0]), (403, &json!("permission denied")));

    let token = server.token(r#"path "auth/people/x" {capabilities=["read"]}"#);
    let read =
        |path: &str| server.send(&token, "GET", &format!("sys/internal/ui/mounts/{path}"), &Value::Null);
    assert_eq!(read("auth/people/users/x").1["data"]["path"], "people/");
    let problem = "preflight capability check returned 403, please ensure client's policies grant access to path \
                   \"auth/robots/\"";
    assert_eq!(read("auth/robots"), (403, json!({ "errors": [problem] })));
    assert_eq!(read("nope").0, 403);
}

#[test]
fn tokens_see_their_rules() {
    let server = Server::new();
    let acl = |token: &str| {
        server.send(token, "GET", "sys/internal/ui/resultant-acl", &Value::Null).1["data"].clone()
    };
    assert_eq!(acl("root"), json!({ "root": true }));
    let token = server.token(
        r#"path "sys/internal/*" {capabilities=["read"]} path "a" {} path "b" {capabilities=["read", "list"]}"#,
    );
    assert_eq!(
        acl(&token),
        json!({
            "root": false,
            "exact_paths": { "a": { "capabilities": ["deny"] }, "b": { "capabilities": ["list", "read"] } },
            "glob_paths": { "sys/internal/": { "capabilities": ["read"] } },
        })
    );
}

#[test]
fn engines_are_mounted_and_tuned() {
    let server = Server::new();
    server.root("POST", "sys/mounts/one", &json!({ "type": "kv-v1" }));
    assert_eq!(server.get("sys/mounts/one")["options"], json!({ "version": "1" }));
    assert_eq!(server.get("sys/mounts/one/below")["type"], "kv");
    let warning =
        &server.root("POST", "sys/mounts/one/tune", &json!({ "options": { "version": "2" } }))["warnings"];
    assert!(warning[0].as_str().unwrap().starts_with("Upgrading mount from version 1"), "{warning}");
    let downgrade = json!({ "options": { "version": "1" } });
    let problem = "cannot downgrade mount from version 2".to_owned();
    assert_eq!(server.error("POST", "sys/mounts/one/tune", &downgrade), (400, problem));
    let problem = "path is already in use at one/".to_owned();
    assert_eq!(server.error("POST", "sys/mounts/one/two", &json!({ "type": "kv" })), (400, problem));
    let problem = "plugin not found in the catalog: nope".to_owned();
    assert_eq!(server.error("POST", "sys/mounts/two", &json!({ "type": "nope" })), (400, problem));
    for _ in 0..2 {
        assert_eq!(server.send("root", "DELETE", "sys/mounts/one", &Value::Null).0, 204);
    }
    assert_eq!(server.error("GET", "sys/mounts/one", &Value::Null).1, "No secret engine mount at one/");
}

#[test]
fn mounts_move_between_namespaces() {
    let server = Server::new();
    server.root("PUT", "sys/namespaces/team", &json!({}));
    server.root("POST", "sys/auth/people", &json!({ "type": "userpass" }));
    server.root("POST", "auth/people/users/alice", &json!({ "password": "pw" }));
    let moved = json!({ "from": "auth/people", "to": "team/auth/staff" });
    let id = server.root("POST", "sys/remount", &moved)["data"]["migration_id"].clone();
    let status = server.get(&format!("sys/remount/status/{}", id.as_str().unwrap()));
    let info =
        json!({ "source_mount": "auth/people/", "status": "success", "target_mount": "team/auth/staff/" });
    assert_eq!(status["migration_info"], info);
    server.root("POST", "team/auth/staff/login/alice", &json!({ "password": "pw" }));
    let problem = "no matching mount at \"auth/people/\"".to_owned();
    assert_eq!(server.error("POST", "sys/remount", &moved), (400, problem));
}

#[test]
fn data_is_repeated_beside_the_envelope_on_old_paths() {
    let server = Server::new();
    server.root("PUT", "sys/namespaces/team", &json!({}));
    for (path, is_repeated) in [
        ("sys/auth", true),
        ("sys/mounts/identity", true),
        ("sys/policy", true),
        ("sys/policies/acl/default", false),
        ("team/sys/auth", false),
    ] {
        let response = server.root("GET", path, &Value::Null);
        let data = response["data"].as_object().unwrap();
        assert!(
            data.iter().all(|(name, value)| (response.get(name) == Some(value)) == is_repeated),
            "{path}"
        );
    }
}

#[test]
fn policies_expire() {
    let server = Server::new();
    let policy = r#"path "identity/*" {capabilities=["list"]}"#;
    let path = "sys/policies/acl/short";
    server.root("PUT", path, &json!({ "policy": policy, "ttl": "1m" }));
    let body = json!({ "policies": ["short"] });
    let created = server.root("POST", "auth/token/create", &body);
    let token = created["auth"]["client_token"].as_str().unwrap();
    let list = || server.send(token, "LIST", "identity/entity/id", &Value::Null).0;
    assert_eq!(list(), 404);
    server.0.advance(Duration::from_secs(61));
    assert_eq!(list(), 403);
    assert_eq!(server.error("GET", path, &Value::Null).0, 404);
    server.root("PUT", path, &json!({ "policy": policy, "cas": -1 }));
    assert_eq!(list(), 404);
    let both = json!({ "policy": policy, "ttl": "1m", "expiration": "2040-01-01T00:00:00Z" });
    let problem = "cannot supply both 'expiration' and 'ttl' for policies".to_owned();
    assert_eq!(server.error("PUT", path, &both), (400, problem));
}

#[test]
fn policies_are_patched_and_listed_with_details() {
    let server = Server::new();
    let headers = [("x-vault-token", "root"), ("content-type", "application/merge-patch+json")];
    let patch = |path: &str, body: &Value| server.send_with(&headers, "PATCH", path, body);
    let policy = r#"path "a" {capabilities=["read"]}"#;
    server.root("PUT", "sys/policies/acl/a/b", &json!({ "policy": policy }));
    for version in 2..4 {
        assert_eq!(patch("sys/policies/acl/a/b", &json!({ "cas_required": true })).0, 200);
        let read = server.get("sys/policies/acl/a/b");
        assert_eq!(
            (&read["version"], &read["policy"], &read["cas_required"]),
            (&json!(version), &json!(policy), &json!(true))
        );
    }
    let (status, response) = patch("sys/policies/acl/nope", &json!({}));
    assert_eq!((status, &response["errors"][0]), (400, &json!("policy not found")));
    let keys = |path: &str| server.root("LIST", path, &Value::Null)["data"]["keys"].clone();
    assert_eq!(keys("sys/policies/acl"), json!(["default", "a/b", "root"]));
    assert_eq!(keys("sys/policies/acl/a"), json!(["a/b"]));
    let details = server.root("LIST", "sys/policies/detailed/acl", &Value::Null);
    assert_eq!(details["data"]["key_info"]["a/b"]["policy"], policy);
    for name in ["root", "response-wrapping"] {
        let problem = format!("cannot update \"{name}\" policy");
        let url = format!("sys/policies/acl/{name}");
        assert_eq!(server.error("PUT", &url, &json!({ "policy": policy })), (400, problem));
    }
}

#[test]
fn values_of_templates_may_contain_slashes_if_the_policy_allows_it() {
    let server = Server::new();
    server.root("POST", "sys/auth/people", &json!({ "type": "userpass" }));
    let body = json!({ "password": "pw", "token_policies": ["t"] });
    server.root("POST", "auth/people/users/x", &body);
    let login = || {
        let auth = server.root("POST", "auth/people/login/x", &json!({ "password": "pw" }))["auth"].clone();
        (auth["client_token"].as_str().unwrap().to_owned(), auth["entity_id"].as_str().unwrap().to_owned())
    };
    let (token, entity) = login();
    let metadata = json!({ "metadata": { "area": "a/b" } });
    server.root("POST", &format!("identity/entity/id/{entity}"), &metadata);
    let policy = r#"path "identity/{{identity.entity.metadata.area}}" {capabilities=["read"]}"#;
    let read = || server.send(&token, "GET", "identity/a/b", &Value::Null).0;
    server.root("PUT", "sys/policies/acl/t", &json!({ "policy": policy }));
    assert_eq!(read(), 400);
    let allowed = json!({ "policy": policy, "allow_slashes_in_identity_templates": true });
    server.root("PUT", "sys/policies/acl/t", &allowed);
    assert_eq!(read(), 404);
}

#[test]
fn namespaces_have_metadata() {
    let server = Server::new();
    let metadata = |response: &Value| response["data"]["custom_metadata"].clone();
    let body = json!({ "custom_metadata": { "a": "b" } });
    let created = server.root("PUT", "sys/namespaces/team", &body);
    assert_eq!(server.root("PUT", "sys/namespaces/team", &body)["data"], created["data"]);
    let headers = [("x-vault-token", "root"), ("content-type", "application/merge-patch+json")];
    let patch = |path: &str, body: &Value| server.send_with(&headers, "PATCH", path, body);
    let change = json!({ "custom_metadata": { "a": null, "c": "d" } });
    for _ in 0..2 {
        assert_eq!(metadata(&patch("sys/namespaces/team", &change).1), json!({ "c": "d" }));
    }
    assert_eq!(patch("sys/namespaces/nope", &change).0, 400);
    let number = json!({ "custom_metadata": { "a": 1 } });
    let problem = "metadata patch can only have string or null values, got json.Number";
    assert_eq!(patch("sys/namespaces/team", &number).1["errors"][0], problem);
    assert_eq!(
        server.error("PUT", "sys/namespaces/team", &number).1,
        "custom_metadata values must be strings"
    );
    assert_eq!(metadata(&server.root("PUT", "sys/namespaces/team", &json!({}))), json!({}));
    server.root("PUT", "team/sys/namespaces/web", &json!({}));
    let scan = server.root("SCAN", "sys/namespaces", &Value::Null);
    assert_eq!(scan["data"]["keys"], json!(["team/", "team/web/"]));
    let visible = server.get("sys/internal/ui/namespaces");
    assert_eq!(visible, json!({ "keys": ["team/"] }));
    let problem = "new namespace conflicts with existing mount: cubbyhole/";
    assert_eq!(server.error("PUT", "sys/namespaces/a+b", &json!({})).0, 400);
    server.root("POST", "sys/mounts/taken", &json!({ "type": "kv" }));
    let conflict = server.error("PUT", "sys/namespaces/taken", &json!({})).1;
    assert_eq!(conflict, problem.replace("cubbyhole", "taken"));
    assert_eq!(
        server.error("POST", "sys/mounts/team", &json!({ "type": "kv" })).1,
        "existing mount at team/auth/token/"
    );
}

#[test]
fn capabilities_in_a_namespace_keep_leading_slashes() {
    let server = Server::new();
    server.root("PUT", "sys/namespaces/team", &json!({}));
    let token = server.token(r#"path "team/b" {capabilities=["update"]} path "b" {capabilities=["read"]}"#);
    let capabilities = |namespace: &str, path: &str| {
        let body = json!({ "token": token, "paths": [path] });
        server.root("POST", &format!("{namespace}sys/capabilities"), &body)["data"]["capabilities"].clone()
    };
    assert_eq!(capabilities("", "//b"), json!(["read"]));
    assert_eq!(capabilities("team/", "b"), json!(["update"]));
    assert_eq!(capabilities("team/", "/b"), json!(["deny"]));
}

#[test]
fn the_server_describes_itself() {
    let server = Server::new();
    assert_eq!(server.get("sys/ha-status")["nodes"][0]["active_node"], true);
    assert_eq!(server.get("sys/key-status")["term"], 1);
    let history = server.root("LIST", "sys/version-history", &Value::Null);
    assert_eq!(history["data"]["keys"], json!(["2.7.2"]));
    assert_eq!(server.error("GET", "sys/version-history", &Value::Null).0, 405);
    assert_eq!(server.error("GET", "sys/nope", &Value::Null).0, 404);
}

#[test]
fn unknown_parameters_are_reported() {
    let server = Server::new();
    for path in [
        "sys/auth?after=a",
        "sys/auth/token?after=a",
        "sys/auth/token/tune?after=a&path=b",
        "sys/mounts?after=a",
        "sys/mounts/secret/tune?after=a",
        "sys/policy?after=a",
        "sys/policies/acl/default?after=a&policy=p",
        "sys/policies/acl?list=true&after=a",
    ] {
        let warnings = &server.root("GET", path, &Value::Null)["warnings"];
        let ignored = "Endpoint ignored these unrecognized parameters: [after]";
        assert_eq!(warnings[0], ignored, "{path}: {warnings}");
    }
}

#[test]
fn capabilities_look_up_the_token_before_they_need_paths() {
    let server = Server::new();
    server.root("POST", "sys/namespaces/team", &json!({}));
    let invalid = |problem: &str| (400, format!("1 error occurred:\n\t* {problem}\n\n"));
    for (path, body, expected) in [
        ("capabilities-accessor", json!({ "accessor": "x" }), invalid("invalid accessor")),
        ("capabilities", json!({ "token": "x" }), (400, "paths must be supplied".to_owned())),
        ("capabilities", json!({ "token": "x", "paths": ["", "a"] }), invalid("missing path")),
        ("capabilities", json!({ "token": "x", "paths": ["a", ""] }), invalid("invalid token")),
        (
            "capabilities",
            json!({ "token": 7, "paths": ["a"] }),
            (500, "1 error occurred:\n\t* no token found\n\n".to_owned()),
        ),
    ] {
        assert_eq!(server.error("POST", &format!("sys/{path}"), &body), expected, "{path} {body}");
    }
    assert_eq!(server.error("LIST", "sys/capabilities", &Value::Null).0, 404);
    let elsewhere = "1 error occurred:\n\t* cannot lookup token in different namespace\n\n".to_owned();
    let accessor = json!({ "accessor": server.get("auth/token/lookup-self")["accessor"] });
    assert_eq!(server.error("POST", "team/sys/capabilities-accessor", &accessor), (500, elsewhere));
}

#[test]
fn tokens_of_a_namespace_have_the_ttls_of_the_root() {
    let server = Server::new();
    server.root("POST", "sys/namespaces/team", &json!({}));
    server.root("POST", "sys/auth/token/tune", &json!({ "default_lease_ttl": "2h" }));
    server.root("POST", "team/sys/auth/token/tune", &json!({ "default_lease_ttl": "3h" }));
    assert_eq!(server.get("team/sys/auth/token/tune")["default_lease_ttl"], 7200);
    assert_eq!(server.get("team/sys/auth/token")["config"]["default_lease_ttl"], 10_800);
    let token = server.root("POST", "team/auth/token/create", &json!({ "policies": ["default"] }));
    assert_eq!(token["auth"]["lease_duration"], 7200);
    assert_eq!(server.get("sys/policy/none?list=true"), json!({ "policies": null }));
}
