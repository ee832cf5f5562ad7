//! Loss of packets between this program and a server.
//!
//! Each test drops packets in its own network namespace, if the machine allows it.

#![cfg(target_os = "linux")]

mod lost;
mod names;
