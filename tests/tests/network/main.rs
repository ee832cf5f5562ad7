//! Networks that lose packets, between this program and a real server.
//!
//! Each test runs in a network namespace of its own and drops packets there, as far as the machine allows.

#![cfg(target_os = "linux")]

mod lost;
mod names;
