//! Limits on metadata, and normalization of lists.

use super::input::Pairs;
use super::response::{ErrorResponse, internal, multi_error, quoted};

/// Replaces bytes in a path that are no UTF-8. Lookups take it for U+FFFD, and writes of such a name fail.
pub(super) const NO_UTF8: char = '\u{10ffff}';

const MAX_PAIRS: usize = 64;
const MAX_KEY_LEN: usize = 128;
const MAX_VALUE_LEN: usize = 512;
const RESERVED: &str = "vault-";

/// Validates the metadata of an entity or a group. The server responds to invalid metadata with 500.
pub(super) fn check_metadata(kind: &str, metadata: Option<&Pairs>) -> Result<(), ErrorResponse> {
    let Some(metadata) = metadata else { return Ok(()) };
    if metadata.len() > MAX_PAIRS {
        let problem = format!("metadata cannot contain more than {MAX_PAIRS} key/value pairs");
        return Err(internal(&format!("invalid {kind} metadata: {problem}")));
    }
    for (key, value) in metadata {
        let problem = if key.is_empty() {
            "key cannot be blank".to_owned()
        } else if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=/+_-".contains(&byte)) {
            "key contains invalid characters".to_owned()
        } else if key.len() > MAX_KEY_LEN {
            format!("key is too long (limit: {MAX_KEY_LEN} characters)")
        } else if key.starts_with(RESERVED) {
            format!("key prefix {} is reserved for internal use", quoted(RESERVED))
        } else if value.len() > MAX_VALUE_LEN {
            format!("value is too long (limit: {MAX_VALUE_LEN} characters)")
        } else {
            continue;
        };
        let pair = format!("({}, {})", quoted(key), quoted(value));
        return Err(internal(&format!(
            "invalid {kind} metadata: failed to load metadata pair {pair}: {problem}"
        )));
    }
    Ok(())
}

/// Validates the custom metadata of an alias, whose rules differ.
pub(super) fn check_custom_metadata(metadata: Option<&Pairs>) -> Result<(), ErrorResponse> {
    let Some(metadata) = metadata else { return Ok(()) };
    let mut problems = Vec::new();
    let mut problem = |text: String| problems.push(format!("custom_metadata validation failed: {text}"));
    if metadata.len() > MAX_PAIRS {
        problem(format!("payload must contain at most {MAX_PAIRS} keys, provided {}", metadata.len()));
    } else {
        for (key, value) in metadata {
            let name = quoted(key);
            if key.is_empty() || key.len() > MAX_KEY_LEN {
                problem(format!(
                    "length of key {name} is {} but must be 0 < len(key) <= {MAX_KEY_LEN}",
                    key.len()
                ));
            }
            if value.is_empty() || value.len() > MAX_VALUE_LEN {
                let rule = format!("must be 0 < len(value) <= {MAX_VALUE_LEN}");
                problem(format!("length of value for key {name} is {} but {rule}", value.len()));
            }
            if !is_printable(key) {
                problem(format!("key {name} ({key}) contains unprintable characters"));
            }
            if !is_printable(value) {
                problem(format!("value for key {name} contains unprintable characters"));
            }
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let mut error = internal("");
    error.errors = vec![multi_error(&problems)];
    Err(error)
}

/// Returns `true` if all characters are printable or spaces, as Go's `unicode.IsPrint` defines it.
pub(super) fn is_printable(text: &str) -> bool {
    let is_debug_printable = |char: char| {
        // At the start of a text, combining characters would be escaped as well.
        let text = format!("a{char}");
        text.escape_debug().eq(text.chars())
    };
    text.chars().all(|char| matches!(char, ' '..='~') || is_debug_printable(char))
}

/// Trims, sorts and deduplicates. Drops empty strings.
pub(super) fn distinct(texts: Vec<String>) -> Vec<String> {
    let mut texts: Vec<String> = texts
        .into_iter()
        .map(|text| if text.trim().len() == text.len() { text } else { text.trim().to_owned() })
        .filter(|text| !text.is_empty())
        .collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Normalizes the names of policies to lower case.
pub(super) fn policies(names: Vec<String>) -> Vec<String> {
    distinct(names.into_iter().map(|name| name.to_lowercase()).collect())
}
