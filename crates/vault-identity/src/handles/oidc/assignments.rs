use identity_core::{
    KeyList, Maybe,
    oidc::{
        DeleteOidcAssignment, ListOidcAssignments, OidcAssignment, ReadOidcAssignment, WriteOidcAssignment,
    },
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Assignments: the entities and groups that may log in to a client, from
    /// [`Oidc::assignments`](crate::handles::Oidc::assignments).
    pub struct OidcAssignments {
        /// ```no_run
        /// use vault_identity::{Client, GroupId, Result, oidc::WriteOidcAssignment};
        ///
        /// pub async fn example(client: &Client, engineers: &GroupId) -> Result<()> {
        ///     let write = WriteOidcAssignment::new("engineers").group_ids([engineers]);
        ///     client.oidc().assignments().write(&write).await
        /// }
        /// ```
    }

    /// Creates or updates an assignment: see [`WriteOidcAssignment`].
    fn write(self, write: &WriteOidcAssignment) -> Result<()> { self.client.call(write.clone()) }

    /// Reads an assignment: see [`ReadOidcAssignment`]. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if it does not exist.
    fn read(self, name: impl Into<String>) -> Result<OidcAssignment> { self.client.call(ReadOidcAssignment::new(name)) }

    /// Reads an assignment, or returns `None` if it does not exist: see [`ReadOidcAssignment`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcAssignment>> { self.client.call(Maybe(ReadOidcAssignment::new(name))) }

    /// Deletes an assignment: see [`DeleteOidcAssignment`]. Succeeds if it does not exist.
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeleteOidcAssignment::new(name)) }

    /// Lists the names of all assignments: see [`ListOidcAssignments`].
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(ListOidcAssignments::new()) }
}
