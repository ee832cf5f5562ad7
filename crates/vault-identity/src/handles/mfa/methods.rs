//! The handles of the four method types.

/// Generates the handle of one method type, in its own module.
macro_rules! methods {
    ($module:ident: $handle:ident of $method:ident: $create:ident, $read:ident, $update:ident, $delete:ident, $list:ident $($more:tt)*) => {
        pub(crate) mod $module {
            use identity_core::mfa::*;
            use identity_core::{KeyList, Maybe, MfaMethodId};

            use crate::Result;
            use crate::handles::macros::handle;

            handle! {
                #[doc = concat!("Methods of this type, from [`Mfa::", stringify!($module), "`](crate::handles::Mfa::", stringify!($module), ").")]
                pub struct $handle {
                    /// ```no_run
                    /// use vault_identity::{Client, MfaMethodId, Result};
                    ///
                    /// pub async fn example(client: &Client, id: &MfaMethodId) -> Result<()> {
                    #[doc = concat!("    if let Some(method) = client.mfa().", stringify!($module), "().find(id).await? {")]
                    ///         println!("{method:?}");
                    ///     }
                    ///     Ok(())
                    /// }
                    /// ```
                }

                #[doc = concat!("Creates a method, or updates the method of the same name: see [`", stringify!($create), "`].")]
                fn create(self, create: &$create) -> Result<CreatedMfaMethod> { self.client.call(create.clone()) }

                #[doc = concat!("Reads a method: see [`", stringify!($read), "`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.")]
                fn read(self, method_id: impl Into<MfaMethodId>) -> Result<$method> { self.client.call($read::new(method_id)) }

                #[doc = concat!("Reads a method, or returns `None` if it does not exist: see [`", stringify!($read), "`].")]
                fn find(self, method_id: impl Into<MfaMethodId>) -> Result<Option<$method>> { self.client.call(Maybe($read::new(method_id))) }

                #[doc = concat!("Updates a method, and resets omitted settings to their defaults: see [`", stringify!($update), "`].")]
                fn update(self, update: &$update) -> Result<()> { self.client.call(update.clone()) }

                #[doc = concat!("Deletes a method: see [`", stringify!($delete), "`]. Succeeds if it does not exist.")]
                fn delete(self, method_id: impl Into<MfaMethodId>) -> Result<()> { self.client.call($delete::new(method_id)) }

                #[doc = concat!("Lists all methods of this type: see [`", stringify!($list), "`].")]
                fn list(self) -> Result<KeyList<MfaMethodId, $method>> { self.client.call($list::new()) }

                $($more)*
            }
        }

        pub use $module::$handle;
    };
}

methods!(okta: OktaMethods of OktaMethod: CreateOktaMethod, ReadOktaMethod, UpdateOktaMethod, DeleteOktaMethod, ListOktaMethods);
methods!(duo: DuoMethods of DuoMethod: CreateDuoMethod, ReadDuoMethod, UpdateDuoMethod, DeleteDuoMethod, ListDuoMethods);
methods!(ping_id: PingIdMethods of PingIdMethod: CreatePingIdMethod, ReadPingIdMethod, UpdatePingIdMethod, DeletePingIdMethod, ListPingIdMethods);
methods!(
    totp: TotpMethods of TotpMethod: CreateTotpMethod, ReadTotpMethod, UpdateTotpMethod, DeleteTotpMethod, ListTotpMethods

    /// Generates a TOTP secret for the entity of the client's token: see [`GenerateTotpSecret`].
    fn generate(self, method_id: impl Into<MfaMethodId>) -> Result<TotpEnrollment> {
        self.client.call(GenerateTotpSecret::new(method_id))
    }

    /// Generates a TOTP secret for an entity: see [`AdminGenerateTotpSecret`].
    fn admin_generate(self, method_id: impl Into<MfaMethodId>, entity_id: impl Into<identity_core::EntityId>) -> Result<TotpEnrollment> {
        self.client.call(AdminGenerateTotpSecret::new(method_id, entity_id))
    }

    /// Destroys the TOTP secret of an entity: see [`AdminDestroyTotpSecret`]. Succeeds if it does not exist.
    fn admin_destroy(self, method_id: impl Into<MfaMethodId>, entity_id: impl Into<identity_core::EntityId>) -> Result<()> {
        self.client.call(AdminDestroyTotpSecret::new(method_id, entity_id))
    }
);

pub(crate) mod blocking {
    pub use super::duo::blocking::DuoMethods;
    pub use super::okta::blocking::OktaMethods;
    pub use super::ping_id::blocking::PingIdMethods;
    pub use super::totp::blocking::TotpMethods;
}
