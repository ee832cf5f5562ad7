use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Server, json as body_of};

/// Sends a request and returns the status and the response.
async fn call(server: &Server<'_>, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let merge_patch = [("content-type", "application/merge-patch+json")];
    let headers = if method == "PATCH" { &merge_patch[..] } else { &[] };
    let response = server.send_with(method, path, headers, body).await;
    (response.status().as_u16(), body_of(&response))
}

/// Expects data.
async fn data(server: &Server<'_>, method: &str, path: &str, body: Value) -> Value {
    let (status, mut response) = call(server, method, path, &body).await;
    assert_eq!(status, 200, "{method} {path} {body}: {response}");
    response["data"].take()
}

/// Sends a write without data in its response twice.
async fn twice(server: &Server<'_>, method: &str, path: &str, body: Value) {
    for _ in 0..2 {
        let (status, response) = call(server, method, path, &body).await;
        assert_eq!(status, 204, "{method} {path} {body}: {response}");
    }
}

/// Mounts an engine at `apps/kv/`.
async fn mount(server: &Server<'_>, kind: &str) {
    let (status, response) = call(server, "POST", "sys/mounts/apps/kv", &json!({ "type": kind })).await;
    assert_eq!(status, 204, "{response}");
    // The server prepares an engine in the background.
    for _ in 0..1000 {
        if kind == "kv" || call(server, "GET", "apps/kv/config", &Value::Null).await.0 == 200 {
            return;
        }
        sleep(Duration::from_millis(10));
    }
}

async fn unmount(server: &Server<'_>) {
    twice(server, "DELETE", "sys/mounts/apps/kv", Value::Null).await;
}

pub(super) async fn secrets_have_versions(server: &Server<'_>) {
    mount(server, "kv-v2").await;
    for version in 1..=2 {
        let secret = json!({ "data": { "n": version, "list": [1.5, null] } });
        let written = data(server, "POST", "apps/kv/data/a", secret).await;
        assert_eq!(
            (&written["version"], &written["destroyed"], &written["deletion_time"]),
            (&json!(version), &json!(false), &json!(""))
        );
    }
    let first = data(server, "GET", "apps/kv/data/a?version=1", Value::Null).await;
    assert_eq!((&first["data"]["n"], &first["metadata"]["version"]), (&json!(1), &json!(1)));
    server.raw_error(("GET", "apps/kv/data/a?version=3", ""), 404, &[]).await;

    let patch = json!({ "data": { "n": null, "deep": { "x": 1 } } });
    for version in 3..=4 {
        let patched = data(server, "PATCH", "apps/kv/data/a", patch.clone()).await;
        assert_eq!(patched["version"], json!(version));
        let secret = data(server, "GET", "apps/kv/data/a", Value::Null).await;
        assert_eq!(secret["data"], json!({ "list": [1.5, null], "deep": { "x": 1 } }));
    }
    let subkeys = data(server, "GET", "apps/kv/subkeys/a", Value::Null).await;
    assert_eq!(subkeys["subkeys"], json!({ "list": null, "deep": { "x": null } }));
    assert_eq!(call(server, "PATCH", "apps/kv/data/new", &patch).await, (404, Value::Null));
    server.raw_error(("POST", "apps/kv/data/a", "{}"), 400, &["no data provided"]).await;
    unmount(server).await;
    let problem = "no handler for route \"apps/kv/data/a\". route entry not found.";
    server.raw_error(("GET", "apps/kv/data/a", ""), 404, &[problem]).await;
    mount(server, "kv-v2").await;
    server.raw_error(("GET", "apps/kv/data/a", ""), 404, &[]).await;
    unmount(server).await;
}

pub(super) async fn versions_of_secrets_are_deleted(server: &Server<'_>) {
    mount(server, "kv-v2").await;
    for number in 1..=3 {
        data(server, "POST", "apps/kv/data/a", json!({ "data": { "n": number } })).await;
    }
    twice(server, "DELETE", "apps/kv/data/a", Value::Null).await;
    let (status, deleted) = call(server, "GET", "apps/kv/data/a", &Value::Null).await;
    assert_eq!((status, &deleted["data"]["data"]), (404, &Value::Null));
    assert_eq!(deleted["data"]["metadata"]["version"], json!(3));
    twice(server, "POST", "apps/kv/delete/a", json!({ "versions": "1,2" })).await;
    assert_eq!(call(server, "GET", "apps/kv/data/a?version=2", &Value::Null).await.0, 404);
    twice(server, "POST", "apps/kv/undelete/a", json!({ "versions": [1, 2, 3] })).await;
    assert_eq!(data(server, "GET", "apps/kv/data/a", Value::Null).await["data"], json!({ "n": 3 }));
    twice(server, "POST", "apps/kv/destroy/a", json!({ "versions": [1] })).await;
    twice(server, "POST", "apps/kv/undelete/a", json!({ "versions": [1] })).await;
    let (status, destroyed) = call(server, "GET", "apps/kv/data/a?version=1", &Value::Null).await;
    assert_eq!((status, &destroyed["data"]["metadata"]["destroyed"]), (404, &json!(true)));
    for operation in ["delete", "undelete"] {
        let path = format!("apps/kv/{operation}/a");
        server.raw_error(("POST", &path, "{}"), 400, &["No version number provided"]).await;
    }
    twice(server, "DELETE", "apps/kv/metadata/a", Value::Null).await;
    server.raw_error(("GET", "apps/kv/data/a", ""), 404, &[]).await;
    unmount(server).await;
}

pub(super) async fn secrets_have_metadata(server: &Server<'_>) {
    mount(server, "kv-v2").await;
    let settings = json!({ "max_versions": 2, "custom_metadata": { "owner": "x", "drop": "y" } });
    twice(server, "POST", "apps/kv/metadata/a/b", settings).await;
    twice(server, "PATCH", "apps/kv/metadata/a/b", json!({ "custom_metadata": { "drop": null } })).await;
    for number in 1..=3 {
        data(server, "POST", "apps/kv/data/a/b", json!({ "data": { "n": number } })).await;
    }
    let metadata = data(server, "GET", "apps/kv/metadata/a/b", Value::Null).await;
    assert_eq!(
        (&metadata["custom_metadata"], &metadata["current_version"], &metadata["oldest_version"]),
        (&json!({ "owner": "x" }), &json!(3), &json!(2))
    );
    assert_eq!(metadata["current_metadata_version"], json!(4));
    let versions: Vec<&String> =
        metadata["versions"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    assert_eq!(versions, ["2", "3"]);

    data(server, "POST", "apps/kv/data/a", json!({ "data": {} })).await;
    assert_eq!(data(server, "LIST", "apps/kv/metadata", Value::Null).await["keys"], json!(["a", "a/"]));
    assert_eq!(data(server, "LIST", "apps/kv/metadata/a", Value::Null).await["keys"], json!(["b"]));
    server.raw_error(("LIST", "apps/kv/metadata/none", ""), 404, &[]).await;
    let (status, response) = call(server, "GET", "apps/kv/a", &Value::Null).await;
    let warning = response["warnings"][0].as_str().unwrap_or_default();
    assert!(status == 404 && warning.ends_with("use 'bao kv get' for this operation."), "{response}");
    unmount(server).await;
}

pub(super) async fn secrets_are_checked_and_set(server: &Server<'_>) {
    mount(server, "kv-v2").await;
    let write = |cas: Value| json!({ "data": {}, "options": { "cas": cas } }).to_string();
    let mismatch = "check-and-set parameter did not match the current version";
    server.raw_error(("POST", "apps/kv/data/a", &write(json!(1))), 400, &[mismatch]).await;
    assert_eq!(server.send("POST", "apps/kv/data/a", &write(json!(0))).await.status(), 200);
    server.raw_error(("POST", "apps/kv/data/a", &write(json!(0))), 400, &[mismatch]).await;
    let problem = "error parsing check-and-set parameter";
    server.raw_error(("POST", "apps/kv/data/a", &write(json!("x"))), 400, &[problem]).await;
    twice(server, "POST", "apps/kv/config", json!({ "cas_required": true })).await;
    let problem = "check-and-set parameter required for this call";
    server.raw_error(("POST", "apps/kv/data/a", r#"{"data":{}}"#), 400, &[problem]).await;
    assert_eq!(server.send("POST", "apps/kv/data/a", &write(json!(1))).await.status(), 200);
    unmount(server).await;
}

pub(super) async fn templates_protect_secrets(server: &Server<'_>) {
    mount(server, "kv-v2").await;
    server.mount("people").await;
    let policy = r#"
        path "apps/kv/data/{{identity.entity.metadata.team}}/*" { capabilities = ["create", "read"] }
        path "apps/kv/metadata/{{identity.entity.name}}" { capabilities = ["list"] }"#;
    twice(server, "PUT", "sys/policies/acl/contract-kv", json!({ "policy": policy })).await;
    let user = json!({ "password": "pw", "token_policies": "contract-kv" });
    twice(server, "POST", "auth/people/users/al", user).await;
    let (_, login) = call(server, "POST", "auth/people/login/al", &json!({ "password": "pw" })).await;
    let text = |name: &str| login["auth"][name].as_str().unwrap_or_default();
    let entity = json!({ "name": "alice", "metadata": { "team": "blue" } });
    twice(server, "POST", &format!("identity/entity/id/{}", text("entity_id")), entity).await;

    let target = server.target.clone().with_token(text("client_token")).expect("the token is a header value");
    let alice = server.at(target);
    let secret = json!({ "data": { "n": 1 } });
    data(&alice, "POST", "apps/kv/data/blue/key", secret.clone()).await;
    assert_eq!(data(&alice, "GET", "apps/kv/data/blue/key", Value::Null).await["data"], json!({ "n": 1 }));
    data(server, "POST", "apps/kv/data/alice/key", secret.clone()).await;
    assert_eq!(data(&alice, "LIST", "apps/kv/metadata/alice", Value::Null).await["keys"], json!(["key"]));
    let denied = ["1 error occurred:\n\t* permission denied\n\n"];
    for (method, path) in [
        ("POST", "apps/kv/data/blue/key"),
        ("DELETE", "apps/kv/data/blue/key"),
        ("GET", "apps/kv/data/red/key"),
        ("GET", "apps/kv/data/alice/key"),
        ("LIST", "apps/kv/metadata/blue"),
    ] {
        let body = if method == "POST" { secret.to_string() } else { String::new() };
        alice.raw_error((method, path, &body), 403, &denied).await;
    }
    twice(server, "DELETE", "sys/policies/acl/contract-kv", Value::Null).await;
    unmount(server).await;
}

pub(super) async fn secrets_of_version_1_have_no_versions(server: &Server<'_>) {
    mount(server, "kv").await;
    twice(server, "POST", "apps/kv/a/b", json!({ "path": 5, "n": null })).await;
    twice(server, "POST", "apps/kv/c", json!({ "ttl": "5m" })).await;
    let (_, secret) = call(server, "GET", "apps/kv/a/b", &Value::Null).await;
    assert_eq!(
        (&secret["data"], &secret["lease_duration"]),
        (&json!({ "path": 5, "n": null }), &json!(2_764_800))
    );
    let (_, secret) = call(server, "GET", "apps/kv/c", &Value::Null).await;
    assert_eq!((&secret["lease_id"], &secret["lease_duration"]), (&json!(""), &json!(300)));
    assert_eq!(data(server, "LIST", "apps/kv", Value::Null).await["keys"], json!(["a/", "c"]));
    assert_eq!(data(server, "SCAN", "apps/kv", Value::Null).await["keys"], json!(["c", "a/b"]));
    twice(server, "DELETE", "apps/kv/c", Value::Null).await;
    server.raw_error(("GET", "apps/kv/c", ""), 404, &[]).await;
    server.raw_error(("POST", "apps/kv/c", "{}"), 400, &["missing data fields"]).await;
    server.raw_error(("POST", "apps/kv", r#"{"a":1}"#), 400, &["missing path"]).await;
    unmount(server).await;
}
