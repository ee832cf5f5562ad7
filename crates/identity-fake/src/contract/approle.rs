use identity_core::entity::ReadEntityById;
use serde_json::{Value, json};

use super::endpoint::EnableAuth;
use super::server::{Server, json as body_of};

async fn call(server: &Server<'_>, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = server.send(method, &format!("auth/approle/{path}"), &body).await;
    (response.status().as_u16(), body_of(&response))
}

/// Calls a path and expects data.
async fn data(server: &Server<'_>, method: &str, path: &str, body: Value) -> Value {
    let (status, response) = call(server, method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {response}");
    response["data"].clone()
}

/// Writes twice.
async fn write(server: &Server<'_>, path: &str, body: Value) {
    for _ in 0..2 {
        let (status, response) = call(server, "POST", path, body.clone()).await;
        assert_eq!(status, 204, "{path}: {response}");
    }
}

async fn log_in(server: &Server<'_>, secret_id: &Value) -> (u16, Value) {
    let role_id = data(server, "GET", "role/app/role-id", Value::Null).await["role_id"].clone();
    call(server, "POST", "login", json!({ "role_id": role_id, "secret_id": secret_id })).await
}

/// Mounts the auth method and creates the role `app`.
async fn with_role(server: &Server<'_>, role: Value) {
    server.ok(&EnableAuth { path: "approle".to_owned(), kind: "approle".to_owned() }).await;
    write(server, "role/app", role).await;
}

pub(super) async fn app_roles_log_in(server: &Server<'_>) {
    with_role(server, json!({ "token_policies": "B,a", "token_ttl": 600 })).await;
    let issued = data(server, "POST", "role/app/secret-id", json!({ "metadata": "team=a" })).await;
    let (_, first) = log_in(server, &issued["secret_id"]).await;
    let auth = &first["auth"];
    assert_eq!(auth["token_policies"], json!(["a", "b", "default"]));
    assert_eq!(auth["metadata"], json!({ "role_name": "app", "team": "a" }));
    assert_eq!(auth["lease_duration"], json!(600));
    let (_, second) = log_in(server, &issued["secret_id"]).await;
    assert_eq!(second["auth"]["entity_id"], auth["entity_id"]);
    let entity = auth["entity_id"].as_str().expect("the login has an entity");
    let entity = server.ok(&ReadEntityById::new(entity)).await;
    let role_id = data(server, "GET", "role/app/role-id", Value::Null).await["role_id"].clone();
    assert_eq!(json!(entity.aliases[0].name), role_id);

    let token = auth["client_token"].as_str().expect("the login has a token");
    let target = server.target.clone().with_token(token).expect("the token is a header value");
    let response = server.at(target).send("GET", "auth/token/lookup-self", "").await;
    let data = &body_of(&response)["data"];
    assert_eq!(data["path"], json!("auth/approle/login"));
    let namespace = if server.namespace.is_empty() { "" } else { &format!("{}-auth-", server.namespace) };
    assert_eq!(data["display_name"], json!(format!("{namespace}approle")));
    for (body, problem) in [
        (json!({ "role_id": "nobody", "secret_id": "x" }), "invalid role or secret ID"),
        (json!({ "role_id": role_id, "secret_id": "x" }), "invalid role or secret ID"),
        (json!({ "role_id": role_id }), "missing secret_id"),
    ] {
        server.raw_error(("POST", "auth/approle/login", &body.to_string()), 400, &[problem]).await;
    }
}

pub(super) async fn app_role_secret_ids_are_used_up(server: &Server<'_>) {
    with_role(server, json!({ "secret_id_num_uses": 2, "secret_id_ttl": "1h" })).await;
    let issued = data(server, "POST", "role/app/secret-id", json!({})).await;
    assert_eq!((&issued["secret_id_num_uses"], &issued["secret_id_ttl"]), (&json!(2), &json!(3600)));
    let by_id = json!({ "secret_id": issued["secret_id"] });
    assert_eq!(log_in(server, &issued["secret_id"]).await.0, 200);
    let found = data(server, "POST", "role/app/secret-id/lookup", by_id.clone()).await;
    assert_eq!(found["secret_id_num_uses"], json!(1));
    let list = data(server, "LIST", "role/app/secret-id", Value::Null).await;
    assert_eq!(list["keys"], json!([issued["secret_id_accessor"]]));
    assert_eq!(log_in(server, &issued["secret_id"]).await.0, 200);
    assert_eq!(log_in(server, &issued["secret_id"]).await.0, 400);
    assert_eq!(call(server, "POST", "role/app/secret-id/lookup", by_id).await.0, 204);
    for (body, problem) in [
        (json!({ "num_uses": 3 }), "num_uses cannot be higher than the role's secret_id_num_uses"),
        (json!({ "ttl": "2h" }), "ttl cannot be longer than the role's secret_id_ttl"),
        (
            json!({ "metadata": "x" }),
            "failed to parse metadata: failed to parse the input: invalid <key,value> format",
        ),
    ] {
        server
            .raw_error(("POST", "auth/approle/role/app/secret-id", &body.to_string()), 400, &[problem])
            .await;
    }
}

pub(super) async fn app_role_secret_ids_are_destroyed(server: &Server<'_>) {
    with_role(server, json!({})).await;
    let custom = json!({ "secret_id": "mine" });
    let issued = data(server, "POST", "role/app/custom-secret-id", custom.clone()).await;
    assert_eq!(issued["secret_id"], json!("mine"));
    assert_eq!(call(server, "POST", "role/app/custom-secret-id", custom.clone()).await.0, 500);
    assert_eq!(log_in(server, &issued["secret_id"]).await.0, 200);
    write(server, "role/app/secret-id/destroy", custom).await;
    assert_eq!(log_in(server, &issued["secret_id"]).await.0, 400);

    let issued = data(server, "POST", "role/app/secret-id", json!({})).await;
    let accessor = json!({ "secret_id_accessor": issued["secret_id_accessor"] });
    let found = data(server, "POST", "role/app/secret-id-accessor/lookup", accessor.clone()).await;
    assert_eq!(found["secret_id_accessor"], issued["secret_id_accessor"]);
    assert_eq!(call(server, "POST", "role/app/secret-id-accessor/destroy", accessor.clone()).await.0, 204);
    assert_eq!(call(server, "POST", "role/app/secret-id-accessor/destroy", accessor.clone()).await.0, 500);
    assert_eq!(call(server, "POST", "role/app/secret-id-accessor/lookup", accessor).await.0, 404);
}

pub(super) async fn app_roles_are_changed_field_by_field(server: &Server<'_>) {
    with_role(server, json!({ "policies": "B,a" })).await;
    let role = data(server, "GET", "role/APP", Value::Null).await;
    assert_eq!((&role["policies"], &role["token_policies"]), (&json!(["a", "b"]), &json!(["a", "b"])));
    assert_eq!(role["secret_id_bound_cidrs"], Value::Null);
    write(server, "role/app/policies", json!({ "token_policies": "c" })).await;
    let policies = data(server, "GET", "role/app/policies", Value::Null).await;
    assert_eq!(policies, json!({ "token_policies": ["c"] }));
    write(server, "role/app/token-ttl", json!({ "token_ttl": "1m" })).await;
    assert_eq!(data(server, "GET", "role/app/token-ttl", Value::Null).await, json!({ "token_ttl": 60 }));
    for (path, body, problem) in [
        ("token-ttl", json!({}), "missing token_ttl"),
        (
            "token-max-ttl",
            json!({ "token_max_ttl": 5 }),
            "token_max_ttl should be greater than or equal to token_ttl",
        ),
        ("secret-id-bound-cidrs", json!({ "secret_id_bound_cidrs": [] }), "missing bound_cidr_list"),
        ("role-id", json!({}), "missing role_id"),
    ] {
        let path = format!("auth/approle/role/app/{path}");
        server.raw_error(("POST", &path, &body.to_string()), 400, &[problem]).await;
    }
    let list = data(server, "LIST", "role", Value::Null).await;
    assert_eq!(list["keys"], json!(["app"]));
    for _ in 0..2 {
        assert_eq!(call(server, "DELETE", "role/app", Value::Null).await.0, 204);
    }
    assert_eq!(call(server, "GET", "role/app", Value::Null).await.0, 404);
}
