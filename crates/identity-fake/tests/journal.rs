//! The requests that `FakeVault` records.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use bytes::Bytes;
use http::Request;
use identity_core::BlockingTransport;
use identity_core::test_request::RecordedRequest;
use identity_fake::FakeVault;
use serde_json::json;

const CANARY: &str = "the-canary";
const FORM: &str = "application/x-www-form-urlencoded";

fn send(vault: &FakeVault, request: Request<Bytes>) {
    BlockingTransport::send(vault, request).unwrap();
}

fn post(path: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::post(format!("/v1/{path}")).header("x-vault-token", CANARY);
    request.header("content-type", content_type).body(body.into()).unwrap()
}

/// Returns the record of a request, with all that it shows as text.
fn recorded(request: Request<Bytes>) -> (RecordedRequest, String) {
    let vault = FakeVault::new();
    send(&vault, request);
    let [request] = &vault.requests()[..] else { panic!("one request") };
    let text = format!("{:?} {:?} {} {request}", request.headers, request.query, request.body);
    (request.clone(), text)
}

#[test]
fn secrets_of_all_auth_methods_are_redacted() {
    for (path, field) in [
        ("auth/userpass/users/alice", "password"),
        ("auth/userpass/users/alice", "password_hash"),
        ("auth/userpass/users/alice/password", "password"),
        ("auth/userpass/login/alice", "password"),
        ("auth/approle/login", "secret_id"),
        ("auth/approle/role/web/custom-secret-id", "secret_id"),
        ("auth/approle/role/web/secret-id/lookup", "secret_id"),
        ("auth/approle/role/web/secret-id/destroy", "secret_id"),
        ("auth/jwt/login", "jwt"),
        ("auth/jwt/config", "oidc_client_secret"),
        ("auth/kubernetes/config", "token_reviewer_jwt"),
        ("auth/kubernetes/login", "jwt"),
        ("auth/token/create", "id"),
        ("auth/token/create", "ID"),
        ("auth/token/create-orphan", "id"),
        ("auth/token/create/role", "id"),
        ("auth/token/lookup", "token"),
        ("auth/token/renew", "token"),
        ("auth/token/revoke", "token"),
        ("auth/token/revoke-orphan", "token"),
        ("team-a/auth/token/create", "id"),
        ("sys/capabilities", "token"),
        ("sys/mfa/validate", "mfa_payload"),
        ("sys/wrapping/lookup", "token"),
        ("sys/wrapping/unwrap", "token"),
        ("sys/wrapping/wrap", "any"),
        ("sys/unseal", "key"),
        ("identity/mfa/method/duo", "secret_key"),
        ("identity/oidc/introspect", "token"),
        ("secret/data/app", "data"),
    ] {
        let object = json!({ field: CANARY, "name": "kept" }).to_string();
        let (request, text) = recorded(post(path, "application/json", object.clone()));
        assert!(!text.contains(CANARY) && text.contains("***"), "{path} {field}: {text}");
        let is_secret_body = path.ends_with("/wrap") || path.ends_with("/unseal");
        assert_eq!(text.contains("kept"), !is_secret_body, "{path}: {text}");
        assert!(is_secret_body || request.body[field] == "***", "{path} {field}: {text}");

        for (content_type, body) in [
            (FORM, format!("{field}={CANARY}")),
            ("Application/X-WWW-Form-URLEncoded; charset=utf-8", format!("{field}={CANARY}")),
            (FORM, object.clone()),
            (FORM, format!(" {object}")),
            ("", object),
        ] {
            let (_, text) = recorded(post(path, content_type, body.clone()));
            assert!(!text.contains(CANARY) && text.contains("***"), "{path} {content_type} {body}: {text}");
        }
    }
}

#[test]
fn nested_secrets_are_redacted() {
    let body = json!({ "data": { "database": CANARY }, "mfa_payload": { "id": [CANARY] } });
    let (request, text) = recorded(post("secret/data/app", "application/json", body.to_string()));
    assert!(!text.contains(CANARY), "{text}");
    assert_eq!(request.body, json!({ "data": "***", "mfa_payload": "***" }));
}

#[test]
fn bodies_without_fields_are_redacted() {
    for body in [
        &b"{\"password\":\"the-canary\""[..],
        b"{\"a\":1}{\"password\":\"the-canary\"}",
        b"{\"password\":\"the-canary\xff\"}",
        b"{\"password\":\"the-canary\\ud800\"}",
        b"[\"the-canary\"]",
        b"\"the-canary\"",
        b"the-canary",
    ] {
        let (request, text) = recorded(post("auth/userpass/login/alice", "", body));
        assert!(!text.contains(CANARY), "{text}");
        assert_eq!(request.body, "***");
    }
    for body in ["the-canary", "name=kept&the-canary", "the-canary&name=kept"] {
        let (request, text) = recorded(post("auth/userpass/login/alice", FORM, body));
        assert!(!text.contains(CANARY), "{text}");
        assert_eq!(request.body, "***");
    }
    let (request, _) = recorded(Request::get("/v1/sys/health").body(Bytes::new()).unwrap());
    assert!(request.body.is_null());
}

#[test]
fn secrets_in_queries_and_headers_are_redacted() {
    let request = Request::get("/v1/auth/token/lookup?token=the-canary&secret%5fid=the-canary&list=kept")
        .header("authorization", "Bearer the-canary")
        .header("x-vault-token", "the-canary")
        .header("x-vault-token", "second-the-canary")
        .header("x-vault-mfa", "method:the-canary")
        .header("x-kept", "kept")
        .body(Bytes::new())
        .unwrap();
    let (request, text) = recorded(request);
    assert!(!text.contains(CANARY), "{text}");
    assert_eq!((&*request.query["list"], &request.headers["x-kept"]), ("kept", &"kept".parse().unwrap()));
}

#[test]
fn the_latest_requests_are_kept() {
    let vault = FakeVault::new();
    let read = |id: usize| Request::get(format!("/v1/identity/entity/id/{id}")).body(Bytes::new()).unwrap();
    for id in 0..10_001 {
        send(&vault, read(id));
    }
    let requests = vault.requests();
    assert_eq!((requests.len(), &*requests[0].path), (10_000, "identity/entity/id/1"));
    assert_eq!(requests[9_999].path, "identity/entity/id/10000");
}

#[test]
fn large_bodies_are_dropped_earlier() {
    let vault = FakeVault::new();
    let mebibyte = Bytes::from(vec![b' '; 1024 * 1024]);
    for id in 0..20 {
        send(&vault, post(&format!("identity/entity/id/{id}"), "", mebibyte.clone()));
    }
    let requests = vault.requests();
    assert_eq!((requests.len(), &*requests[0].path), (16, "identity/entity/id/4"));

    // More than all of them may have.
    send(&vault, post("identity/entity", "", vec![b' '; 17 * 1024 * 1024]));
    assert!(vault.requests().is_empty());
    vault.clear_requests();
    send(&vault, post("identity/entity", "", mebibyte));
    assert_eq!(vault.requests().len(), 1);
}

#[test]
fn recording_can_be_turned_off() {
    let vault = FakeVault::new().without_recording();
    send(&vault, Request::get("/v1/sys/health").body(Bytes::new()).unwrap());
    assert!(vault.requests().is_empty());
}
