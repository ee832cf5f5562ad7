//! Server messages, prepared for display: redacted, truncated and escaped.

use std::borrow::Cow;
use std::fmt::{self, Write};

use http::HeaderValue;

use crate::path::is_unprintable;

/// The maximum length of all messages of a response. A server may repeat a whole request in one.
pub(crate) const MAX_LEN: usize = 4096;

/// The maximum length of content types and request identifiers.
pub(crate) const MAX_NAME_LEN: usize = 128;

/// Shorter secrets may occur in any text.
const MIN_SECRET_LEN: usize = 8;

const REDACTED: &str = "<redacted>";
const ELLIPSIS: char = '…';

/// Redacts the secrets of request headers in `text`, a message of the server that may repeat them. Secrets of
/// fewer than eight characters are not redacted.
///
/// ```
/// use http::HeaderValue;
/// use identity_core::error::redact;
///
/// let token = HeaderValue::from_static("hvs.example");
/// assert_eq!(redact("unknown token hvs.example", [&token]), "unknown token <redacted>");
/// ```
pub fn redact<'a, 's>(text: &'a str, secrets: impl IntoIterator<Item = &'s HeaderValue>) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets.into_iter().filter_map(secret) {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, REDACTED));
        }
        if text.contains(ELLIPSIS) {
            text = Cow::Owned(redact_parts(&text, secret));
        }
    }
    text
}

/// Redacts the beginnings of a secret at the ends of truncated messages.
fn redact_parts(text: &str, secret: &str) -> String {
    let mut redacted = String::new();
    let mut pieces = text.split(ELLIPSIS).peekable();
    while let Some(piece) = pieces.next() {
        let is_part = |len: &usize| secret.get(..*len).is_some_and(|part| piece.ends_with(part));
        match (1..secret.len()).rev().find(is_part).filter(|_| pieces.peek().is_some()) {
            Some(len) => redacted.extend([&piece[..piece.len() - len], REDACTED]),
            None => redacted.push_str(piece),
        }
        redacted.extend(pieces.peek().map(|_| ELLIPSIS));
    }
    redacted
}

/// Returns the secret in a header, without the scheme of `Authorization`.
fn secret(header: &HeaderValue) -> Option<&str> {
    let secret = header.to_str().ok()?.rsplit(' ').next()?;
    (secret.len() >= MIN_SECRET_LEN).then_some(secret)
}

/// Truncates `text` after `len` bytes.
pub(crate) fn truncate(text: &mut String, len: usize) {
    if text.len() > len {
        let end = (0..=len).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push(ELLIPSIS);
        text.shrink_to_fit();
    }
}

/// Escapes control characters and characters that change the direction of text, which could forge log lines.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            if is_unprintable(char) { write!(f, "{}", char.escape_default())? } else { f.write_char(char)? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str, secret: &'static str) -> String {
        redact(text, [&HeaderValue::from_static(secret)]).into_owned()
    }

    #[test]
    fn a_secret_is_redacted_wherever_text_is_truncated() {
        let secret = "hvs.canary";
        assert_eq!(redacted("a hvs.canary b hvs.canary", secret), "a <redacted> b <redacted>");
        assert_eq!(redacted("Bearer hvs.canary", "Bearer hvs.canary"), "Bearer <redacted>");
        assert_eq!(redacted("a short one", "short"), "a short one");
        for room in 1..=secret.len() {
            let mut text = format!("of {secret} and more");
            truncate(&mut text, 3 + room);
            assert_eq!(redacted(&text, secret), "of <redacted>…", "{room}");
        }
        assert_eq!(redacted("of hvs", secret), "of hvs", "it was not cut");
        assert_eq!(redacted("…", secret), "…");
    }

    #[test]
    fn text_is_truncated_between_characters() {
        for (len, cut) in [(0, "…"), (1, "a…"), (2, "a…"), (3, "aé…"), (4, "aéb")] {
            let mut text = "aéb".to_owned();
            truncate(&mut text, len);
            assert_eq!(text, cut, "{len}");
        }
    }

    #[test]
    fn characters_that_forge_lines_are_escaped() {
        assert_eq!(Printable("a\r\nb\t\u{1b}[0m").to_string(), r"a\r\nb\t\u{1b}[0m");
        assert_eq!(
            Printable("\u{202e}\u{2066}\u{2028}\u{85}\0").to_string(),
            r"\u{202e}\u{2066}\u{2028}\u{85}\u{0}"
        );
        assert_eq!(Printable("\"é\" ü \\ 日本").to_string(), "\"é\" ü \\ 日本");
    }
}
