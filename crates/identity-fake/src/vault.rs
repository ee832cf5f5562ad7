//! The server as a transport and as a tower service.

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

use super::serve;
use super::state::State;

/// An in-memory identity server for unit tests.
///
/// It responds like `OpenBao` 2.7, with the same statuses, bodies, messages and quirks. It is a
/// [`Transport`], a [`BlockingTransport`] and a [tower service](Service), and needs neither a socket nor a
/// runtime. Clones share their state.
///
/// ```
/// use identity_core::{
///     BlockingTransport, Endpoint,
///     entity::{CreateEntity, ReadEntityByName},
/// };
/// use identity_fake::FakeVault;
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
/// # Methods
///
/// | to | use |
/// |---|---|
/// | create a server | [`new`](Self::new), [`with_seed`](Self::with_seed), [`with_root_token`](Self::with_root_token), [`with_address`](Self::with_address) |
/// | call it | [`target`](Self::target), [`root_token`](Self::root_token) |
/// | call it with fewer permissions | [`token_for`](Self::token_for), [`unprivileged_token`](Self::unprivileged_token), [`kubernetes_jwt`](Self::kubernetes_jwt), [`allow`](Self::allow), [`revoke`](Self::revoke) |
/// | prepare mounts and namespaces | [`mount_auth`](Self::mount_auth), [`mount_auth_at`](Self::mount_auth_at), [`create_namespace`](Self::create_namespace) |
/// | let time pass | [`advance`](Self::advance) |
/// | inject [faults](crate::Fault) | [`fail_next`](Self::fail_next), [`fail_times`](Self::fail_times), [`fail_where`](Self::fail_where), [`clear_faults`](Self::clear_faults) |
/// | inspect requests | [`requests`](Self::requests), [`clear_requests`](Self::clear_requests), [`without_recording`](Self::without_recording) |
///
/// # What it supports
///
/// | area | supported | not supported |
/// |---|---|---|
/// | identity | entities, groups, their aliases, lookups, legacy paths | |
/// | login MFA | methods and enforcements; TOTP codes are validated | calls to Duo, Okta and `PingID` |
/// | OIDC | identity tokens and providers; tokens are signed and any JOSE library can verify them | private keys: all RSA keys are the same publicly known key |
/// | `auth/jwt`, `auth/oidc` | login with JWTs whose keys are static, or a JWKS or an OIDC provider of the `FakeVault` itself; external groups | other URLs are unreachable; the OIDC flow in a browser, CEL roles, `provider_config` |
/// | `auth/kubernetes` | login with tokens of [`kubernetes_jwt`](Self::kubernetes_jwt), or tokens that `pem_keys` verify; the local CA need not exist | a Kubernetes API: namespace selectors match nothing |
/// | `auth/` | `userpass` and `approle` with locked-out users; tokens, their roles, parents and limits | logging in through other methods; secret identifiers of `approle` expire at once, on a server within a minute |
/// | `sys/` | `auth`, `mounts`, `namespaces`, `policies`, `capabilities`, `wrapping`, `health`, `seal-status` | all other paths |
/// | policies | paths, capabilities, templates, limits; unknown policies grant nothing | control groups, MFA and filters of lists are ignored |
/// | `kv` | versions 1 and 2; one of version 2 is mounted at `secret/` | |
/// | help | methods and parameters of `identity/` and `kv` | descriptions, and the parameters of other paths |
/// | HTTP | statuses, headers and bodies, and the order of several errors | the user interface, `CORS`; the words about JSON syntax errors differ, and JSON can be nested 500 levels deep, not 10,000 |
/// | secrets | | confidentiality: do not store real secrets in it |
///
/// Permissions are evaluated on each request, from the policies of the token, of its
/// [entity](Self::token_for) and of the entity's groups.
#[derive(Clone)]
pub struct FakeVault(pub(super) Arc<Mutex<State>>);

impl FakeVault {
    /// Ignores poisoning: every request leaves the state valid, so it is usable after a test has panicked.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, request: Request<Bytes>) -> serve::Served {
        let mut state = self.state();
        let served = serve::serve(&mut state, &request);
        state.journal.record(request);
        served
    }
}

#[async_trait]
impl Transport for FakeVault {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (delay, response) = self.serve(request);
        if !delay.is_zero() {
            Delay::new(delay).await;
        }
        response
    }
}

impl BlockingTransport for FakeVault {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (delay, response) = self.serve(request);
        thread::sleep(delay);
        response
    }
}

/// Puts tower layers directly on the server.
impl Service<Request<Bytes>> for FakeVault {
    type Response = Response<Bytes>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send>>;

    /// Always returns `Ready`.
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
