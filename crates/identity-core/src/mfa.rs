//! Multi-factor authentication at login: methods, TOTP secrets and login enforcements.

mod duo;
mod enforcement;
mod method;
mod okta;
mod ping_id;
mod totp;
mod totp_secret;

pub use duo::*;
pub use enforcement::*;
pub use method::*;
pub use okta::*;
pub use ping_id::*;
pub use totp::*;
pub use totp_secret::*;
