//! All that the client does, against a real server.

mod aliases;
mod app;
mod client;
mod coverage;
mod enforcement;
mod entities;
mod groups;
mod issuer;
mod keys;
mod legacy;
mod lists;
mod lookup;
mod members;
mod merge;
mod metadata;
mod mfa;
mod names;
mod namespaces;
mod oauth;
mod outages;
mod protocol;
mod provider;
mod space;
mod tokens;
mod totp;
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
