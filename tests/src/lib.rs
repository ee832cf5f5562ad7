//! The servers of the workspace's tests and examples: a development server, a cluster whose nodes can be made
//! to fail, and a scripted server that violates the protocol.

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
