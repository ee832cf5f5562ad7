//! The development server that live tests and examples run against.

mod binary;
mod error;
mod gate;
mod http;
mod install;
mod process;
mod server;
mod setup;

pub use error::DevServerError;
pub use gate::live;
pub use server::DevServer;
