use identity_core::{
    KeyList, Maybe,
    oidc::{
        DeleteOidcAssignment, ListOidcAssignments, OidcAssignment, ReadOidcAssignment, WriteOidcAssignment,
    },
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Assignments, from [`Oidc::assignments`](crate::handles::Oidc::assignments).
    pub struct OidcAssignments;

    /// Creates an assignment, or updates it: see [`WriteOidcAssignment`].
    fn write(self, write: &WriteOidcAssignment) -> Result<()> { self.client.call(write) }

    /// Reads an assignment. That there is none is an error: see [`ReadOidcAssignment`].
    fn read(self, name: impl Into<String>) -> Result<OidcAssignment> { self.client.call(&ReadOidcAssignment::new(name)) }

    /// Reads an assignment, if there is one: see [`ReadOidcAssignment`].
    fn find(self, name: impl Into<String>) -> Result<Option<OidcAssignment>> { self.client.call(&Maybe(ReadOidcAssignment::new(name))) }

    /// Deletes an assignment. That there is none is no error: see [`DeleteOidcAssignment`].
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(&DeleteOidcAssignment::new(name)) }

    /// Lists the names of all assignments: see [`ListOidcAssignments`].
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(&ListOidcAssignments::new()) }
}
