use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, Shared, WeakShared};
use http::header::HeaderValue;
use http::uri::{Authority, Scheme, Uri};
use tokio::time::{Instant, sleep_until};

use super::error::SharedError;
use super::pooled::PooledConnection;

/// A connection that several calls wait for. Opening it continues while any of them waits.
pub(super) type Opening = Shared<BoxFuture<'static, Result<(), SharedError>>>;

/// The idle and the shared connections.
#[derive(Debug)]
pub(super) struct PoolState {
    idle_timeout: Duration,
    /// Connections of an earlier generation are not reused.
    generation: u64,
    /// One for each address. Origins are never removed.
    origins: Vec<Origin>,
    next_id: u64,
    has_reaper: bool,
}

#[derive(Debug)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
    /// Cached, because hyper would format it for each request.
    host: Option<HeaderValue>,
    /// The protocol of the last connection; unknown before the first.
    is_http2: Option<bool>,
    has_responded: bool,
    opening: Option<WeakShared<BoxFuture<'static, Result<(), SharedError>>>>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    connection: PooledConnection,
    /// The number of calls that share the connection.
    shared_by: usize,
    idle_since: Instant,
}

/// The result of [`PoolState::check_out`].
pub(super) struct Checkout {
    pub(super) origin: usize,
    pub(super) host: Option<HeaderValue>,
    pub(super) connection: Option<PooledConnection>,
    /// The identifier of the entry, if the connection is shared.
    pub(super) shared: Option<u64>,
    /// Whether the call may wait for a connection that others are opening.
    pub(super) can_join: bool,
    /// Whether a pooled connection is still finishing its last exchange.
    pub(super) is_almost_ready: bool,
    pub(super) generation: u64,
}

/// Whether the caller must spawn [`reap`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaper {
    Needed,
    Unneeded,
}

impl PoolState {
    pub(super) fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, generation: 0, origins: Vec::new(), next_id: 0, has_reaper: false }
    }

    /// Finds a usable connection, unless the call `needs_new`. Calls that may share an HTTP/2 connection do
    /// so; other calls get exclusive use.
    pub(super) fn check_out(
        &mut self,
        uri: &Uri,
        now: Instant,
        may_share: impl FnOnce() -> bool,
        needs_new: bool,
    ) -> Option<Checkout> {
        let index = self.origin(uri)?;
        let (generation, idle_timeout) = (self.generation, self.idle_timeout);
        let origin = &mut self.origins[index];
        let share = origin.scheme == Scheme::HTTPS && origin.is_http2 != Some(false) && may_share();
        let mut checkout = Checkout {
            origin: index,
            host: origin.host.clone(),
            connection: None,
            shared: None,
            can_join: share,
            is_almost_ready: false,
            generation,
        };
        if needs_new {
            return Some(checkout);
        }
        if share {
            origin.entries.retain(|entry| entry.is_usable(now, idle_timeout));
            // Always the first, so that the others stay free for exclusive use.
            if let Some(entry) = origin.entries.iter_mut().find(|entry| entry.connection.is_http2()) {
                entry.shared_by += 1;
                checkout.shared = Some(entry.id);
                checkout.connection = entry.connection.share();
                return Some(checkout);
            }
        }
        // The most recently used connection is the least likely to have been closed by the server.
        for position in (0..origin.entries.len()).rev() {
            let entry = &origin.entries[position];
            if !entry.is_usable(now, idle_timeout) {
                origin.entries.swap_remove(position);
            } else if entry.shared_by > 0 {
            } else if entry.connection.is_ready() {
                checkout.connection = Some(origin.entries.swap_remove(position).connection);
                break;
            } else {
                checkout.is_almost_ready = true;
            }
        }
        Some(checkout)
    }

    /// Adds an idle connection, unless it cannot be reused.
    pub(super) fn check_in(&mut self, index: usize, connection: PooledConnection) -> Reaper {
        let now = Instant::now();
        self.origins[index].has_responded |= connection.has_responded;
        if connection.generation != self.generation || connection.expires <= now || connection.is_closed() {
            return Reaper::Unneeded;
        }
        let (id, origin) = (self.next_id, &mut self.origins[index]);
        origin.is_http2 = Some(connection.is_http2());
        origin.entries.push(Entry { id, connection, shared_by: 0, idle_since: now });
        self.next_id += 1;
        if mem::replace(&mut self.has_reaper, true) { Reaper::Unneeded } else { Reaper::Needed }
    }

    pub(super) fn release_shared(&mut self, index: usize, id: u64, has_responded: bool, is_broken: bool) {
        let entries = &mut self.origins[index].entries;
        let Some(position) = entries.iter().position(|entry| entry.id == id) else { return };
        if is_broken {
            entries.swap_remove(position);
            return;
        }
        let entry = &mut entries[position];
        entry.shared_by -= 1;
        entry.idle_since = Instant::now();
        entry.connection.has_responded |= has_responded;
    }

    pub(super) fn has_responded(&self, index: usize) -> bool {
        self.origins[index].has_responded
    }

    /// Returns the connection that other calls are waiting for.
    pub(super) fn pending_open(&self, index: usize) -> Option<Opening> {
        self.origins[index].opening.as_ref()?.upgrade().filter(|opening| opening.peek().is_none())
    }

    pub(super) fn set_pending_open(&mut self, index: usize, opening: &Opening) {
        self.origins[index].opening = opening.downgrade();
    }

    /// Removes all connections. They are closed when their calls have ended.
    pub(super) fn reset(&mut self) {
        self.generation += 1;
        for origin in &mut self.origins {
            origin.entries.clear();
            origin.opening = None;
        }
    }

    fn origin(&mut self, uri: &Uri) -> Option<usize> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        let matches =
            |origin: &Origin| origin.authority.as_str() == authority.as_str() && origin.scheme == *scheme;
        if let Some(index) = self.origins.iter().position(matches) {
            return Some(index);
        }
        self.origins.push(Origin {
            scheme: scheme.clone(),
            authority: authority.clone(),
            host: host(scheme, authority),
            is_http2: None,
            has_responded: false,
            opening: None,
            entries: Vec::new(),
        });
        Some(self.origins.len() - 1)
    }

    /// Closes expired connections and returns when the next one expires.
    fn reap(&mut self, now: Instant) -> Option<Instant> {
        let idle_timeout = self.idle_timeout;
        let entries = self.origins.iter_mut().map(|origin| &mut origin.entries);
        let next = entries.filter_map(|entries| {
            entries.retain(|entry| entry.is_usable(now, idle_timeout));
            let end = |entry: &Entry| if entry.shared_by > 0 { now } else { entry.idle_since } + idle_timeout;
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
            && (self.shared_by > 0 || now < self.idle_since + idle_timeout)
    }
}

/// Closes connections as they expire, until none is left.
pub(super) fn reap(state: Weak<Mutex<PoolState>>) -> impl Future<Output = ()> + Send {
    /// Clears `has_reaper` if the runtime ends before the task is done, so that another task is started.
    struct ReaperGuard {
        state: Weak<Mutex<PoolState>>,
        is_done: bool,
    }

    impl Drop for ReaperGuard {
        fn drop(&mut self) {
            match self.state.upgrade() {
                Some(state) if !self.is_done => lock(&state).has_reaper = false,
                _ => {}
            }
        }
    }

    let reaper = ReaperGuard { state, is_done: false };
    async move {
        let mut reaper = reaper;
        while let Some(next) = reaper.state.upgrade().and_then(|state| lock(&state).reap(Instant::now())) {
            sleep_until(next).await;
        }
        reaper.is_done = true;
    }
}

pub(super) fn lock(state: &Mutex<PoolState>) -> MutexGuard<'_, PoolState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Formats the `Host` header, without the scheme's default port.
fn host(scheme: &Scheme, authority: &Authority) -> Option<HeaderValue> {
    let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    match authority.port_u16() {
        Some(port) if port != default => HeaderValue::try_from(format!("{}:{port}", authority.host())).ok(),
        _ => HeaderValue::from_str(authority.host()).ok(),
    }
}
