// Of two definitions of a link the first counts: here it leads to the module, elsewhere to docs.rs.
#![doc = "[compatibility]: compatibility\n[endpoints]: identity_core::endpoint::ENDPOINTS\n"]
#![cfg_attr(feature = "hyper", doc = "[production]: production\n")]
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod block_on;
pub mod blocking;
mod client;
pub mod compatibility;
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
