use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http::uri::{Authority, Parts, PathAndQuery, Scheme, Uri};
use identity_core::{Endpoint, Target, error::RequestError};
use tokio::time::Instant;
use tracing::info;

use super::Trouble;
use super::health::Health;
use crate::address::{display_address, same_authority};
use crate::events::TRACING_TARGET;
use crate::redirect::Redirect;

/// How often the nodes are looked at while all is well, and while it is not.
const SELDOM: Duration = Duration::from_secs(30);
const OFTEN: Duration = Duration::from_secs(1);

/// How long a leader is out of reach before it is taken to be so for this client alone. A cluster elects another one within 28 seconds, as far as was seen.
const ELECTION: Duration = Duration::from_secs(30);

const NOBODY: usize = usize::MAX;

/// Which node reads go to, if there are several. Writes always go to the leader, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadPreference {
    /// The leader, like writes: no node has to catch up first. While there is none, any other.
    #[default]
    LeaderPreferred,
    /// The leader and no other, which has said so within the last second: what is read is no older than that, but
    /// nothing can be read while there is no leader.
    LeaderOnly,
    /// Each time another node.
    RoundRobin,
    /// The first of the addresses that is well: the one nearby.
    FirstHealthy,
}

/// The nodes of a cluster, and what is known of them.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    reads: ReadPreference,
    leader: AtomicUsize,
    /// Whether the leader can only be reached through other nodes.
    is_behind: AtomicBool,
    /// Whose turn it is, of [`ReadPreference::RoundRobin`].
    turn: AtomicUsize,
    start: Instant,
    /// When to look at the nodes again, in milliseconds since the start.
    look_at: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// What comes before `/v1/`, such as `/proxy`.
    base: String,
    /// Since when it is down, in milliseconds since the start; 0 is not at all.
    down: AtomicU64,
    /// Asks how it is.
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
        Ok(Self { scheme, authority, base, down: AtomicU64::new(0), probe })
    }

    /// One gateway may serve several clusters, each under a path of its own.
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
    pub(crate) fn new(nodes: Vec<Node>, reads: ReadPreference) -> Self {
        Self {
            nodes,
            reads,
            leader: AtomicUsize::new(NOBODY),
            is_behind: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            start: Instant::now(),
            look_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// Whether this is one of the nodes.
    pub(crate) fn has(&self, uri: &Uri) -> bool {
        self.nodes.iter().any(|node| node.is_at(uri))
    }

    /// Whether there is anything to choose.
    pub(crate) fn has_choice(&self) -> bool {
        self.nodes.len() > 1 || self.reads == ReadPreference::LeaderOnly
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.nodes.iter().any(|node| node.scheme == Scheme::HTTPS)
    }

    /// Whether this is the node that is known to lead.
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

    /// The node to ask first.
    pub(crate) fn first(&self, is_read: bool) -> usize {
        let leader = || Some(self.leader.load(Ordering::Relaxed)).filter(|leader| *leader != NOBODY);
        match self.reads {
            ReadPreference::RoundRobin if is_read => {
                self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len()
            }
            ReadPreference::FirstHealthy if is_read => 0,
            _ => leader().unwrap_or(0),
        }
    }

    /// All nodes, beginning with this one.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let count = self.nodes.len();
        (0..count).map(move |step| (first + step) % count)
    }

    pub(crate) fn is_down(&self, index: usize) -> bool {
        self.nodes[index].down.load(Ordering::Relaxed) != 0
    }

    /// Notes that a node is down, or well. Whether that is new.
    fn set_down(&self, index: usize, down: bool) -> bool {
        if down == self.is_down(index) {
            return false;
        }
        let since = if down { self.millis(Instant::now()).max(1) } else { 0 };
        self.nodes[index].down.store(since, Ordering::Relaxed);
        true
    }

    /// Milliseconds since the start.
    fn millis(&self, then: Instant) -> u64 {
        millis(then.duration_since(self.start))
    }

    /// A standby says that this node leads, which is down as far as this client can see. If that lasts, it is so for
    /// this client alone, and the other nodes have to pass on what is for the leader.
    pub(crate) fn leads_unseen(&self, index: usize) {
        let down = self.nodes[index].down.load(Ordering::Relaxed);
        if down != 0 && self.millis(Instant::now()).saturating_sub(down) > millis(ELECTION) {
            self.set_behind();
        }
    }

    /// The leader can only be reached through other nodes.
    pub(crate) fn set_behind(&self) {
        self.is_behind.store(true, Ordering::Relaxed);
    }

    /// Whether the leader can only be reached through other nodes, as far as is known.
    pub(crate) fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }

    /// Whether it has to be known who leads, and not only to have been.
    pub(crate) fn needs_leader(&self, is_read: bool) -> bool {
        is_read && self.reads == ReadPreference::LeaderOnly
    }

    /// Whether there is nobody to ask.
    pub(crate) fn lacks_leader(&self, is_read: bool) -> bool {
        self.needs_leader(is_read) && self.leader.load(Ordering::Relaxed) == NOBODY
    }

    /// Rewrites the address of a request that goes to the cluster.
    pub(crate) fn direct(&self, request: &mut Request<Bytes>, index: usize) {
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
        // Only that of a Unix socket is not the address itself.
        match node.probe.headers().get(HOST) {
            Some(host) => drop(request.headers_mut().insert(HOST, host.clone())),
            None => drop(request.headers_mut().remove(HOST)),
        }
    }

    /// Takes note of how a node has done. Whether connections are to be given up.
    pub(crate) fn learn(&self, index: usize, trouble: Trouble) -> bool {
        let down = trouble != Trouble::None;
        let was_down = self.is_down(index);
        if self.set_down(index, down) {
            let what = if down { "a node has failed" } else { "a node is back" };
            info!(target: TRACING_TARGET, node = %display_address(self.nodes[index].probe.uri()), "{what}");
        }
        if !down {
            return false;
        }
        let led = self.leader.compare_exchange(index, NOBODY, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if led || !was_down {
            self.look_soon();
        }
        led || trouble == Trouble::Hung
    }

    /// This node leads. Whether another one has led until now, whose connections are to be given up.
    pub(crate) fn lead(&self, index: usize) -> bool {
        if self.leader.load(Ordering::Relaxed) == index {
            return false;
        }
        info!(target: TRACING_TARGET, node = %display_address(self.nodes[index].probe.uri()), "a node leads the cluster");
        self.is_behind.store(false, Ordering::Relaxed);
        self.leader.swap(index, Ordering::Relaxed) != NOBODY
    }

    /// This node says that it leads. If another one is known to, it is not asked before that one denies it or is in
    /// trouble: a node that has hung goes on where it was, and believes for a moment that it still leads.
    pub(crate) fn claim(&self, index: usize) {
        let known = self.leader.compare_exchange(NOBODY, index, Ordering::Relaxed, Ordering::Relaxed);
        let is_doubtful = known.is_err_and(|leader| leader != index);
        if !is_doubtful {
            self.is_behind.store(false, Ordering::Relaxed);
        }
        if self.set_down(index, is_doubtful) && is_doubtful {
            self.look_soon();
        }
    }

    /// This node seems to have hung. What it says of itself is not asked for before it knows better.
    pub(crate) fn doubt(&self, index: usize) {
        self.set_down(index, true);
        let _ = self.leader.compare_exchange(index, NOBODY, Ordering::Relaxed, Ordering::Relaxed);
        self.look_at.store(self.millis(Instant::now() + OFTEN), Ordering::Relaxed);
    }

    /// This node does not lead. Whether it has led until now.
    pub(crate) fn follow(&self, index: usize) -> bool {
        let led = self.leader.compare_exchange(index, NOBODY, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if led {
            self.look_soon();
        }
        led
    }

    fn look_soon(&self) {
        self.look_at.store(0, Ordering::Relaxed);
    }

    /// Whether the nodes should be looked at; then they are, by the one who asked.
    pub(crate) fn is_time_to_look(&self, now: Instant) -> bool {
        let now = self.millis(now);
        let look_at = self.look_at.load(Ordering::Relaxed);
        if now < look_at {
            return false;
        }
        let is_well = self.reads != ReadPreference::LeaderOnly
            && self.leader.load(Ordering::Relaxed) != NOBODY
            && (0..self.nodes.len()).all(|index| !self.is_down(index));
        let next = now + millis(if is_well { SELDOM } else { OFTEN });
        self.look_at.compare_exchange(look_at, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
