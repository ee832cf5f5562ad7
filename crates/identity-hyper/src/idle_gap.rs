use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Detects gaps between calls, in which the runtime may not have noticed that connections were closed.
#[derive(Debug)]
pub(crate) struct IdleGap(Mutex<Instant>);

impl IdleGap {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Records a call and returns the time since the previous one.
    pub(crate) fn elapsed_since_last(&self, now: Instant) -> Duration {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_duration_since(std::mem::replace(&mut *last, now))
    }
}
