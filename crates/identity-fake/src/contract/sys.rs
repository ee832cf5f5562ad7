use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Server, json};

/// Sends a request and returns the data of its response.
async fn data(server: &Server<'_>, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let response = server.send(method, path, &body).await;
    assert!(response.status().is_success(), "{method} {path}: {response:?}");
    json(&response)["data"].take()
}

pub(super) async fn status_needs_no_token(server: &Server<'_>) {
    let anyone = server.at(server.target.clone().without_token());
    let leader = json(&anyone.send("GET", "sys/leader", "").await);
    assert_eq!(leader, json!({ "ha_enabled": false }));
    let status = json(&anyone.send("GET", "sys/seal-status", "").await);
    assert_eq!(
        (&status["sealed"], &status["initialized"], &status["type"], &status["t"]),
        (&json!(false), &json!(true), &json!("shamir"), &json!(1))
    );
    anyone.raw_error(("DELETE", "sys/leader", ""), 405, &[]).await;
    anyone.raw_error(("GET", "sys/mounts", ""), 403, &["permission denied"]).await;
}

pub(super) async fn mounts_keep_their_settings(server: &Server<'_>) {
    let settings = json!({
        "type": "userpass",
        "description": "The people",
        "config": { "default_lease_ttl": "1h", "max_lease_ttl": "7200", "token_type": "batch",
                    "listing_visibility": "unauth", "passthrough_request_headers": "a,b" },
        "options": { "k": "v" },
    });
    data(server, "POST", "sys/auth/people", &settings).await;
    let again = ("POST", "sys/auth/people", &*settings.to_string());
    server.raw_error(again, 400, &["path is already in use at people/"]).await;
    let mount = data(server, "GET", "sys/auth/people", &Value::Null).await;
    assert_eq!(
        mount["config"],
        json!({ "default_lease_ttl": 3600, "force_no_cache": false, "listing_visibility": "unauth",
                "max_lease_ttl": 7200, "passthrough_request_headers": ["a", "b"], "token_type": "batch" })
    );
    assert_eq!((&mount["description"], &mount["options"]), (&json!("The people"), &json!({ "k": "v" })));
    assert_eq!(data(server, "GET", "sys/auth", &Value::Null).await["people/"], mount);

    let anyone = server.at(server.target.clone().without_token());
    let visible = data(&anyone, "GET", "sys/internal/ui/mounts", &Value::Null).await;
    let people = json!({ "description": "The people", "options": { "k": "v" }, "type": "userpass" });
    assert_eq!(visible, json!({ "auth": { "people/": people }, "secret": {} }));

    let lockout = json!({ "lockout_threshold": "3", "lockout_duration": "5m" });
    let tune = json!({ "max_lease_ttl": "system", "listing_visibility": "", "options": { "k": "" },
                       "passthrough_request_headers": [], "user_lockout_config": lockout });
    for _ in 0..2 {
        data(server, "POST", "sys/auth/people/tune", &tune).await;
        assert_eq!(
            data(server, "GET", "sys/mounts/auth/people/tune", &Value::Null).await,
            json!({ "default_lease_ttl": 3600, "description": "The people", "force_no_cache": false,
                    "max_lease_ttl": 2_764_800, "token_type": "batch", "user_lockout_counter_reset_duration": 0,
                    "user_lockout_disable": false, "user_lockout_duration": 300, "user_lockout_threshold": 3 })
        );
    }
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", "sys/auth/people", "").await.status(), 204);
    }
    server.raw_error(("GET", "sys/auth/people", ""), 400, &["No auth engine at people/"]).await;
}

pub(super) async fn mount_errors(server: &Server<'_>) {
    server.mount("a/b").await;
    for (path, body, problem) in [
        ("auth/a", r#"{"type":"userpass"}"#, "path is already in use at a/b/"),
        ("auth/a/b/c", r#"{"type":"userpass"}"#, "path is already in use at a/b/"),
        ("auth/x", r#"{"type":"token"}"#, "token credential backend cannot be instantiated"),
        ("auth/x", r#"{"type":"nope"}"#, "plugin not found in the catalog: nope"),
        ("auth/x", "{}", "backend type must be specified as a string"),
        (
            "auth/x",
            r#"{"type":"jwt","config":{"default_lease_ttl":"2h","max_lease_ttl":"1h"}}"#,
            "given default lease TTL greater than given max lease TTL",
        ),
        ("auth/x", r#"{"type":"jwt","config":{"token_type":"x"}}"#, "invalid value for 'token_type'"),
        ("auth/x/tune", "{}", r#"tune of path "auth/x/" failed: no mount entry found"#),
        ("auth/a/b/tune", r#"{"max_lease_ttl":"x"}"#, r#"time: invalid duration "x""#),
        (
            "auth/token/tune",
            r#"{"token_type":"batch"}"#,
            "'token_type' cannot be set for 'token' or 'ns_token' auth mounts",
        ),
        ("mounts/identity/tune", r#"{"description":"x"}"#, "cannot tune parameter description of identity/"),
        ("mounts/sys/x", r#"{"type":"kv"}"#, r#"cannot mount "sys/x/""#),
        ("mounts/x", r#"{"type":"identity"}"#, r#"mount type of "identity" is not mountable"#),
    ] {
        server.raw_error(("POST", &format!("sys/{path}"), body), 400, &[problem]).await;
    }
    let problem = "token credential backend cannot be disabled";
    server.raw_error(("DELETE", "sys/auth/token", ""), 400, &[problem]).await;
    server.raw_error(("DELETE", "sys/mounts/sys", ""), 400, &[r#"cannot unmount "sys/""#]).await;
}

pub(super) async fn mounts_are_moved(server: &Server<'_>) {
    let accessor = server.mount("old").await;
    let moved = json!({ "from": "auth/old", "to": "auth/new" });
    let id = data(server, "POST", "sys/remount", &moved).await["migration_id"].take();
    let status = format!("sys/remount/status/{}", id.as_str().unwrap_or_default());
    for _ in 0..1000 {
        let info = data(server, "GET", &status, &Value::Null).await["migration_info"].take();
        if info["status"] == "success" {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    let mount = data(server, "GET", "sys/auth/new", &Value::Null).await;
    assert_eq!(mount["accessor"], accessor.as_str());
    let again = ("POST", "sys/remount", &*moved.to_string());
    let response = server.send(again.0, again.1, again.2).await;
    assert_eq!(response.status(), 400, "{response:?}");
    server
        .raw_error(
            ("POST", "sys/remount", "{}"),
            400,
            &["both 'from' and 'to' path must be specified as a string"],
        )
        .await;
    let away = r#"{"from":"auth/new","to":"new"}"#;
    let problem = r#"cannot remount auth mount to non-auth mount "new/""#;
    server.raw_error(("POST", "sys/remount", away), 400, &[problem]).await;
}

pub(super) async fn policies_have_versions(server: &Server<'_>) {
    let path = "sys/policies/acl/contract";
    let write = |more: &str| format!(r#"{{"policy":"path \"a\" {{capabilities=[\"read\"]}}"{more}}}"#);
    for _ in 0..2 {
        assert_eq!(server.send("PUT", path, &write("")).await.status(), 204);
    }
    let policy = data(server, "GET", path, &Value::Null).await;
    assert_eq!((&policy["version"], &policy["cas_required"]), (&json!(2), &json!(false)));
    for (cas, problem) in [
        (-1, "check-and-set parameter set to -1 on existing entry"),
        (1, "check-and-set parameter 1 did not match the current version 2"),
    ] {
        server.raw_error(("PUT", path, &write(&format!(r#","cas":{cas}"#))), 400, &[problem]).await;
    }
    assert_eq!(server.send("PUT", path, &write(r#","cas":2,"cas_required":true"#)).await.status(), 204);
    server
        .raw_error(("PUT", path, &write("")), 400, &["check-and-set parameter required for this call"])
        .await;
    let elapsed = write(r#","cas":3,"expiration":"2020-01-01T00:00:00Z""#);
    let problem = "refusing to update policy as expiration time has already elapsed";
    server.raw_error(("PUT", path, &elapsed), 400, &[problem]).await;
    let names = data(server, "LIST", "sys/policies/acl", &Value::Null).await["keys"].take();
    assert!(names.as_array().is_some_and(|names| names.contains(&json!("contract"))), "{names}");
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", path, "").await.status(), 204);
    }
    server.raw_error(("GET", path, ""), 404, &[]).await;
    server
        .raw_error(("DELETE", "sys/policies/acl/default", ""), 400, &["cannot delete default policy"])
        .await;
}
