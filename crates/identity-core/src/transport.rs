//! The [`Transport`] trait, and the types that transports use.

mod asynchronous;
pub(crate) mod attempts;
mod blocking;
pub(crate) mod error;
mod forward;
mod node;
pub(crate) mod token;

pub use ::async_trait::async_trait;

pub use asynchronous::{Deadline, Transport};
pub use attempts::{Attempt, Attempts};
pub use blocking::BlockingTransport;
pub use error::{TransportError, TransportErrorKind};
pub use node::{ConsistencyToken, NodeHealth, NodeState};
pub use token::TokenRequired;
