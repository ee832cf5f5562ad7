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

/// The entities and groups that may log in through a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OidcAssignment {
    /// The entities. The assignment `allow_all` has `*`, which matches all.
    #[serde(deserialize_with = "de::list")]
    pub entity_ids: Vec<EntityId>,
    /// The groups. The assignment `allow_all` has `*`, which matches all.
    #[serde(deserialize_with = "de::list")]
    pub group_ids: Vec<GroupId>,
}

/// Creates an assignment, or updates it. Fields that are not set keep their values. `allow_all` is immutable.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::WriteOidcAssignment};
///
/// let write = WriteOidcAssignment::new("staff").group_ids(["g1"]);
/// let request = write.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/identity/oidc/assignment/staff");
/// assert_eq!(request.body(), r#"{"group_ids":["g1"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Creates a request for the assignment with this name.
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
    /// Replaces all entities; an empty list clears them. The server does not check that they exist.
    entity_ids(values(EntityId)) => entity_ids;
    /// Replaces all groups; an empty list clears them. The server does not check that they exist.
    group_ids(values(GroupId)) => group_ids;
});

/// Reads an assignment. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// API: `GET /identity/oidc/assignment/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOidcAssignment {
    /// The name.
    pub name: String,
}

/// Deletes an assignment. The server rejects `allow_all`, and assignments that a client refers to. Succeeds
/// if it does not exist.
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
    /// Creates a request for the names of all assignments.
    pub fn new() -> Self {
        Self::default()
    }
}
