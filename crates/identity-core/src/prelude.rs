//! Every operation with its types, and the traits and types that they use, for a glob import.
//!
//! ```
//! use identity_core::prelude::*;
//!
//! let request = ReadEntityByName::new("alice").request(&Target::new("http://127.0.0.1:8200")?)?;
//! assert_eq!(request.uri().path(), "/v1/identity/entity/name/alice");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::alias::*;
pub use crate::endpoint::*;
pub use crate::entity::*;
pub use crate::error::*;
pub use crate::group::*;
pub use crate::id::*;
pub use crate::lookup::*;
pub use crate::mfa::*;
pub use crate::mount::*;
pub use crate::oidc::*;
pub use crate::policy::*;
pub use crate::transport::*;
pub use crate::wrapping::*;
pub use crate::{ExposeSecret, KeyList, Maybe, SecretString, Target, Upsert, WithMeta};
