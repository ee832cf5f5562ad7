//! The [`Transport`] trait with its types, and the default transport with its settings.

pub use identity_core::transport::*;
#[cfg(feature = "hyper")]
pub use identity_hyper::*;
