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
    /// Multi-factor authentication at log-in, from [`Client::mfa`](crate::Client::mfa).
    pub struct Mfa;

    /// Reads a method of any type. That there is none is an error: see [`ReadMfaMethod`].
    fn read(self, method_id: impl Into<MfaMethodId>) -> Result<MfaMethod> { self.client.call(&ReadMfaMethod::new(method_id)) }

    /// Reads a method of any type, if there is one: see [`ReadMfaMethod`].
    fn find(self, method_id: impl Into<MfaMethodId>) -> Result<Option<MfaMethod>> { self.client.call(&Maybe(ReadMfaMethod::new(method_id))) }

    /// Lists the methods of all types: see [`ListMfaMethods`].
    fn list(self) -> Result<KeyList<MfaMethodId, MfaMethod>> { self.client.call(&ListMfaMethods::new()) }
}

macro_rules! mfa {
    () => {
        impl<'c> Mfa<'c> {
            /// One-time passwords by the clock.
            pub fn totp(self) -> TotpMethods<'c> {
                TotpMethods { client: self.client }
            }

            /// Okta.
            pub fn okta(self) -> OktaMethods<'c> {
                OktaMethods { client: self.client }
            }

            /// Duo.
            pub fn duo(self) -> DuoMethods<'c> {
                DuoMethods { client: self.client }
            }

            /// PingID.
            pub fn ping_id(self) -> PingIdMethods<'c> {
                PingIdMethods { client: self.client }
            }

            /// Who has to pass a method at log-in.
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
