//! The clients, every operation with its types, and the traits and types that they use, for a glob import.
//!
//! ```no_run
//! use vault_identity::prelude::*;
//!
//! pub async fn policies(client: &Client) -> Result<Vec<String>, Error> {
//!     Ok(client.entities().read_by_name("alice").await?.policies)
//! }
//! ```

pub use crate::oidc::{Pkce, random_urlsafe};
pub use crate::{BlockingClient, Client};
pub use identity_core::prelude::*;
