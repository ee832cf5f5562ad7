//! The state of the server.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::auth::Auth;
use super::fault::PlannedFault;
use super::journal::Journal;
use super::kv::Kv;
use super::mfa::Mfa;
use super::mounts::{Migration, Mounts};
use super::namespaces::{Namespace, Namespaces};
use super::policies::Policies;
use super::random::Random;
use super::store::Store;
use super::tokens::{Caller, Tokens};
use super::wrapping::WrappedResponses;

pub(super) struct State {
    pub(super) address: String,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) namespaces: Namespaces,
    pub(super) mounts: Mounts,
    pub(super) mfa: Mfa,
    pub(super) kv: Kv,
    pub(super) auth: Auth,
    pub(super) policies: Policies,
    pub(super) is_sealed: bool,
    /// The moves of mounts, by identifier.
    pub(super) migrations: BTreeMap<String, Migration>,
    pub(super) tokens: Tokens,
    pub(super) wrapped: WrappedResponses,
    pub(super) faults: Vec<PlannedFault>,
    pub(super) journal: Journal,
}

impl State {
    pub(super) fn new(mut random: Random) -> Self {
        let mut mounts = Mounts::default();
        mounts.add_namespace("", &mut random);
        mounts.add_secret(&mut random);
        let clock = Clock::default();
        let mut policies = Policies::default();
        policies.add_namespace("", clock.now());
        let mount = mounts.accessor("", "auth/token/").unwrap_or_default();
        let tokens = Tokens::new(&mount, random.alphanumeric(24), clock.now());
        Self {
            address: "http://fake.vault".to_owned(),
            clock,
            random,
            namespaces: Namespaces::default(),
            mounts,
            mfa: Mfa::default(),
            kv: Kv::default(),
            auth: Auth::default(),
            policies,
            is_sealed: false,
            migrations: BTreeMap::new(),
            tokens,
            wrapped: WrappedResponses::default(),
            faults: Vec::new(),
            journal: Journal::default(),
        }
    }
}

impl State {
    /// Returns the context of a handler, `None` if the namespace does not exist.
    pub(super) fn context<'a>(&'a mut self, namespace: &'a str) -> Option<Context<'a>> {
        let Namespace { store, id, .. } = self.namespaces.get_mut(namespace)?;
        Some(Context {
            store,
            mounts: &self.mounts,
            mfa: &mut self.mfa,
            tokens: &mut self.tokens,
            random: &mut self.random,
            now: self.clock.now(),
            tick: self.clock.tick(),
            namespace,
            namespace_id: id,
            address: &self.address,
            caller: Caller::default(),
            warnings: Vec::new(),
        })
    }
}

/// The namespace that a handler of the identity engine works on, and the state around it.
pub(super) struct Context<'a> {
    pub(super) store: &'a mut Store,
    pub(super) mounts: &'a Mounts,
    pub(super) mfa: &'a mut Mfa,
    pub(super) tokens: &'a mut Tokens,
    pub(super) random: &'a mut Random,
    pub(super) now: Timestamp,
    /// When the periodic work was due last.
    pub(super) tick: Timestamp,
    /// The path of the namespace, `""` or `team-a/`.
    pub(super) namespace: &'a str,
    /// The identifier of the namespace, `root` for the root namespace.
    pub(super) namespace_id: &'a str,
    pub(super) address: &'a str,
    pub(super) caller: Caller,
    /// The warnings of the response.
    pub(super) warnings: Vec<String>,
}

impl Context<'_> {
    /// Generates an identifier. Outside the root namespace it ends in the identifier of the namespace.
    pub(super) fn new_id(&mut self) -> String {
        let id = self.random.uuid();
        if self.namespace_id == "root" { id } else { format!("{id}.{}", self.namespace_id) }
    }

    pub(super) fn new_name(&mut self, kind: &str) -> String {
        format!("{kind}_{}.{}", self.random.hex(), self.namespace_id)
    }
}

/// The clock of the system plus the time that a test has added.
pub(super) struct Clock {
    started: SystemTime,
    ahead: Duration,
}

impl Default for Clock {
    fn default() -> Self {
        Self { started: SystemTime::now(), ahead: Duration::ZERO }
    }
}

/// The server does periodic work once a minute.
const TICK: u64 = 60;

impl Clock {
    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    pub(super) fn now(&self) -> Timestamp {
        Self::timestamp(SystemTime::now().checked_add(self.ahead))
    }

    /// Returns when the periodic work was due last.
    pub(super) fn tick(&self) -> Timestamp {
        let up = self.started.elapsed().unwrap_or_default().saturating_add(self.ahead);
        let ticks = Duration::from_secs(up.as_secs() / TICK * TICK);
        Self::timestamp(self.started.checked_add(ticks))
    }

    fn timestamp(time: Option<SystemTime>) -> Timestamp {
        time.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or(Timestamp::MAX)
    }
}
