//! Validation and encoding of paths.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Some proxies reject these, even percent-encoded.
pub(crate) const REJECTED_BY_PROXIES: [char; 6] = ['/', '\\', '%', ';', '?', '#'];

pub(crate) const EMPTY: &str = "must not be empty";

/// Returns the problem of a value that a path cannot contain.
pub(crate) fn validate(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some(EMPTY)
    } else if value.split('/').any(|part| part == "." || part == "..") {
        Some("must not have `.` or `..` as a segment")
    } else if value.chars().any(is_unprintable) {
        Some("must not contain non-printable characters")
    } else {
        None
    }
}

/// Returns `true` for control, formatting and private-use characters, and white space other than the space.
/// The server rejects them in a path.
pub(crate) fn is_unprintable(char: char) -> bool {
    let formatting_or_private = matches!(
        char,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'..='\u{e007f}' | '\u{f0000}'..='\u{10ffff}'
    );
    char.is_control() || (char.is_whitespace() && char != ' ') || formatting_or_private
}

/// Percent-encodes each segment.
pub(crate) fn encode(path: &str) -> String {
    const WITHIN_PATH: &AsciiSet = &RESERVED.remove(b'/');
    utf8_percent_encode(path, WITHIN_PATH).to_string()
}
