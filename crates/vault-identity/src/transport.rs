//! The [`Transport`] trait, what a transport reports, and the default transport with its
//! settings.

pub use identity_core::transport::*;
#[cfg(feature = "hyper")]
pub use identity_hyper::*;
