//! All operations of the client, against a real server.

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
mod system;
mod tokens;
mod totp;
mod wrapping;

use std::fmt::Debug;

use vault_identity::{Error, Result};

/// Asserts that the server rejects a call with this status and a message that contains this, and returns the
/// error.
#[track_caller]
fn rejected<T: Debug>(result: Result<T>, status: u16, message: &str) -> Error {
    let error = result.expect_err("the server must reject this");
    let api = error.api().unwrap_or_else(|| panic!("not rejected by the server: {error:?}"));
    assert_eq!(api.status(), status, "{api}");
    assert!(api.to_string().contains(message), "{api}");
    error
}
