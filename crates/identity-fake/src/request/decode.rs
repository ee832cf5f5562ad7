//! Decodes bytes of a request to text, as the server prints them.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Replaces each byte that is not UTF-8 by U+FFFD.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text.into()
}

pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    match percent_decode(text.as_bytes()).into() {
        Cow::Borrowed(bytes) => lossy(bytes),
        Cow::Owned(bytes) => {
            String::from_utf8(bytes).unwrap_or_else(|error| lossy(error.as_bytes()).into_owned()).into()
        }
    }
}

/// Returns `true` if the text is UTF-8 without its escapes.
pub(super) fn is_utf8(text: &str) -> bool {
    !text.contains('%') || percent_decode(text.as_bytes()).decode_utf8().is_ok()
}

/// Returns `true` if two hexadecimal digits follow each `%`.
pub(super) fn is_escaped_correctly(text: &str) -> bool {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    text.split('%').skip(1).all(|after| {
        let mut bytes = after.as_bytes().iter();
        is_hex(bytes.next()) && is_hex(bytes.next())
    })
}
