use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http::uri::{Authority, Parts, PathAndQuery, Scheme, Uri};
use identity_core::{Endpoint, Target, error::RequestError};
use tokio::time::Instant;
use tracing::info;

use super::health::Health;
use crate::address::{display_address, same_authority};
use crate::events::TRACING_TARGET;
use crate::redirect::Redirect;

/// The probe interval while there is a leader and no node is down.
const PROBE_INTERVAL: Duration = Duration::from_secs(30);
const PROBE_INTERVAL_DEGRADED: Duration = Duration::from_secs(1);

/// The longest election that was observed took 28 seconds.
const ELECTION_TIMEOUT: Duration = Duration::from_secs(30);

const NO_LEADER: usize = usize::MAX;

/// Selects the node of a cluster to which reads go. Writes go to the leader, as soon as it is known.
///
/// ```
/// use identity_hyper::{HyperTransport, ReadPreference};
///
/// let transport = HyperTransport::builder()
///     .addresses(["https://vault-1.test:8200", "https://vault-2.test:8200"])?
///     .read_preference(ReadPreference::FirstHealthy)
///     .build();
/// println!("{transport:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadPreference {
    /// The leader, which is never behind. Any other node while there is no leader.
    #[default]
    LeaderPreferred,
    /// Only a node that has confirmed its leadership within the last second, so reads are at most that stale.
    /// Reads fail while there is no leader.
    LeaderOnly,
    /// Each node in turn (round-robin).
    RoundRobin,
    /// The first healthy node in the order of the addresses, such as the nearest one.
    FirstHealthy,
}

/// Why a node did not process a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeFailure {
    /// Another node may succeed.
    Down,
    /// The node did not respond in time, so its other connections are suspect too.
    Unresponsive,
}

/// Whether pooled connections have to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Connections {
    Keep,
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
enum Change {
    Changed,
    Unchanged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Probe {
    Due,
    NotDue,
}

/// The nodes of a cluster and their known state.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    read_preference: ReadPreference,
    leader: AtomicUsize,
    is_leader_unreachable: AtomicBool,
    /// The number of reads so far.
    round_robin: AtomicUsize,
    start: Instant,
    /// The time of the next probe, in milliseconds since the start.
    probe_at: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// The path before `/v1/`, such as `/proxy`.
    base: String,
    /// The time of its failure, in milliseconds since the start, or 0 if it is healthy.
    down_since: AtomicU64,
    /// The request for its health.
    pub(crate) probe: Request<Bytes>,
}

impl Node {
    pub(crate) fn new(address: &str) -> Result<Self, RequestError> {
        let invalid = || RequestError::new("address", "is not the address of a server");
        let probe = Health.request(&Target::new(address)?).map_err(|_| invalid())?;
        let Parts { scheme: Some(scheme), authority: Some(authority), path_and_query: Some(path), .. } =
            probe.uri().clone().into_parts()
        else {
            return Err(invalid());
        };
        let base = path.path().strip_suffix("/v1/sys/health").ok_or_else(invalid)?.to_owned();
        Ok(Self { scheme, authority, base, down_since: AtomicU64::new(0), probe })
    }

    /// Compares the path too, because a gateway may serve several clusters under different paths.
    fn is_at(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&self.scheme)
            && uri.authority().is_some_and(|authority| {
                authority.as_str() == self.authority.as_str()
                    || same_authority(authority, &self.authority, &self.scheme)
            })
            && uri.path().strip_prefix(&*self.base).is_some_and(|path| path.starts_with("/v1"))
    }
}

impl Cluster {
    pub(crate) fn new(nodes: Vec<Node>, read_preference: ReadPreference) -> Self {
        Self {
            nodes,
            read_preference,
            leader: AtomicUsize::new(NO_LEADER),
            is_leader_unreachable: AtomicBool::new(false),
            round_robin: AtomicUsize::new(0),
            start: Instant::now(),
            probe_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// Returns `true` if the URI is that of a node.
    pub(crate) fn has(&self, uri: &Uri) -> bool {
        self.nodes.iter().any(|node| node.is_at(uri))
    }

    /// Returns `true` if a node has to be selected for each request.
    pub(crate) fn has_choice(&self) -> bool {
        self.nodes.len() > 1 || self.read_preference == ReadPreference::LeaderOnly
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.nodes.iter().any(|node| node.scheme == Scheme::HTTPS)
    }

    /// Returns `true` if the URI is that of the known leader.
    pub(crate) fn is_leader(&self, uri: &Uri) -> bool {
        self.nodes.get(self.leader.load(Ordering::Relaxed)).is_some_and(|node| node.is_at(uri))
    }

    pub(crate) fn find_redirect(&self, redirect: &Redirect) -> Option<usize> {
        let is_there = |node: &Node| {
            node.scheme == redirect.scheme
                && same_authority(&node.authority, &redirect.authority, &node.scheme)
        };
        self.nodes.iter().position(is_there)
    }

    /// Returns the node to try first.
    pub(crate) fn preferred(&self, is_read: bool) -> usize {
        let leader = || Some(self.leader.load(Ordering::Relaxed)).filter(|leader| *leader != NO_LEADER);
        match self.read_preference {
            ReadPreference::RoundRobin if is_read => {
                self.round_robin.fetch_add(1, Ordering::Relaxed) % self.nodes.len()
            }
            ReadPreference::FirstHealthy if is_read => 0,
            _ => leader().unwrap_or(0),
        }
    }

    /// Returns all nodes in order, starting with `first`.
    pub(crate) fn rotation_from(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let count = self.nodes.len();
        (0..count).map(move |step| (first + step) % count)
    }

    pub(crate) fn is_down(&self, index: usize) -> bool {
        self.nodes[index].down_since.load(Ordering::Relaxed) != 0
    }

    fn set_down(&self, index: usize, down: bool) -> Change {
        if down == self.is_down(index) {
            return Change::Unchanged;
        }
        let since = if down { self.millis(Instant::now()).max(1) } else { 0 };
        self.nodes[index].down_since.store(since, Ordering::Relaxed);
        Change::Changed
    }

    /// Returns milliseconds since the start.
    fn millis(&self, then: Instant) -> u64 {
        millis(then.duration_since(self.start))
    }

    /// Records that a standby names this node as the leader, although it is down. If that outlasts an
    /// election, only this client cannot reach the leader, and the other nodes have to forward writes.
    pub(crate) fn on_unreachable_leader(&self, index: usize) {
        let down_since = self.nodes[index].down_since.load(Ordering::Relaxed);
        let down_for = self.millis(Instant::now()).saturating_sub(down_since);
        if down_since != 0 && down_for > millis(ELECTION_TIMEOUT) {
            self.set_leader_unreachable();
        }
    }

    pub(crate) fn set_leader_unreachable(&self) {
        self.is_leader_unreachable.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the leader is known to be reachable only through other nodes.
    pub(crate) fn is_leader_unreachable(&self) -> bool {
        self.is_leader_unreachable.load(Ordering::Relaxed)
    }

    /// Returns `true` if the request needs a node that currently leads.
    pub(crate) fn needs_leader(&self, is_read: bool) -> bool {
        is_read && self.read_preference == ReadPreference::LeaderOnly
    }

    /// Returns `true` if the request needs a leader and none is known.
    pub(crate) fn lacks_leader(&self, is_read: bool) -> bool {
        self.needs_leader(is_read) && self.leader.load(Ordering::Relaxed) == NO_LEADER
    }

    /// Replaces the scheme, authority and base path of a request by those of the node.
    pub(crate) fn rewrite_uri(&self, request: &mut Request<Bytes>, index: usize) {
        let node = &self.nodes[index];
        if node.is_at(request.uri()) {
            return;
        }
        let old = self.nodes.iter().find(|node| node.is_at(request.uri())).map_or("", |node| &node.base);
        let mut parts = request.uri().clone().into_parts();
        parts.scheme = Some(node.scheme.clone());
        parts.authority = Some(node.authority.clone());
        if let Some(path) = parts.path_and_query.as_ref().filter(|_| old != node.base) {
            let rest = path.as_str().strip_prefix(old).unwrap_or(path.as_str());
            let path = PathAndQuery::from_maybe_shared(Bytes::from(format!("{}{rest}", node.base)));
            parts.path_and_query = path.ok().or(parts.path_and_query);
        }
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        // A Unix socket has a `Host` header, because its authority is not a host.
        match node.probe.headers().get(HOST) {
            Some(host) => drop(request.headers_mut().insert(HOST, host.clone())),
            None => drop(request.headers_mut().remove(HOST)),
        }
    }

    /// Records the result of a request to a node.
    pub(crate) fn record(&self, index: usize, failure: Option<NodeFailure>) -> Connections {
        let was_down = self.is_down(index);
        if self.set_down(index, failure.is_some()) == Change::Changed {
            let event = if failure.is_some() { "a node has failed" } else { "a node has recovered" };
            info!(target: TRACING_TARGET, node = %display_address(self.nodes[index].probe.uri()), "{event}");
        }
        let Some(failure) = failure else { return Connections::Keep };
        let was_leader = self.clear_leader(index) == Change::Changed;
        if was_leader || !was_down {
            self.schedule_probe();
        }
        if was_leader || failure == NodeFailure::Unresponsive {
            Connections::Reset
        } else {
            Connections::Keep
        }
    }

    /// Records that a node leads, and resets connections if another one has led.
    pub(crate) fn confirm_leader(&self, index: usize) -> Connections {
        if self.leader.load(Ordering::Relaxed) == index {
            return Connections::Keep;
        }
        let node = display_address(self.nodes[index].probe.uri());
        info!(target: TRACING_TARGET, %node, "a node is the new leader");
        self.is_leader_unreachable.store(false, Ordering::Relaxed);
        match self.leader.swap(index, Ordering::Relaxed) {
            NO_LEADER => Connections::Keep,
            _ => Connections::Reset,
        }
    }

    /// Records that a node claims to lead. If another leader is known, the claim counts only once that one
    /// denies its leadership or fails, because a resumed leader claims to lead for a moment.
    pub(crate) fn on_leader_claim(&self, index: usize) {
        let known = self.leader.compare_exchange(NO_LEADER, index, Ordering::Relaxed, Ordering::Relaxed);
        let is_doubtful = known.is_err_and(|leader| leader != index);
        if !is_doubtful {
            self.is_leader_unreachable.store(false, Ordering::Relaxed);
        }
        if self.set_down(index, is_doubtful) == Change::Changed && is_doubtful {
            self.schedule_probe();
        }
    }

    /// Marks a node as suspect and delays the next probe, because a resumed node reports its old role at
    /// first.
    pub(crate) fn suspect(&self, index: usize) {
        let _ = self.set_down(index, true);
        let _ = self.clear_leader(index);
        let probe_at = self.millis(Instant::now() + PROBE_INTERVAL_DEGRADED);
        self.probe_at.store(probe_at, Ordering::Relaxed);
    }

    /// Records that a node does not lead, and resets connections if it has led.
    pub(crate) fn on_follower(&self, index: usize) -> Connections {
        match self.clear_leader(index) {
            Change::Changed => {
                self.schedule_probe();
                Connections::Reset
            }
            Change::Unchanged => Connections::Keep,
        }
    }

    /// Clears the leader if it is this node.
    fn clear_leader(&self, index: usize) -> Change {
        let cleared = self.leader.compare_exchange(index, NO_LEADER, Ordering::Relaxed, Ordering::Relaxed);
        if cleared.is_ok() { Change::Changed } else { Change::Unchanged }
    }

    fn schedule_probe(&self) {
        self.probe_at.store(0, Ordering::Relaxed);
    }

    /// Returns `Due` to one caller for each probe, which then has to probe all nodes.
    pub(crate) fn take_probe_slot(&self, now: Instant) -> Probe {
        let now = self.millis(now);
        let probe_at = self.probe_at.load(Ordering::Relaxed);
        if now < probe_at {
            return Probe::NotDue;
        }
        let is_healthy = self.read_preference != ReadPreference::LeaderOnly
            && self.leader.load(Ordering::Relaxed) != NO_LEADER
            && (0..self.nodes.len()).all(|index| !self.is_down(index));
        let next = now + millis(if is_healthy { PROBE_INTERVAL } else { PROBE_INTERVAL_DEGRADED });
        match self.probe_at.compare_exchange(probe_at, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Probe::Due,
            Err(_) => Probe::NotDue,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
