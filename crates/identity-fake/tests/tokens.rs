//! Tokens on `FakeVault`. The expected responses were recorded from `OpenBao` 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::{BlockingTransport, ExposeSecret};
use identity_fake::FakeVault;
use serde_json::{Value, json};

const DEFAULT_TTL: u64 = 32 * 24 * 60 * 60;

struct Server(FakeVault);

impl Server {
    fn new() -> Self {
        Self(FakeVault::new())
    }

    fn send(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request =
            Request::builder().method(verb).uri(format!("/v1/{path}")).header("x-vault-token", token);
        let response = BlockingTransport::send(&self.0, request.body(Bytes::from(body)).unwrap()).unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    fn root(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (status, response) = self.send("root", verb, path, body);
        assert!(status < 300, "{verb} {path}: {response}");
        response
    }

    fn create_by(&self, creator: &str, path: &str, body: &Value) -> String {
        let (status, response) = self.send(creator, "POST", path, body);
        assert_eq!(status, 200, "{body}: {response}");
        response["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    fn create(&self, body: &Value) -> String {
        self.create_by("root", "auth/token/create", body)
    }

    /// Creates a token that may use `auth/token`.
    fn user(&self) -> String {
        let policy = r#"path "auth/token/*" { capabilities = ["create", "read", "update"] }"#;
        self.root("PUT", "sys/policies/acl/tokens", &json!({ "policy": policy }));
        self.create(&json!({ "policies": ["tokens"] }))
    }

    fn lookup(&self, token: &str) -> Value {
        self.root("POST", "auth/token/lookup", &json!({ "token": token }))["data"].take()
    }

    fn exists(&self, token: &str) -> bool {
        self.send("root", "POST", "auth/token/lookup", &json!({ "token": token })).0 == 200
    }

    fn is_accepted(&self, token: &str) -> bool {
        self.send(token, "GET", "auth/token/lookup-self", &Value::Null).0 == 200
    }

    fn advance(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    fn rejects(&self, token: &str, path: &str, body: &Value, status: u16, message: &str) {
        let (actual, response) = self.send(token, "POST", path, body);
        assert_eq!((actual, &response["errors"]), (status, &json!([message])), "{path} {body}");
    }

    /// Mounts `userpass`, creates a user, and returns the `auth` part of a login.
    fn log_in(&self) -> Value {
        self.0.mount_auth("userpass");
        self.root("POST", "auth/userpass/users/alice", &json!({ "password": "pw" }));
        self.root("POST", "auth/userpass/login/alice", &json!({ "password": "pw" }))["auth"].take()
    }
}

#[test]
fn creation_errors() {
    let server = Server::new();
    let user = server.user();
    let batch = server.create(&json!({ "policies": ["tokens"], "type": "batch" }));
    let limited = server.create(&json!({ "policies": ["tokens"], "num_uses": 2 }));
    let expiring = server.create(&json!({ "ttl": "1h" }));
    server.create(&json!({ "id": "mine" }));
    for (token, body, message) in [
        ("root", json!({ "type": "x" }), "invalid 'token_type' value"),
        ("root", json!({ "type": "batch" }), "batch tokens cannot be root tokens"),
        ("root", json!({ "type": "batch", "period": "x" }), "'period' value could not be parsed"),
        ("root", json!({ "type": "batch", "num_uses": 1 }), "batch tokens cannot have \"num_uses\" set"),
        ("root", json!({ "num_uses": -1 }), "number of uses cannot be negative"),
        ("root", json!({ "id": "s.x" }), "custom token ID cannot have the 's.' prefix"),
        ("root", json!({ "id": "hvs.x" }), "custom token ID cannot have the 'hvs.' prefix"),
        ("root", json!({ "id": "a.b" }), "custom token ID cannot have a '.' in the value"),
        ("root", json!({ "id": "mine" }), "cannot create a token with a duplicate ID"),
        ("root", json!({ "ttl": "-1" }), "ttl must be positive"),
        ("root", json!({ "ttl": "x" }), "time: invalid duration \"x\""),
        ("root", json!({ "lease": "-1" }), "lease must be positive"),
        ("root", json!({ "policies": ["response-wrapping"] }), "cannot assign policy \"response-wrapping\""),
        (
            "root",
            json!({ "entity_alias": "x" }),
            "'entity_alias' is only allowed in combination with token role",
        ),
        (&user, json!({ "id": "x" }), "root or sudo privileges required to specify token id"),
        (&user, json!({ "period": "1h" }), "root or sudo privileges required to create periodic token"),
        (&user, json!({ "no_parent": true }), "root or sudo privileges required to create orphan token"),
        (&user, json!({ "policies": ["other"] }), "child policies must be subset of parent"),
        (&batch, json!({}), "batch tokens cannot create more tokens"),
        (&limited, json!({}), "restricted use token cannot generate child tokens"),
        (&limited, json!({}), "parent token lookup failed: no parent found"),
        (&expiring, json!({}), "expiring root tokens cannot create non-expiring root tokens"),
    ] {
        server.rejects(token, "auth/token/create", &body, 400, message);
    }
}

/// Bodies of creations, the TTL and the warnings of the responses.
#[test]
fn ttls_are_limited() {
    let server = Server::new();
    let ttl = |ttl: &str, max: &str| {
        Some(format!(
            "TTL of {ttl:?} exceeded the effective max_ttl of {max:?}; TTL value is capped accordingly"
        ))
    };
    let period =
        "period of \"2h\" exceeded the effective max_ttl of \"1h\"; period value is capped accordingly";
    for (mut body, seconds, warning) in [
        (json!({}), DEFAULT_TTL, None),
        (json!({ "ttl": "1000h" }), DEFAULT_TTL, ttl("1000h", "768h")),
        (json!({ "ttl": "1.5h" }), 5400, None),
        (json!({ "lease": "1h" }), 3600, None),
        (json!({ "explicit_max_ttl": "1h" }), 3600, ttl("768h", "1h")),
        (json!({ "period": "1h", "ttl": "5m" }), 3600, None),
        (json!({ "period": "2h", "explicit_max_ttl": "1h" }), 3600, Some(period.to_owned())),
    ] {
        body["policies"] = json!(["default"]);
        let response = server.root("POST", "auth/token/create", &body);
        assert_eq!(response["auth"]["lease_duration"], seconds, "{body}");
        let expected = warning.map_or(Value::Null, |warning| json!([warning]));
        assert_eq!(response["warnings"], expected, "{body}");
    }
}

#[test]
fn tokens_expire_with_their_children() {
    let server = Server::new();
    let parent = server.create(&json!({ "policies": ["root"], "ttl": "1h" }));
    let child = server.create_by(&parent, "auth/token/create", &json!({ "policies": ["default"] }));
    let orphan = server.create_by(&parent, "auth/token/create-orphan", &json!({ "policies": ["default"] }));
    server.advance(3500);
    assert!(server.is_accepted(&parent) && server.is_accepted(&child));
    server.root("POST", "auth/token/renew", &json!({ "token": parent }));
    server.advance(3500);
    assert!(server.is_accepted(&child));
    server.advance(200);
    assert!(!server.is_accepted(&parent) && !server.exists(&child) && server.exists(&orphan));
    server.advance(DEFAULT_TTL);
    assert!(!server.exists(&orphan));
}

#[test]
fn renewals_stop_at_the_maximum() {
    let server = Server::new();
    let body = json!({ "policies": ["default"], "ttl": "1h", "explicit_max_ttl": "90m" });
    let token = server.create(&body);
    server.advance(3000);
    let renewed = server.root("POST", "auth/token/renew", &json!({ "token": token }));
    assert_eq!(renewed["auth"]["lease_duration"], 2400);
    let warning = "TTL of \"1h\" exceeded the effective max_ttl of \"40m\"; TTL value is capped accordingly";
    assert_eq!(renewed["warnings"], json!([warning]));
    server.advance(2401);
    assert!(!server.exists(&token));
}

#[test]
fn renewals_of_logins_use_the_current_user() {
    let server = Server::new();
    let auth = server.log_in();
    let token = auth["client_token"].as_str().unwrap();
    let user = "auth/userpass/users/alice";
    server.root("POST", user, &json!({ "token_ttl": "30m", "token_max_ttl": "1h" }));
    let renew = |status| {
        let (actual, response) = server.send(token, "POST", "auth/token/renew-self", &json!({}));
        assert_eq!(actual, status, "{response}");
        response
    };
    assert_eq!(renew(200)["auth"]["lease_duration"], 1800);
    server.root("POST", user, &json!({ "token_policies": "other" }));
    let changed = "1 error occurred:\n\t* failed to renew entry: policies have changed, not renewing\n\n";
    assert_eq!(renew(500)["errors"], json!([changed]));
    server.root("DELETE", user, &Value::Null);
    renew(204);
}

#[test]
fn disabling_a_mount_or_deleting_a_namespace_revokes_tokens() {
    let server = Server::new();
    let auth = server.log_in();
    let token = auth["client_token"].as_str().unwrap();
    assert!(server.is_accepted(token));
    server.root("DELETE", "sys/auth/userpass", &Value::Null);
    assert!(!server.exists(token));

    server.0.create_namespace("team");
    let inside = server.create_by("root", "team/auth/token/create", &json!({ "policies": ["default"] }));
    assert_eq!(server.lookup(&inside)["namespace_path"], "team/");
    server.root("DELETE", "sys/namespaces/team", &Value::Null);
    assert!(!server.exists(&inside));
}

#[test]
fn tokens_of_merged_entities_go_on() {
    let server = Server::new();
    let auth = server.log_in();
    let (token, from) = (auth["client_token"].as_str().unwrap(), &auth["entity_id"]);
    let mut to = Value::Null;
    for name in ["first", "second"] {
        let body = json!({ "name": name, "policies": [name] });
        let other = server.root("POST", "identity/entity", &body)["data"]["id"].take();
        let from = if to.is_null() { from } else { &to };
        server.root(
            "POST",
            "identity/entity/merge",
            &json!({ "to_entity_id": other, "from_entity_ids": [from] }),
        );
        to = other;
        let seen = server.lookup(token);
        assert_eq!((&seen["entity_id"], &seen["identity_policies"]), (&auth["entity_id"], &json!([name])));
        assert!(server.is_accepted(token));
    }
    let entity = format!("identity/entity/id/{}", to.as_str().unwrap());
    server.root("POST", &entity, &json!({ "disabled": true }));
    assert!(!server.is_accepted(token));
    server.root("POST", &entity, &json!({ "disabled": false }));
    assert!(server.is_accepted(token));
    server.root("DELETE", &entity, &Value::Null);
    assert!(!server.is_accepted(token));
}

/// Paths that need no token reject those of disabled entities.
#[test]
fn disabled_entities_are_rejected_everywhere() {
    let server = Server::new();
    let auth = server.log_in();
    let token = auth["client_token"].as_str().unwrap();
    let requests = [
        ("GET", "identity/oidc/.well-known/keys"),
        ("GET", "identity/oidc/provider/default/.well-known/openid-configuration"),
        ("POST", "auth/userpass/login/alice"),
    ];
    let body = json!({ "password": "pw" });
    let send = |token: &str, (verb, path): (&str, &str)| {
        server.send(token, verb, path, if verb == "POST" { &body } else { &Value::Null })
    };
    for request in requests {
        assert_eq!(send(token, request).0, 200, "{request:?}");
    }
    let entity = auth["entity_id"].as_str().unwrap();
    server.root("DELETE", &format!("identity/entity/id/{entity}"), &Value::Null);
    for request in requests {
        let (status, response) = send(token, request);
        assert_eq!((status, &response["errors"]), (403, &json!(["permission denied"])), "{request:?}");
        assert_eq!(send("", request).0, 200, "{request:?}");
    }
    assert_eq!(send(token, ("GET", "identity/oidc/provider/default/userinfo")).0, 401);
}

#[test]
fn tokens_are_bound_to_networks() {
    let server = Server::new();
    for (cidrs, is_accepted) in [("127.0.0.0/8", true), ("10.0.0.0/8", false), ("10.0.0.0/8,127.0.0.1", true)]
    {
        server.root("POST", "auth/token/roles/near", &json!({ "token_bound_cidrs": cidrs }));
        let near =
            server.create_by("root", "auth/token/create/near", &json!({ "policies": ["root"], "ttl": "1h" }));
        assert_eq!(server.is_accepted(&near), is_accepted, "{cidrs}");
        let shown: Vec<&str> = cidrs.split(',').collect();
        assert_eq!(server.lookup(&near)["bound_cidrs"], json!(shown));
        if is_accepted {
            let child = server.create_by(&near, "auth/token/create", &json!({ "ttl": "1h" }));
            assert_eq!(server.lookup(&child)["bound_cidrs"], json!(shown));
        }
    }
    let problem = "error parsing role fields: error parsing address \"x\": Unable to convert \"x\" to an IPv4 or IPv6 \
                   address, or a UNIX Socket";
    server.rejects("root", "auth/token/roles/near", &json!({ "token_bound_cidrs": "x" }), 400, problem);
}

#[test]
fn roles_select_policies() {
    let server = Server::new();
    let user = server.user();
    server.root(
        "POST",
        "auth/token/roles/dev",
        &json!({ "allowed_policies_glob": "dev-*", "disallowed_policies": "dev-x" }),
    );
    let policies = |names: &[&str]| {
        let body = json!({ "policies": names });
        server.send(&user, "POST", "auth/token/create/dev", &body).1["auth"]["token_policies"].clone()
    };
    assert_eq!(policies(&["dev-a"]), json!(["default", "dev-a"]));
    assert_eq!(policies(&[]), json!(["default"]));
    assert_eq!(policies(&["dev-x"]), Value::Null);
    assert_eq!(policies(&["other"]), Value::Null);
    server.root("DELETE", "auth/token/roles/dev", &Value::Null);
    server.rejects(&user, "auth/token/create/dev", &json!({}), 400, "unknown role dev");
}

#[test]
fn role_errors() {
    let server = Server::new();
    let batch = "'token_type' cannot be 'batch' when role is set to generate";
    for (body, message) in [
        (json!({ "token_type": "x" }), "invalid 'token_type' value \"x\"".to_owned()),
        (json!({ "token_type": null }), "Invalid 'token_type' value: null".to_owned()),
        (json!({ "token_type": "batch" }), format!("{batch} non-orphan tokens")),
        (json!({ "token_type": "batch", "orphan": true }), format!("{batch} renewable tokens")),
        (
            json!({ "path_suffix": "a..b" }),
            "error registering path suffix: path cannot contain parent references".to_owned(),
        ),
        (
            json!({ "path_suffix": "a/b" }),
            r"given role path suffix contains invalid characters; must match \w[\w-.]+\w".to_owned(),
        ),
        (
            json!({ "token_num_uses": -1 }),
            "error parsing role fields: 'token_num_uses' cannot be negative".to_owned(),
        ),
        (
            json!({ "period": "x" }),
            "error converting input for field \"period\": time: invalid duration \"x\"".to_owned(),
        ),
    ] {
        server.rejects("root", "auth/token/roles/r", &body, 400, &message);
    }
    server.root("POST", "auth/token/roles/b", &json!({ "token_type": "default-batch", "token_num_uses": 1 }));
    let kept = "error parsing role fields: 'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens \
                with limited use count";
    server.rejects("root", "auth/token/roles/b", &json!({}), 400, kept);
    let both = json!({ "token_period": 60, "period": 120 });
    let warnings = server.root("POST", "auth/token/roles/r", &both)["warnings"].take();
    let ignored = "Both 'token_period' and deprecated 'period' value supplied, ignoring the deprecated value";
    assert_eq!(warnings, json!([ignored]));
    let read = server.root("GET", "auth/token/roles/r", &Value::Null)["data"].take();
    assert_eq!((&read["token_period"], &read["period"]), (&json!(60), &json!(0)));
}

#[test]
fn accessors() {
    let server = Server::new();
    let user = server.user();
    let seen = server.lookup(&user);
    let accessor = json!({ "accessor": seen["accessor"] });
    let found = server.root("POST", "auth/token/lookup-accessor", &accessor);
    assert_eq!((&found["data"]["id"], &found["data"]["path"]), (&json!(""), &seen["path"]));
    let list = server.root("LIST", "auth/token/accessors", &Value::Null);
    assert!(list["data"]["keys"].as_array().unwrap().contains(&seen["accessor"]));
    assert_eq!(server.send(&user, "LIST", "auth/token/accessors", &Value::Null).0, 403);
    server.root("POST", "auth/token/revoke-accessor", &accessor);
    let warnings = server.root("POST", "auth/token/revoke-accessor", &accessor)["warnings"].take();
    assert_eq!(warnings, json!(["No token found with this accessor"]));
    let invalid = "1 error occurred:\n\t* invalid accessor\n\n";
    server.rejects("root", "auth/token/renew-accessor", &accessor, 400, invalid);
    let root = server.lookup("root");
    let refused = "1 error occurred:\n\t* invalid request\n\n";
    server.rejects(
        "root",
        "auth/token/renew-accessor",
        &json!({ "accessor": root["accessor"] }),
        400,
        refused,
    );
}

/// A request that is rejected counts as a use, too.
#[test]
fn uses_of_rejected_requests_are_counted() {
    let server = Server::new();
    let token = server.create(&json!({ "policies": ["default"], "num_uses": 1 }));
    assert_eq!(server.send(&token, "GET", "identity/entity/id/x", &Value::Null).0, 403);
    assert!(!server.exists(&token));
}

/// Responses to renewals show some properties as they were at the creation.
#[test]
fn renewals_show_the_creation() {
    let server = Server::new();
    let parent = server.create(&json!({ "ttl": "1h" }));
    let child = server.create_by(&parent, "auth/token/create", &json!({ "policies": ["default"] }));
    server.root("POST", "auth/token/revoke-orphan", &json!({ "token": parent }));
    assert_eq!(server.lookup(&child)["orphan"], true);
    let renewed = server.root("POST", "auth/token/renew", &json!({ "token": child }));
    assert_eq!(renewed["auth"]["orphan"], false);

    let limited = server.create(&json!({ "policies": ["default"], "num_uses": 3 }));
    assert!(server.is_accepted(&limited));
    assert_eq!(server.lookup(&limited)["num_uses"], 2);
    let renewed = server.root("POST", "auth/token/renew", &json!({ "token": limited }));
    assert_eq!(renewed["auth"]["num_uses"], 3);
}

#[test]
fn tidy_is_accepted() {
    let server = Server::new();
    let (status, response) = server.send("root", "POST", "auth/token/tidy", &json!({}));
    let started = "Tidy operation successfully started. Any information from the operation will be printed to \
                   OpenBao's server logs.";
    assert_eq!((status, &response["warnings"]), (202, &json!([started])));
}

#[test]
fn tokens_for_entities_expire_and_are_renewable() {
    let server = Server::new();
    let id = server.root("POST", "identity/entity", &json!({ "name": "alice" }))["data"]["id"].take();
    let token = server.0.token_for(&id.as_str().unwrap().into());
    let token = token.expose_secret();
    let seen = server.lookup(token);
    assert_eq!((&seen["creation_ttl"], &seen["renewable"]), (&json!(DEFAULT_TTL), &json!(true)));
    let renewed = server.send(token, "POST", "auth/token/renew-self", &json!({ "increment": "1h" })).1;
    assert_eq!(renewed["auth"]["lease_duration"], 3600);
    server.advance(3601);
    assert!(!server.is_accepted(token));
}

#[test]
fn requests_in_a_namespace_without_tokens() {
    let server = Server::new();
    server.root("POST", "sys/namespaces/team", &json!({}));
    let send = |verb, path: &str, body: Value| server.send("root", verb, &format!("team/{path}"), &body);
    assert_eq!(send("LIST", "auth/token/accessors", Value::Null).0, 404);
    assert_eq!(send("LIST", "auth/token/roles", Value::Null).0, 404);
    let (status, list) = send("LIST", "auth/token/roles?x=y", Value::Null);
    assert_eq!((status, &list["data"]), (200, &json!({})));

    // The fields are validated before the role is looked up.
    let (_, response) = send("POST", "auth/token/create/none", json!({ "renewable": "x" }));
    assert!(response["errors"][0].as_str().unwrap().contains("field \"renewable\""), "{response}");

    // The lease of a token is not found from another namespace.
    assert_eq!(send("POST", "auth/token/lookup", json!({ "token": "" })).1["data"].get("renewable"), None);
    assert_eq!(send("POST", "auth/token/lookup", json!({})).1["data"]["renewable"], false);

    let body = json!({ "accessor": "unknown", "paths": ["a"] });
    let (status, response) = send("POST", "sys/capabilities-accessor", body);
    assert_eq!(status, 500, "{response}");
}

#[test]
fn a_new_namespace_does_not_accept_tokens_of_a_deleted_one() {
    let server = Server::new();
    let policy = json!({ "policy": r#"path "*" { capabilities = ["read", "update"] }"# });
    let create = || {
        server.root("POST", "sys/namespaces/a", &json!({}));
        server.root("PUT", "a/sys/policies/acl/all", &policy);
    };
    create();
    let body = json!({ "policies": ["all"], "type": "batch", "no_parent": true });
    let batch = server.create_by("root", "a/auth/token/create", &body);
    let service = server.create_by("root", "a/auth/token/create", &json!({ "policies": ["all"] }));
    let wrap = Request::get("/v1/a/sys/policies/acl/all")
        .header("x-vault-token", "root")
        .header("x-vault-wrap-ttl", "60")
        .body(Bytes::new())
        .unwrap();
    let wrapped = BlockingTransport::send(&server.0, wrap).unwrap();
    let wrapped: Value = serde_json::from_slice(wrapped.body()).unwrap();
    let wrapping = wrapped["wrap_info"]["token"].as_str().unwrap();
    for token in [&batch, &service] {
        assert_eq!(server.send(token, "GET", "a/sys/policies/acl/all", &Value::Null).0, 200);
    }

    server.root("DELETE", "sys/namespaces/a", &Value::Null);
    create();
    for token in [&batch, &service] {
        assert_eq!(server.send(token, "GET", "a/sys/policies/acl/all", &Value::Null).0, 403);
        assert!(!server.exists(token));
    }
    assert_eq!(server.send(wrapping, "POST", "a/sys/wrapping/unwrap", &Value::Null).0, 400);
}

#[test]
fn tokens_that_cannot_be_decoded() {
    let server = Server::new();
    for (token, at) in [("b.x", 0), ("hvb.AA*A", 2), ("b.AAAAA.root", 4)] {
        let problem = format!("illegal base64 data at input byte {at}");
        let wrapped = |text: &str| format!("1 error occurred:\n\t* {text}{problem}\n\n");
        server.rejects(
            token,
            "auth/token/x",
            &json!({}),
            500,
            &format!("error performing token check: {problem}"),
        );
        let body = json!({ "token": token });
        server.rejects("root", "auth/token/lookup", &body, 400, &problem);
        server.rejects("root", "auth/token/renew", &body, 500, &wrapped("error looking up token to renew: "));
        server.rejects("root", "auth/token/revoke", &body, 500, &wrapped(""));
        let when = wrapped("error when looking up token to revoke: ");
        server.rejects("root", "auth/token/revoke-orphan", &body, 500, &when);
        let body = json!({ "token": token, "path": "x" });
        server.rejects("root", "sys/capabilities", &body, 500, &wrapped(""));
    }
    server.rejects("root", "auth/token/lookup", &json!({ "token": "b.xx" }), 403, "bad token");
}

#[test]
fn a_token_in_the_body_is_a_string() {
    let server = Server::new();
    let limited = server.create(&json!({ "policies": ["default"], "num_uses": 1 }));
    for path in ["lookup", "renew", "revoke", "revoke-orphan"] {
        for caller in ["root", "none", &*limited] {
            let path = format!("auth/token/{path}");
            server.rejects(caller, &path, &json!({ "token": [] }), 403, "invalid token");
        }
    }
    assert!(server.is_accepted(&limited), "these requests do not count as uses");
}

#[test]
fn fields_are_checked_before_permissions() {
    let server = Server::new();
    let user = server.create(&json!({ "policies": ["default"] }));
    server.0.mount_auth("userpass");
    let denied = "1 error occurred:\n\t* permission denied\n\n";
    let invalid = "error converting input for field \"token_period\": time: invalid duration \"x\"";
    for path in ["auth/token/roles/a", "auth/userpass/users/a"] {
        server.rejects(&user, path, &json!({ "token_period": "x" }), 400, invalid);
        server.rejects(
            &user,
            path,
            &json!({ "token_period": 1, "role_name": [], "username": [] }),
            403,
            denied,
        );
        server.rejects("none", path, &json!({ "token_period": "x" }), 403, "permission denied");
    }
    server.root("POST", "auth/token/roles/a", &json!({ "role_name": [] }));
    server.root("POST", "auth/userpass/users/a", &json!({ "username": [], "password": "pw" }));
}

#[test]
fn lists_warn_of_unknown_parameters() {
    let server = Server::new();
    let ignored = "Endpoint ignored these unrecognized parameters: [x]";
    for path in ["auth/token/accessors?x=y", "auth/token/roles?x=y"] {
        assert_eq!(server.root("LIST", path, &Value::Null)["warnings"], json!([ignored]), "{path}");
    }
}

#[test]
fn the_order_of_errors_of_capabilities() {
    let server = Server::new();
    let wrapped = |text: &str| format!("1 error occurred:\n\t* {text}\n\n");
    for (body, status, message) in [
        (json!({}), 500, wrapped("no token found")),
        (json!({ "token": 1, "path": "x" }), 500, wrapped("no token found")),
        (json!({ "token": "none" }), 400, "paths must be supplied".to_owned()),
        (json!({ "token": "none", "paths": ["", "x"] }), 400, wrapped("missing path")),
        (json!({ "token": "none", "paths": ["x", ""] }), 400, wrapped("invalid token")),
    ] {
        server.rejects("root", "sys/capabilities", &body, status, &message);
    }
    let auth = server.log_in();
    let entity = auth["entity_id"].as_str().unwrap();
    server.root("POST", &format!("identity/entity/id/{entity}"), &json!({ "disabled": true }));
    let body = json!({ "token": auth["client_token"], "path": "x" });
    server.rejects("root", "sys/capabilities", &body, 400, &wrapped("invalid token"));
}
