//! Text of the server, made fit to be shown: redacted, cut, and escaped.

use std::borrow::Cow;
use std::fmt::{self, Write};

use http::HeaderValue;

use crate::path::is_unprintable;

/// The server may repeat a whole request in its messages.
pub(crate) const MAX_LEN: usize = 4096;

/// Content types and identifiers of requests are shorter.
pub(crate) const MAX_WORD_LEN: usize = 128;

/// Shorter secrets are words like any other.
const MIN_SECRET_LEN: usize = 8;

const REDACTED: &str = "<redacted>";
const CUT: char = '…';

/// Redacts in `text` the secrets of a request, which are the values of its sensitive headers, in case that
/// the server repeats them. Secrets of less than eight characters are left.
pub fn redact<'a, 's>(text: &'a str, secrets: impl IntoIterator<Item = &'s HeaderValue>) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets.into_iter().filter_map(secret) {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, REDACTED));
        }
        if text.contains(CUT) {
            text = Cow::Owned(redact_parts(&text, secret));
        }
    }
    text
}

/// Of a secret that straddles a cut the beginning is left.
fn redact_parts(text: &str, secret: &str) -> String {
    let mut redacted = String::new();
    let mut pieces = text.split(CUT).peekable();
    while let Some(piece) = pieces.next() {
        let is_part = |len: &usize| secret.get(..*len).is_some_and(|part| piece.ends_with(part));
        match (1..secret.len()).rev().find(is_part).filter(|_| pieces.peek().is_some()) {
            Some(len) => redacted.extend([&piece[..piece.len() - len], REDACTED]),
            None => redacted.push_str(piece),
        }
        redacted.extend(pieces.peek().map(|_| CUT));
    }
    redacted
}

/// The secret in a header; `Bearer` and `Basic` are followed by theirs.
fn secret(header: &HeaderValue) -> Option<&str> {
    let secret = header.to_str().ok()?.rsplit(' ').next()?;
    (secret.len() >= MIN_SECRET_LEN).then_some(secret)
}

/// Cuts `text` after `len` bytes.
pub(crate) fn truncate(text: &mut String, len: usize) {
    if text.len() > len {
        let end = (0..=len).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push(CUT);
        text.shrink_to_fit();
    }
}

/// Escapes line breaks, other control characters and those that change the direction of text, with which a
/// server could forge lines of a log.
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
    fn a_secret_is_redacted_wherever_the_text_is_cut() {
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
    fn a_text_is_cut_between_characters() {
        for (len, cut) in [(0, "…"), (1, "a…"), (2, "a…"), (3, "aé…"), (4, "aéb")] {
            let mut text = "aéb".to_owned();
            truncate(&mut text, len);
            assert_eq!(text, cut, "{len}");
        }
    }

    #[test]
    fn what_forges_lines_is_escaped() {
        assert_eq!(Printable("a\r\nb\t\u{1b}[0m").to_string(), r"a\r\nb\t\u{1b}[0m");
        assert_eq!(
            Printable("\u{202e}\u{2066}\u{2028}\u{85}\0").to_string(),
            r"\u{202e}\u{2066}\u{2028}\u{85}\u{0}"
        );
        assert_eq!(Printable("\"é\" ü \\ 日本").to_string(), "\"é\" ü \\ 日本");
    }
}
