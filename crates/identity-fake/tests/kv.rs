//! The engine `kv` on `FakeVault`, and what policies protect in it. The expected responses were recorded from
//! `OpenBao` 2.7.2.
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

    fn send_with(&self, headers: &[(&str, &str)], verb: &str, path: &str, body: &Value) -> (u16, Value) {
        let merge = [("content-type", "application/merge-patch+json")];
        let media_type = if verb == "PATCH" { &merge[..] } else { &[] };
        exchange(&self.0, &[headers, media_type].concat(), verb, path, body)
    }

    fn send(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send_with(&[("x-vault-token", token)], verb, path, body)
    }

    /// Sends a request that succeeds, and returns the data of the response.
    fn root(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (status, mut response) = self.send("root", verb, path, body);
        assert!(status < 300, "{verb} {path}: {response}");
        response["data"].take()
    }

    fn error(&self, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, mut response) = self.send("root", verb, path, body);
        (status, response["errors"].take())
    }

    fn put(&self, path: &str, data: &Value) -> Value {
        self.root("POST", &format!("secret/data/{path}"), &json!({ "data": data }))
    }

    fn get(&self, path: &str) -> Value {
        self.root("GET", &format!("secret/data/{path}"), &Value::Null)["data"].take()
    }

    fn status(&self, token: &str, verb: &str, path: &str) -> u16 {
        let body = if matches!(verb, "POST" | "PATCH") { json!({ "data": {} }) } else { Value::Null };
        let (status, response) = self.send(token, verb, path, &body);
        assert!(status != 403 || response["errors"][0] == DENIED, "{response}");
        status
    }

    /// Writes the policy `p` and returns a token with it.
    fn token(&self, policy: &str) -> String {
        self.root("PUT", "sys/policies/acl/p", &json!({ "policy": policy }));
        let body = json!({ "policies": ["p"] });
        let (_, created) = self.send("root", "POST", "auth/token/create", &body);
        created["auth"]["client_token"].as_str().unwrap().to_owned()
    }
}

#[test]
fn each_write_adds_a_version() {
    let server = Server::new();
    let (status, absent) = server.send("root", "GET", "secret/data/a", &Value::Null);
    assert_eq!((status, absent), (404, json!({ "errors": [] })));
    let first = server.put("a", &json!({ "n": 1 }));
    assert_eq!((&first["version"], &first["deletion_time"]), (&json!(1), &json!("")));
    assert_eq!(server.put("a", &json!({ "n": 2, "list": [1.5, null] }))["version"], 2);
    assert_eq!(server.get("a"), json!({ "n": 2, "list": [1.5, null] }));
    assert_eq!(server.get("a?version=1"), json!({ "n": 1 }));
    assert_eq!(server.error("GET", "secret/data/a?version=3", &Value::Null), (404, json!([])));
    let subkeys = server.root("GET", "secret/subkeys/a", &Value::Null);
    assert_eq!(subkeys["subkeys"], json!({ "n": null, "list": null }));
}

#[test]
fn numbers_are_rounded_to_floating_point() {
    let server = Server::new();
    server.put("a", &json!({ "big": 9_007_199_254_740_993_i64, "whole": 2.0, "half": 0.5 }));
    assert_eq!(server.get("a").to_string(), r#"{"big":9007199254740992,"half":0.5,"whole":2}"#);
}

#[test]
fn the_oldest_versions_are_removed() {
    let server = Server::new();
    for number in 1..=11 {
        server.put("a", &json!({ "n": number }));
    }
    let metadata = server.root("GET", "secret/metadata/a", &Value::Null);
    assert_eq!((&metadata["oldest_version"], &metadata["current_version"]), (&json!(2), &json!(11)));
    assert_eq!(metadata["versions"].as_object().unwrap().len(), 10);
    server.root("POST", "secret/metadata/a", &json!({ "max_versions": 2 }));
    server.put("a", &json!({}));
    let metadata = server.root("GET", "secret/metadata/a", &Value::Null);
    assert_eq!(metadata["versions"].as_object().unwrap().keys().collect::<Vec<_>>(), ["11", "12"]);
}

#[test]
fn deleted_versions_respond_with_their_metadata() {
    let server = Server::new();
    server.put("a", &json!({ "n": 1 }));
    server.put("a", &json!({ "n": 2 }));
    for _ in 0..2 {
        server.root("DELETE", "secret/data/a", &Value::Null);
        let (status, response) = server.send("root", "GET", "secret/data/a", &Value::Null);
        assert_eq!((status, &response["data"]["data"]), (404, &Value::Null));
        assert_eq!(response["data"]["metadata"]["version"], 2);
        assert_ne!(response["data"]["metadata"]["deletion_time"], "");
    }
    assert_eq!(server.send("root", "PATCH", "secret/data/a", &json!({ "data": {} })).0, 404);
    server.root("POST", "secret/undelete/a", &json!({ "versions": [2] }));
    assert_eq!(server.get("a"), json!({ "n": 2 }));

    server.root("POST", "secret/delete/a", &json!({ "versions": "1,2" }));
    assert_eq!(server.status("root", "GET", "secret/data/a?version=1"), 404);
    server.root("POST", "secret/destroy/a", &json!({ "versions": [1] }));
    server.root("POST", "secret/undelete/a", &json!({ "versions": [1, 2] }));
    let (status, response) = server.send("root", "GET", "secret/data/a?version=1", &Value::Null);
    assert_eq!((status, &response["data"]["metadata"]["destroyed"]), (404, &json!(true)));
    assert_eq!(server.get("a"), json!({ "n": 2 }));
    let none = (400, json!(["No version number provided"]));
    assert_eq!(server.error("POST", "secret/delete/a", &json!({})), none);
}

#[test]
fn a_check_and_set_needs_the_current_version() {
    let server = Server::new();
    let write =
        |cas: Value| server.error("POST", "secret/data/a", &json!({ "data": {}, "options": { "cas": cas } }));
    let problem = |text: &str| (400, json!([text]));
    assert_eq!(write(json!(1)), problem("check-and-set parameter did not match the current version"));
    assert_eq!(write(json!(0)).0, 200);
    assert_eq!(write(json!(0)), problem("check-and-set parameter did not match the current version"));
    assert_eq!(write(json!("x")), problem("error parsing check-and-set parameter"));
    server.root("POST", "secret/config", &json!({ "cas_required": true }));
    let without = server.error("POST", "secret/data/a", &json!({ "data": {} }));
    assert_eq!(without, problem("check-and-set parameter required for this call"));
    assert_eq!(write(json!("1")).0, 200);
}

#[test]
fn a_patch_merges_into_the_current_version() {
    let server = Server::new();
    let patch = |data: Value| server.send("root", "PATCH", "secret/data/a", &json!({ "data": data })).0;
    assert_eq!(patch(json!({ "a": 1 })), 404);
    server.put("a", &json!({ "keep": 1, "drop": 2, "deep": { "x": 1 } }));
    let change = json!({ "drop": null, "deep": { "y": { "none": null } }, "list": [null, { "none": null }] });
    for _ in 0..2 {
        assert_eq!(patch(change.clone()), 200);
        let merged = json!({ "keep": 1, "deep": { "x": 1, "y": {} }, "list": [null, {}] });
        assert_eq!(server.get("a"), merged);
    }
    server.put("a", &Value::Null);
    let problem = json!(["1 error occurred:\n\t* resource does not exist\n\n"]);
    assert_eq!(server.error("PATCH", "secret/data/a", &json!({ "data": {} })), (500, problem));
}

#[test]
fn versions_expire() {
    let server = Server::new();
    server.root("POST", "secret/config", &json!({ "delete_version_after": "1h" }));
    server.root("POST", "secret/metadata/a", &json!({ "delete_version_after": "2h" }));
    server.put("a", &json!({ "n": 1 }));
    server.0.advance(Duration::from_secs(3599));
    assert_eq!(server.get("a"), json!({ "n": 1 }));
    server.0.advance(Duration::from_secs(2));
    assert_eq!(server.status("root", "GET", "secret/data/a"), 404);
    server.root("POST", "secret/config", &json!({ "delete_version_after": "-1s" }));
    let config = server.root("GET", "secret/config", &Value::Null);
    assert_eq!(config["delete_version_after"], "-1s");
    assert_eq!(server.put("a", &json!({}))["deletion_time"], "");
}

#[test]
fn metadata_is_written_and_patched() {
    let server = Server::new();
    let metadata = || server.root("GET", "secret/metadata/a", &Value::Null);
    server.root("POST", "secret/metadata/a", &json!({}));
    assert_eq!(server.status("root", "GET", "secret/metadata/a"), 404);
    let body = json!({ "custom_metadata": { "owner": "x", "n": 5 }, "delete_version_after": "90m" });
    for version in 1..=2 {
        server.root("POST", "secret/metadata/a", &body);
        assert_eq!(metadata()["custom_metadata"], json!({ "owner": "x", "n": "5" }));
        assert_eq!(metadata()["delete_version_after"], "1h30m0s");
        assert_eq!(metadata()["current_metadata_version"], version);
    }
    server.root("PATCH", "secret/metadata/a", &json!({ "custom_metadata": { "n": null, "b": "c" } }));
    assert_eq!(metadata()["custom_metadata"], json!({ "owner": "x", "b": "c" }));
    let stale = json!({ "metadata_cas": 1, "max_versions": 3 });
    let problem = "metadata check-and-set parameter does not match the current version";
    assert_eq!(server.error("POST", "secret/metadata/a", &stale), (400, json!([problem])));
    let empty = json!({ "custom_metadata": { "k": "" } });
    assert_eq!(server.error("POST", "secret/metadata/a", &empty).0, 400);
    for _ in 0..2 {
        server.root("DELETE", "secret/metadata/a", &Value::Null);
        assert_eq!(server.status("root", "GET", "secret/metadata/a"), 404);
    }
}

#[test]
fn lists_show_one_level() {
    let server = Server::new();
    for path in ["l/a", "l/b", "l/b/c", "l/b/d/e"] {
        server.put(path, &json!({}));
    }
    let keys = |verb: &str, path: &str| server.root(verb, path, &Value::Null)["keys"].clone();
    assert_eq!(keys("LIST", "secret/metadata"), json!(["l/"]));
    assert_eq!(keys("LIST", "secret/metadata/l"), json!(["a", "b", "b/"]));
    assert_eq!(keys("GET", "secret/metadata/l/?list=true&after=a&limit=1"), json!(["b"]));
    assert_eq!(keys("SCAN", "secret/metadata/l"), json!(["a", "b", "b/c", "b/d/e"]));
    assert_eq!(server.error("LIST", "secret/metadata/none", &Value::Null), (404, json!([])));
    let detailed = server.root("LIST", "secret/detailed-metadata/l/b", &Value::Null);
    assert_eq!(detailed["key_info"]["c"]["current_version"], 1);
    assert_eq!(detailed["key_info"]["d/"], json!({}));
}

#[test]
fn other_paths_are_rejected_with_a_warning() {
    let server = Server::new();
    let (status, response) = server.send("root", "GET", "secret/a", &Value::Null);
    let warning = response["warnings"][0].as_str().unwrap();
    assert!(status == 404 && warning.ends_with("use 'bao kv get' for this operation."), "{response}");
    let (status, response) = server.send("root", "POST", "secret/data", &json!({}));
    let warning = "Non-listing operations on the root of a K/V v2 mount are not supported.";
    assert_eq!((status, &response["warnings"]), (404, &json!([warning])));
    assert_eq!(server.error("DELETE", "secret/config", &Value::Null).0, 405);
    let problem = "no handler for route \"secrets/data/a\". route entry not found.";
    assert_eq!(server.error("GET", "secrets/data/a", &Value::Null), (404, json!([problem])));
}

#[test]
fn responses_are_wrapped() {
    let server = Server::new();
    server.put("a", &json!({ "n": 1 }));
    let wrap = || {
        let headers = [("x-vault-token", "root"), ("x-vault-wrap-ttl", "60")];
        let (_, wrapped) = server.send_with(&headers, "GET", "secret/data/a", &Value::Null);
        json!({ "token": wrapped["wrap_info"]["token"] })
    };
    let unwrapped = server.send("root", "POST", "sys/wrapping/unwrap", &wrap());
    assert_eq!((unwrapped.0, &unwrapped.1["data"]["data"]), (200, &json!({ "n": 1 })));
    server.root("DELETE", "secret/data/a", &Value::Null);
    let unwrapped = server.send("root", "POST", "sys/wrapping/unwrap", &wrap());
    assert_eq!((unwrapped.0, &unwrapped.1["data"]["metadata"]["version"]), (404, &json!(1)));
}

#[test]
fn recorded_requests_do_not_show_values() {
    let server = Server::new();
    let body = json!({ "data": { "key": "hidden" }, "options": {} });
    server.root("POST", "secret/data/a", &body);
    let request = server.0.requests().pop().unwrap();
    assert_eq!(request.body, json!({ "data": "***", "options": {} }));
    assert!(!request.to_string().contains("hidden"), "{request}");
}

#[test]
fn templates_protect_the_secrets_of_an_entity() {
    let server = Server::new();
    let accessor = server.0.mount_auth("userpass");
    server.root("POST", "auth/userpass/users/al", &json!({ "password": "pw", "token_policies": "p" }));
    let log_in = || server.send("root", "POST", "auth/userpass/login/al", &json!({ "password": "pw" })).1;
    let auth = log_in()["auth"].take();
    let (id, token) = (auth["entity_id"].as_str().unwrap(), auth["client_token"].as_str().unwrap());
    let update = json!({ "name": "alice", "metadata": { "team": "blue" } });
    server.root("POST", &format!("identity/entity/id/{id}"), &update);
    let group = json!({ "name": "ops", "member_entity_ids": [id] });
    let group = server.root("POST", "identity/group", &group)["id"].take();
    let group = group.as_str().unwrap();

    let accessor = accessor.as_str();
    for (template, value) in [
        ("{{identity.entity.name}}", "alice"),
        ("{{identity.entity.metadata.team}}", "blue"),
        ("{{identity.entity.id}}", id),
        (&format!("{{{{identity.groups.ids.{group}.name}}}}"), "ops"),
        ("{{identity.groups.names.ops.id}}", group),
        (&format!("{{{{identity.entity.aliases.{accessor}.name}}}}"), "al"),
    ] {
        server.token(&format!(r#"path "secret/data/{template}/*" {{ capabilities = ["create", "read"] }}"#));
        let (own, other) = (format!("secret/data/{value}/key"), "secret/data/other/key");
        assert_eq!(server.status(token, "POST", &own), 200, "{template}");
        assert_eq!(server.status(token, "GET", &own), 200, "{template}");
        assert_eq!(server.status(token, "POST", &own), 403, "{template}: an update");
        assert_eq!(server.status(token, "GET", other), 403, "{template}");
        server.root("DELETE", &format!("secret/metadata/{value}/key"), &Value::Null);
    }
    server.root("POST", &format!("identity/group/id/{group}"), &json!({ "member_entity_ids": [] }));
    server.token(r#"path "secret/data/{{identity.groups.names.ops.id}}/*" { capabilities = ["read"] }"#);
    assert_eq!(server.status(token, "GET", &format!("secret/data/{group}/key")), 403);
}

#[test]
fn capabilities_protect_the_operations_of_kv() {
    type Row<'a> = (&'a str, [u16; 7]);

    let server = Server::new();
    server.put("a/known", &json!({}));
    // A rule, and the statuses of requests to the secret `a/known`, to a new one, and to the list.
    let rows: [Row<'_>; 7] = [
        // GET, POST known, POST new, PATCH, DELETE, LIST, SCAN
        (r#"path "secret/*" { capabilities = ["read"] }"#, [200, 403, 403, 403, 403, 403, 403]),
        (r#"path "secret/*" { capabilities = ["create"] }"#, [403, 403, 200, 403, 403, 403, 403]),
        (r#"path "secret/+/a/known" { capabilities = ["update"] }"#, [403, 200, 403, 403, 403, 403, 403]),
        (r#"path "secret/data/+/known" { capabilities = ["patch"] }"#, [403, 403, 403, 200, 403, 403, 403]),
        (r#"path "secret/metadata/*" { capabilities = ["list"] }"#, [403, 403, 403, 403, 403, 200, 403]),
        (r#"path "secret/metadata/a" { capabilities = ["scan"] }"#, [403, 403, 403, 403, 403, 403, 200]),
        (
            r#"path "secret/*" { capabilities = ["create", "delete", "list", "patch", "read", "scan", "update"] }
               path "secret/data/a/known" { capabilities = ["deny"] }"#,
            [403, 403, 200, 403, 403, 200, 200],
        ),
    ];
    for (policy, expected) in rows {
        let token = server.token(policy);
        let statuses = [
            ("GET", "secret/data/a/known"),
            ("POST", "secret/data/a/known"),
            ("POST", "secret/data/a/new"),
            ("PATCH", "secret/data/a/known"),
            ("DELETE", "secret/data/a/known"),
            ("LIST", "secret/metadata/a"),
            ("SCAN", "secret/metadata/a"),
        ]
        .map(|(verb, path)| server.status(&token, verb, path));
        assert_eq!(statuses, expected, "{policy}");
        server.root("DELETE", "secret/metadata/a/new", &Value::Null);
    }
}

#[test]
fn invalid_fields_are_rejected_before_permissions_are_checked() {
    let server = Server::new();
    let token = server.token("# nothing");
    let (status, response) = server.send(&token, "POST", "secret/data/a", &json!({ "data": 1 }));
    assert_eq!(status, 400, "{response}");
    let (status, _) = server.send(&token, "PATCH", "secret/data/a", &json!({ "data": 1 }));
    assert_eq!(status, 403);
}

#[test]
fn policies_limit_parameters() {
    let server = Server::new();
    let write = |limits: &str, body: Value| {
        let policy =
            format!(r#"path "secret/metadata/a" {{ capabilities = ["create", "update"] {limits} }}"#);
        server.send(&server.token(&policy), "POST", "secret/metadata/a", &body).0
    };
    let allowed = r#"allowed_parameters = { "max_versions" = [], "custom_metadata" = [] }"#;
    assert_eq!(write(allowed, json!({ "max_versions": 1 })), 204);
    assert_eq!(write(allowed, json!({ "max_versions": 1, "cas_required": true })), 403);
    assert_eq!(write(allowed, json!({})), 204);
    let values = r#"allowed_parameters = { "delete_version_after" = ["1*"], "*" = [] }"#;
    assert_eq!(write(values, json!({ "delete_version_after": "1h", "max_versions": 1 })), 204);
    assert_eq!(write(values, json!({ "delete_version_after": "2h" })), 403);
    let denied = r#"denied_parameters = { "CAS_required" = [true], "max_versions" = [] }"#;
    assert_eq!(write(denied, json!({ "cas_required": true })), 403);
    assert_eq!(write(denied, json!({ "cas_required": false })), 204);
    assert_eq!(write(denied, json!({ "max_versions": 1 })), 403);
    let required = r#"required_parameters = ["max_versions"]"#;
    assert_eq!(write(required, json!({ "cas_required": false })), 403);
    assert_eq!(write(required, json!({ "max_versions": 1 })), 204);
}

#[test]
fn policies_limit_wrapping_lists_and_time() {
    let server = Server::new();
    for path in ["l/a", "l/b", "l/c"] {
        server.put(path, &json!({}));
    }
    let token = server.token(
        r#"path "secret/data/l/a" { capabilities = ["read"] min_wrapping_ttl = 10 max_wrapping_ttl = "1m" }"#,
    );
    for (ttl, expected) in [("", 403), ("5s", 403), ("10", 200), ("1m", 200), ("61s", 403)] {
        let headers = [("x-vault-token", &*token), ("x-vault-wrap-ttl", ttl)];
        let headers = if ttl.is_empty() { &headers[..1] } else { &headers };
        assert_eq!(server.send_with(headers, "GET", "secret/data/l/a", &Value::Null).0, expected, "{ttl}");
    }
    let token = server.token(r#"path "secret/metadata/l" { capabilities = ["list"] pagination_limit = 2 }"#);
    for (query, expected) in [("", 2), ("?limit=1", 1), ("?limit=max", 2), ("?limit=0", 2)] {
        let path = format!("secret/metadata/l{query}");
        let (_, response) = server.send(&token, "LIST", &path, &Value::Null);
        assert_eq!(response["data"]["keys"].as_array().map(Vec::len), Some(expected), "{query}");
    }
    assert_eq!(server.status(&token, "LIST", "secret/metadata/l?limit=3"), 403);

    let token = server
        .token(r#"path "secret/data/l/a" { capabilities = ["read"] expiration = "2099-01-01T00:00:00Z" }"#);
    assert_eq!(server.status(&token, "GET", "secret/data/l/a"), 200);
    server.token(r#"path "secret/data/l/a" { capabilities = ["read"] expiration = 1600000000 }"#);
    assert_eq!(server.status(&token, "GET", "secret/data/l/a"), 403);
}

#[test]
fn invalid_limits_are_rejected() {
    let server = Server::new();
    let write = |limits: &str| {
        let policy = format!(r#"path "a" {{ {limits} }}"#);
        let (status, errors) = server.error("PUT", "sys/policies/acl/p", &json!({ "policy": policy }));
        (status, errors[0].as_str().unwrap_or_default().to_owned())
    };
    for (limits, problem) in [
        (
            r#"allowed_parameters = "x""#,
            r#"path "a": At 1:33: root.allowed_parameters: not an object type for map (*ast.LiteralType)"#,
        ),
        (r#"denied_parameters = { a = "x" }"#, r#"path "a": At 1:38: unknown slice type: *ast.LiteralType"#),
        (r#"required_parameters = "a""#, r#"path "a": At 1:34: unknown slice type: *ast.LiteralType"#),
        (r#"min_wrapping_ttl = "x""#, r#"error parsing min_wrapping_ttl: time: invalid duration "x""#),
        (
            r#"min_wrapping_ttl = "1h" max_wrapping_ttl = 60"#,
            "max_wrapping_ttl cannot be less than min_wrapping_ttl",
        ),
        (r#"pagination_limit = "x""#, r#"path "a": strconv.ParseInt: parsing "x": invalid syntax"#),
        (
            r#"expiration = "x""#,
            r#"path "a": invalid expiration time: could not parse string as date and time"#,
        ),
    ] {
        assert_eq!(write(limits), (400, format!("failed to parse policy: path \"a\": {problem}")));
    }
}

#[test]
fn nested_documents_are_rejected() {
    let server = Server::new();
    for policy in ["a {".repeat(1400), format!("path \"a\" {{ comment = {}", "[".repeat(100_000))] {
        let (status, errors) = server.error("PUT", "sys/policies/acl/p", &json!({ "policy": policy }));
        assert!(status == 400 && errors[0].as_str().unwrap().ends_with("nested too deeply"), "{errors}");
    }
}

#[test]
fn data_is_found_by_the_path_of_the_write_only() {
    let server = Server::new();
    server.put("b%2F%2Fc", &json!({ "k": "v" }));
    assert_eq!(server.get("b%2F%2Fc"), json!({ "k": "v" }));
    let error = json!(["1 error occurred:\n\t* could not find version data\n\n"]);
    let patch = json!({ "data": { "k": "w" } });
    for (verb, path) in
        [("GET", "secret/data/b/c"), ("GET", "secret/subkeys/b/c"), ("PATCH", "secret/data/b/c")]
    {
        assert_eq!(server.error(verb, path, &patch), (500, error.clone()), "{verb} {path}");
    }
}
