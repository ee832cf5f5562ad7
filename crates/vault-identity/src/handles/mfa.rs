mod enforcements;
mod methods;

use identity_core::{
    KeyList, Maybe, MfaMethodId,
    mfa::{ListMfaMethods, MfaMethod, ReadMfaMethod},
};

use crate::Result;
use crate::handles::macros::handle;

pub use enforcements::LoginEnforcements;
pub use methods::{DuoMethods, OktaMethods, PingIdMethods, TotpMethods};

handle! {
    /// Multi-factor authentication (MFA) at login, from [`Client::mfa`](crate::Client::mfa).
    pub struct Mfa {
        /// ```no_run
        /// use vault_identity::{Client, Result};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     for (id, method) in client.mfa().list().await?.iter() {
        ///         println!("{id} {method:?}");
        ///     }
        ///     Ok(())
        /// }
        /// ```
    }

    /// Reads a method of any type: see [`ReadMfaMethod`]. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    fn read(self, method_id: impl Into<MfaMethodId>) -> Result<MfaMethod> { self.client.call(ReadMfaMethod::new(method_id)) }

    /// Reads a method of any type, or returns `None` if it does not exist: see [`ReadMfaMethod`].
    fn find(self, method_id: impl Into<MfaMethodId>) -> Result<Option<MfaMethod>> { self.client.call(Maybe(ReadMfaMethod::new(method_id))) }

    /// Lists the methods of all types: see [`ListMfaMethods`].
    fn list(self) -> Result<KeyList<MfaMethodId, MfaMethod>> { self.client.call(ListMfaMethods::new()) }
}

macro_rules! mfa {
    () => {
        impl<'c> Mfa<'c> {
            /// TOTP methods: time-based one-time passwords.
            pub fn totp(self) -> TotpMethods<'c> {
                TotpMethods { client: self.client }
            }

            /// Okta methods.
            pub fn okta(self) -> OktaMethods<'c> {
                OktaMethods { client: self.client }
            }

            /// Duo methods.
            pub fn duo(self) -> DuoMethods<'c> {
                DuoMethods { client: self.client }
            }

            /// `PingID` methods.
            pub fn ping_id(self) -> PingIdMethods<'c> {
                PingIdMethods { client: self.client }
            }

            /// Login enforcements: the logins that require MFA.
            pub fn enforcements(self) -> LoginEnforcements<'c> {
                LoginEnforcements { client: self.client }
            }
        }
    };
}

mfa!();

pub(crate) mod blocking_handles {
    pub use super::blocking::Mfa;
    pub use super::enforcements::blocking::LoginEnforcements;
    pub use super::methods::blocking::{DuoMethods, OktaMethods, PingIdMethods, TotpMethods};

    mfa!();
}
