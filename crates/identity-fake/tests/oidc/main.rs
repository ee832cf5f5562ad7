//! Identity tokens and the OIDC provider of `FakeVault`.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod provider;
mod support;
mod tokens;
