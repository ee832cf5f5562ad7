use super::*;

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
