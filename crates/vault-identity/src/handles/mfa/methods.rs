//! The four types of methods, which differ in nothing but their types.

/// Writes the handle of a type of methods, in a module of its own.
macro_rules! methods {
    ($module:ident: $handle:ident of $method:ident: $create:ident, $read:ident, $update:ident, $delete:ident, $list:ident $($more:tt)*) => {
        pub(crate) mod $module {
            use identity_core::mfa::*;
            use identity_core::{KeyList, Maybe, MfaMethodId};

            use crate::Result;
            use crate::handles::macros::handle;

            handle! {
                #[doc = concat!("Methods of this type, from [`Mfa::", stringify!($module), "`](crate::handles::Mfa::", stringify!($module), ").")]
                pub struct $handle;

                #[doc = concat!("Creates a method, or updates the one that has the name: see [`", stringify!($create), "`].")]
                fn create(self, create: &$create) -> Result<CreatedMfaMethod> { self.client.call(create) }

                #[doc = concat!("Reads a method. That there is none is an error: see [`", stringify!($read), "`].")]
                fn read(self, method_id: impl Into<MfaMethodId>) -> Result<$method> { self.client.call(&$read::new(method_id)) }

                #[doc = concat!("Reads a method, if there is one: see [`", stringify!($read), "`].")]
                fn find(self, method_id: impl Into<MfaMethodId>) -> Result<Option<$method>> { self.client.call(&Maybe($read::new(method_id))) }

                #[doc = concat!("Updates a method, all of it: see [`", stringify!($update), "`].")]
                fn update(self, update: &$update) -> Result<()> { self.client.call(update) }

                #[doc = concat!("Deletes a method. That there is none is no error: see [`", stringify!($delete), "`].")]
                fn delete(self, method_id: impl Into<MfaMethodId>) -> Result<()> { self.client.call(&$delete::new(method_id)) }

                #[doc = concat!("Lists all methods of this type: see [`", stringify!($list), "`].")]
                fn list(self) -> Result<KeyList<MfaMethodId, $method>> { self.client.call(&$list::new()) }

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

    /// Makes a secret for the entity of the client's token: see [`GenerateTotpSecret`].
    fn generate(self, method_id: impl Into<MfaMethodId>) -> Result<TotpEnrollment> { self.client.call(&GenerateTotpSecret::new(method_id)) }

    /// Makes a secret for an entity: see [`AdminGenerateTotpSecret`].
    fn admin_generate(self, method_id: impl Into<MfaMethodId>, entity_id: impl Into<identity_core::EntityId>) -> Result<TotpEnrollment> {
        self.client.call(&AdminGenerateTotpSecret::new(method_id, entity_id))
    }

    /// Destroys the secret of an entity. That there is none is no error: see [`AdminDestroyTotpSecret`].
    fn admin_destroy(self, method_id: impl Into<MfaMethodId>, entity_id: impl Into<identity_core::EntityId>) -> Result<()> {
        self.client.call(&AdminDestroyTotpSecret::new(method_id, entity_id))
    }
);

pub(crate) mod blocking {
    pub use super::duo::blocking::DuoMethods;
    pub use super::okta::blocking::OktaMethods;
    pub use super::ping_id::blocking::PingIdMethods;
    pub use super::totp::blocking::TotpMethods;
}
