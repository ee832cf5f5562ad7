use identity_core::entity::{CreateEntity, ListEntities, ListEntityNames, ReadEntityByName};
use serde_json::json;

use super::server::{Server, json};

const UNSUPPORTED_PATH: &str = "1 error occurred:\n\t* unsupported path\n\n";
const UNSUPPORTED_OPERATION: &str = "1 error occurred:\n\t* unsupported operation\n\n";

pub(super) async fn tokens_are_required(server: &Server<'_>) {
    let anonymous = server.at(server.target.clone().without_token());
    anonymous.error(&ListEntities::new(), 403, "permission denied").await;
    anonymous.error(&CreateEntity::named("alice"), 403, "permission denied").await;
    let unknown = server.target.clone().with_token("s.000000000000000000000000").expect("it can be sent");
    server.at(unknown).error(&ListEntities::new(), 403, "permission denied").await;
    assert!(server.ok(&ListEntities::new()).await.is_empty());
}

pub(super) async fn invalid_paths_are_rejected(server: &Server<'_>) {
    for path in
        ["identity/nope", "identity/entity/id/a%20b", "identity/entity/id/a/", "identity/entity/id/.a"]
    {
        server.raw_error(("GET", path, ""), 404, &[UNSUPPORTED_PATH]).await;
    }
    server.raw_error(("POST", "identity/nope", "{}"), 404, &[UNSUPPORTED_PATH]).await;
    for (method, path) in
        [("GET", "identity/entity"), ("DELETE", "identity/group"), ("GET", "identity/entity/id")]
    {
        server.raw_error((method, path, ""), 405, &[UNSUPPORTED_OPERATION]).await;
    }
    server.raw_error(("POST", "identity/entity/id", "{}"), 405, &[UNSUPPORTED_OPERATION]).await;
    server.raw_error(("FETCH", "identity/entity", ""), 405, &[]).await;
    server
        .raw_error(("POST", "identity/entity/", "{}"), 400, &["cannot write to a path ending in '/'"])
        .await;
    server
        .raw_error(("GET", "identity/entity/name/a%2F..%2Fb", ""), 400, &["relative paths not supported"])
        .await;
    let response = server.send("GET", "identity/entity/name/tab%09here", "").await;
    assert_eq!((response.status().as_u16(), response.body().len()), (400, 0));
}

pub(super) async fn invalid_bodies_are_rejected(server: &Server<'_>) {
    let unreadable = "failed to decode JSON input: json: cannot unmarshal";
    let message = |kind: &str| format!("{unreadable} {kind} into Go value of type map[string]interface {{}}");
    server.raw_error(("POST", "identity/entity", "[]"), 400, &[&message("array")]).await;
    server.raw_error(("POST", "identity/entity", r#""x""#), 400, &[&message("string")]).await;
    assert_eq!(server.send("POST", "identity/entity", r#"{"name":"#).await.status(), 400);
    let invalid = "Field validation failed: error converting input for field";
    for (body, problem) in [
        (
            r#"{"disabled":"x"}"#,
            r#""disabled": '' cannot parse value as 'bool': strconv.ParseBool: invalid syntax"#,
        ),
        (
            r#"{"name":["x"]}"#,
            r#""name": '' expected type 'string', got unconvertible type '[]interface {}'"#,
        ),
    ] {
        server.raw_error(("POST", "identity/entity", body), 400, &[&format!("{invalid} {problem}")]).await;
    }
    // Servers before 2.7 include the input in the message.
    let response = server.send("POST", "identity/entity", r#"{"metadata":["x"]}"#).await;
    let problem = json(&response)["errors"][0].as_str().unwrap_or_default().to_owned();
    let problems = [r#"invalid key pair at index 0 in field "metadata""#, r#"invalid key pair "x""#]
        .map(|problem| format!(r#"{invalid} "metadata": {problem}"#));
    assert!(response.status() == 400 && problems.contains(&problem), "{problem}");
    assert!(server.ok(&ListEntities::new()).await.is_empty());
    // All of these are valid.
    for body in ["", "null", "{}", r#"{"name":1,"policies":"b, A,a","metadata":["k=v"],"disabled":"true"}"#] {
        assert_eq!(server.send("POST", "identity/entity", body).await.status(), 200, "{body}");
    }
    let read = server.ok(&ReadEntityByName::new("1")).await;
    assert_eq!((read.policies.join(" "), &*read.metadata["k"], read.disabled), ("a b".to_owned(), "v", true));
}

pub(super) async fn lists_are_sent_as_get(server: &Server<'_>) {
    let get = server.at(server.target.clone().with_list_as_get(true));
    assert!(get.ok(&ListEntities::new()).await.is_empty());
    server.entity("alice").await;
    assert_eq!(get.ok(&ListEntityNames::new()).await.keys, ["alice"]);
    assert_eq!(get.ok(&ListEntities::new()).await, server.ok(&ListEntities::new()).await);
    assert_eq!(server.send("LIST", "identity/entity/id/", "").await.status(), 200);
    server.raw_error(("GET", "identity/entity/id?list=banana", ""), 400, &[]).await;
    server.raw_error(("GET", "identity/entity/id?list=false", ""), 405, &[UNSUPPORTED_OPERATION]).await;
}

pub(super) async fn unknown_fields_are_ignored(server: &Server<'_>) {
    let response = server.send("POST", "identity/entity", r#"{"name":"a","tint":1,"colour":"red"}"#).await;
    let ignored = |names: &str| json!([format!("Endpoint ignored these unrecognized parameters: [{names}]")]);
    assert_eq!(json(&response)["warnings"], ignored("colour tint"));
    let response = server.send("LIST", "identity/entity/id?after=x&limit=1", "").await;
    assert_eq!(json(&response)["warnings"], ignored("after limit"));
    let response = server.send("POST", "identity/entity/name/b", r#"{"name":"c"}"#).await;
    let replaced = "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]";
    assert_eq!(json(&response)["warnings"], json!([replaced]));
    assert_eq!(json(&response)["data"]["name"], "b");
    assert!(server.warnings(&CreateEntity::named("d")).await.is_empty());
}

pub(super) async fn strings_are_limited(server: &Server<'_>) {
    let body = |count: usize| json!({ "entity_ids": vec!["x"; count] }).to_string();
    assert_eq!(server.send("POST", "identity/entity/batch-delete", &body(999)).await.status(), 204);
    let problem = "refused JSON input due to high complexity: exceeded maximum number of strings";
    server.raw_error(("POST", "identity/entity/batch-delete", &body(1000)), 400, &[problem]).await;
}

pub(super) async fn lenient_json_is_accepted(server: &Server<'_>) {
    for (name, body, value) in [
        ("second", &br#"{"metadata":{"k":"a"}} {"metadata":{"k":"b"}}"#[..], "a"),
        ("repeated", br#"{"metadata":{"k":"a"},"metadata":{"k":"b"}}"#, "b"),
        ("surrogate", br#"{"metadata":{"k":"\ud83dx"}}"#, "\u{fffd}x"),
        ("bytes", b" {\"metadata\":{\"k\":\"\xe2\x82\"}}\n", "\u{fffd}\u{fffd}"),
        ("number", br#"{"metadata":{"k":123456789012345678901234567890}}"#, "123456789012345678901234567890"),
        ("exponent", br#"{"metadata":{"k":1E+05}}"#, "1E+05"),
    ] {
        let path = format!("identity/entity/name/{name}");
        let response = server.send_with("POST", &path, &[], body).await;
        assert_eq!(response.status(), 200, "{name}");
        let read = server.ok(&ReadEntityByName::new(name)).await;
        assert_eq!(&*read.metadata["k"], value, "{name}");
    }
    for body in
        ["{", "{}}", "{} x", "{} tru", "[1,]", "{'a':1}", "{\"a\":01}", "{\"a\":1e999}", "{\"a\":\"\n\"}"]
    {
        let response = server.send("POST", "identity/entity", body).await;
        let problem = json(&response)["errors"][0].as_str().unwrap_or_default().to_owned();
        assert_eq!(response.status(), 400, "{body}");
        assert!(problem.starts_with("failed to decode JSON input: "), "{body}: {problem}");
    }
}

pub(super) async fn forms_are_accepted(server: &Server<'_>) {
    let form = [("content-type", "Application/X-WWW-Form-Urlencoded; charset=utf-8")];
    let path = "identity/entity/name/alice";
    let body = "policies=a&policies=b%2Cc+d&metadata=k%3Dv&disabled=true";
    assert_eq!(server.send_with("POST", path, &form, body).await.status(), 200);
    let read = server.ok(&ReadEntityByName::new("alice")).await;
    assert_eq!(
        (read.policies.join("/"), &*read.metadata["k"], read.disabled),
        ("a/b/c d".to_owned(), "v", true)
    );
    assert_eq!(server.send_with("PUT", path, &form, " {\"disabled\":false}").await.status(), 204);
    assert!(!server.ok(&ReadEntityByName::new("alice")).await.disabled);
    for body in ["policies=a;b", "policies=%zz"] {
        let response = server.send_with("POST", path, &form, body).await;
        assert_eq!(json(&response)["errors"], json!(["error parsing form data"]), "{body}");
    }
}

/// Each request has two faults.
pub(super) async fn the_first_error_is_reported(server: &Server<'_>) {
    let unknown =
        server.at(server.target.clone().with_token("s.000000000000000000000000").expect("it can be sent"));
    unknown.raw_error(("GET", "identity/entity/id?list=x", ""), 400, &[]).await;
    unknown.raw_error(("FETCH", "a%2F..%2Fb", ""), 405, &[]).await;
    let wrap = [("x-vault-wrap-ttl", "x")];
    let response = unknown.send_with("GET", "a%2F..%2Fb", &wrap, "").await;
    let problem = r#"error parsing X-Vault-Wrap-TTL header: time: invalid duration "x""#;
    assert_eq!(json(&response)["errors"], json!([problem]));
    unknown.raw_error(("POST", "a%2F../", "{}"), 400, &["relative paths not supported"]).await;
    unknown
        .raw_error(("POST", "identity/entity/", "{}"), 400, &["cannot write to a path ending in '/'"])
        .await;
    let problem = "cannot handle internal-only request operation";
    unknown.raw_error(("OPTIONS", "identity/entity/", ""), 400, &[problem]).await;
}
