//! The binary `fake-vault` as a process.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod clients;
mod options;
mod seed;
#[cfg(unix)]
mod signals;
mod support;
mod tls;
