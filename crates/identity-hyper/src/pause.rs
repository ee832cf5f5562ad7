use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// Tells whether a transport has not been used for a moment, so that its connections may have been closed
/// without anyone noticing.
#[derive(Debug)]
pub(crate) struct Pause {
    start: Instant,
    /// In milliseconds since the start.
    last_call: AtomicU64,
}

impl Pause {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), last_call: AtomicU64::new(0) }
    }

    /// Notes a call, and says whether the one before was more than 20 milliseconds ago.
    pub(crate) fn ends_at(&self, now: Instant) -> bool {
        let now = u64::try_from(now.duration_since(self.start).as_millis()).unwrap_or(u64::MAX);
        now.saturating_sub(self.last_call.swap(now, Ordering::Relaxed)) > 20
    }
}
