// Of two definitions of a link the first counts: here it leads to the module, in the repository to the file.
#![cfg_attr(feature = "hyper", doc = "[production]: production\n\n")]
#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod block_on;
pub mod blocking;
mod client;
mod entities;
mod entity_aliases;
mod env;
mod group_aliases;
mod groups;
mod handle;
mod lookup;
mod members;
mod mfa;
mod oidc;
mod pkce;
#[cfg(feature = "hyper")]
pub mod production;
mod upsert;

#[doc(inline)]
pub use identity_core::*;
#[cfg(feature = "hyper")]
pub use identity_hyper as hyper;

pub use blocking::BlockingClient;
pub use client::Client;
pub use entities::Entities;
pub use entity_aliases::EntityAliases;
pub use env::target_from_env;
#[cfg(feature = "hyper")]
pub use env::transport_from_env;
pub use group_aliases::GroupAliases;
pub use groups::Groups;
pub use lookup::Lookup;
pub use mfa::{DuoMethods, LoginEnforcements, Mfa, OktaMethods, PingIdMethods, TotpMethods};
pub use oidc::{
    Oidc, OidcAssignments, OidcClients, OidcConfigs, OidcKeys, OidcProviders, OidcRoles, OidcScopes,
    OidcTokens,
};
pub use pkce::{Pkce, random_urlsafe};

/// What a call brings: its result, or an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
