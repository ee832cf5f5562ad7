use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Tells whether a transport has not been used for a moment, so that its connections may have been closed
/// without anyone noticing.
#[derive(Debug)]
pub(crate) struct Pause(Mutex<Instant>);

impl Pause {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Notes a call, and says whether the one before was more than 20 milliseconds ago.
    pub(crate) fn ends_at(&self, now: Instant) -> bool {
        let mut end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *end, now + Duration::from_millis(20)) < now
    }
}
