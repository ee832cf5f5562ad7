use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const MAX_BALANCE: u64 = 100;
const REFILL_PER_SECOND: u64 = 10;

/// The retry budget that all calls share: a token bucket of 100, refilled by 10 a second and by 1 for each
/// success. It prevents retry storms.
#[derive(Debug)]
pub(crate) struct Budget {
    balance: AtomicU64,
    refilled_until: Mutex<Instant>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { balance: AtomicU64::new(MAX_BALANCE), refilled_until: Mutex::new(Instant::now()) }
    }

    /// Adds a token for a success.
    pub(crate) fn deposit(&self) {
        if self.balance.load(Ordering::Relaxed) < MAX_BALANCE {
            self.balance.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes a token for a retry. If there is none, returns the time to wait for the next one.
    pub(crate) fn withdraw(&self, now: Instant) -> Result<(), Duration> {
        const INTERVAL: Duration = Duration::from_millis(1000 / REFILL_PER_SECOND);
        let mut refilled_until = self.refilled_until.lock().unwrap_or_else(PoisonError::into_inner);
        while *refilled_until + INTERVAL <= now {
            if self.balance.load(Ordering::Relaxed) >= MAX_BALANCE {
                *refilled_until = now;
                break;
            }
            self.balance.fetch_add(1, Ordering::Relaxed);
            *refilled_until += INTERVAL;
        }
        let take = |balance: u64| balance.checked_sub(1);
        match self.balance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_refilled_by_time_and_successes() {
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
    fn the_balance_is_at_most_a_hundred() {
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
