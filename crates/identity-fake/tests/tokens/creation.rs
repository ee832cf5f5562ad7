use super::*;

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
