use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use http::HeaderValue;

use crate::text::{self, Printable, redact};

/// A success response that cannot be decoded as the result of the operation.
///
/// `Display` states the position of the problem, and never quotes the response. If the response is about an
/// object other than the requested one, the [`source`](StdError::source) names both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    problem: Cow<'static, str>,
    mismatch: Option<Box<Mismatch>>,
}

impl DecodeError {
    /// Creates an error from a problem, which must not quote the response.
    pub fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self { problem: problem.into(), mismatch: None }
    }

    /// Creates the error for a response about an object other than the requested one.
    pub(crate) fn mismatch(field: &'static str, requested: &str, received: &str) -> Self {
        let shortened = |text: &str| {
            let mut text = text.to_owned();
            text::truncate(&mut text, text::MAX_LEN);
            text
        };
        let mismatch = Mismatch { field, requested: shortened(requested), received: shortened(received) };
        Self { problem: "the response is about another object".into(), mismatch: Some(mismatch.into()) }
    }

    /// Returns `true` if the response is about an object other than the requested one.
    pub fn is_mismatch(&self) -> bool {
        self.mismatch.is_some()
    }

    pub(crate) fn redact(&mut self, secrets: &[&HeaderValue]) {
        self.problem = redact(&self.problem, secrets.iter().copied()).into_owned().into();
        if let Some(mismatch) = &mut self.mismatch {
            mismatch.received = redact(&mismatch.received, secrets.iter().copied()).into_owned();
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl StdError for DecodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.mismatch.as_deref().map(|mismatch| mismatch as _)
    }
}

/// The source of a [`DecodeError`]. Unlike other errors it shows identifiers, because they are the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mismatch {
    field: &'static str,
    requested: String,
    received: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, requested, received } = self;
        write!(f, "`{field}` is `{}` instead of `{}`", Printable(received), Printable(requested))
    }
}

impl StdError for Mismatch {}
