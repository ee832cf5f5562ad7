//! Odd requests to the identity engine. The expected responses were recorded from `OpenBao` 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::BlockingTransport;
use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

fn send(vault: &FakeVault, method: &str, path: &str, body: &Value) -> (u16, Value) {
    exchange(vault, &[("x-vault-token", "root")], method, &format!("identity/{path}"), body)
}

fn created(vault: &FakeVault, path: &str, body: &Value) -> String {
    let (status, response) = send(vault, "POST", path, body);
    assert_eq!(status, 200, "{response}");
    response["data"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn metadata_in_lists_of_odd_elements() {
    let vault = FakeVault::new();
    for (metadata, expected) in [
        (json!([null, null]), json!(null)),
        (json!([[]]), json!({})),
        (json!([null, { "a": "b" }, [{ "c": 1 }]]), json!({ "a": "b", "c": "1" })),
        (json!(["a=b"]), json!({ "a": "b" })),
    ] {
        let (status, response) =
            send(&vault, "POST", "entity", &json!({ "name": "alice", "metadata": metadata }));
        assert!(status < 300, "{metadata}: {response}");
        let entity = send(&vault, "GET", "entity/name/alice", &Value::Null).1;
        assert_eq!(entity["data"]["metadata"], expected, "{metadata}");
    }
    let (status, _) = send(&vault, "POST", "entity", &json!({ "metadata": [null, "a=b"] }));
    assert_eq!(status, 400);
}

#[test]
fn an_empty_identifier_fails_a_batch() {
    let vault = FakeVault::new();
    let alice = created(&vault, "entity", &json!({ "name": "alice" }));
    for ids in [json!([""]), json!([null]), json!(" "), json!([alice, ""])] {
        let (status, response) = send(&vault, "POST", "entity/batch-delete", &json!({ "entity_ids": ids }));
        assert_eq!(status, 500, "{ids}");
        assert_eq!(response["errors"], json!(["1 error occurred:\n\t* missing entity id\n\n"]), "{ids}");
    }
    let batch = json!({ "entity_ids": [alice, "unknown", alice] });
    assert_eq!(send(&vault, "POST", "entity/batch-delete", &batch).0, 204);
    assert_eq!(send(&vault, "GET", "entity/name/alice", &Value::Null).0, 404);
}

#[test]
fn names_that_are_not_utf8_are_not_stored() {
    let vault = FakeVault::new();
    for (kind, problem) in [
        ("entity", "failed to marshal entity: string field contains invalid UTF-8"),
        ("group", "string field contains invalid UTF-8"),
    ] {
        let path = format!("{kind}/name/a%ff");
        let (status, response) = send(&vault, "POST", &path, &json!({}));
        assert_eq!(status, 500, "{response}");
        assert_eq!(response["errors"], json!([format!("1 error occurred:\n\t* {problem}\n\n")]));
        assert_eq!(send(&vault, "GET", &path, &Value::Null).0, 404);
        // The replacement character itself is a valid name, and lookups by the other name find it.
        assert_eq!(send(&vault, "POST", &format!("{kind}/name/a%ef%bf%bd"), &json!({})).0, 200);
        assert_eq!(send(&vault, "GET", &path, &Value::Null).0, 200);
        assert_eq!(send(&vault, "POST", &path, &json!({})).0, 500);
        assert_eq!(send(&vault, "DELETE", &path, &Value::Null).0, 204);
        assert_eq!(send(&vault, "GET", &format!("{kind}/name/a%ef%bf%bd"), &Value::Null).0, 404);
    }
}

#[test]
fn a_list_of_names_describes_the_object_whose_identifier_is_a_name() {
    let vault = FakeVault::new();
    for (kind, info) in [
        ("entity", json!({ "name": "first" })),
        ("group", json!({ "name": "first", "num_member_entities": 0, "num_parent_groups": 0 })),
    ] {
        let first = created(&vault, kind, &json!({ "name": "first" }));
        let names = || send(&vault, "LIST", &format!("{kind}/name"), &Value::Null).1["data"].clone();
        assert_eq!(names(), json!({ "keys": ["first"] }));
        created(&vault, kind, &json!({ "name": first }));
        let list = names();
        assert_eq!(list["key_info"], json!({ &*first: info }));
        assert_eq!(list["keys"].as_array().unwrap().len(), 2);
    }
}

/// Returns the number of published keys.
fn published(vault: &FakeVault) -> usize {
    send(vault, "GET", "oidc/.well-known/keys", &Value::Null).1["keys"].as_array().unwrap().len()
}

#[test]
fn expired_keys_are_published_until_the_next_check() {
    let vault = FakeVault::new();
    assert_eq!(send(&vault, "POST", "oidc/role/role", &json!({ "key": "default" })).0, 204);
    assert_eq!(published(&vault), 2);
    let rotate = |ttl: u64| {
        assert_eq!(
            send(&vault, "POST", "oidc/key/default/rotate", &json!({ "verification_ttl": ttl })).0,
            204
        );
    };
    rotate(0);
    assert_eq!(published(&vault), 2, "the one rotated out has expired before the response is cached");
    rotate(10);
    assert_eq!(published(&vault), 3);
    vault.advance(Duration::from_secs(20));
    assert_eq!(published(&vault), 3, "the response is cached");
    vault.advance(Duration::from_secs(60));
    assert_eq!(published(&vault), 2, "the server checks keys once a minute");

    rotate(10);
    assert_eq!(published(&vault), 3);
    vault.advance(Duration::from_secs(20));
    assert_eq!(send(&vault, "POST", "oidc/key/other", &json!({ "algorithm": "ES256" })).0, 204);
    assert_eq!(published(&vault), 2, "every change of a key or a role clears the cache");
    assert_eq!(send(&vault, "DELETE", "oidc/role/role", &Value::Null).0, 204);
    assert_eq!(published(&vault), 2, "except the deletion of a role");
}

#[test]
fn keys_may_be_cached_once_they_are_checked() {
    let vault = FakeVault::new();
    let max_age = || {
        let request = Request::get("/v1/identity/oidc/.well-known/keys").body(Bytes::new()).unwrap();
        let response = BlockingTransport::send(&vault, request).unwrap();
        let value = response.headers().get("cache-control")?.to_str().unwrap().to_owned();
        value.strip_prefix("max-age=").map(|seconds| seconds.parse::<u64>().unwrap())
    };
    assert_eq!(send(&vault, "POST", "oidc/role/role", &json!({ "key": "default" })).0, 204);
    assert_eq!(max_age(), None);
    vault.advance(Duration::from_secs(60));
    assert!(max_age().unwrap() < 86400);
    assert_eq!(send(&vault, "POST", "oidc/role/role", &json!({ "key": "default" })).0, 204);
    assert_eq!(max_age(), None);
}

#[test]
fn invalid_durations_are_quoted_byte_by_byte() {
    let vault = FakeVault::new();
    for (ttl, quoted) in [("é", r#""\xc3\xa9""#), ("a\n\"", r#""a\x0a\"""#)] {
        let body = json!({ "rotation_period": ttl });
        let (status, response) = send(&vault, "POST", "oidc/key/key", &body);
        assert_eq!(status, 400);
        let problem = format!("time: invalid duration {quoted}");
        let problem = format!("error converting input for field \"rotation_period\": {problem}");
        assert_eq!(response["errors"], json!([problem]));
    }
}
