use identity_core::{
    KeyList, Maybe,
    mfa::{
        DeleteLoginEnforcement, ListLoginEnforcements, LoginEnforcement, ReadLoginEnforcement,
        WriteLoginEnforcement,
    },
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Who has to pass a method at log-in, from [`Mfa::enforcements`](crate::handles::Mfa::enforcements).
    pub struct LoginEnforcements;

    /// Creates an enforcement, or updates it: see [`WriteLoginEnforcement`].
    fn write(self, write: &WriteLoginEnforcement) -> Result<()> { self.client.call(write) }

    /// Reads an enforcement. That there is none is an error: see [`ReadLoginEnforcement`].
    fn read(self, name: impl Into<String>) -> Result<LoginEnforcement> { self.client.call(&ReadLoginEnforcement::new(name)) }

    /// Reads an enforcement, if there is one: see [`ReadLoginEnforcement`].
    fn find(self, name: impl Into<String>) -> Result<Option<LoginEnforcement>> { self.client.call(&Maybe(ReadLoginEnforcement::new(name))) }

    /// Deletes an enforcement. That there is none is no error: see [`DeleteLoginEnforcement`].
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteLoginEnforcement::new(name)) }

    /// Lists all enforcements: see [`ListLoginEnforcements`].
    fn list(self) -> Result<KeyList<String, LoginEnforcement>> { self.client.call(&ListLoginEnforcements::new()) }
}
