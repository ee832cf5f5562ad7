//! The server's limits of metadata. They are checked here because the server responds to violations with 500.

use std::collections::BTreeMap;

use crate::error::request_error::RequestError;
use crate::path;

type Pairs = BTreeMap<String, String>;

const MAX_PAIRS: usize = 64;
const MAX_KEY_BYTES: usize = 128;
const MAX_VALUE_BYTES: usize = 512;

/// Checks the metadata of an entity or a group.
#[allow(clippy::ref_option, reason = "callers pass a reference to a field")]
pub(crate) fn check(metadata: &Option<Pairs>) -> Result<(), RequestError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"=/+_-".contains(&byte);
    check_pairs("metadata", metadata, |key, value| {
        if !key.bytes().all(is_allowed) {
            Some("must have keys of letters, digits and `=/+_-`")
        } else if key.starts_with("vault-") {
            Some("must not have keys that begin with `vault-`")
        } else if value.len() > MAX_VALUE_BYTES {
            Some("must have values of at most 512 bytes")
        } else {
            None
        }
    })
}

/// Checks the custom metadata of an alias.
#[allow(clippy::ref_option, reason = "callers pass a reference to a field")]
pub(crate) fn check_custom(metadata: &Option<Pairs>) -> Result<(), RequestError> {
    check_pairs("custom_metadata", metadata, |key, value| {
        if value.is_empty() || value.len() > MAX_VALUE_BYTES {
            Some("must have values of 1 to 512 bytes")
        } else if key.chars().chain(value.chars()).any(path::is_unprintable) {
            Some("must not contain non-printable characters")
        } else {
            None
        }
    })
}

#[allow(clippy::ref_option, reason = "callers pass a reference to a field")]
fn check_pairs(
    name: &'static str,
    metadata: &Option<Pairs>,
    problem: impl Fn(&str, &str) -> Option<&'static str>,
) -> Result<(), RequestError> {
    let Some(metadata) = metadata else { return Ok(()) };
    let problem = if metadata.len() > MAX_PAIRS {
        Some("must not have more than 64 pairs")
    } else if metadata.keys().any(|key| key.is_empty() || key.len() > MAX_KEY_BYTES) {
        Some("must have keys of 1 to 128 bytes")
    } else {
        metadata.iter().find_map(|(key, value)| problem(key, value))
    };
    problem.map_or(Ok(()), |problem| Err(RequestError::new(name, problem)))
}
