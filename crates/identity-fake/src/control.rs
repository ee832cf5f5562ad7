//! The methods of [`FakeVault`] for tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity_core::{EntityId, ExposeSecret, MountAccessor, SecretString, Target};
use serde_json::{Map, json};

use super::auth::MAX_TTL;
use super::fault::{Fault, PlannedFault};
use super::namespaces;
use super::random::Random;
use super::state::State;
use super::tokens::{Lease, Token};
use super::vault::FakeVault;
use identity_core::test_request::RecordedRequest;

impl FakeVault {
    /// Creates an empty server with the root token `root`.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State::new(Random::new()))))
    }

    /// Creates an empty server that generates the same identifiers for the same seed.
    pub fn with_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(Random::seeded(seed)))))
    }

    /// Sets the root token. Defaults to `root`.
    #[must_use]
    pub fn with_root_token(self, token: impl Into<SecretString>) -> Self {
        self.state().tokens.set_root(token.into().expose_secret().to_owned());
        self
    }

    /// Sets the address, such as `http://127.0.0.1:8200`. It is the address of the [target](Self::target),
    /// and the OIDC issuers begin with it. Defaults to `http://fake.vault`.
    #[must_use]
    pub fn with_address(self, address: impl Into<String>) -> Self {
        self.state().address = address.into();
        self
    }

    /// Stops the server from recording [requests](Self::requests), which saves memory in long tests.
    #[must_use]
    pub fn without_recording(self) -> Self {
        self.state().journal.is_enabled = false;
        self
    }

    /// Returns the root token, which may do everything.
    pub fn root_token(&self) -> SecretString {
        self.state().tokens.root().into()
    }

    /// Returns a target with the address of the server and the root token.
    ///
    /// # Panics
    ///
    /// Panics if the root token is not a valid header value, or if the [address](Self::with_address) is
    /// invalid.
    pub fn target(&self) -> Target {
        let state = self.state();
        let target = Target::new(&state.address).and_then(|target| target.with_token(state.tokens.root()));
        target.expect("the root token is a header value, and the address is valid")
    }

    /// Mounts an auth method at the path of its name and returns its accessor. Keeps an existing mount.
    ///
    /// To mount in other namespaces, send requests to `sys/auth`.
    ///
    /// ```
    /// use identity_core::{BlockingTransport, Endpoint, alias::CreateEntityAlias};
    /// use identity_fake::FakeVault;
    ///
    /// let vault = FakeVault::new();
    /// let userpass = vault.mount_auth("userpass");
    /// let create = CreateEntityAlias::new("alice", &userpass).request(&vault.target())?;
    /// assert_eq!(BlockingTransport::send(&vault, create)?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics unless `method` is an auth method of `OpenBao`, such as `userpass` or `approle`.
    pub fn mount_auth(&self, method: &str) -> MountAccessor {
        self.mount_auth_at(method, method)
    }

    /// Mounts an auth method at a path and returns its accessor. Keeps an existing mount.
    ///
    /// # Panics
    ///
    /// Panics unless `method` is an auth method of `OpenBao`.
    pub fn mount_auth_at(&self, method: &str, path: &str) -> MountAccessor {
        let path = path.trim_matches('/');
        let state = &mut *self.state();
        let known = state.mounts.accessor("", &format!("auth/{path}/"));
        let accessor =
            known.map_or_else(|| state.mounts.enable(("", path, method, false), &mut state.random), Ok);
        accessor.map_or_else(|_| panic!("FakeVault: unknown auth method `{method}`"), MountAccessor::from)
    }

    /// Creates a namespace below the root namespace. Does nothing if it exists.
    ///
    /// # Panics
    ///
    /// Panics if the name is invalid.
    pub fn create_namespace(&self, name: &str) {
        let created = namespaces::create(&mut self.state(), "", name.trim_matches('/'));
        assert!(created.is_ok(), "FakeVault: invalid name of a namespace: `{name}`");
    }

    /// Creates a token for an entity of the root namespace, as a login does.
    ///
    /// The token has the policy `default` and those of the entity and its groups. It expires after 32 days,
    /// and can be renewed. It is rejected once the entity is disabled or deleted.
    ///
    /// ```
    /// use identity_core::{
    ///     BlockingTransport, Endpoint,
    ///     entity::{CreateEntity, ListEntityNames},
    /// };
    /// use identity_fake::FakeVault;
    ///
    /// let vault = FakeVault::new();
    /// let create = CreateEntity::named("alice").policies(["readers"]).request(&vault.target())?;
    /// let created = CreateEntity::parse_response(&BlockingTransport::send(&vault, create)?)?;
    /// let alice = created.created().ok_or("the entity exists")?.id;
    ///
    /// let as_alice = vault.target().with_token(vault.token_for(&alice))?;
    /// let list = ListEntityNames::new().request(&as_alice)?;
    /// assert_eq!(BlockingTransport::send(&vault, list.clone())?.status(), 403);
    /// vault.allow("readers", ["identity/entity/*"]);
    /// assert_eq!(BlockingTransport::send(&vault, list)?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn token_for(&self, entity: &EntityId) -> SecretString {
        self.create_token(Some(entity.as_str().to_owned()))
    }

    /// Creates a token that has only the `default` policy, which allows, for example, looking up the token
    /// itself.
    pub fn unprivileged_token(&self) -> SecretString {
        self.create_token(None)
    }

    /// Writes a policy of the root namespace that grants all capabilities on these paths. Replaces the policy
    /// if it exists.
    ///
    /// A trailing `*` matches any suffix, and `+` one segment: `identity/*`, `identity/oidc/token/+`. To
    /// write policies with fewer capabilities, send requests to `sys/policies/acl`.
    ///
    /// # Panics
    ///
    /// Panics if a path is invalid in a policy, such as one with `+*`.
    pub fn allow<P: AsRef<str>>(&self, policy: &str, paths: impl IntoIterator<Item = P>) {
        let all = json!({ "capabilities": ["create", "delete", "list", "patch", "read", "scan", "sudo", "update"] });
        let rules: Map<_, _> =
            paths.into_iter().map(|path| (path.as_ref().to_owned(), all.clone())).collect();
        let state = &mut *self.state();
        let document = json!({ "path": rules }).to_string();
        let written = state.policies.write("", policy, &document, state.clock.now());
        written.unwrap_or_else(|problem| panic!("FakeVault: {problem}"));
    }

    fn create_token(&self, entity: Option<String>) -> SecretString {
        let mut state = self.state();
        let token = format!("s.{}", state.random.alphanumeric(24));
        let lease = Lease::new("default", state.random.alphanumeric(24), state.clock.now(), MAX_TTL);
        let mount = state.mounts.accessor("", "auth/token/").unwrap_or_default();
        state.tokens.add(token.clone(), Token { entity, mount, ..Token::new(lease) });
        token.into()
    }

    /// Returns the token of a Kubernetes service account, with which it logs in through the auth method
    /// `kubernetes`.
    ///
    /// The token is valid for an hour, and its audience is `https://kubernetes.default.svc.cluster.local`.
    /// The identifier of the service account depends on the two names only. To log in with tokens that you
    /// sign, configure `pem_keys`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::Request;
    /// use identity_core::{BlockingTransport, ExposeSecret};
    /// use identity_fake::FakeVault;
    /// use serde_json::{Value, json};
    ///
    /// let vault = FakeVault::new();
    /// vault.mount_auth("kubernetes");
    /// let write = |path: &str, body: Value| {
    ///     let request = Request::post(format!("http://fake.vault/v1/auth/kubernetes/{path}"))
    ///         .header("X-Vault-Token", "root")
    ///         .body(Bytes::from(body.to_string()))?;
    ///     Ok::<_, Box<dyn std::error::Error>>(BlockingTransport::send(&vault, request)?)
    /// };
    /// write("config", json!({ "kubernetes_host": "https://kubernetes.default.svc" }))?;
    /// let role = json!({
    ///     "bound_service_account_names": "app",
    ///     "bound_service_account_namespaces": "shop",
    /// });
    /// write("role/app", role)?;
    ///
    /// let jwt = vault.kubernetes_jwt("shop", "app");
    /// let response = write("login", json!({ "role": "app", "jwt": jwt.expose_secret() }))?;
    /// assert_eq!(response.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kubernetes_jwt(&self, namespace: &str, service_account: &str) -> SecretString {
        let state = self.state();
        state.auth.cluster.token(namespace, service_account, state.clock.now()).into()
    }

    /// Revokes a token and those created with it. Does nothing for the root token and for unknown tokens.
    pub fn revoke(&self, token: &SecretString) {
        let mut state = self.state();
        if token.expose_secret() != state.tokens.root() {
            state.tokens.revoke(token.expose_secret());
        }
    }

    /// Moves the clock of the server forward, for example past the TTL of a token.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use identity_core::{
    ///     BlockingTransport, Endpoint, Wrap,
    ///     entity::CreateEntity,
    ///     wrapping::{LookupWrappingToken, Wrapped},
    /// };
    /// use identity_fake::FakeVault;
    ///
    /// let vault = FakeVault::new();
    /// let target = vault.target();
    /// let create = Wrap::new(CreateEntity::named("alice"), Duration::from_secs(60));
    /// let response = BlockingTransport::send(&vault, create.request(&target)?)?;
    /// let Wrapped::Token(info) = Wrap::<CreateEntity>::parse_response(&response)? else { panic!() };
    ///
    /// vault.advance(Duration::from_secs(61));
    /// let lookup = LookupWrappingToken::new(info.token).request(&target)?;
    /// assert_eq!(BlockingTransport::send(&vault, lookup)?.status(), 400);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        self.state().clock.advance(by);
    }

    /// Returns the latest requests in order, including those that failed. Secrets are replaced by `***`, and
    /// so are bodies that are neither JSON nor a form.
    ///
    /// The server keeps 10,000 requests, and fewer if their bodies exceed 16 MiB together. It drops the
    /// oldest ones first. [`without_recording`](Self::without_recording) keeps none.
    ///
    /// ```
    /// use identity_core::{BlockingTransport, Endpoint, entity::ReadEntityById};
    /// use identity_fake::FakeVault;
    ///
    /// let vault = FakeVault::new();
    /// let read = ReadEntityById::new("e1").request(&vault.target())?;
    /// assert_eq!(BlockingTransport::send(&vault, read)?.status(), 404);
    /// let requests = vault.requests();
    /// assert_eq!(requests.len(), 1);
    /// assert_eq!((requests[0].path.as_str(), &*requests[0].params["id"]), ("identity/entity/id/e1", "e1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state().journal.requests()
    }

    /// Clears the recorded requests.
    pub fn clear_requests(&self) {
        self.state().journal.clear();
    }

    /// Injects a fault into the next request.
    ///
    /// ```
    /// use identity_core::{
    ///     BlockingTransport, Endpoint,
    ///     entity::{CreateEntity, ListEntityNames},
    /// };
    /// use identity_fake::{FakeVault, Fault};
    ///
    /// let vault = FakeVault::new();
    /// vault.fail_next(Fault::DropResponse);
    /// let create = CreateEntity::named("alice").request(&vault.target())?;
    /// assert!(BlockingTransport::send(&vault, create).is_err());
    ///
    /// let list = ListEntityNames::new().request(&vault.target())?;
    /// let names = ListEntityNames::parse_response(&BlockingTransport::send(&vault, list)?)?;
    /// assert_eq!(names.keys, ["alice"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fail_next(&self, fault: Fault) {
        self.fail_times(1, fault);
    }

    /// Injects a fault into the next `times` requests.
    pub fn fail_times(&self, times: usize, fault: Fault) {
        self.fail_where(times, fault, |_, _| true);
    }

    /// Injects a fault into the next `times` requests for which `predicate` returns `true`. Its arguments are
    /// the method and the path as sent, without `/v1/` and query, such as `identity/entity/id/7fbd40c1`. It
    /// must not call the server, which waits for its result.
    ///
    /// If several faults match a request, the one that was added first applies.
    pub fn fail_where(
        &self,
        times: usize,
        fault: Fault,
        predicate: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) {
        if times > 0 {
            self.state().faults.push(PlannedFault { fault, remaining: times, applies: Arc::new(predicate) });
        }
    }

    /// Removes all injected faults.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }
}
