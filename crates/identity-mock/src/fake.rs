//! A server in memory that behaves like the real one.
#![allow(clippy::unnecessary_wraps, reason = "operations are all of one kind, also those that cannot fail")]

mod alias;
mod alias_write;
mod answer;
mod auth;
mod control;
mod duration;
mod entity;
mod fault;
mod group;
mod group_alias;
mod input;
mod journal;
mod limits;
mod lookup;
mod merge;
mod mfa;
mod mounts;
mod namespaces;
mod oidc;
mod policies;
mod request;
mod route;
mod serve;
mod state;
mod store;
mod tokens;
mod wrapping;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use identity_core::{BlockingTransport, Transport, TransportError};

pub use fault::Fault;
pub use journal::AskedRequest;

use state::State;

/// An identity server in memory, for unit tests: a [`Transport`] and a [`BlockingTransport`] that answers as `OpenBao` 2.7 does, with the same
/// statuses, bodies, words and quirks. There is no socket, and no runtime is needed.
///
/// Clones are the same server.
///
/// ```
/// use identity_core::{BlockingTransport, CreateEntity, Endpoint, ReadEntityByName};
/// use identity_mock::FakeVault;
///
/// let vault = FakeVault::new();
/// let target = vault.target();
/// let create = CreateEntity::named("alice").policies(["Dev"]).request(&target)?;
/// BlockingTransport::send(&vault, create)?;
///
/// let read = ReadEntityByName::new("ALICE").request(&target)?;
/// let alice = ReadEntityByName::response(&BlockingTransport::send(&vault, read)?)?;
/// assert_eq!(alice.name, "alice");
/// assert_eq!(alice.policies, ["dev"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What it is, and what it is not
///
/// * It answers all operations on entities, groups and their aliases, lookups and the legacy names, and on multi-factor methods and
///   enforcements, `sys/auth`, `sys/namespaces`, `sys/wrapping/*`, `sys/health` and `sys/seal-status`, in every namespace.
/// * Users of `userpass` log in, with a second factor if one is wanted: TOTP codes are checked, and no other service is asked. `auth/token`
///   creates, shows, renews and revokes tokens.
/// * Identity tokens and those of OpenID providers are real: any JOSE library verifies them with the public keys that the server tells. It keeps
///   to its own clock, which a test [can move](Self::advance). All RSA keys are one and the same, which everybody knows.
/// * Policies are but names: `sys/policies/acl` keeps what they say, and nobody reads it. A token with any other than `default` may do everything in its namespace, and one with that alone may look itself
///   up, renew and revoke itself. [Tokens of entities](Self::token_for) are refused when the entity is disabled or gone.
/// * It keeps no secrets, and no one should give it any.
#[derive(Clone)]
pub struct FakeVault(Arc<Mutex<State>>);

impl FakeVault {
    /// No request leaves the state half changed, so it is good even if a test has panicked with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for FakeVault {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        serve::serve(&mut self.state(), &request)
    }
}

impl BlockingTransport for FakeVault {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        serve::serve(&mut self.state(), &request)
    }
}

impl Default for FakeVault {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeVault").finish_non_exhaustive()
    }
}
