//! Validates TOTP codes and limits failed attempts.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::otp;
use super::secret::Enrolled;
use crate::duration;

#[derive(Default)]
pub(super) struct Passcodes {
    /// Keyed by method and entity.
    keys: BTreeMap<(String, String), Vec<u8>>,
    /// Used codes, until they expire.
    used: BTreeMap<(String, String), Timestamp>,
    /// The number of failed attempts by method and entity, until it is reset.
    attempts: BTreeMap<(String, String), (u32, Timestamp)>,
}

const WRONG_CODE: &str = "MFA credentials not supplied or incorrect";

impl Passcodes {
    pub(super) fn add_key(&mut self, method: &str, entity: &str, key: Vec<u8>) {
        self.keys.insert((method.to_owned(), entity.to_owned()), key);
    }

    pub(super) fn forget_method(&mut self, method: &str) {
        self.keys.retain(|(of, _), _| of != method);
    }

    /// Fails if the code is wrong or already used, or after too many failed attempts.
    pub(super) fn check(
        &mut self,
        (method, entity): (&str, &str),
        enrolled: &Enrolled,
        max_attempts: u32,
        code: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        self.used.retain(|_, until| *until > now);
        self.attempts.retain(|_, (_, until)| *until > now);

        let used = (method.to_owned(), code.to_owned());
        if code.len() != usize::from(enrolled.digits) || self.used.contains_key(&used) {
            return Err(WRONG_CODE.to_owned());
        }
        let tried = (method.to_owned(), entity.to_owned());
        let (attempts, _) =
            self.attempts.entry(tried.clone()).or_insert_with(|| (0, later(now, enrolled.period.into())));
        *attempts += 1;
        if *attempts > max_attempts {
            let mut wait = duration::format(enrolled.period.into());
            if enrolled.skew > 0 {
                // The server adds nanoseconds here where it should add periods.
                wait = format!("{}.000000002s", wait.trim_end_matches('s'));
            }
            return Err(format!(
                "maximum TOTP validation attempts {attempts} exceeded the allowed attempts {max_attempts}. \
                 Please try again in {wait} seconds"
            ));
        }
        let key = self.keys.get(&tried).ok_or_else(|| WRONG_CODE.to_owned())?;
        if !enrolled
            .periods(now)
            .any(|period| otp::code(key, enrolled.algorithm, enrolled.digits, period) == code)
        {
            return Err(WRONG_CODE.to_owned());
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
