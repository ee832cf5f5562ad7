use super::*;

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
fn tidy_is_accepted() {
    let server = Server::new();
    let (status, response) = server.send("root", "POST", "auth/token/tidy", &json!({}));
    let started = "Tidy operation successfully started. Any information from the operation will be printed to \
                   OpenBao's server logs.";
    assert_eq!((status, &response["warnings"]), (202, &json!([started])));
}
