mod config;
mod keys;
mod roles;
mod tokens;

pub use config::OidcConfigHandle;
pub use keys::OidcKeys;
pub use roles::OidcRoles;
pub use tokens::OidcTokens;

use crate::Client;

/// Identity tokens, from [`Client::oidc`](crate::Client::oidc).
#[derive(Clone, Copy, Debug)]
pub struct Oidc<'c> {
    pub(crate) client: &'c Client,
}

macro_rules! oidc {
    () => {
        impl<'c> Oidc<'c> {
            /// How tokens are issued.
            pub fn config(self) -> OidcConfigHandle<'c> {
                OidcConfigHandle { client: self.client }
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
        }
    };
}

oidc!();

pub(crate) mod blocking {
    use crate::Client;

    pub use super::config::blocking::OidcConfigHandle;
    pub use super::keys::blocking::OidcKeys;
    pub use super::roles::blocking::OidcRoles;
    pub use super::tokens::blocking::OidcTokens;

    /// Identity tokens, from [`BlockingClient::oidc`](crate::BlockingClient::oidc).
    #[derive(Clone, Copy, Debug)]
    pub struct Oidc<'c> {
        pub(crate) client: &'c Client,
    }

    oidc!();
}
