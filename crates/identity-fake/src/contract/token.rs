use serde_json::{Value, json};

use super::server::{Server, json};

const CREATE: &str = "auth/token/create";

/// Sends a request and expects success.
async fn write(server: &Server<'_>, path: &str, body: &Value) -> Value {
    let response = server.send("POST", path, &body.to_string()).await;
    let shown = json(&response);
    assert!(response.status().is_success(), "{path} {body}: {shown}");
    shown
}

/// Creates a token. Returns the `auth` part of the response.
async fn create(server: &Server<'_>, path: &str, body: &Value) -> Value {
    write(server, path, body).await["auth"].take()
}

async fn create_id(server: &Server<'_>, path: &str, body: &Value) -> String {
    create(server, path, body).await["client_token"].as_str().expect("a token was created").to_owned()
}

async fn rejects(server: &Server<'_>, path: &str, body: Value, message: &str) {
    server.raw_error(("POST", path, &body.to_string()), 400, &[message]).await;
}

async fn lookup(server: &Server<'_>, token: &str) -> Value {
    write(server, "auth/token/lookup", &json!({ "token": token })).await["data"].take()
}

async fn is_gone(server: &Server<'_>, token: &str) {
    let body = json!({ "token": token }).to_string();
    server.raw_error(("POST", "auth/token/lookup", &body), 403, &["bad token"]).await;
}

fn with_token<'a>(server: &Server<'a>, token: &str) -> Server<'a> {
    server.at(server.target.clone().with_token(token).expect("it can be sent"))
}

/// Creates a token that may create others, and returns a server that uses it.
async fn parent<'a>(server: &Server<'a>) -> (String, Server<'a>) {
    let policy = r#"path "auth/token/*" { capabilities = ["create", "read", "update", "delete", "list"] }"#;
    write(server, "sys/policies/acl/contract-token", &json!({ "policy": policy })).await;
    let token = create_id(server, CREATE, &json!({ "policies": ["contract-token"] })).await;
    let parent = with_token(server, &token);
    (token, parent)
}

async fn delete_policy(server: &Server<'_>) {
    assert_eq!(server.send("DELETE", "sys/policies/acl/contract-token", "").await.status(), 204);
}

pub(super) async fn tokens_are_revoked_with_their_parents(server: &Server<'_>) {
    let (token, parent) = parent(server).await;
    let child = create_id(&parent, CREATE, &json!({})).await;
    let below = with_token(server, &child);
    let grandchild = create_id(&below, CREATE, &json!({})).await;
    let batch = create_id(&below, CREATE, &json!({ "type": "batch" })).await;
    let orphan = create_id(&below, "auth/token/create-orphan", &json!({})).await;
    assert_eq!(lookup(server, &grandchild).await["orphan"], false);

    write(server, "auth/token/revoke-orphan", &json!({ "token": child })).await;
    rejects(server, "auth/token/revoke-orphan", json!({ "token": child }), "token to revoke not found").await;
    is_gone(server, &child).await;
    is_gone(server, &batch).await;
    assert_eq!(lookup(server, &grandchild).await["orphan"], true);

    let child = create_id(&parent, CREATE, &json!({})).await;
    let other = create_id(&with_token(server, &child), CREATE, &json!({})).await;
    for _ in 0..2 {
        write(server, "auth/token/revoke", &json!({ "token": token })).await;
    }
    for gone in [token, child, other] {
        is_gone(server, &gone).await;
    }
    for orphan in [grandchild, orphan] {
        write(&with_token(server, &orphan), "auth/token/revoke-self", &json!({})).await;
        is_gone(server, &orphan).await;
    }
    delete_policy(server).await;
}

pub(super) async fn tokens_are_renewed_within_their_limits(server: &Server<'_>) {
    let renew = "auth/token/renew";
    let body = json!({ "policies": ["default"], "ttl": "1h", "explicit_max_ttl": "2h" });
    let auth = create(server, CREATE, &body).await;
    assert_eq!((&auth["lease_duration"], &auth["renewable"]), (&json!(3600), &json!(true)));
    let token = auth["client_token"].as_str().expect("a token was created");
    for increment in ["30m", "30m", "90m"] {
        let renewed = write(server, renew, &json!({ "token": token, "increment": increment })).await;
        let seconds = if increment == "30m" { 1800 } else { 5400 };
        assert_eq!(renewed["auth"]["lease_duration"], seconds);
        assert_eq!(renewed["warnings"], Value::Null);
    }
    let capped = write(server, renew, &json!({ "token": token, "increment": "3h" })).await;
    let warning = capped["warnings"][0].as_str().expect("the TTL is capped");
    assert!(warning.starts_with("TTL of \"3h\" exceeded the effective max_ttl of "), "{warning}");
    let seen = lookup(server, token).await;
    assert_eq!((&seen["creation_ttl"], &seen["explicit_max_ttl"]), (&json!(3600), &json!(7200)));
    assert!(seen["last_renewal_time"].is_u64(), "{seen}");

    let by_accessor = json!({ "accessor": auth["accessor"], "increment": "10m" });
    let renewed = write(server, "auth/token/renew-accessor", &by_accessor).await;
    assert_eq!(
        (&renewed["auth"]["client_token"], &renewed["auth"]["lease_duration"]),
        (&json!(""), &json!(600))
    );

    let periodic = create_id(server, CREATE, &json!({ "policies": ["default"], "period": "1h" })).await;
    let renewed = write(server, renew, &json!({ "token": periodic, "increment": "5m" })).await;
    assert_eq!(renewed["auth"]["lease_duration"], 3600);
    let fixed = create_id(server, CREATE, &json!({ "policies": ["default"], "renewable": false })).await;
    rejects(server, renew, json!({ "token": fixed }), "lease is not renewable").await;
    rejects(server, renew, json!({ "token": "unknown" }), "token not found").await;
    rejects(server, renew, json!({}), "missing token ID").await;
    for token in [token, &periodic, &fixed] {
        write(server, "auth/token/revoke", &json!({ "token": token })).await;
    }
}

pub(super) async fn batch_tokens_are_limited(server: &Server<'_>) {
    let batch = json!({ "policies": ["default"], "type": "batch" });
    let auth = create(server, CREATE, &batch).await;
    assert_eq!((&auth["accessor"], &auth["renewable"]), (&json!(""), &json!(false)));
    let token = auth["client_token"].as_str().expect("a token was created");
    rejects(server, "auth/token/renew", json!({ "token": token }), "batch tokens cannot be renewed").await;
    rejects(server, "auth/token/revoke", json!({ "token": token }), "batch tokens cannot be revoked").await;
    for (field, value) in [("num_uses", json!(1)), ("period", json!("1h")), ("explicit_max_ttl", json!("1h"))]
    {
        let mut body = batch.clone();
        body[field] = value;
        rejects(server, CREATE, body, &format!("batch tokens cannot have \"{field}\" set")).await;
    }
}

pub(super) async fn uses_of_tokens_are_counted(server: &Server<'_>) {
    let token = create_id(server, CREATE, &json!({ "policies": ["default"], "num_uses": 2 })).await;
    assert_eq!(lookup(server, &token).await["num_uses"], 2);
    let limited = with_token(server, &token);
    for left in [1, -1] {
        let seen = json(&limited.send("GET", "auth/token/lookup-self", "").await);
        assert_eq!(seen["data"]["num_uses"], left);
    }
    limited.raw_error(("GET", "auth/token/lookup-self", ""), 403, &["permission denied"]).await;
    is_gone(server, &token).await;
}

pub(super) async fn token_roles_limit_tokens(server: &Server<'_>) {
    let (role, from_role) = ("auth/token/roles/contract", "auth/token/create/contract");
    rejects(server, from_role, json!({}), "unknown role contract").await;
    let body = json!({
        "allowed_policies": ["default", "Contract"], "orphan": true, "token_period": "1h",
        "path_suffix": "v-1", "allowed_entity_aliases": ["al*"],
    });
    for _ in 0..2 {
        write(server, role, &body).await;
    }
    let seen = json(&server.send("GET", role, "").await)["data"].take();
    assert_eq!(seen["allowed_policies"], json!(["contract", "default"]));
    assert_eq!((&seen["token_period"], &seen["period"]), (&json!(3600), &json!(0)));
    assert_eq!(json(&server.send("LIST", "auth/token/roles", "").await)["data"]["keys"], json!(["contract"]));

    let named = json!({ "policies": ["default"], "entity_alias": "Alice" });
    let auth = create(server, from_role, &named).await;
    assert_eq!((&auth["lease_duration"], &auth["orphan"]), (&json!(3600), &json!(true)));
    let again = create(server, from_role, &named).await;
    assert_eq!(auth["entity_id"], again["entity_id"]);
    assert_ne!(auth["entity_id"], "");
    let token = auth["client_token"].as_str().expect("a token was created");
    let seen = lookup(server, token).await;
    assert_eq!(
        (&seen["path"], &seen["role"]),
        (&json!("auth/token/create/contract/v-1"), &json!("contract"))
    );
    rejects(server, from_role, json!({ "entity_alias": "bob" }), "invalid 'entity_alias' value").await;
    let outside = "token policies ([\"default\" \"other\"]) must be subset of the role's allowed policies \
                   ([\"contract\" \"default\"]) or glob policies ([])";
    rejects(server, from_role, json!({ "policies": ["other"] }), outside).await;

    for _ in 0..2 {
        assert_eq!(server.send("DELETE", role, "").await.status(), 204);
    }
    let gone = "1 error occurred:\n\t* failed to renew entry: original token role \"contract\" could not be found, \
                not renewing\n\n";
    let renew = json!({ "token": token }).to_string();
    server.raw_error(("POST", "auth/token/renew", &renew), 500, &[gone]).await;
    for auth in [auth, again] {
        write(server, "auth/token/revoke-accessor", &json!({ "accessor": auth["accessor"] })).await;
    }
}
