//! ACL policies on `FakeVault`. The expected responses were recorded from `OpenBao` 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

const DENIED: &str = "1 error occurred:\n\t* permission denied\n\n";

struct Server(FakeVault);

impl Server {
    /// Mounts `userpass` and creates the entities alice and bob.
    fn new() -> Self {
        let server = Self(FakeVault::new());
        server.0.mount_auth("userpass");
        for name in ["alice", "bob"] {
            server.root("POST", "identity/entity", &json!({ "name": name }));
        }
        server
    }

    fn send(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        exchange(&self.0, &[("x-vault-token", token)], verb, path, body)
    }

    fn root(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (status, response) = self.send("root", verb, path, body);
        assert!(status < 300, "{verb} {path}: {response}");
        response
    }

    fn write(&self, name: &str, policy: &str) -> (u16, Value) {
        self.send("root", "PUT", &format!("sys/policies/acl/{name}"), &json!({ "policy": policy }))
    }

    fn token(&self, policies: &[&str]) -> String {
        let body = json!({ "policies": policies });
        self.root("POST", "auth/token/create", &body)["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    fn capabilities(&self, token: &str, path: &str) -> Value {
        let (status, response) =
            self.send(token, "POST", "sys/capabilities-self", &json!({ "paths": [path] }));
        assert_eq!(status, 200, "{response}");
        assert_eq!(response["data"][path], response["capabilities"]);
        response["capabilities"].clone()
    }

    fn status(&self, token: &str, verb: &str, path: &str) -> u16 {
        let body = if verb == "POST" { json!({}) } else { Value::Null };
        self.send(token, verb, path, &body).0
    }

    /// Creates a user with a password and an entity. Returns both the entity and a token.
    fn user(&self) -> (Value, String) {
        self.root("POST", "auth/userpass/users/x", &json!({ "password": "pw" }));
        let auth = self.root("POST", "auth/userpass/login/x", &json!({ "password": "pw" }));
        let token = auth["auth"]["client_token"].as_str().unwrap().to_owned();
        (auth["auth"]["entity_id"].clone(), token)
    }

    fn update(&self, entity: &Value, body: &Value) {
        self.root("POST", &format!("identity/entity/id/{}", entity.as_str().unwrap()), body);
    }
}

/// Policies, a path, and the capabilities there.
const MATCHES: &[(&str, &str, &[&str])] = &[
    (r#"path "a" {capabilities=["read"]}"#, "a", &["read"]),
    (r#"path "a" {capabilities=["read"]}"#, "a/", &["read"]),
    (r#"path "a" {capabilities=["read"]}"#, "/a", &["read"]),
    (r#"path "/a" {capabilities=["read"]}"#, "a", &["read"]),
    (r#"path "a/" {capabilities=["read"]}"#, "a", &["deny"]),
    (r#"path "a" {}"#, "a", &["deny"]),
    (r#"path "a*c" {capabilities=["read"]}"#, "abc", &["deny"]),
    (r#"path "*" {capabilities=["read"]}"#, "a/b", &["read"]),
    (r#"path "a*" {capabilities=["read"]} path "a" {capabilities=["list"]}"#, "a", &["list"]),
    (r#"path "a" {capabilities=["read"]} path "a" {capabilities=["list"]}"#, "a", &["list", "read"]),
    (r#"path "a" {capabilities=["read"]} path "a" {capabilities=["deny"]}"#, "a", &["deny"]),
    (r#"path "a" {capabilities=["read", "deny"]}"#, "a", &["deny"]),
    (r#"path "a/*" {capabilities=["read"]} path "a/b*" {capabilities=["list"]}"#, "a/bc", &["list"]),
    (r#"path "a/+" {capabilities=["read"]}"#, "a/b", &["read"]),
    (r#"path "a/+" {capabilities=["read"]}"#, "a/b/", &["read"]),
    (r#"path "a/+" {capabilities=["read"]}"#, "a/b/c", &["deny"]),
    (r#"path "a/+/" {capabilities=["read"]}"#, "a/b", &["deny"]),
    (r#"path "a/+b/c" {capabilities=["read"]}"#, "a/xb/c", &["deny"]),
    (r#"path "a/+/b*" {capabilities=["read"]}"#, "a/x/bc/d", &["read"]),
    // Of patterns whose first wildcard is at the same position, those without `*` at the end are more
    // specific …
    (r#"path "a/+" {capabilities=["read"]} path "a/*" {capabilities=["deny"]}"#, "a/b", &["read"]),
    (
        r#"path "a/+/+/d" {capabilities=["sudo"]} path "a/+/x/*" {capabilities=["read"]}"#,
        "a/z/x/d",
        &["sudo"],
    ),
    // … and a later wildcard is more specific than an earlier one.
    (r#"path "a/+/c" {capabilities=["read"]} path "a/b/*" {capabilities=["list"]}"#, "a/b/c", &["list"]),
    (r#"path "+/b" {capabilities=["read"]} path "+/b*" {capabilities=["list"]}"#, "a/b", &["read"]),
    (r#"path "+/b/+" {capabilities=["read"]} path "+/+/c" {capabilities=["list"]}"#, "a/b/c", &["read"]),
    (r#"path "a" {policy="write"}"#, "a", &["create", "delete", "list", "read", "update"]),
    (r#"path "a" {policy="read" capabilities=["update"]}"#, "a", &["list", "read", "update"]),
    (r#"{"path":{"a":{"capabilities":["read"]}}}"#, "a", &["read"]),
    (r#"{"path":[{"a":{"capabilities":["read"]}}]}"#, "a", &["read"]),
    (
        "# c\nname = \"q\" // c\n/* c */ path a {\n capabilities = [\"read\",]\n comment = \"c\" }",
        "a",
        &["read"],
    ),
    ("cGF0aCAiYSIgeyBjYXBhYmlsaXRpZXMgPSBbInJlYWQiXSB9", "a", &["read"]),
    (r#"path "a" {capabilities=[, "read",, ]}"#, "a", &["read"]),
    ("# nothing", "a", &["deny"]),
];

#[test]
fn the_most_specific_path_applies() {
    let server = Server::new();
    server.write("p", "# nothing");
    let token = server.token(&["p"]);
    for (policy, path, capabilities) in MATCHES {
        assert_eq!(server.write("p", policy), (204, Value::Null), "{policy}");
        assert_eq!(server.capabilities(&token, path), json!(capabilities), "{policy} at {path}");
    }
    assert_eq!(server.capabilities("root", "a"), json!(["root"]));
}

/// Invalid documents and their messages.
const FAULTS: &[(&str, &str)] = &[
    (r#"path "a" { capabilities = ["nope"] }"#, r#"path "a": path "a": invalid capability "nope""#),
    (r#"path "a" { capabilities = ["READ"] }"#, r#"path "a": path "a": invalid capability "READ""#),
    (r#"path "a" { capabilities = [1] }"#, r#"path "a": path "a": invalid capability "1""#),
    (
        r#"path "a" { capabilities = "read" }"#,
        r#"path "a": path "a": At 1:27: unknown slice type: *ast.LiteralType"#,
    ),
    (r#"path "a" { policy = "x" }"#, r#"path "a": path "a": invalid policy "x""#),
    (r#"path "a" { capabilities = ["read"]"#, "At 1:36: object expected closing RBRACE got: EOF"),
    (
        r#"path "a" { capabilities = ["read" }"#,
        "At 1:35: error parsing list, expected comma or list end, got: RBRACE",
    ),
    (r#"path "a" {} }"#, "At 1:13: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE"),
    (r#"path "a" { capabilities x = [] }"#, "At 1:27: nested object expected: LBRACE got: ASSIGN"),
    ("path true {}", "At 1:6: expected: IDENT | STRING | ASSIGN | LBRACE got: BOOL"),
    ("garbage", "At 1:9: key 'garbage' expected start of object ('{') or assignment ('=')"),
    ("path 'a' {}", "At 1:6: illegal char"),
    ("x=1\ny=2", "2 errors occurred:\n\t* invalid key \"x\" on line 1\n\t* invalid key \"y\" on line 2\n\n"),
    ("path \"a\" {\n foo = 1 }", "path \"a\": 1 error occurred:\n\t* invalid key \"foo\" on line 2\n\n"),
    (r#"path "a/+*" {}"#, r#"path "a/+*": path "a/+*": invalid use of wildcards ('+*' is forbidden)"#),
    (
        r#"path "x/{{identity.entity.id" {}"#,
        r#"path "x/{{identity.entity.id": failed to validate policy templating: unbalanced templating characters"#,
    ),
    (r#"path = "a""#, r#"path "path": cannot check HCL keys of type *ast.LiteralType"#),
    (r#"{"path":{"a":{"capabilities":["nope"]}}}"#, r#"path "a": path "a": invalid capability "nope""#),
];

#[test]
fn invalid_policies_are_rejected() {
    let server = Server::new();
    for (document, problem) in FAULTS {
        let response = json!({ "errors": [format!("failed to parse policy: {problem}")] });
        assert_eq!(server.write("p", document), (400, response), "{document}");
    }
    assert_eq!(server.status("root", "GET", "sys/policies/acl/p"), 404);
}

/// Any document is either accepted or rejected.
#[test]
fn no_document_panics() {
    let server = Server::new();
    let whole = "path \"a/+\" { capabilities = [\"read\", \"ü\\\"\"] x = { y = -1.5 } } # é\n/* {{ }} */ \"q\" = [[], {}]";
    for (end, _) in whole.char_indices() {
        for tail in ["", "\"", "{", "}", "[", "]", "=", ",", "\\", "/*", "\u{0}", "{{", "}}", "é", "\n"] {
            let (status, _) = server.write("p", &format!("{}{tail}", &whole[..end]));
            assert!(status == 204 || status == 400);
            let (status, _) = server.write("p", &format!("{tail}{}", &whole[end..]));
            assert!(status == 204 || status == 400);
        }
    }
}

#[test]
fn verbs_require_capabilities() {
    let server = Server::new();
    let able = |capability: &str| {
        server.write(capability, &format!(r#"path "*" {{ capabilities = ["{capability}"] }}"#));
        server.token(&[capability])
    };
    let [create, read, update, delete, list] = ["create", "read", "update", "delete", "list"].map(able);
    for (verb, path, token) in [
        ("GET", "identity/entity/name/alice", &read),
        ("POST", "identity/entity/name/alice", &update),
        ("DELETE", "identity/entity/name/bob", &delete),
        ("LIST", "identity/entity/name", &list),
        ("GET", "identity/entity/name?list=true", &list),
        // The server checks only these for existence.
        ("POST", "identity/entity/name/new", &update),
        ("POST", "identity/oidc/key/new", &create),
        ("POST", "identity/oidc/key/new", &update),
        ("POST", "identity/oidc/provider/default", &update),
        ("POST", "identity/oidc/key/default/rotate", &update),
    ] {
        for other in [&create, &read, &update, &delete, &list] {
            if other != token {
                assert_eq!(server.status(other, verb, path), 403, "{verb} {path}");
            }
        }
        assert!(server.status(token, verb, path) < 300, "{verb} {path}");
    }
    let response = server.send(&read, "POST", "identity/entity", &json!({}));
    assert_eq!(response, (403, json!({ "errors": [DENIED] })));
    assert_eq!(server.status(&read, "POST", "identity/nope"), 403);
    assert_eq!(server.status(&update, "POST", "identity/nope"), 404);
}

#[test]
fn mounts_and_accessors_require_sudo() {
    let server = Server::new();
    let document = |more: &str| {
        format!(r#"path "*" {{ capabilities = ["create", "read", "update", "delete", "list"{more}] }}"#)
    };
    server.write("some", &document(""));
    server.write("all", &document(r#", "sudo""#));
    let (some, all) = (server.token(&["some"]), server.token(&["all"]));
    for (verb, path, status) in [
        ("GET", "sys/auth/userpass", 200),
        ("LIST", "auth/token/accessors", 200),
        ("DELETE", "sys/auth/userpass", 204),
    ] {
        assert_eq!(server.status(&some, verb, path), 403, "{verb} {path}");
        assert_eq!(server.status(&all, verb, path), status, "{verb} {path}");
    }
    assert_eq!(server.status(&some, "GET", "sys/auth"), 200);
    for (body, problem) in [
        (json!({ "id": "x" }), "root or sudo privileges required to specify token id"),
        (json!({ "no_parent": true }), "root or sudo privileges required to create orphan token"),
        (json!({ "period": "1h" }), "root or sudo privileges required to create periodic token"),
        (json!({ "policies": ["other"] }), "child policies must be subset of parent"),
        (json!({ "policies": ["root"] }), "child policies must be subset of parent"),
    ] {
        let response = server.send(&some, "POST", "auth/token/create", &body);
        assert_eq!(response, (400, json!({ "errors": [problem] })), "{body}");
    }
    let more = json!({ "policies": ["other"], "no_parent": true, "period": "1h" });
    assert_eq!(server.send(&all, "POST", "auth/token/create", &more).0, 200);
}

#[test]
fn policies_of_entities_and_groups_apply_immediately() {
    let server = Server::new();
    let (entity, token) = server.user();
    let may = |name: &str| server.status(&token, "GET", &format!("identity/entity/name/{name}")) == 200;
    server.update(&entity, &json!({ "policies": ["of-entity"] }));
    assert!(!may("alice"));
    server.write("of-entity", r#"path "identity/entity/name/alice" {capabilities=["read"]}"#);
    server.write("of-group", r#"path "identity/entity/name/bob" {capabilities=["read"]}"#);
    assert!(may("alice") && !may("bob"));

    let inner = json!({ "name": "inner", "member_entity_ids": [entity] });
    let inner = server.root("POST", "identity/group", &inner)["data"]["id"].clone();
    let outer = json!({ "name": "outer", "member_group_ids": [inner], "policies": ["of-group"] });
    server.root("POST", "identity/group", &outer);
    assert!(may("alice") && may("bob"));
    server.root("POST", "identity/group/name/outer", &json!({ "policies": [""] }));
    assert!(may("alice") && !may("bob"));
    server.root("POST", "identity/group/name/inner", &json!({ "policies": ["of-group"] }));
    assert!(may("bob"));
    server.root("DELETE", "sys/policies/acl/of-entity", &Value::Null);
    assert!(!may("alice") && may("bob"));
    server.write("deny", r#"path "identity/entity/name/bob" {capabilities=["deny"]}"#);
    server.update(&entity, &json!({ "policies": ["deny"] }));
    assert!(!may("bob"));
}

#[test]
fn templates_expand_for_the_entity() {
    let server = Server::new();
    let (entity, token) = server.user();
    let accessor = server.root("GET", "sys/auth/userpass", &Value::Null)["accessor"].clone();
    let inner = json!({ "name": "g", "member_entity_ids": [entity] });
    let group = server.root("POST", "identity/group", &inner)["data"]["id"].clone();
    let template = r#"
        path "identity/entity/name/{{identity.entity.metadata.peer}}" { capabilities = ["read"] }
        path "identity/group/name/{{identity.groups.names.g.name}}" { capabilities = ["read"] }
        path "identity/group/id/{{ identity.groups.names.g.id }}" { capabilities = ["read"] }
        path "lookup/{{identity.entity.aliases.ACCESSOR.name}}" { capabilities = ["update"] }
    "#;
    server.write("t", &template.replace("ACCESSOR", accessor.as_str().unwrap()));
    server.update(&entity, &json!({ "policies": ["t"] }));
    let id = entity.as_str().unwrap();
    assert_eq!(server.status(&token, "GET", "identity/entity/name/bob"), 403);
    server.update(&entity, &json!({ "metadata": { "peer": "bob" } }));
    assert_eq!(server.status(&token, "GET", "identity/entity/name/bob"), 200);
    assert_eq!(server.status(&token, "GET", "identity/entity/name/alice"), 403);
    assert_eq!(server.status(&token, "GET", "identity/group/name/g"), 200);
    assert_eq!(server.status(&token, "GET", &format!("identity/group/id/{}", group.as_str().unwrap())), 200);
    assert_eq!(server.capabilities(&token, "lookup/x"), json!(["update"]));

    // The policy `default` has such paths too.
    let name = server.root("GET", &format!("identity/entity/id/{id}"), &Value::Null)["data"]["name"].clone();
    for own in
        [format!("identity/entity/id/{id}"), format!("identity/entity/name/{}", name.as_str().unwrap())]
    {
        assert_eq!(server.status(&token, "GET", &own), 200);
        assert_eq!(server.status(&token, "POST", &own), 403);
    }

    // A value with wildcards or slashes invalidates the token.
    for value in ["*", "a/b", "a+b"] {
        server.update(&entity, &json!({ "metadata": { "peer": value } }));
        let response = server.send(&token, "GET", "auth/token/lookup-self", &Value::Null);
        assert_eq!(response, (400, json!({ "errors": ["Forbidden"] })));
    }
}

#[test]
fn the_default_policy_grants_little() {
    let server = Server::new();
    let token = server.token(&["default"]);
    for (path, capabilities) in [
        ("auth/token/lookup-self", json!(["read"])),
        ("auth/token/renew-self", json!(["update"])),
        ("sys/capabilities-self", json!(["update"])),
        ("sys/wrapping/wrap", json!(["update"])),
        ("identity/oidc/provider/p/authorize", json!(["read", "update"])),
        ("identity/oidc/provider/p/userinfo", json!(["deny"])),
        ("identity/entity", json!(["deny"])),
    ] {
        assert_eq!(server.capabilities(&token, path), capabilities, "{path}");
    }
    let without = json!({ "policies": ["p"], "no_default_policy": true });
    let response = server.root("POST", "auth/token/create", &without);
    assert_eq!(response["warnings"], json!([r#"Policy "p" does not exist"#]));
    let without = response["auth"]["client_token"].as_str().unwrap();
    for (verb, path) in [("GET", "auth/token/lookup-self"), ("POST", "auth/token/revoke-self")] {
        assert_eq!(server.status(without, verb, path), 403);
    }
}

#[test]
fn namespaces_have_separate_policies() {
    let server = Server::new();
    server.0.create_namespace("team");
    server.root("POST", "team/identity/entity", &json!({ "name": "tom" }));
    assert_eq!(
        server.root("LIST", "team/sys/policies/acl", &Value::Null)["data"]["keys"],
        json!(["default"])
    );

    server.write(
        "p",
        r#"path "identity/*" {capabilities=["list"]} path "team/identity/*" {capabilities=["read"]}"#,
    );
    let token = server.token(&["p"]);
    assert_eq!(server.status(&token, "GET", "team/identity/entity/name/tom"), 200);
    assert_eq!(server.status(&token, "LIST", "team/identity/entity/name"), 403);
    assert_eq!(server.status(&token, "LIST", "identity/entity/name"), 200);
    assert_eq!(server.status(&token, "GET", "team/auth/token/lookup-self"), 200);

    let policy = json!({ "policy": r#"path "identity/*" {capabilities=["read"]}"# });
    server.root("POST", "team/sys/policies/acl/q", &policy);
    let auth = server.root("POST", "team/auth/token/create", &json!({ "policies": ["q"] }));
    let token = auth["auth"]["client_token"].as_str().unwrap();
    assert_eq!(server.status(token, "GET", "team/identity/entity/name/tom"), 200);
    assert_eq!(server.status(token, "GET", "identity/entity/name/alice"), 403);
    assert_eq!(server.status(token, "GET", "auth/token/lookup-self"), 200);
}

#[test]
fn policies_are_read_as_written() {
    let server = Server::new();
    let document = r#"path "a" {capabilities=["read"]}"#;
    let old = server.root("POST", "sys/policy/Old", &json!({ "rules": document }));
    assert_eq!(old["warnings"], json!(["'rules' is deprecated, please use 'policy' instead"]));
    let policy = server.root("GET", "sys/policy/old", &Value::Null);
    assert_eq!((&policy["rules"], &policy["data"]["rules"]), (&json!(document), &json!(document)));
    server.write("OLD", document);
    let policy = server.root("GET", "sys/policies/acl/old", &Value::Null);
    assert_eq!((&policy["data"]["policy"], &policy["data"]["version"]), (&json!(document), &json!(2)));
    let names = json!(["default", "old", "root"]);
    assert_eq!(server.root("GET", "sys/policy", &Value::Null)["policies"], names);
    assert_eq!(server.root("LIST", "sys/policies/acl", &Value::Null)["data"]["keys"], names);
    assert_eq!(server.send("root", "POST", "sys/policy/root", &json!({ "policy": document })).0, 400);
    assert_eq!(server.send("root", "DELETE", "sys/policy/default", &Value::Null).0, 400);
}

#[test]
fn tokens_are_found_by_their_accessors() {
    let server = Server::new();
    let token = server.token(&["default"]);
    let itself = server.send(&token, "GET", "auth/token/lookup-self", &Value::Null).1["data"].clone();
    let accessor = json!({ "accessor": itself["accessor"] });
    let found = server.root("POST", "auth/token/lookup-accessor", &accessor)["data"].clone();
    assert_eq!((&found["id"], &found["accessor"]), (&json!(""), &itself["accessor"]));
    let all = server.root("LIST", "auth/token/accessors", &Value::Null);
    assert!(all["data"]["keys"].as_array().unwrap().contains(&itself["accessor"]));
    let pending = json!({ "accessor": itself["accessor"], "path": "auth/token/lookup-self" });
    assert_eq!(server.root("POST", "sys/capabilities-accessor", &pending)["capabilities"], json!(["read"]));

    assert_eq!(server.root("POST", "auth/token/revoke-accessor", &accessor), Value::Null);
    assert_eq!(server.status(&token, "GET", "auth/token/lookup-self"), 403);
    let gone = server.root("POST", "auth/token/revoke-accessor", &accessor);
    assert_eq!(gone["warnings"], json!(["No token found with this accessor"]));
    let response = server.send("root", "POST", "auth/token/lookup-accessor", &accessor);
    assert_eq!(response, (400, json!({ "errors": ["1 error occurred:\n\t* invalid accessor\n\n"] })));
    let response = server.send("root", "POST", "auth/token/lookup-accessor", &json!({}));
    assert_eq!(response, (400, json!({ "errors": ["1 error occurred:\n\t* missing accessor\n\n"] })));
}

#[test]
fn capabilities_are_returned_for_each_path() {
    let server = Server::new();
    let token = server.token(&["default"]);
    let send = |body: Value| server.send(&token, "POST", "sys/capabilities-self", &body);
    assert_eq!(send(json!({})), (400, json!({ "errors": ["paths must be supplied"] })));
    let (_, two) = send(json!({ "path": "a,b" }));
    assert_eq!(two["data"], json!({ "a": ["deny"], "b": ["deny"] }));
    let (_, one) = send(json!({ "path": "a", "paths": ["b"] }));
    assert_eq!(one["data"], json!({ "b": ["deny"], "capabilities": ["deny"] }));
    let body = json!({ "path": "sys/wrapping/wrap", "token": token });
    assert_eq!(server.root("POST", "sys/capabilities", &body)["capabilities"], json!(["update"]));
    let response = server.send("root", "POST", "sys/capabilities", &json!({ "path": "a", "token": "x" }));
    assert_eq!(response, (400, json!({ "errors": ["1 error occurred:\n\t* invalid token\n\n"] })));
}
