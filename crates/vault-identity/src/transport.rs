//! The default transport with its settings, and what a transport of your own implements.

pub use identity_core::transport::*;
#[cfg(feature = "hyper")]
pub use identity_hyper::*;
