//! Identity tokens and the OpenID provider of the server in memory, through the endpoints.
#![cfg(feature = "fake")]
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod provider;
mod support;
mod tokens;
