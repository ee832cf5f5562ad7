use serde_json::{Value, json};

use crate::DevServer;

/// Setup for tests, in the root namespace and with the root token.
impl DevServer {
    /// Mounts the userpass auth method at `path` and returns the accessor of the mount.
    ///
    /// # Panics
    ///
    /// Panics if the server rejects it.
    pub fn enable_userpass(&self, path: &str) -> String {
        self.expect_ok("POST", &format!("sys/auth/{path}"), &json!({ "type": "userpass" }));
        let mounts = self.expect_ok("GET", "sys/auth", &Value::Null);
        text(&mounts["data"][format!("{path}/")]["accessor"])
    }

    /// Creates a user in a userpass mount.
    ///
    /// # Panics
    ///
    /// Panics if the server rejects it.
    pub fn userpass_user(&self, mount: &str, name: &str, password: &str) {
        let path = format!("auth/{mount}/users/{name}");
        self.expect_ok("POST", &path, &json!({ "password": password }));
    }

    /// Logs a user of a userpass mount in and returns the client token.
    ///
    /// # Panics
    ///
    /// Panics if the server rejects it.
    pub fn userpass_login(&self, mount: &str, name: &str, password: &str) -> String {
        let path = format!("auth/{mount}/login/{name}");
        let response = self.expect_ok("POST", &path, &json!({ "password": password }));
        text(&response["auth"]["client_token"])
    }

    /// Creates a namespace, given by its whole path, with the key `default`, which new namespaces lack in
    /// OpenBao before 2.7.
    ///
    /// # Panics
    ///
    /// Panics if the server rejects it, as the community edition of Vault does with 404.
    pub fn create_namespace(&self, name: &str) {
        let path = name.rsplit_once('/').map_or_else(
            || format!("sys/namespaces/{name}"),
            |(parent, child)| format!("{parent}/sys/namespaces/{child}"),
        );
        self.expect_ok("POST", &path, &json!({}));
        if !self.has_default_keys() {
            let key = json!({ "allowed_client_ids": "*" });
            self.expect_ok("POST", &format!("{name}/identity/oidc/key/default"), &key);
        }
    }

    /// Returns `true` if a new namespace has the key `default`.
    pub fn has_default_keys(&self) -> bool {
        !self.version().starts_with("2.6.")
    }

    fn expect_ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let sent = if body.is_null() { None } else { Some(body.to_string()) };
        let (status, response) = self
            .request(method, &format!("/v1/{path}"), Some(self.token()), None, sent.as_deref())
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!((200..300).contains(&status), "{method} {path}: status {status}: {response}");
        serde_json::from_str(&response).unwrap_or_default()
    }
}

fn text(value: &Value) -> String {
    let text = value.as_str().expect("the response has the expected text");
    text.to_owned()
}
