//! Tokens on `FakeVault`. The expected responses were recorded from `OpenBao` 2.7.2.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod access;
mod checks;
mod creation;
mod lifetimes;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::{BlockingTransport, ExposeSecret};
use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

const DEFAULT_TTL: u64 = 32 * 24 * 60 * 60;

struct Server(FakeVault);

impl Server {
    fn new() -> Self {
        Self(FakeVault::new())
    }

    fn send(&self, token: &str, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        exchange(&self.0, &[("x-vault-token", token)], verb, path, body)
    }

    fn root(&self, verb: &str, path: &str, body: &Value) -> Value {
        let (status, response) = self.send("root", verb, path, body);
        assert!(status < 300, "{verb} {path}: {response}");
        response
    }

    fn create_by(&self, creator: &str, path: &str, body: &Value) -> String {
        let (status, response) = self.send(creator, "POST", path, body);
        assert_eq!(status, 200, "{body}: {response}");
        response["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    fn create(&self, body: &Value) -> String {
        self.create_by("root", "auth/token/create", body)
    }

    /// Creates a token that may use `auth/token`.
    fn user(&self) -> String {
        let policy = r#"path "auth/token/*" { capabilities = ["create", "read", "update"] }"#;
        self.root("PUT", "sys/policies/acl/tokens", &json!({ "policy": policy }));
        self.create(&json!({ "policies": ["tokens"] }))
    }

    fn lookup(&self, token: &str) -> Value {
        self.root("POST", "auth/token/lookup", &json!({ "token": token }))["data"].take()
    }

    fn exists(&self, token: &str) -> bool {
        self.send("root", "POST", "auth/token/lookup", &json!({ "token": token })).0 == 200
    }

    fn is_accepted(&self, token: &str) -> bool {
        self.send(token, "GET", "auth/token/lookup-self", &Value::Null).0 == 200
    }

    fn advance(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    fn rejects(&self, token: &str, path: &str, body: &Value, status: u16, message: &str) {
        let (actual, response) = self.send(token, "POST", path, body);
        assert_eq!((actual, &response["errors"]), (status, &json!([message])), "{path} {body}");
    }

    /// Mounts `userpass`, creates a user, and returns the `auth` part of a login.
    fn log_in(&self) -> Value {
        self.0.mount_auth("userpass");
        self.root("POST", "auth/userpass/users/alice", &json!({ "password": "pw" }));
        self.root("POST", "auth/userpass/login/alice", &json!({ "password": "pw" }))["auth"].take()
    }
}
