//! The servers that live tests and examples run against: a [`DevServer`], and a `Cluster` to break.

mod binary;
#[cfg(unix)]
mod cluster;
mod error;
mod gate;
mod http;
mod install;
mod process;
mod server;
mod setup;

#[cfg(unix)]
pub use cluster::Cluster;
pub use error::DevServerError;
pub use gate::live;
pub use server::DevServer;
