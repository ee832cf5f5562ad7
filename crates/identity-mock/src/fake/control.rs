//! What a test can do to the server beside asking it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity_core::{EntityId, ExposeSecret, MountAccessor, SecretString, Target};
use serde_json::{Map, json};

use super::fault::{Fault, Rule};
use super::journal::RecordedRequest;
use super::state::{Random, State};
use super::tokens::{Lease, Token};
use super::{FakeVault, namespaces};

impl FakeVault {
    /// An empty server with the root token `root`.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State::new(Random::new()))))
    }

    /// An empty server that makes up the same identifiers each time.
    pub fn with_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(Random::seeded(seed)))))
    }

    /// Gives it another root token.
    #[must_use]
    pub fn with_root_token(self, token: impl Into<SecretString>) -> Self {
        self.state().tokens.set_root(token.into().expose_secret().to_owned());
        self
    }

    /// Gives it another address than `http://fake.vault`, such as `http://127.0.0.1:8200`: where requests of its [target](Self::target) go,
    /// and the beginning of the issuers of its tokens.
    #[must_use]
    pub fn with_address(self, address: impl Into<String>) -> Self {
        self.state().address = address.into();
        self
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> SecretString {
        self.state().tokens.root().into()
    }

    /// Where requests are to go, with the root token.
    ///
    /// # Panics
    ///
    /// If the root token cannot be sent in a header, or the [address](Self::with_address) is none.
    pub fn target(&self) -> Target {
        let state = self.state();
        let target = Target::new(&state.address).and_then(|target| target.with_token(state.tokens.root()));
        target.expect("the root token can be sent, and the address is one")
    }

    /// Mounts an auth method at the path of its name, unless it is mounted there, and returns its accessor.
    ///
    /// Other paths and namespaces are for requests to `sys/auth`.
    ///
    /// # Panics
    ///
    /// If there is no auth method of this name, such as `userpass` or `approle`.
    pub fn mount_auth(&self, method: &str) -> MountAccessor {
        self.mount_auth_at(method, method)
    }

    /// Mounts an auth method at a path, unless something is mounted there, and returns its accessor.
    ///
    /// # Panics
    ///
    /// If there is no auth method of this name.
    pub fn mount_auth_at(&self, method: &str, path: &str) -> MountAccessor {
        let path = path.trim_matches('/');
        let state = &mut *self.state();
        let known = state.mounts.accessor("", &format!("auth/{path}/"));
        let accessor =
            known.map_or_else(|| state.mounts.enable(("", path, method, false), &mut state.random), Ok);
        accessor.map_or_else(|_| panic!("FakeVault: there is no auth method `{method}`"), MountAccessor::from)
    }

    /// Creates a namespace below the root, unless it is there.
    ///
    /// # Panics
    ///
    /// If it cannot have this name.
    pub fn create_namespace(&self, name: &str) {
        let created = namespaces::create(&mut self.state(), "", name.trim_matches('/'));
        assert!(created.is_ok(), "FakeVault: a namespace cannot be called `{name}`");
    }

    /// A token of an entity of the root namespace, as a log-in would give it. It may do what the policies say of the entity, of its groups, and
    /// of everybody (`default`). It is refused if the entity is disabled or gone.
    ///
    /// ```
    /// use identity_core::{BlockingTransport, Endpoint, entity::{CreateEntity, ListEntityNames}};
    /// use identity_mock::FakeVault;
    ///
    /// let vault = FakeVault::new();
    /// let create = CreateEntity::named("alice").policies(["readers"]).request(&vault.target())?;
    /// let created = CreateEntity::parse_response(&BlockingTransport::send(&vault, create)?)?;
    /// let alice = created.created().ok_or("it is new")?.id;
    ///
    /// let as_alice = vault.target().with_token(vault.token_for(&alice))?;
    /// let list = ListEntityNames::new().request(&as_alice)?;
    /// assert_eq!(BlockingTransport::send(&vault, list.clone())?.status(), 403);
    /// vault.allow("readers", ["identity/entity/*"]);
    /// assert_eq!(BlockingTransport::send(&vault, list)?.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn token_for(&self, entity: &EntityId) -> SecretString {
        self.token(Some(entity.as_str().to_owned()))
    }

    /// A token that is known, and may do nothing but what everybody may: look at itself, for example.
    pub fn unprivileged_token(&self) -> SecretString {
        self.token(None)
    }

    /// Writes a policy of the root namespace, in place of any that has its name. It allows everything at these paths, in which `*` at the end
    /// stands for whatever follows, and `+` for any one segment: `identity/*`, `identity/oidc/token/+`.
    ///
    /// For anything finer there is `sys/policies/acl`, as on the real server.
    ///
    /// # Panics
    ///
    /// If policies cannot have such a path, as with `+*`.
    pub fn allow<P: AsRef<str>>(&self, policy: &str, paths: impl IntoIterator<Item = P>) {
        let all = json!({ "capabilities": ["create", "delete", "list", "patch", "read", "scan", "sudo", "update"] });
        let rules: Map<_, _> =
            paths.into_iter().map(|path| (path.as_ref().to_owned(), all.clone())).collect();
        let state = &mut *self.state();
        let document = json!({ "path": rules }).to_string();
        let written = state.policies.write("", policy, &document, state.clock.now());
        written.unwrap_or_else(|problem| panic!("FakeVault: {problem}"));
    }

    fn token(&self, entity: Option<String>) -> SecretString {
        let mut state = self.state();
        let token = format!("s.{}", state.random.word(24));
        let lease = Lease::given("default", state.random.word(24), state.clock.now());
        let rights = Token { namespace: String::new(), entity, lease, access: None };
        state.tokens.add(token.clone(), rights);
        token.into()
    }

    /// Makes a token unknown, though not the root token.
    pub fn revoke(&self, token: &SecretString) {
        self.state().tokens.revoke(token.expose_secret());
    }

    /// Moves the server's clock.
    pub fn advance(&self, by: Duration) {
        self.state().clock.advance(by);
    }

    /// What was asked so far, in order, also what failed.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state().journal.requests()
    }

    /// Forgets what was asked so far.
    pub fn clear_requests(&self) {
        self.state().journal.clear();
    }

    /// Fails the next request.
    ///
    /// ```
    /// use identity_core::{BlockingTransport, Endpoint, entity::{CreateEntity, ListEntityNames}};
    /// use identity_mock::{FakeVault, Fault};
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

    /// Fails the next requests, this many.
    pub fn fail_times(&self, times: usize, fault: Fault) {
        self.fail_where(times, fault, |_, _| true);
    }

    /// Fails the next requests, this many, of those that a rule on verb and path holds for. The path is as it was sent, without `/v1/` and
    /// query: `identity/entity/id/7fbd40c1`. Of several rules that hold the one that was made first counts.
    pub fn fail_where(
        &self,
        times: usize,
        fault: Fault,
        rule: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) {
        if times > 0 {
            self.state().faults.push(Rule { fault, left: times, applies: Arc::new(rule) });
        }
    }

    /// Fails no more requests.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }
}
