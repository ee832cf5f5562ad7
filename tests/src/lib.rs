//! The servers that the workspace's tests and examples run against: a real one, and one that breaks the rules.

mod binary;
mod error;
pub mod faulty;
mod gate;
mod http;
mod install;
mod process;
mod server;
mod setup;

pub use error::DevServerError;
pub use gate::live;
pub use server::DevServer;
