//! A server in memory that behaves like the real one.
#![allow(clippy::unnecessary_wraps, reason = "operations are all of one kind, also those that cannot fail")]

mod acl;
mod alias;
mod alias_write;
mod answer;
mod auth;
mod capabilities;
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
mod permission;
mod policies;
mod request;
mod route;
mod serve;
mod state;
mod store;
mod tokens;
mod wrapping;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;

use async_trait::async_trait;
use bytes::Bytes;
use futures_timer::Delay;
use http::{Request, Response};
use identity_core::{BlockingTransport, Transport, transport::TransportError};
use tower_service::Service;

pub use fault::Fault;
pub use journal::RecordedRequest;

use state::State;

/// An identity server in memory, for unit tests: a [`Transport`] and a [`BlockingTransport`] that answers as `OpenBao` 2.7 does, with the same
/// statuses, bodies, words and quirks. There is no socket, and no runtime is needed. It is a [tower](Service) service, too.
///
/// Clones are the same server.
///
/// ```
/// use identity_core::{BlockingTransport, Endpoint, entity::{CreateEntity, ReadEntityByName}};
/// use identity_mock::FakeVault;
///
/// let vault = FakeVault::new();
/// let target = vault.target();
/// let create = CreateEntity::named("alice").policies(["Dev"]).request(&target)?;
/// BlockingTransport::send(&vault, create)?;
///
/// let read = ReadEntityByName::new("ALICE").request(&target)?;
/// let alice = ReadEntityByName::parse_response(&BlockingTransport::send(&vault, read)?)?;
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
/// * Policies are obeyed: those of the token, of its [entity](Self::token_for) and of the groups of the entity, as they are when it asks. One
///   that nobody wrote allows nothing; [`allow`](Self::allow) writes one. Of what policies can say only paths and capabilities count: limits
///   on parameters, on wrapping and in time are read over.
/// * It keeps no secrets, and no one should give it any.
#[derive(Clone)]
pub struct FakeVault(Arc<Mutex<State>>);

impl FakeVault {
    /// No request leaves the state half changed, so it is good even if a test has panicked with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, request: &Request<Bytes>) -> serve::Served {
        serve::serve(&mut self.state(), request)
    }
}

#[async_trait]
impl Transport for FakeVault {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (delay, answer) = self.serve(&request);
        if !delay.is_zero() {
            Delay::new(delay).await;
        }
        answer
    }
}

impl BlockingTransport for FakeVault {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (delay, answer) = self.serve(&request);
        thread::sleep(delay);
        answer
    }
}

/// For tower layers right on the server.
impl Service<Request<Bytes>> for FakeVault {
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send>>;

    /// It is always ready.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let vault = self.clone();
        Box::pin(async move { Transport::send(&vault, request).await })
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
