use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many repeats can be saved up.
const MAX_BALANCE: u64 = 100;
/// How many repeats there are each second, whatever becomes of the calls.
const PER_SECOND: u64 = 10;

/// Limits the repeats of all calls together, so that a server in trouble is not buried under them: a hundred at once, ten a second, and one
/// for each answer that was good. So a server that is down is asked little, and one that is back gets all that has waited.
#[derive(Debug)]
pub(crate) struct Budget {
    saved: AtomicU64,
    /// Up to when the repeats of each second have been saved.
    refilled: Mutex<Instant>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { saved: AtomicU64::new(MAX_BALANCE), refilled: Mutex::new(Instant::now()) }
    }

    /// A call had a good answer.
    pub(crate) fn deposit(&self) {
        if self.saved.load(Ordering::Relaxed) < MAX_BALANCE {
            self.saved.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes one repeat, or says when to ask again.
    pub(crate) fn withdraw(&self, now: Instant) -> Result<(), Duration> {
        const INTERVAL: Duration = Duration::from_millis(1000 / PER_SECOND);
        let mut refilled = self.refilled.lock().unwrap_or_else(PoisonError::into_inner);
        while *refilled + INTERVAL <= now {
            if self.saved.load(Ordering::Relaxed) >= MAX_BALANCE {
                *refilled = now;
                break;
            }
            self.saved.fetch_add(1, Ordering::Relaxed);
            *refilled += INTERVAL;
        }
        let take = |saved: u64| saved.checked_sub(1);
        match self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_saved_up_and_refilled_by_time_and_good_answers() {
        let budget = Budget::new();
        let start = Instant::now();
        for _ in 0..MAX_BALANCE {
            budget.withdraw(start).unwrap();
        }
        let wait = budget.withdraw(start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        budget.withdraw(start + wait * 2).unwrap();
        budget.withdraw(start + wait * 2).unwrap();
        budget.withdraw(start + wait * 2).unwrap_err();
        budget.deposit();
        budget.withdraw(start + wait * 2).unwrap();
        budget.withdraw(start + wait * 2).unwrap_err();
    }

    #[test]
    fn no_more_than_a_hundred_are_saved() {
        let budget = Budget::new();
        for _ in 0..1000 {
            budget.deposit();
        }
        let later = Instant::now() + Duration::from_secs(3600);
        for _ in 0..MAX_BALANCE {
            budget.withdraw(later).unwrap();
        }
        budget.withdraw(later).unwrap_err();
    }
}
