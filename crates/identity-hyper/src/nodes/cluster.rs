use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http::uri::{Authority, Parts, PathAndQuery, Scheme, Uri};
use identity_core::{Endpoint, RequestError, Target};
use tokio::time::Instant;

use super::Trouble;
use super::health::Health;
use crate::redirect::{Redirect, same};

/// How often the nodes are looked at while all is well, and while it is not.
const SELDOM: Duration = Duration::from_secs(30);
const OFTEN: Duration = Duration::from_secs(1);

const NOBODY: usize = usize::MAX;

/// Which node reads go to, if there are several. Writes always go to the leader, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reads {
    /// The leader, like writes: no node has to catch up first. While there is none, any other.
    #[default]
    Leader,
    /// The leader and no other: what is read is never old, but nothing can be read while there is no leader.
    LeaderOnly,
    /// Each time another node.
    Spread,
    /// The first of the addresses that is well: the one nearby.
    First,
}

/// The nodes of a cluster, and what is known of them.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    reads: Reads,
    leader: AtomicUsize,
    /// Whose turn it is, of [`Reads::Spread`].
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
    down: AtomicBool,
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
        let base = path.path().trim_end_matches("/v1/sys/health").to_owned();
        Ok(Self { scheme, authority, base, down: AtomicBool::new(false), probe })
    }

    fn is_at(&self, uri: &Uri) -> bool {
        uri.authority() == Some(&self.authority) && uri.scheme() == Some(&self.scheme)
    }
}

impl Cluster {
    pub(crate) fn new(nodes: Vec<Node>, reads: Reads) -> Self {
        Self {
            nodes,
            reads,
            leader: AtomicUsize::new(NOBODY),
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

    /// Whether there is more than one node, and this is one of them.
    pub(crate) fn has(&self, uri: &Uri) -> bool {
        self.nodes.len() > 1 && self.nodes.iter().any(|node| node.is_at(uri))
    }

    pub(crate) fn find_redirect(&self, redirect: &Redirect) -> Option<usize> {
        let is_there = |node: &Node| {
            node.scheme == redirect.scheme && same(&node.authority, &redirect.authority, &node.scheme)
        };
        self.nodes.iter().position(is_there)
    }

    /// The node to ask first.
    pub(crate) fn first(&self, is_read: bool) -> usize {
        let leader = || Some(self.leader.load(Ordering::Relaxed)).filter(|leader| *leader != NOBODY);
        match self.reads {
            Reads::Spread if is_read => self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len(),
            Reads::First if is_read => 0,
            _ => leader().unwrap_or(0),
        }
    }

    /// All nodes, beginning with this one.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        let count = self.nodes.len();
        (0..count).map(move |step| (first + step) % count)
    }

    pub(crate) fn is_down(&self, index: usize) -> bool {
        self.nodes[index].down.load(Ordering::Relaxed)
    }

    /// Whether reads may be answered now: with [`Reads::LeaderOnly`] there has to be a leader.
    pub(crate) fn lacks_leader(&self, is_read: bool) -> bool {
        is_read && self.reads == Reads::LeaderOnly && self.leader.load(Ordering::Relaxed) == NOBODY
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
        let was_down = self.nodes[index].down.load(Ordering::Relaxed);
        if down != was_down {
            self.nodes[index].down.store(down, Ordering::Relaxed);
        }
        if !down {
            return false;
        }
        let led = self.leader.compare_exchange(index, NOBODY, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if led || !was_down {
            self.look_at.store(0, Ordering::Relaxed);
        }
        led || trouble == Trouble::Hung
    }

    /// This node leads. Whether another one has led until now, whose connections are to be given up.
    pub(crate) fn lead(&self, index: usize) -> bool {
        if self.leader.load(Ordering::Relaxed) == index {
            return false;
        }
        self.leader.swap(index, Ordering::Relaxed) != NOBODY
    }

    /// This node does not lead. Whether it has led until now.
    pub(crate) fn follow(&self, index: usize) -> bool {
        self.leader.compare_exchange(index, NOBODY, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether the nodes should be looked at; then they are, by the one who asked.
    pub(crate) fn is_time_to_look(&self, now: Instant) -> bool {
        let now = now.duration_since(self.start);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let look_at = self.look_at.load(Ordering::Relaxed);
        if millis(now) < look_at {
            return false;
        }
        let is_well = self.leader.load(Ordering::Relaxed) != NOBODY
            && (0..self.nodes.len()).all(|index| !self.is_down(index));
        let next = millis(now + if is_well { SELDOM } else { OFTEN });
        self.look_at.compare_exchange(look_at, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
