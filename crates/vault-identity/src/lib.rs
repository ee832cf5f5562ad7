// Of two definitions of a link the first counts: here it leads to the module, in the repository to the file.
#![cfg_attr(feature = "hyper", doc = "[production]: production\n\n")]
#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod block_on;
pub mod blocking;
mod client;
mod env;
pub mod handles;
mod members;
mod pkce;
#[cfg(feature = "hyper")]
pub mod production;
pub mod transport;
mod upsert;

pub use blocking::BlockingClient;
pub use client::Client;
pub use env::target_from_env;
#[cfg(feature = "hyper")]
pub use env::transport_from_env;
#[doc(inline)]
pub use identity_core::*;
pub use pkce::{Pkce, random_urlsafe};

/// What a call brings: its result, or an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
