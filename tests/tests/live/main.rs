//! All that the client does, against a real server.

mod aliases;
mod client;
mod coverage;
mod entities;
mod groups;
mod keys;
mod lookup;
mod members;
mod merge;
mod metadata;
mod names;
mod outages;
mod space;
mod tokens;
mod wrapping;

use std::fmt::Debug;

use vault_identity::{Error, Result};

/// The error of a call that the server has to refuse with this status and, among others, these words.
#[track_caller]
fn refused<T: Debug>(result: Result<T>, status: u16, words: &str) -> Error {
    let error = result.expect_err("the server has to refuse this");
    let api = error.api().unwrap_or_else(|| panic!("not refused by the server: {error:?}"));
    assert_eq!(api.status(), status, "{api}");
    assert!(api.to_string().contains(words), "{api}");
    error
}
