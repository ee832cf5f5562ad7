//! The auth method `kubernetes` on `FakeVault`. The expected responses were recorded from `OpenBao` 2.7.2
//! with a small token review API.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use identity_core::ExposeSecret;
use identity_fake::FakeVault;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use support::exchange;

const PRIVATE: &str = include_str!("jwt/keys/p256.pem");
const PUBLIC: &str = include_str!("jwt/keys/p256.pub");

const ROLE: &str = "auth/kubernetes/role/app";

struct Server(FakeVault);

impl Server {
    fn new() -> Self {
        let server = Self(FakeVault::new());
        server.0.mount_auth("kubernetes");
        server.write("auth/kubernetes/config", &json!({ "kubernetes_host": "https://10.0.0.1" }));
        server.role(&json!({}));
        server
    }

    fn send(&self, verb: &str, path: &str, body: &Value) -> (u16, Value) {
        exchange(&self.0, &[("x-vault-token", "root")], verb, path, body)
    }

    fn write(&self, path: &str, body: &Value) {
        let (status, response) = self.send("POST", path, body);
        assert!(status < 300, "{path}: {response}");
    }

    fn role(&self, more: &Value) {
        let mut role =
            json!({ "bound_service_account_names": "web,job-*", "bound_service_account_namespaces": "shop" });
        role.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.write(ROLE, &role);
    }

    fn log_in(&self, jwt: &str) -> (u16, Value) {
        self.send("POST", "auth/kubernetes/login", &json!({ "role": "app", "jwt": jwt }))
    }

    fn log_in_as(&self, namespace: &str, name: &str) -> (u16, Value) {
        self.log_in(self.0.kubernetes_jwt(namespace, name).expose_secret())
    }
}

/// Decodes a PEM file.
fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    BASE64_STANDARD.decode(body).unwrap()
}

fn error(status: u16, message: &str) -> (u16, Value) {
    (status, json!({ "errors": [message] }))
}

#[test]
fn service_accounts_log_in() {
    let server = Server::new();
    let (status, response) = server.log_in_as("shop", "web");
    assert_eq!(status, 200, "{response}");
    let auth = &response["auth"];
    let uid = auth["metadata"]["service_account_uid"].as_str().unwrap();
    let mut metadata = json!({
        "role": "app", "service_account_name": "web", "service_account_namespace": "shop",
        "service_account_secret_name": "", "service_account_uid": uid,
    });
    assert_eq!(auth["metadata"], metadata);
    let entity = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    let alias = server.send("GET", &entity, &Value::Null).1["data"]["aliases"][0].clone();
    metadata.as_object_mut().unwrap().remove("role");
    assert_eq!((&alias["name"], &alias["metadata"]), (&json!(uid), &metadata));
    assert_eq!(server.log_in_as("shop", "web").1["auth"]["entity_id"], auth["entity_id"]);
    assert_ne!(server.log_in_as("shop", "job-1").1["auth"]["entity_id"], auth["entity_id"]);

    assert_eq!(server.log_in_as("shop", "db"), error(403, "service account name not authorized"));
    assert_eq!(server.log_in_as("bank", "web"), error(403, "namespace not authorized"));
    server.role(&json!({ "bound_service_account_names": "*", "bound_service_account_namespaces": "*" }));
    assert_eq!(server.log_in_as("bank", "db").0, 200);
}

#[test]
fn aliases_are_named_after_the_service_account() {
    let server = Server::new();
    server.role(&json!({ "alias_name_source": "serviceaccount_name" }));
    let auth = server.log_in_as("shop", "web").1["auth"].clone();
    let entity = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    assert_eq!(server.send("GET", &entity, &Value::Null).1["data"]["aliases"][0]["name"], "shop/web");
}

#[test]
fn login_errors() {
    let server = Server::new();
    let login = |body: Value| server.send("POST", "auth/kubernetes/login", &body);
    assert_eq!(login(json!({})), error(400, "missing role"));
    assert_eq!(login(json!({ "role": "app" })), error(400, "missing jwt"));
    assert_eq!(login(json!({ "role": "x", "jwt": "x" })), error(400, "invalid role name \"x\""));
    assert_eq!(server.log_in("x"), error(403, "permission denied"));
    // Only the cluster of this server made its tokens.
    let other = FakeVault::new().kubernetes_jwt("shop", "web");
    assert_eq!(server.log_in(other.expose_secret()), error(403, "permission denied"));

    server.role(&json!({ "audience": "vault" }));
    let problem = "invalid audience (aud) claim: audience claim does not match any expected audience";
    assert_eq!(server.log_in_as("shop", "web"), error(403, problem));
    server.role(&json!({ "audience": "https://kubernetes.default.svc.cluster.local" }));
    let jwt = server.0.kubernetes_jwt("shop", "web");
    assert_eq!(server.log_in(jwt.expose_secret()).0, 200);
    server.0.advance(Duration::from_secs(3700));
    let problem = "invalid expiration time (exp) claim: token is expired";
    assert_eq!(server.log_in(jwt.expose_secret()), error(403, problem));

    server.0.mount_auth_at("kubernetes", "other");
    let role = json!({ "bound_service_account_names": "*", "bound_service_account_namespaces": "*" });
    server.write("auth/other/role/app", &role);
    let login = server.send("POST", "auth/other/login", &json!({ "role": "app", "jwt": "x" }));
    assert_eq!(login, error(500, "could not load backend configuration"));
}

#[test]
fn configured_keys_verify_tokens() {
    let server = Server::new();
    let config = json!({ "kubernetes_host": "https://10.0.0.1", "pem_keys": [PUBLIC], "issuer": "us",
        "disable_iss_validation": false });
    server.write("auth/kubernetes/config", &config);
    assert_eq!(server.log_in_as("shop", "web"), error(403, "permission denied"));
    let sign = |claims: &Value| {
        let key = EncodingKey::from_ec_der(&der(PRIVATE));
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &key).unwrap()
    };
    let mut claims = json!({
        "iss": "us",
        "kubernetes.io/serviceaccount/namespace": "shop",
        "kubernetes.io/serviceaccount/secret.name": "web-token",
        "kubernetes.io/serviceaccount/service-account.name": "web",
        "kubernetes.io/serviceaccount/service-account.uid": "u1",
    });
    let (status, response) = server.log_in(&sign(&claims));
    assert_eq!(status, 200, "{response}");
    assert_eq!(response["auth"]["metadata"]["service_account_secret_name"], "web-token");
    claims["iss"] = json!("them");
    assert_eq!(server.log_in(&sign(&claims)), error(403, "invalid issuer (iss) claim"));
    claims["iss"] = json!("us");
    claims["aud"] = json!("x");
    let problem = "decoding failed due to the following error(s):\n\n'aud' source data must be an array or slice, got string";
    assert_eq!(server.log_in(&sign(&claims)), error(500, problem));
}

#[test]
fn configurations_are_validated() {
    let server = Server::new();
    let write = |config: Value| server.send("POST", "auth/kubernetes/config", &config);
    assert_eq!(write(json!({})), error(400, "no host provided"));
    let config = json!({ "kubernetes_host": "h", "disable_local_ca_jwt": true });
    let problem = "kubernetes_ca_cert must be given when disable_local_ca_jwt is true";
    assert_eq!(write(config), error(400, problem));
    let problem = "data does not contain any valid public keys";
    assert_eq!(write(json!({ "kubernetes_host": "h", "pem_keys": "x" })), error(400, problem));
    let config =
        json!({ "kubernetes_host": "h", "kubernetes_ca_cert": "ca", "token_reviewer_jwt": "secret" });
    for _ in 0..2 {
        assert_eq!(write(config.clone()).0, 204);
        let expected = json!({
            "disable_iss_validation": true, "disable_local_ca_jwt": false, "issuer": "", "kubernetes_ca_cert": "ca",
            "kubernetes_host": "h", "pem_keys": [], "token_reviewer_jwt_set": true,
        });
        assert_eq!(server.send("GET", "auth/kubernetes/config", &Value::Null).1["data"], expected);
    }
}

#[test]
fn roles_are_validated() {
    let server = Server::new();
    let write = |role: Value| server.send("POST", "auth/kubernetes/role/new", &role);
    for (role, problem) in [
        (json!({}), "\"bound_service_account_names\" can not be empty"),
        (
            json!({ "bound_service_account_names": "a" }),
            "\"bound_service_account_namespaces\" can not be empty if \"bound_service_account_namespace_selector\" is \
             not set",
        ),
        (json!({ "bound_service_account_names": "a,*" }), "can not mix \"*\" with values"),
        (
            json!({ "bound_service_account_names": "a", "bound_service_account_namespaces": "b", "alias_name_source": "" , "token_period": "1000h" }),
            "token period of '\"1000h0m0s\"' is greater than the backend's maximum lease TTL of '\"768h0m0s\"'",
        ),
        (
            json!({ "bound_service_account_names": "a", "bound_service_account_namespaces": "b", "alias_name_source": "x" }),
            "invalid alias_name_source, must be one of: serviceaccount_uid, serviceaccount_name",
        ),
        (
            json!({ "bound_service_account_names": "a", "bound_service_account_namespace_selector": "{" }),
            "invalid \"bound_service_account_namespace_selector\" configured",
        ),
    ] {
        assert_eq!(write(role), error(400, problem));
    }
    let role = json!({ "bound_service_account_names": "a", "bound_service_account_namespace_selector": "{\"matchLabels\":{}}",
        "ttl": 60, "audience": "vault" });
    for _ in 0..2 {
        assert_eq!(write(role.clone()).0, 204);
    }
    let role = server.send("GET", "auth/kubernetes/role/NEW", &Value::Null).1["data"].clone();
    assert_eq!(role["bound_service_account_namespaces"], Value::Null);
    assert_eq!(
        (&role["token_ttl"], &role["ttl"], &role["audience"]),
        (&json!(60), &json!(60), &json!("vault"))
    );
    let list = server.send("LIST", "auth/kubernetes/role", &Value::Null).1["data"].clone();
    assert_eq!(list, json!({ "keys": ["app", "new"] }));
    let page = server.send("LIST", "auth/kubernetes/role?after=app&limit=1", &Value::Null).1["data"].clone();
    assert_eq!(page, json!({ "keys": ["new"] }));
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", "auth/kubernetes/role/new", &Value::Null).0, 204);
        assert_eq!(server.send("GET", "auth/kubernetes/role/new", &Value::Null).0, 404);
    }
}
