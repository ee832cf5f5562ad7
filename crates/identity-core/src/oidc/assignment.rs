use serde::{Deserialize, Serialize};

use crate::check::require_non_empty;
use crate::macros::endpoint;
use crate::macros::{new_with_one_field, setters};
use crate::{EntityId, GroupId, KeyList, de, error::RequestError, ser};

endpoint!(WriteOidcAssignment:  POST   "identity/oidc/assignment/{name}" [name: path_name] checked json idempotent -> no_content(()));
endpoint!(ReadOidcAssignment:   GET    "identity/oidc/assignment/{name}" [name: path_name] -> data(OidcAssignment));
endpoint!(DeleteOidcAssignment: DELETE "identity/oidc/assignment/{name}" [name: path_name] -> no_content(()));
endpoint!(ListOidcAssignments:  LIST   "identity/oidc/assignment" -> list(KeyList<String, ()>));

new_with_one_field! {
    ReadOidcAssignment { name: String }
    DeleteOidcAssignment { name: String }
}

/// Who may log in through the clients that name this assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcAssignment {
    /// These entities; `*`, in `allow_all`, is all.
    #[serde(deserialize_with = "de::list")]
    pub entity_ids: Vec<EntityId>,
    /// The members of these groups; `*`, in `allow_all`, is all.
    #[serde(deserialize_with = "de::list")]
    pub group_ids: Vec<GroupId>,
}

/// Creates an assignment, or updates it. What is not set stays as it is. `allow_all` cannot be changed.
///
/// API: `POST /identity/oidc/assignment/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WriteOidcAssignment {
    /// The name.
    #[serde(skip)]
    pub name: String,
    /// The entities.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub entity_ids: Option<Vec<EntityId>>,
    /// The groups.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub group_ids: Option<Vec<GroupId>>,
}

impl WriteOidcAssignment {
    /// The assignment of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), entity_ids: None, group_ids: None }
    }

    fn check(&self) -> Result<(), RequestError> {
        require_non_empty("entity_ids", self.entity_ids.iter().flatten())?;
        require_non_empty("group_ids", self.group_ids.iter().flatten())?;
        ser::require_joinable("entity_ids", self.entity_ids.as_ref())?;
        ser::require_joinable("group_ids", self.group_ids.as_ref())
    }
}

setters!(WriteOidcAssignment {
    /// Takes the place of all entities; the server does not check that they exist.
    entity_ids(values(EntityId)) => entity_ids;
    /// Takes the place of all groups; the server does not check that they exist.
    group_ids(values(GroupId)) => group_ids;
});

/// Reads an assignment.
///
/// API: `GET /identity/oidc/assignment/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcAssignment {
    /// The name.
    pub name: String,
}

/// Deletes an assignment. One that a client refers to, and `allow_all`, is refused. That there is none is no
/// error.
///
/// API: `DELETE /identity/oidc/assignment/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOidcAssignment {
    /// The name.
    pub name: String,
}

/// Lists the names of all assignments.
///
/// API: `LIST /identity/oidc/assignment`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOidcAssignments {}

impl ListOidcAssignments {
    /// Creates the request.
    pub fn new() -> Self {
        Self::default()
    }
}
