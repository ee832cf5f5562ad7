//! Identity tokens and the OpenID provider.

mod pkce;

pub use identity_core::oidc::*;
pub use pkce::{Pkce, random_urlsafe};
