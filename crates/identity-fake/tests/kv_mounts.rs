//! Mounts of `kv` on `FakeVault` other than `secret/`. The expected responses were recorded from `OpenBao`
//! 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

struct Server(FakeVault);

impl Server {
    fn new() -> Self {
        Self(FakeVault::new())
    }

    fn send_as(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        exchange(&self.0, &[("x-vault-token", token)], verb, path, body)
    }

    fn send(&self, verb: &str, path: &str) -> (u16, Value) {
        self.send_as("root", verb, path, &Value::Null)
    }

    fn write(&self, path: &str, body: &Value) {
        let (status, response) = self.send_as("root", "POST", path, body);
        assert!(status < 300, "{path}: {response}");
    }

    fn data(&self, verb: &str, path: &str) -> Value {
        let (status, mut response) = self.send(verb, path);
        assert_eq!(status, 200, "{verb} {path}: {response}");
        response["data"].take()
    }
}

const NOT_FOUND: u16 = 404;

#[test]
fn mounts_in_namespaces_have_their_own_secrets() {
    let server = Server::new();
    server.write("sys/namespaces/team", &json!({}));
    for at in ["team/", ""] {
        server.write(&format!("{at}sys/mounts/apps/web"), &json!({ "type": "kv-v2" }));
    }
    server.write("team/apps/web/data/a/b", &json!({ "data": { "n": 1 } }));
    assert_eq!(server.data("GET", "team/apps/web/data/a/b")["data"], json!({ "n": 1 }));
    assert_eq!(server.data("LIST", "team/apps/web/metadata")["keys"], json!(["a/"]));
    assert_eq!(server.send("GET", "apps/web/data/a/b"), (NOT_FOUND, json!({ "errors": [] })));
    let problem = "no handler for route \"secret/data/a\". route entry not found.";
    assert_eq!(server.send("GET", "team/secret/data/a"), (NOT_FOUND, json!({ "errors": [problem] })));
}

#[test]
fn disabling_a_mount_deletes_its_secrets() {
    let server = Server::new();
    for (kind, path) in [("kv-v1", "apps/a"), ("kv-v2", "apps/data/a")] {
        server.write("sys/mounts/apps", &json!({ "type": kind }));
        server.write(path, &json!({ "data": {} }));
        for _ in 0..2 {
            assert_eq!(server.send("DELETE", "sys/mounts/apps").0, 204);
        }
        server.write("sys/mounts/apps", &json!({ "type": kind }));
        assert_eq!(server.send("GET", path).0, NOT_FOUND);
        server.send("DELETE", "sys/mounts/apps");
    }
}

#[test]
fn version_1_keeps_the_fields_of_a_request() {
    let server = Server::new();
    server.write("sys/mounts/old", &json!({ "type": "kv", "config": { "default_lease_ttl": "1h" } }));
    for _ in 0..2 {
        server.write("old/a/b", &json!({ "path": 5, "n": null }));
    }
    server.write("old/c", &json!({ "ttl": "5m" }));
    for (path, data, seconds) in
        [("old/a/b", json!({ "path": 5, "n": null }), 3600), ("old/c", json!({ "ttl": "5m" }), 300)]
    {
        let (_, secret) = server.send("GET", path);
        assert_eq!((&secret["data"], &secret["lease_duration"]), (&data, &json!(seconds)));
    }
    assert_eq!(server.data("LIST", "old")["keys"], json!(["a/", "c"]));
    assert_eq!(server.data("SCAN", "old")["keys"], json!(["c", "a/b"]));
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", "old/c").0, 204);
    }
    for (verb, path, status, problem) in [
        ("GET", "old/c", 404, json!([])),
        ("LIST", "old/c", 404, json!([])),
        ("POST", "old/c", 400, json!(["missing data fields"])),
        ("POST", "old", 400, json!(["missing path"])),
    ] {
        assert_eq!(server.send(verb, path), (status, json!({ "errors": problem })), "{verb} {path}");
    }
}

#[test]
fn version_1_tells_creating_from_updating() {
    let server = Server::new();
    server.write("sys/mounts/old", &json!({ "type": "kv" }));
    let policy = r#"path "old/*" { capabilities = ["create"] }"#;
    server.write("sys/policies/acl/p", &json!({ "policy": policy }));
    server.write("auth/token/create", &json!({ "id": "t", "policies": ["p"] }));
    let body = json!({ "n": 1 });
    assert_eq!(server.send_as("t", "POST", "old/a", &body).0, 204);
    assert_eq!(server.send_as("t", "POST", "old/a", &body).0, 403);
}

#[test]
fn an_upgrade_keeps_secrets_as_first_versions() {
    let server = Server::new();
    server.write("sys/mounts/old", &json!({ "type": "kv" }));
    server.write("old/a", &json!({ "n": 1 }));
    for _ in 0..2 {
        server.write("sys/mounts/old/tune", &json!({ "options": { "version": "2" } }));
    }
    let secret = server.data("GET", "old/data/a");
    assert_eq!((&secret["data"], &secret["metadata"]["version"]), (&json!({ "n": 1 }), &json!(1)));
    assert_eq!(server.data("GET", "old/metadata/a")["oldest_version"], 1);
}
