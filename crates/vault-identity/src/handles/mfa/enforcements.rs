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
    /// Login enforcements, from [`Mfa::enforcements`](crate::handles::Mfa::enforcements).
    pub struct LoginEnforcements {
        /// ```no_run
        /// use vault_identity::{Client, GroupId, MfaMethodId, Result, mfa::WriteLoginEnforcement};
        ///
        /// pub async fn example(client: &Client, totp: &MfaMethodId, admins: &GroupId) -> Result<()> {
        ///     let write = WriteLoginEnforcement::new("admins", [totp]).identity_group_ids([admins]);
        ///     client.mfa().enforcements().write(&write).await
        /// }
        /// ```
    }

    /// Creates or updates an enforcement: see [`WriteLoginEnforcement`].
    fn write(self, write: &WriteLoginEnforcement) -> Result<()> { self.client.call(write.clone()) }

    /// Reads an enforcement: see [`ReadLoginEnforcement`]. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    fn read(self, name: impl Into<String>) -> Result<LoginEnforcement> { self.client.call(ReadLoginEnforcement::new(name)) }

    /// Reads an enforcement, or returns `None` if it does not exist: see [`ReadLoginEnforcement`].
    fn find(self, name: impl Into<String>) -> Result<Option<LoginEnforcement>> { self.client.call(Maybe(ReadLoginEnforcement::new(name))) }

    /// Deletes an enforcement: see [`DeleteLoginEnforcement`]. Succeeds if it does not exist.
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteLoginEnforcement::new(name)) }

    /// Lists all enforcements: see [`ListLoginEnforcements`].
    fn list(self) -> Result<KeyList<String, LoginEnforcement>> { self.client.call(ListLoginEnforcements::new()) }
}
