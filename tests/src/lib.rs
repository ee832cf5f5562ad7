//! The servers that the workspace's tests and examples run against: a real one, a real cluster to break, and one
//! that breaks the rules.

#![doc(test(attr(deny(warnings))))]

#[cfg(unix)]
mod balancer;
mod binary;
mod ca;
#[cfg(unix)]
mod cluster;
mod error;
pub mod faulty;
mod gate;
mod http;
mod install;
#[cfg(unix)]
mod network;
mod process;
#[cfg(doctest)]
mod readmes;
mod server;
mod setup;

#[cfg(unix)]
pub use balancer::Balancer;
#[cfg(unix)]
pub use cluster::Cluster;
pub use error::DevServerError;
pub use gate::live;
#[cfg(unix)]
pub use network::{Loss, Network};
pub use server::DevServer;
