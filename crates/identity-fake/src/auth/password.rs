//! Passwords of users.

use crate::input::Fields;
use crate::response::{ErrorResponse, bad_request, internal};

/// A password, or its bcrypt hash if that was given.
#[derive(Clone)]
pub(super) enum Password {
    Plain(String),
    Hash(String),
}

impl Default for Password {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

const MAX_LEN: usize = 72;

impl Password {
    /// Fails unless a request has either a password or a hash.
    pub(super) fn check(fields: &Fields) -> Result<(), ErrorResponse> {
        match (fields.text("password").is_empty(), fields.text("password_hash").is_empty()) {
            (false, false) => Err(bad_request("only one of password or password_hash may be provided")),
            (true, true) => Err(bad_request("must provide either password or password_hash")),
            _ => Ok(()),
        }
    }

    pub(super) fn new(fields: &Fields) -> Result<Self, ErrorResponse> {
        Self::check(fields)?;
        let (password, hash) = (fields.text("password"), fields.text("password_hash"));
        if hash.is_empty() {
            if password.len() > MAX_LEN {
                return Err(internal("bcrypt: password length exceeds 72 bytes"));
            }
            return Ok(Self::Plain(password));
        }
        match cost(&hash) {
            None => Err(bad_request("password_hash is not a valid bcrypt hash")),
            Some(cost @ ..5) => {
                Err(bad_request(format!("bcrypt cost of {cost} is too low, want 5 at minimum")))
            }
            Some(cost @ 13..) => {
                Err(bad_request(format!("bcrypt cost of {cost} exceeds maximum cost of 12")))
            }
            Some(_) => Ok(Self::Hash(hash)),
        }
    }

    pub(super) fn is(&self, password: &str) -> bool {
        match self {
            Self::Plain(plain) => !plain.is_empty() && plain == password,
            Self::Hash(hash) => bcrypt::verify(password, hash).unwrap_or(false),
        }
    }
}

/// Returns the cost of a bcrypt hash, such as `$2a$10$` and 53 more bytes.
fn cost(hash: &str) -> Option<u32> {
    let version = hash.get(..3).filter(|version| hash.len() >= 59 && version.starts_with("$2"))?;
    let rest = hash.get(if version.ends_with('$') { 3 } else { 4 }..)?;
    rest.get(..2)?.parse().ok().filter(|cost| (4..=31).contains(cost))
}
