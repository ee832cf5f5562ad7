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
///
/// ```no_run
/// use vault_identity::{Client, Result};
///
/// pub async fn example(client: &Client) -> Result<()> {
///     println!("{:?}", client.oidc().keys().list().await?.keys);
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Oidc<'c> {
    pub(crate) client: &'c Client,
}

macro_rules! oidc {
    () => {
        impl<'c> Oidc<'c> {
            /// The configuration of identity tokens.
            pub fn config(self) -> OidcConfigs<'c> {
                OidcConfigs { client: self.client }
            }

            /// Named keys, which sign tokens.
            pub fn keys(self) -> OidcKeys<'c> {
                OidcKeys { client: self.client }
            }

            /// Roles, which define the content of identity tokens.
            pub fn roles(self) -> OidcRoles<'c> {
                OidcRoles { client: self.client }
            }

            /// Identity tokens and the documents for verifying them.
            pub fn tokens(self) -> OidcTokens<'c> {
                OidcTokens { client: self.client }
            }

            /// Clients of the OpenID provider: the applications that users log in to.
            pub fn clients(self) -> OidcClients<'c> {
                OidcClients { client: self.client }
            }

            /// Scopes: the claims that a client can request.
            pub fn scopes(self) -> OidcScopes<'c> {
                OidcScopes { client: self.client }
            }

            /// Assignments: the entities and groups that may log in to a client.
            pub fn assignments(self) -> OidcAssignments<'c> {
                OidcAssignments { client: self.client }
            }

            /// OpenID providers and the endpoints of their protocol.
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
