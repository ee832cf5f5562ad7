//! The nodes of a cluster, and which of them is asked.

use std::sync::{Arc, Once};
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::uri::Scheme;
use http::{Request, StatusCode};
use identity_core::transport::{TransportError, TransportErrorKind};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tracing::warn;

use crate::address::{display_address, is_loopback};
use crate::events::TRACING_TARGET;
use crate::exchange::{Call, Exchange, SendResult};
use crate::headers::{INDEX, NO_FORWARDING};
use crate::redirect::{Redirect, RedirectPolicy};
use crate::request::{PreferOtherNode, attempts, is_idempotent, is_not_forwarded, is_read, record_attempt};
use crate::response::{api_error, is_sealed, is_without_effect};

mod cluster;
mod health;

pub use cluster::ReadPreference;
use identity_core::transport::NodeHealth;

pub(crate) use cluster::{Cluster, Node};

/// A node that takes as long to find that something is not there may have hung, and have been replaced.
const HANG: Duration = Duration::from_millis(500);

/// Sends a request to a node of the cluster, to the next one if it certainly has not been carried out there, and follows the redirects that
/// may be followed. A request to an address that is not of the cluster goes there.
#[derive(Debug)]
pub(crate) struct Nodes<E> {
    cluster: Arc<Cluster>,
    redirects: RedirectPolicy,
    probe_timeout: Duration,
    /// Whether a call has left the cluster.
    warned: Once,
    inner: Arc<E>,
}

impl<E: Exchange + 'static> Nodes<E> {
    pub(crate) fn new(
        cluster: Cluster,
        redirects: RedirectPolicy,
        probe_timeout: Duration,
        inner: E,
    ) -> Self {
        Self {
            cluster: Arc::new(cluster),
            redirects,
            probe_timeout,
            warned: Once::new(),
            inner: Arc::new(inner),
        }
    }

    /// Refuses to send in clear what the cluster gets encrypted, and warns that its addresses do not count.
    fn leave_cluster(&self, request: &Request<Bytes>) -> Result<(), TransportError> {
        let is_plaintext = request.uri().scheme() == Some(&Scheme::HTTP) && !is_loopback(request.uri());
        if is_plaintext && self.cluster.is_encrypted() {
            let problem = "the address is `http`, and those of the cluster are `https`";
            return Err(TransportError::new(TransportErrorKind::NotSent, problem).permanent());
        }
        self.warned.call_once(|| {
            let server = display_address(request.uri());
            warn!(target: TRACING_TARGET, %server, "this is not one of the configured addresses, which do not count for it");
        });
        Ok(())
    }

    /// Asks each node how it is.
    pub(crate) async fn health(&self) -> Vec<NodeHealth> {
        let mut health = Vec::new();
        for asked in self.ask_all() {
            health.extend(asked.await);
        }
        health
    }

    /// Asks all nodes at once, also if nobody waits for it.
    fn ask_all(&self) -> Vec<JoinHandle<NodeHealth>> {
        let ask = |index| {
            let (cluster, inner) = (Arc::clone(&self.cluster), Arc::clone(&self.inner));
            tokio::spawn(health::ask(cluster, index, inner, self.probe_timeout))
        };
        (0..self.cluster.len()).map(ask).collect()
    }

    /// Asks in the background, if it is time to.
    fn look_around(&self, call: &Call) {
        if self.cluster.is_time_to_look(call.begun()) {
            drop(self.ask_all());
        }
    }

    async fn ask(&self, request: &mut Request<Bytes>, call: &Call, index: usize) -> SendResult {
        self.cluster.direct(request, index);
        self.forbid_forwarding(request);
        let outcome = self.inner.exchange(request, call).await;
        if self.cluster.learn(index, trouble(&outcome)) {
            self.renew();
        }
        outcome
    }

    /// A leader that hangs still takes in what standbys pass on, and when it goes on it passes that on to its
    /// successor: long after it was repeated there, and the caller has gone on. So writes are not to be
    /// forwarded. A standby that then fails one has certainly not had it carried out either.
    fn forbid_forwarding(&self, request: &mut Request<Bytes>) {
        if self.redirects != RedirectPolicy::Nodes || is_read(request) {
            return;
        }
        if self.cluster.is_behind() {
            request.headers_mut().remove(NO_FORWARDING);
        } else {
            request.headers_mut().insert(NO_FORWARDING, HeaderValue::from_static("true"));
        }
    }

    /// Asks one node after the other, until one may have carried it out.
    async fn ask_any(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let is_read = is_read(request);
        if self.cluster.needs_leader(is_read) {
            if self.cluster.is_time_to_look(call.begun()) || self.cluster.lacks_leader(is_read) {
                let _ = timeout_at(call.deadline(), self.health()).await;
            }
            if self.cluster.lacks_leader(is_read) {
                return Err(TransportError::new(TransportErrorKind::NotSent, "no node leads the cluster"));
            }
        } else {
            self.look_around(call);
        }
        let mut first = self.cluster.first(is_read);
        if !is_read && request.extensions_mut().remove::<PreferOtherNode>().is_some() {
            first += 1;
        }
        let mut call = *call;
        let mut failed: Option<SendResult> = None;
        for even_if_down in [false, true] {
            for index in
                self.cluster.from(first).filter(|index| even_if_down || !self.cluster.is_down(*index))
            {
                if let Some(outcome) = &failed {
                    record_attempt(request, outcome);
                    call = call.again();
                }
                let outcome = self.ask(request, &call, index).await;
                if is_from_before(request, &outcome, &call) {
                    self.cluster.doubt(index);
                    if !is_read {
                        attempts(request).mark_in_doubt();
                    }
                } else if is_forwarded_and_lost(request, &outcome) {
                    if !is_idempotent(request) {
                        return outcome;
                    }
                    attempts(request).mark_in_doubt();
                } else if !is_untouched(&outcome) {
                    return outcome;
                }
                failed = Some(outcome);
                if self.cluster.lacks_leader(is_read) {
                    break;
                }
            }
            if failed.is_some() {
                break;
            }
        }
        self.look_around(&call);
        failed.unwrap_or_else(|| Err(TransportErrorKind::NotSent.into()))
    }

    /// Goes where a redirect leads, or says why not.
    async fn follow(&self, request: &mut Request<Bytes>, call: &Call, redirect: Redirect) -> SendResult {
        if redirect.leads_to(request.uri()) {
            // One that leads and says so would have to pass it on, to another cluster.
            if self.cluster.is_leader(request.uri()) {
                self.cluster.set_behind();
            }
            return Err(redirect.passing("it does not know a leader"));
        }
        // What another server says does not bring its token to these.
        let may_follow = self.redirects == RedirectPolicy::Nodes && self.cluster.has(request.uri());
        let known = self.cluster.find_redirect(&redirect).filter(|_| may_follow);
        let Some(index) = known else {
            // Of a request that it could have passed on, it says nothing new.
            if may_follow && is_not_forwarded(request) {
                self.cluster.set_behind();
            }
            return Err(redirect.elsewhere());
        };
        if !is_idempotent(request) && !is_not_forwarded(request) {
            return Err(redirect.passing("the request may have been carried out already"));
        }
        // A standby redirects to the leader that is gone until there is another one.
        if self.cluster.is_down(index) {
            self.cluster.leads_unseen(index);
            return Err(redirect.passing("which is not well"));
        }
        if !is_read(request) && !is_not_forwarded(request) {
            attempts(request).mark_in_doubt();
        }
        let outcome = self.ask(request, call, index).await;
        match &outcome {
            Err(error) if error.kind() == TransportErrorKind::NotSent => {
                Err(redirect.passing("there is no connection to it"))
            }
            Ok(response) if response.status().is_redirection() => {
                Err(redirect.passing("which redirects as well"))
            }
            _ => {
                if self.cluster.lead(index) {
                    self.renew();
                }
                outcome
            }
        }
    }
}

impl<E: Exchange + 'static> Exchange for Nodes<E> {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        // In a block, so that the future does not keep room for the outcome.
        let followed = {
            let outcome = if !self.cluster.has_choice() {
                self.inner.exchange(request, call).await
            } else if self.cluster.has(request.uri()) {
                Box::pin(self.ask_any(request, call)).await
            } else {
                self.leave_cluster(request)?;
                self.inner.exchange(request, call).await
            };
            let redirect = match &outcome {
                Ok(response)
                    if response.status().is_redirection() && self.redirects != RedirectPolicy::Never =>
                {
                    Some(Redirect::read(request, response)?)
                }
                _ => None,
            };
            match redirect {
                Some(redirect) => Box::pin(self.follow(request, call, redirect)),
                None => return outcome,
            }
        };
        followed.await
    }

    fn renew(&self) {
        self.inner.renew();
    }
}

/// What an outcome says of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Another node may do better.
    Down,
    /// Its connections are not to be trusted either.
    Hung,
}

fn trouble(outcome: &SendResult) -> Trouble {
    match outcome {
        Ok(response) => match response.status().as_u16() {
            502..=504 => Trouble::Down,
            500 if api_error(response).is_some_and(|error| error.has_no_active_node()) => Trouble::Down,
            _ => Trouble::None,
        },
        Err(error) => match error.kind() {
            TransportErrorKind::NotSent | TransportErrorKind::Interrupted => Trouble::Down,
            TransportErrorKind::Timeout => Trouble::Hung,
            _ => Trouble::None,
        },
    }
}

/// Whether the node has certainly not carried it out, and another one might.
fn is_untouched(outcome: &SendResult) -> bool {
    match outcome {
        Ok(response) => is_sealed(response),
        Err(error) => error.kind() == TransportErrorKind::NotSent,
    }
}

/// Whether the node may have forwarded a write before it was sealed: the leader may have carried it out.
fn is_forwarded_and_lost(request: &Request<Bytes>, outcome: &SendResult) -> bool {
    !is_read(request) && !is_not_forwarded(request) && outcome.as_ref().is_ok_and(is_sealed)
}

/// Whether it may be what a leader that has hung knew before it did. That there is something, it says with its index.
fn is_from_before(request: &Request<Bytes>, outcome: &SendResult, call: &Call) -> bool {
    outcome.as_ref().is_ok_and(|response| {
        matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::NO_CONTENT)
            && request.headers().contains_key(INDEX)
            && call.begun().elapsed() >= HANG
            && is_without_effect(request, response)
    })
}

#[cfg(test)]
mod tests;
