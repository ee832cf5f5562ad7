//! Identity tokens and the OpenID Connect provider: JWTs that the server signs for entities.

mod assignment;
mod authorize;
mod client;
mod config;
mod exchange;
mod key;
mod provider;
mod provider_metadata;
mod role;
mod scope;
mod token;
mod user_info;

pub use assignment::*;
pub use authorize::*;
pub use client::*;
pub use config::*;
pub use exchange::*;
pub use key::*;
pub use provider::*;
pub use provider_metadata::*;
pub use role::*;
pub use scope::*;
pub use token::*;
pub use user_info::*;
