mod assignments;
mod clients;
mod config;
mod keys;
mod providers;
mod roles;
mod scopes;
mod tokens;

pub use assignments::OidcAssignments;
pub use clients::OidcClients;
pub use config::OidcConfigs;
pub use keys::OidcKeys;
pub use providers::OidcProviders;
pub use roles::OidcRoles;
pub use scopes::OidcScopes;
pub use tokens::OidcTokens;

use crate::Client;

/// Identity tokens and the OpenID provider, from [`Client::oidc`](crate::Client::oidc).
#[derive(Clone, Copy, Debug)]
pub struct Oidc<'c> {
    pub(crate) client: &'c Client,
}

macro_rules! oidc {
    () => {
        impl<'c> Oidc<'c> {
            /// How tokens are issued.
            pub fn config(self) -> OidcConfigs<'c> {
                OidcConfigs { client: self.client }
            }

            /// The named keys that sign tokens.
            pub fn keys(self) -> OidcKeys<'c> {
                OidcKeys { client: self.client }
            }

            /// The roles: kinds of tokens.
            pub fn roles(self) -> OidcRoles<'c> {
                OidcRoles { client: self.client }
            }

            /// The tokens themselves, and what it takes to verify them.
            pub fn tokens(self) -> OidcTokens<'c> {
                OidcTokens { client: self.client }
            }

            /// The applications that have people log in through a provider.
            pub fn clients(self) -> OidcClients<'c> {
                OidcClients { client: self.client }
            }

            /// The scopes: what a provider tells of those who log in.
            pub fn scopes(self) -> OidcScopes<'c> {
                OidcScopes { client: self.client }
            }

            /// The assignments: who may log in.
            pub fn assignments(self) -> OidcAssignments<'c> {
                OidcAssignments { client: self.client }
            }

            /// The OpenID providers, and their protocol.
            pub fn providers(self) -> OidcProviders<'c> {
                OidcProviders { client: self.client }
            }
        }
    };
}

oidc!();

pub(crate) mod blocking {
    use crate::Client;

    pub use super::assignments::blocking::OidcAssignments;
    pub use super::clients::blocking::OidcClients;
    pub use super::config::blocking::OidcConfigs;
    pub use super::keys::blocking::OidcKeys;
    pub use super::providers::blocking::OidcProviders;
    pub use super::roles::blocking::OidcRoles;
    pub use super::scopes::blocking::OidcScopes;
    pub use super::tokens::blocking::OidcTokens;

    /// Identity tokens and the OpenID provider, from [`BlockingClient::oidc`](crate::BlockingClient::oidc).
    #[derive(Clone, Copy, Debug)]
    pub struct Oidc<'c> {
        pub(crate) client: &'c Client,
    }

    oidc!();
}
