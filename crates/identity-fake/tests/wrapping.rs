//! Response wrapping of `FakeVault`, beside its contract scenarios.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{BlockingTransport, ExposeSecret};
use identity_fake::FakeVault;
use serde_json::{Value, json};

const MINUTE: (&str, &str) = ("x-vault-wrap-ttl", "60");
const INVALID: &str = "wrapping token is not valid or does not exist";

fn send(
    vault: &FakeVault,
    token: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Response<Bytes> {
    let mut request =
        Request::builder().method(method).uri(format!("/v1/{path}")).header("x-vault-token", token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    BlockingTransport::send(vault, request.body(body).unwrap()).unwrap()
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

struct Root(FakeVault, String);

impl Root {
    fn new() -> Self {
        let vault = FakeVault::new();
        let token = vault.root_token().expose_secret().to_owned();
        Self(vault, token)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Response<Bytes> {
        send(&self.0, &self.1, method, path, headers, body)
    }

    fn wrap(&self, method: &str, path: &str, body: &Value) -> Value {
        json_of(&self.send(method, path, &[MINUTE], body))["wrap_info"].take()
    }

    fn unwrap(&self, info: &Value) -> (u16, Value) {
        let response = self.send("POST", "sys/wrapping/unwrap", &[], &json!({ "token": info["token"] }));
        (response.status().as_u16(), json_of(&response))
    }
}

#[test]
fn wrapped_responses_expire() {
    let root = Root::new();
    let info = root.wrap("GET", "identity/oidc/config", &Value::Null);
    root.0.advance(Duration::from_secs(59));
    assert_eq!(
        root.send("POST", "sys/wrapping/lookup", &[], &json!({ "token": info["token"] })).status(),
        200
    );
    root.0.advance(Duration::from_secs(2));
    assert_eq!(root.unwrap(&info), (400, json!({ "errors": [INVALID] })));
    // The next wrapped response removes the expired token.
    root.wrap("GET", "identity/oidc/config", &Value::Null);
    let lookup = root.send("POST", "auth/token/lookup", &[], &json!({ "token": info["token"] }));
    assert_eq!(lookup.status(), 403);
}

#[test]
fn responses_of_all_kinds() {
    let root = Root::new();
    for (method, path, body, data) in [
        ("GET", "identity/oidc/config", Value::Null, json!({ "issuer": "" })),
        ("POST", "sys/wrapping/wrap", json!({ "a": 1.5 }), json!({ "a": 1.5 })),
        ("POST", "sys/wrapping/wrap", json!({}), json!({})),
        (
            "POST",
            "sys/capabilities-self",
            json!({ "path": "x" }),
            json!({ "capabilities": ["root"], "x": ["root"] }),
        ),
    ] {
        let info = root.wrap(method, path, &body);
        assert_eq!(info["creation_path"], path);
        let (status, unwrapped) = root.unwrap(&info);
        assert_eq!((status, &unwrapped["data"]), (200, &data), "{path}");
    }
    // Other tokens have no response in their cubbyhole, and stay valid.
    for _ in 0..2 {
        assert_eq!(root.send("GET", "cubbyhole/response", &[], &Value::Null).status(), 404);
    }
    let info = root.wrap("POST", "auth/token/create", &json!({ "policies": ["a"] }));
    let auth = root.unwrap(&info).1["auth"].take();
    assert_eq!(auth["accessor"], info["wrapped_accessor"]);
    // An OAuth error is wrapped with its status, but a rejected token is not wrapped.
    let user_info = "identity/oidc/provider/default/userinfo";
    let info = root.wrap("GET", user_info, &Value::Null);
    let (status, error) = root.unwrap(&info);
    assert_eq!((status, &error["error"]), (401, &json!("invalid_token")));
    assert_eq!(send(&root.0, "unknown", "GET", user_info, &[MINUTE], &Value::Null).status(), 401);
    for (method, path, status) in [
        ("LIST", "identity/group/id", 404),
        ("GET", "identity/entity/name/nobody", 404),
        ("DELETE", "identity/entity/name/nobody", 204),
        ("GET", "sys/wrapping/wrap", 405),
    ] {
        let response = root.send(method, path, &[MINUTE], &Value::Null);
        assert_eq!((response.status().as_u16(), &json_of(&response)["wrap_info"]), (status, &Value::Null));
    }
}

#[test]
fn tokens_of_namespaces() {
    let root = Root::new();
    root.0.create_namespace("team-a");
    let namespace = ("x-vault-namespace", "team-a");
    let id = json_of(&root.send("GET", "sys/namespaces/team-a", &[], &Value::Null))["data"]["id"].take();
    let suffix = format!(".{}", id.as_str().unwrap());
    let read = || {
        json_of(&root.send("GET", "identity/oidc/config", &[MINUTE, namespace], &Value::Null))["wrap_info"]
            .take()
    };
    let info = read();
    for field in ["token", "accessor"] {
        assert!(info[field].as_str().unwrap().ends_with(&suffix), "{info}");
    }
    assert_eq!(root.unwrap(&info).0, 200);
    // The token unwraps from any namespace, but its cubbyhole is in its own.
    let token = |info: &Value| info["token"].as_str().unwrap().to_owned();
    let unwrap = send(&root.0, &token(&read()), "POST", "sys/wrapping/unwrap", &[], &Value::Null);
    assert_eq!(unwrap.status(), 200);
    let cubbyhole =
        |headers: &[_]| send(&root.0, &token(&read()), "GET", "cubbyhole/response", headers, &Value::Null);
    assert_eq!(
        (cubbyhole(&[]).status(), cubbyhole(&[namespace]).status()),
        (403.try_into().unwrap(), 200.try_into().unwrap())
    );
}

#[test]
fn unwrapping_needs_permission() {
    let root = Root::new();
    let info = root.wrap("GET", "identity/oidc/config", &Value::Null);
    let body = json!({ "token": info["token"] });
    for token in ["", "unknown"] {
        let response = send(&root.0, token, "POST", "sys/wrapping/unwrap", &[], &body);
        assert_eq!(response.status(), 403, "{token}");
    }
    assert_eq!(send(&root.0, "", "POST", "sys/wrapping/lookup", &[], &body).status(), 200);
    assert_eq!(send(&root.0, "", "DELETE", "sys/wrapping/lookup?token=x", &[], &body).status(), 400);
    assert_eq!(root.unwrap(&info).0, 200);
}
