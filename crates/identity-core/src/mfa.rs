//! Multi-factor authentication at log-in: methods, TOTP secrets, and who has to use them.

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
