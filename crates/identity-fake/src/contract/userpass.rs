use serde_json::{Value, json};

use super::server::{Server, json as body_of};

async fn call(server: &Server<'_>, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = server.send(method, path, &body).await;
    (response.status().as_u16(), body_of(&response))
}

/// Writes the user twice.
async fn write_alice(server: &Server<'_>, user: Value) {
    for _ in 0..2 {
        let (status, response) = call(server, "POST", "auth/people/users/Alice", user.clone()).await;
        assert_eq!(status, 204, "{response}");
    }
}

async fn log_in(server: &Server<'_>, password: &str) -> (u16, Value) {
    call(server, "POST", "auth/people/login/alice", json!({ "password": password })).await
}

pub(super) async fn wrong_passwords_lock_a_user_out(server: &Server<'_>) {
    let accessor = server.mount("people").await;
    write_alice(server, json!({ "password": "right" })).await;
    for _ in 0..5 {
        let (status, response) = log_in(server, "wrong").await;
        assert_eq!((status, response), (400, json!({ "errors": ["invalid username or password"] })));
    }
    for password in ["wrong", "right"] {
        let (status, response) = log_in(server, password).await;
        assert_eq!((status, response), (403, json!({ "errors": ["permission denied"] })));
    }
    let query = format!("sys/locked-users?mount_accessor={}", accessor.as_str());
    let (_, locked) = call(server, "GET", &query, Value::Null).await;
    let mount = json!({ "mount_accessor": accessor.as_str(), "counts": 1, "alias_identifiers": ["alice"] });
    assert_eq!(locked["data"]["by_namespace"][0]["mount_accessors"], json!([mount]));
    let unlock = format!("sys/locked-users/{}/unlock/alice", accessor.as_str());
    for _ in 0..2 {
        assert_eq!(call(server, "POST", &unlock, json!({})).await.0, 204);
    }
    assert_eq!(log_in(server, "right").await.0, 200);
}

pub(super) async fn users_bind_their_tokens(server: &Server<'_>) {
    server.mount("people").await;
    write_alice(server, json!({ "password": "right", "token_bound_cidrs": "198.51.100.0/24" })).await;
    let (status, response) = log_in(server, "right").await;
    assert_eq!((status, response), (403, json!({ "errors": ["permission denied"] })));
    write_alice(server, json!({ "token_bound_cidrs": [], "token_type": "batch", "ttl": 60 })).await;
    let (_, login) = log_in(server, "right").await;
    assert_eq!(
        (&login["auth"]["token_type"], &login["auth"]["lease_duration"]),
        (&json!("batch"), &json!(60))
    );
    let (_, user) = call(server, "GET", "auth/people/users/alice", Value::Null).await;
    assert_eq!((&user["data"]["ttl"], &user["data"]["token_ttl"]), (&json!(60), &json!(60)));
    let problem = "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens";
    server.raw_error(("POST", "auth/people/users/alice", "{\"token_period\": 60}"), 400, &[problem]).await;
}
