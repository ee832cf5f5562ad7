use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use identity_tests::DevServer;
use serde_json::{Value, json};
use vault_identity::bytes::Bytes;
use vault_identity::endpoint::Operation;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{HyperTransport, TransportError};
use vault_identity::{Client, MountAccessor, Target, Transport};

/// A namespace of the shared server for one test, and a client of it with the root token.
pub(crate) struct Space {
    pub(crate) client: Client,
    server: &'static DevServer,
    namespace: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// A call with a response.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The method and the path template.
    pub(crate) operation: String,
    /// The method and the URL.
    pub(crate) request: String,
    pub(crate) succeeded: bool,
}

impl Space {
    /// Creates a namespace of this name. Returns `None` if live tests are skipped.
    pub(crate) fn new(namespace: &str) -> Option<Self> {
        let server = DevServer::shared_or_skip()?;
        server.create_namespace(namespace);
        let target = Target::new(server.address())
            .and_then(|target| target.with_token(server.token())?.with_namespace(namespace))
            .expect("address, token and namespace are valid");
        let calls = Arc::default();
        let client =
            Client::new(target, Recorder { transport: HyperTransport::new(), calls: Arc::clone(&calls) });
        Some(Self { client, server, namespace: namespace.to_owned(), calls })
    }

    /// Creates a namespace below this one, with the key `default` in any version of the server.
    pub(crate) fn create_namespace(&self, name: &str) {
        self.server.create_namespace(&format!("{}/{name}", self.namespace));
    }

    /// Returns `true` if a new namespace of this server has the key `default`.
    pub(crate) fn has_default_keys(&self) -> bool {
        self.server.has_default_keys()
    }

    /// Returns the calls of the client.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no test panics with the lock").clone()
    }

    /// Asserts that the client has called each of these operations successfully, and each write at least
    /// twice.
    pub(crate) fn assert_called(&self, operations: &[&str]) {
        let calls = self.calls();
        for operation in operations {
            let times = calls.iter().filter(|call| call.operation == *operation).count();
            let reads = ["GET ", "LIST "].iter().any(|verb| operation.starts_with(verb));
            assert!(times >= if reads { 1 } else { 2 }, "{operation}: called {times} times");
            let succeeded = calls.iter().any(|call| call.operation == *operation && call.succeeded);
            assert!(succeeded, "{operation}: never succeeded");
        }
    }

    /// Mounts userpass at `auth/<path>`.
    pub(crate) fn mount(&self, path: &str) -> MountAccessor {
        self.set_up("POST", &format!("sys/auth/{path}"), &json!({ "type": "userpass" }));
        let mounts = self.set_up("GET", "sys/auth", &Value::Null);
        mounts["data"][format!("{path}/")]["accessor"].as_str().expect("a mount has an accessor").into()
    }

    /// Unmounts `auth/<path>`.
    pub(crate) fn unmount(&self, path: &str) {
        self.set_up("DELETE", &format!("sys/auth/{path}"), &Value::Null);
    }

    /// Writes a policy.
    pub(crate) fn policy(&self, name: &str, policy: &str) {
        self.set_up("POST", &format!("sys/policies/acl/{name}"), &json!({ "policy": policy }));
    }

    /// Creates a user of the userpass mount `auth/<mount>`, logs in, and returns a client with the user's
    /// token.
    pub(crate) fn log_in(&self, mount: &str, user: &str, policies: &[&str]) -> Client {
        let body = json!({ "password": "correct horse", "token_policies": policies });
        self.set_up("POST", &format!("auth/{mount}/users/{user}"), &body);
        let (status, body) = self.try_to_log_in(mount, user);
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).expect("the response is JSON");
        let token = body["auth"]["client_token"].as_str().expect("a login returns a token");
        self.client.with_token(token).expect("the token is valid")
    }

    /// Logs in an existing user, and returns the status and the body of the response.
    pub(crate) fn try_to_log_in(&self, mount: &str, user: &str) -> (u16, String) {
        let path = format!("auth/{mount}/login/{user}");
        self.request("POST", &path, Some(&json!({ "password": "correct horse" })))
    }

    /// Sends a request that the client has no endpoint for, and asserts that it succeeds.
    pub(crate) fn set_up(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, response) = self.request(method, path, Some(body).filter(|body| !body.is_null()));
        assert!((200..300).contains(&status), "{method} {path}: status {status}: {response}");
        serde_json::from_str(&response).unwrap_or_default()
    }

    /// Sends a request that the client has no endpoint for, and returns the status and the body of the
    /// response.
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let body = body.map(Value::to_string);
        let (token, namespace) = (Some(self.server.token()), Some(&*self.namespace));
        self.server
            .request(method, &format!("/v1/{path}"), token, namespace, body.as_deref())
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }
}

/// The default transport, which records its calls.
struct Recorder {
    transport: HyperTransport,
    calls: Arc<Mutex<Vec<Call>>>,
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let operation = *request.extensions().get::<Operation>().expect("a request has its operation");
        let sent = format!("{} {}", request.method(), request.uri());
        let response = self.transport.send(request).await?;
        self.calls.lock().expect("no test panics with the lock").push(Call {
            operation: format!("{} {}", operation.method, operation.path),
            request: sent,
            succeeded: response.status().is_success(),
        });
        Ok(response)
    }
}
