//! Which codes are good, and how often one may try.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::otp;
use super::secret::Enrolled;
use crate::fake::duration;

/// The keys, and the codes that came of late.
#[derive(Default)]
pub(super) struct Passcodes {
    /// By method and entity.
    keys: BTreeMap<(String, String), Vec<u8>>,
    /// Codes that were good, and until when they are remembered.
    used: BTreeMap<(String, String), Timestamp>,
    /// How many wrong codes came for a method and an entity, and until when they count.
    attempts: BTreeMap<(String, String), (u32, Timestamp)>,
}

const WRONG: &str = "MFA credentials not supplied or incorrect";

impl Passcodes {
    pub(super) fn add_key(&mut self, method: &str, entity: &str, key: Vec<u8>) {
        self.keys.insert((method.to_owned(), entity.to_owned()), key);
    }

    pub(super) fn forget_method(&mut self, method: &str) {
        self.keys.retain(|(of, _), _| of != method);
    }

    /// Refuses a code that is wrong, or comes twice, or comes after too many wrong ones.
    pub(super) fn check(
        &mut self,
        (method, entity): (&str, &str),
        enrolled: &Enrolled,
        most_attempts: u32,
        code: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        self.used.retain(|_, until| *until > now);
        self.attempts.retain(|_, (_, until)| *until > now);

        let used = (method.to_owned(), code.to_owned());
        if code.len() != usize::from(enrolled.digits) || self.used.contains_key(&used) {
            return Err(WRONG.to_owned());
        }
        let tried = (method.to_owned(), entity.to_owned());
        let (attempts, _) =
            self.attempts.entry(tried.clone()).or_insert_with(|| (0, later(now, enrolled.period.into())));
        *attempts += 1;
        if *attempts > most_attempts {
            let mut wait = duration::shown(enrolled.period.into());
            if enrolled.skew > 0 {
                // The server means to add periods, and adds nanoseconds.
                wait = format!("{}.000000002s", wait.trim_end_matches('s'));
            }
            return Err(format!(
                "maximum TOTP validation attempts {attempts} exceeded the allowed attempts {most_attempts}. \
                 Please try again in {wait} seconds"
            ));
        }
        let key = self.keys.get(&tried).ok_or_else(|| WRONG.to_owned())?;
        if !enrolled
            .periods(now)
            .any(|period| otp::code(key, enrolled.algorithm, enrolled.digits, period) == code)
        {
            return Err(WRONG.to_owned());
        }
        let remembered = u64::from(enrolled.period) * (2 + u64::from(enrolled.skew));
        self.used.insert(used, later(now, remembered));
        self.attempts.remove(&tried);
        Ok(())
    }
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(seconds).unwrap_or(Timestamp::MAX)
}
