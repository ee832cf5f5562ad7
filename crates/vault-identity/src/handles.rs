//! The handles of a [`Client`](crate::Client): one for each kind of object, with a method for each operation.
//!
//! [`blocking`](crate::blocking) has the handles of a [`BlockingClient`](crate::BlockingClient).

mod auth_mounts;
mod entities;
mod entity_aliases;
mod group_aliases;
mod groups;
mod lookup;
pub(crate) mod macros;
mod mfa;
mod oidc;
mod policies;

pub use auth_mounts::AuthMounts;
pub use entities::Entities;
pub use entity_aliases::EntityAliases;
pub use group_aliases::GroupAliases;
pub use groups::Groups;
pub use lookup::Lookup;
pub use mfa::{DuoMethods, LoginEnforcements, Mfa, OktaMethods, PingIdMethods, TotpMethods};
pub use oidc::{
    Oidc, OidcAssignments, OidcClients, OidcConfigs, OidcKeys, OidcProviders, OidcRoles, OidcScopes,
    OidcTokens,
};
pub use policies::Policies;

pub(crate) mod blocking {
    pub use super::auth_mounts::blocking::AuthMounts;
    pub use super::entities::blocking::Entities;
    pub use super::entity_aliases::blocking::EntityAliases;
    pub use super::group_aliases::blocking::GroupAliases;
    pub use super::groups::blocking::Groups;
    pub use super::lookup::blocking::Lookup;
    pub use super::mfa::blocking_handles::{
        DuoMethods, LoginEnforcements, Mfa, OktaMethods, PingIdMethods, TotpMethods,
    };
    pub use super::oidc::blocking::{
        Oidc, OidcAssignments, OidcClients, OidcConfigs, OidcKeys, OidcProviders, OidcRoles, OidcScopes,
        OidcTokens,
    };
    pub use super::policies::blocking::Policies;
}
