//! The layer that selects a node of the cluster, fails over to another one, and follows redirects.

use std::sync::{Arc, Once};
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::uri::Scheme;
use http::{Request, StatusCode};
use identity_core::Endpoint;
use identity_core::error::ApiError;
use identity_core::transport::{NodeHealth, NodeState, TransportError, TransportErrorKind};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tracing::warn;

use crate::address::{display_address, is_loopback};
use crate::events::TRACING_TARGET;
use crate::exchange::{Call, Exchange, SendResult};
use crate::headers::{INDEX, NO_FORWARDING};
use crate::redirect::{Redirect, RedirectPolicy};
use crate::request::{PreferOtherNode, attempts, is_idempotent, is_not_forwarded, is_read, record_attempt};
use crate::response::{is_sealed, is_without_effect};

mod cluster;
mod health;

pub use cluster::ReadPreference;

pub(crate) use cluster::{Cluster, Node};

use cluster::{Connections, NodeFailure, Probe};
use health::Health;

/// A node that takes this long to respond with "not found" may have been suspended and deposed.
const UNRESPONSIVE_AFTER: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Nodes<E> {
    cluster: Arc<Cluster>,
    redirect_policy: RedirectPolicy,
    probe_timeout: Duration,
    warned_of_other_address: Once,
    inner: Arc<E>,
}

impl<E: Exchange + 'static> Nodes<E> {
    pub(crate) fn new(
        cluster: Cluster,
        redirect_policy: RedirectPolicy,
        probe_timeout: Duration,
        inner: E,
    ) -> Self {
        Self {
            cluster: Arc::new(cluster),
            redirect_policy,
            probe_timeout,
            warned_of_other_address: Once::new(),
            inner: Arc::new(inner),
        }
    }

    /// Fails if the token of a cluster that uses TLS would be sent unencrypted.
    fn check_other_address(&self, request: &Request<Bytes>) -> Result<(), TransportError> {
        let is_plaintext = request.uri().scheme() == Some(&Scheme::HTTP) && !is_loopback(request.uri());
        if is_plaintext && self.cluster.is_encrypted() {
            let problem = "the address is `http`, and those of the cluster are `https`";
            return Err(TransportError::new(TransportErrorKind::NotSent, problem).permanent());
        }
        self.warned_of_other_address.call_once(|| {
            let server = display_address(request.uri());
            warn!(target: TRACING_TARGET, %server, "the address is not one of the configured addresses");
        });
        Ok(())
    }

    pub(crate) async fn health(&self) -> Vec<NodeHealth> {
        let mut health = Vec::new();
        for probe in self.probe_all() {
            health.extend(probe.await);
        }
        health
    }

    /// Probes all nodes concurrently. The probes go on if the handles are dropped.
    fn probe_all(&self) -> Vec<JoinHandle<NodeHealth>> {
        let spawn = |index| {
            let (cluster, inner) = (Arc::clone(&self.cluster), Arc::clone(&self.inner));
            tokio::spawn(probe(cluster, index, inner, self.probe_timeout))
        };
        (0..self.cluster.len()).map(spawn).collect()
    }

    fn probe_if_due(&self, call: &Call) {
        if self.cluster.take_probe_slot(call.started_at()) == Probe::Due {
            drop(self.probe_all());
        }
    }

    fn apply(&self, connections: Connections) {
        if connections == Connections::Reset {
            self.reset_connections();
        }
    }

    async fn send_to(&self, request: &mut Request<Bytes>, call: &Call, index: usize) -> SendResult {
        self.cluster.rewrite_uri(request, index);
        self.forbid_forwarding(request);
        let result = self.inner.exchange(request, call).await;
        self.apply(self.cluster.record(index, node_failure(&result)));
        result
    }

    /// A suspended leader still receives forwarded requests. When it resumes, it forwards them to its
    /// successor, long after the client has retried them there. Writes must therefore not be forwarded: if a
    /// standby then fails a write, the write was certainly not applied.
    fn forbid_forwarding(&self, request: &mut Request<Bytes>) {
        if self.redirect_policy != RedirectPolicy::Nodes || is_read(request) {
            return;
        }
        if self.cluster.is_leader_unreachable() {
            request.headers_mut().remove(NO_FORWARDING);
        } else {
            request.headers_mut().insert(NO_FORWARDING, HeaderValue::from_static("true"));
        }
    }

    /// Tries one node after the other until one may have processed the request.
    async fn send_to_any(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let is_read = is_read(request);
        if self.cluster.needs_leader(is_read) {
            let is_due = self.cluster.take_probe_slot(call.started_at()) == Probe::Due;
            if is_due || self.cluster.lacks_leader(is_read) {
                let _ = timeout_at(call.deadline(), self.health()).await;
            }
            if self.cluster.lacks_leader(is_read) {
                return Err(TransportError::new(TransportErrorKind::NotSent, "no node leads the cluster"));
            }
        } else {
            self.probe_if_due(call);
        }
        let mut first = self.cluster.preferred(is_read);
        if !is_read && request.extensions_mut().remove::<PreferOtherNode>().is_some() {
            first += 1;
        }
        let mut call = *call;
        let mut failed: Option<SendResult> = None;
        for even_if_down in [false, true] {
            let is_candidate = |index: &usize| even_if_down || !self.cluster.is_down(*index);
            for index in self.cluster.rotation_from(first).filter(is_candidate) {
                if let Some(result) = &failed {
                    record_attempt(request, result);
                    call = call.restart();
                }
                let result = self.send_to(request, &call, index).await;
                if may_be_stale(request, &result, &call) {
                    self.cluster.suspect(index);
                    if !is_read {
                        attempts(request).mark_in_doubt();
                    }
                } else if may_have_been_forwarded(request, &result) {
                    if !is_idempotent(request) {
                        return result;
                    }
                    attempts(request).mark_in_doubt();
                } else if !was_not_processed(&result) {
                    return result;
                }
                failed = Some(result);
                if self.cluster.lacks_leader(is_read) {
                    break;
                }
            }
            if failed.is_some() {
                break;
            }
        }
        self.probe_if_due(&call);
        failed.unwrap_or_else(|| Err(TransportErrorKind::NotSent.into()))
    }

    async fn follow_redirect(
        &self,
        request: &mut Request<Bytes>,
        call: &Call,
        redirect: Redirect,
    ) -> SendResult {
        if redirect.leads_to(request.uri()) {
            // A leader that redirects to itself would have to forward the request to another cluster.
            if self.cluster.is_leader(request.uri()) {
                self.cluster.set_leader_unreachable();
            }
            return Err(redirect.transient_error("it knows no leader"));
        }
        // A server outside the cluster must not redirect its token to these nodes.
        let may_follow = self.redirect_policy == RedirectPolicy::Nodes && self.cluster.has(request.uri());
        let known = self.cluster.find_redirect(&redirect).filter(|_| may_follow);
        let Some(index) = known else {
            // A standby that was allowed to forward already did what it could, so its redirect carries no new
            // information.
            if may_follow && is_not_forwarded(request) {
                self.cluster.set_leader_unreachable();
            }
            return Err(redirect.not_configured_error());
        };
        if !is_idempotent(request) && !is_not_forwarded(request) {
            return Err(redirect.transient_error("the request may have been applied already"));
        }
        // Until the next election, standbys redirect to the leader that has failed.
        if self.cluster.is_down(index) {
            self.cluster.on_unreachable_leader(index);
            return Err(redirect.transient_error("that node is down"));
        }
        if !is_read(request) && !is_not_forwarded(request) {
            attempts(request).mark_in_doubt();
        }
        let result = self.send_to(request, call, index).await;
        match &result {
            Err(error) if error.kind() == TransportErrorKind::NotSent => {
                Err(redirect.transient_error("there is no connection to it"))
            }
            Ok(response) if response.status().is_redirection() => {
                Err(redirect.transient_error("which redirects as well"))
            }
            _ => {
                self.apply(self.cluster.confirm_leader(index));
                result
            }
        }
    }
}

impl<E: Exchange + 'static> Exchange for Nodes<E> {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        // The block keeps the result out of the future.
        let followed = {
            let result = if !self.cluster.has_choice() {
                self.inner.exchange(request, call).await
            } else if self.cluster.has(request.uri()) {
                Box::pin(self.send_to_any(request, call)).await
            } else {
                self.check_other_address(request)?;
                self.inner.exchange(request, call).await
            };
            let redirect = match &result {
                Ok(response)
                    if response.status().is_redirection()
                        && self.redirect_policy != RedirectPolicy::Never =>
                {
                    Some(Redirect::read(request, response)?)
                }
                _ => None,
            };
            match redirect {
                Some(redirect) => Box::pin(self.follow_redirect(request, call, redirect)),
                None => return result,
            }
        };
        followed.await
    }

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}

/// Probes a node and records its state.
async fn probe<E: Exchange>(
    cluster: Arc<Cluster>,
    index: usize,
    inner: Arc<E>,
    timeout: Duration,
) -> NodeHealth {
    let node = cluster.node(index);
    let mut request = node.probe.clone();
    let result = inner.exchange(&mut request, &Call::within(timeout, timeout)).await;
    let state = match &result {
        Ok(response) => Health::parse_response(response).unwrap_or(NodeState::Unknown),
        Err(_) => NodeState::Unreachable,
    };
    let connections = match state {
        NodeState::Leader => {
            cluster.on_leader_claim(index);
            Connections::Keep
        }
        NodeState::Standby | NodeState::Unknown => {
            let _ = cluster.record(index, None);
            cluster.on_follower(index)
        }
        _ => cluster.record(index, Some(NodeFailure::Down)),
    };
    if connections == Connections::Reset {
        inner.reset_connections();
    }
    NodeHealth::new(display_address(node.probe.uri()), state)
}

fn node_failure(result: &SendResult) -> Option<NodeFailure> {
    match result {
        Ok(response) => match response.status().as_u16() {
            502..=504 => Some(NodeFailure::Down),
            500 => {
                let error = ApiError::from_response(response);
                error.is_some_and(|error| error.has_no_active_node()).then_some(NodeFailure::Down)
            }
            _ => None,
        },
        Err(error) => match error.kind() {
            TransportErrorKind::NotSent | TransportErrorKind::Interrupted => Some(NodeFailure::Down),
            TransportErrorKind::Timeout => Some(NodeFailure::Unresponsive),
            _ => None,
        },
    }
}

/// Returns `true` if the node has certainly not processed the request, and another one might.
fn was_not_processed(result: &SendResult) -> bool {
    match result {
        Ok(response) => is_sealed(response),
        Err(error) => error.kind() == TransportErrorKind::NotSent,
    }
}

/// Returns `true` if the node may have forwarded a write before it was sealed.
fn may_have_been_forwarded(request: &Request<Bytes>, result: &SendResult) -> bool {
    !is_read(request) && !is_not_forwarded(request) && result.as_ref().is_ok_and(is_sealed)
}

/// Returns `true` if the response may be the state of a resumed leader. Only responses without an index
/// qualify, because an index shows that a response is stale.
fn may_be_stale(request: &Request<Bytes>, result: &SendResult, call: &Call) -> bool {
    result.as_ref().is_ok_and(|response| {
        matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::NO_CONTENT)
            && request.headers().contains_key(INDEX)
            && call.started_at().elapsed() >= UNRESPONSIVE_AFTER
            && is_without_effect(request, response)
    })
}

#[cfg(test)]
mod tests;
