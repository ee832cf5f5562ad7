//! Identity tokens and the OpenID provider of the server in memory, through the endpoints.
#![cfg(feature = "fake")]

mod provider;
mod support;
mod tokens;
