use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, Shared, WeakShared};
use http::header::HeaderValue;
use http::uri::{Authority, Scheme, Uri};
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;
use super::error::SharedError;

/// A connection that several calls are waiting for. It is opened as long as one of them still waits.
pub(super) type Opening = Shared<BoxFuture<'static, Result<(), SharedError>>>;

/// All connections that are not in the hands of a single call.
#[derive(Debug)]
pub(super) struct Kept {
    idle_timeout: Duration,
    /// Connections of an earlier generation are not used again.
    generation: u64,
    /// As many as the program has addresses: none is removed.
    origins: Vec<Origin>,
    next_id: u64,
    /// Whether there is a task that closes what is idle for too long.
    has_reaper: bool,
}

#[derive(Debug)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
    /// Written once, rather than by hyper for each request.
    host: Option<HeaderValue>,
    /// As its last connection says; unknown before the first.
    is_http2: Option<bool>,
    /// Whether a call has ever been answered.
    has_answered: bool,
    opening: Option<WeakShared<BoxFuture<'static, Result<(), SharedError>>>>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    connection: Connection,
    /// How many calls share it.
    users: usize,
    idle_since: Instant,
}

/// What a call gets.
pub(super) struct Taken {
    pub(super) origin: usize,
    pub(super) host: Option<HeaderValue>,
    pub(super) connection: Option<Connection>,
    /// Of the entry, if it is shared with others.
    pub(super) shared: Option<u64>,
    /// Whether connections may be waited for together.
    pub(super) may_join: bool,
    /// Whether a connection is about to be ready.
    pub(super) is_near: bool,
    pub(super) generation: u64,
}

impl Kept {
    pub(super) fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, generation: 0, origins: Vec::new(), next_id: 0, has_reaper: false }
    }

    /// Finds a connection, unless a `fresh` one is needed. Calls that may share one do, if it speaks HTTP/2;
    /// others get one of their own.
    pub(super) fn take(
        &mut self,
        uri: &Uri,
        now: Instant,
        may_share: impl FnOnce() -> bool,
        fresh: bool,
    ) -> Option<Taken> {
        let index = self.origin(uri)?;
        let (generation, idle_timeout) = (self.generation, self.idle_timeout);
        let origin = &mut self.origins[index];
        let share = origin.scheme == Scheme::HTTPS && origin.is_http2 != Some(false) && may_share();
        let mut taken = Taken {
            origin: index,
            host: origin.host.clone(),
            connection: None,
            shared: None,
            may_join: share,
            is_near: false,
            generation,
        };
        if fresh {
            return Some(taken);
        }
        if share {
            origin.entries.retain(|entry| entry.is_usable(now, idle_timeout));
            // The first one, so that the others stay free for those who need one alone.
            if let Some(entry) = origin.entries.iter_mut().find(|entry| entry.connection.is_http2()) {
                entry.users += 1;
                taken.shared = Some(entry.id);
                taken.connection = entry.connection.share();
                return Some(taken);
            }
        }
        // The one that was used last is the least likely to have been closed by the server.
        for position in (0..origin.entries.len()).rev() {
            let entry = &origin.entries[position];
            if !entry.is_usable(now, idle_timeout) {
                origin.entries.swap_remove(position);
            } else if entry.users > 0 {
            } else if entry.connection.is_ready() {
                taken.connection = Some(origin.entries.swap_remove(position).connection);
                break;
            } else {
                taken.is_near = true;
            }
        }
        Some(taken)
    }

    /// Keeps a connection that no call uses. Returns whether a task has to be started that closes it in time.
    pub(super) fn put(&mut self, index: usize, connection: Connection) -> bool {
        let now = Instant::now();
        self.origins[index].has_answered |= connection.is_proven;
        if connection.generation != self.generation || connection.expires <= now || connection.is_closed() {
            return false;
        }
        let (id, origin) = (self.next_id, &mut self.origins[index]);
        origin.is_http2 = Some(connection.is_http2());
        origin.entries.push(Entry { id, connection, users: 0, idle_since: now });
        self.next_id += 1;
        !mem::replace(&mut self.has_reaper, true)
    }

    /// Ends the use of a connection by a call that shares it.
    pub(super) fn leave(&mut self, index: usize, id: u64, has_answered: bool, is_broken: bool) {
        let entries = &mut self.origins[index].entries;
        let Some(position) = entries.iter().position(|entry| entry.id == id) else { return };
        if is_broken {
            entries.swap_remove(position);
            return;
        }
        let entry = &mut entries[position];
        entry.users -= 1;
        entry.idle_since = Instant::now();
        entry.connection.is_proven |= has_answered;
    }

    /// Whether the origin has ever answered a call.
    pub(super) fn has_answered(&self, index: usize) -> bool {
        self.origins[index].has_answered
    }

    /// The connection that others wait for already.
    pub(super) fn opening(&self, index: usize) -> Option<Opening> {
        self.origins[index].opening.as_ref()?.upgrade().filter(|opening| opening.peek().is_none())
    }

    pub(super) fn set_opening(&mut self, index: usize, opening: &Opening) {
        self.origins[index].opening = opening.downgrade();
    }

    /// Lets go of all connections: they are closed when their calls have ended.
    pub(super) fn renew(&mut self) {
        self.generation += 1;
        for origin in &mut self.origins {
            origin.entries.clear();
            origin.opening = None;
        }
    }

    fn origin(&mut self, uri: &Uri) -> Option<usize> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        let is_it =
            |origin: &Origin| origin.authority.as_str() == authority.as_str() && origin.scheme == *scheme;
        if let Some(index) = self.origins.iter().position(is_it) {
            return Some(index);
        }
        self.origins.push(Origin {
            scheme: scheme.clone(),
            authority: authority.clone(),
            host: host(scheme, authority),
            is_http2: None,
            has_answered: false,
            opening: None,
            entries: Vec::new(),
        });
        Some(self.origins.len() - 1)
    }

    /// Closes what has been idle for too long, and returns when the next one will have been.
    fn reap(&mut self, now: Instant) -> Option<Instant> {
        let idle_timeout = self.idle_timeout;
        let entries = self.origins.iter_mut().map(|origin| &mut origin.entries);
        let next = entries.filter_map(|entries| {
            entries.retain(|entry| entry.is_usable(now, idle_timeout));
            let end = |entry: &Entry| if entry.users > 0 { now } else { entry.idle_since } + idle_timeout;
            entries.iter().map(end).min()
        });
        let next = next.min();
        self.has_reaper = next.is_some();
        next
    }
}

impl Entry {
    fn is_usable(&self, now: Instant, idle_timeout: Duration) -> bool {
        !self.connection.is_closed()
            && now < self.connection.expires
            && (self.users > 0 || now < self.idle_since + idle_timeout)
    }
}

/// Closes connections that have been idle for too long, until there is none left.
pub(super) fn reap(kept: Weak<Mutex<Kept>>) -> impl Future<Output = ()> + Send {
    /// Another task takes over if the runtime of this one ends, or never runs it.
    struct Reaper {
        kept: Weak<Mutex<Kept>>,
        has_ended: bool,
    }

    impl Drop for Reaper {
        fn drop(&mut self) {
            match self.kept.upgrade() {
                Some(kept) if !self.has_ended => lock(&kept).has_reaper = false,
                _ => {}
            }
        }
    }

    let reaper = Reaper { kept, has_ended: false };
    async move {
        let mut reaper = reaper;
        while let Some(next) = reaper.kept.upgrade().and_then(|kept| lock(&kept).reap(Instant::now())) {
            sleep_until(next).await;
        }
        reaper.has_ended = true;
    }
}

pub(super) fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The header, without the port that goes without saying.
fn host(scheme: &Scheme, authority: &Authority) -> Option<HeaderValue> {
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    match authority.port_u16() {
        Some(port) if port != default => HeaderValue::try_from(format!("{}:{port}", authority.host())).ok(),
        _ => HeaderValue::from_str(authority.host()).ok(),
    }
}
