use super::*;

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

#[test]
fn uses_of_rejected_requests_are_counted() {
    let server = Server::new();
    let token = server.create(&json!({ "policies": ["default"], "num_uses": 1 }));
    assert_eq!(server.send(&token, "GET", "identity/entity/id/x", &Value::Null).0, 403);
    assert!(!server.exists(&token));
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
