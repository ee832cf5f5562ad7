//! ACL policies, which entities, groups and tokens refer to by name.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::macros::{endpoint, new_with_one_field, setters};
use crate::{KeyList, de, ser};

endpoint!(WritePolicy:  POST   "sys/policies/acl/{name}" [name] json idempotent(|write| write.cas.is_none()) -> no_content(()));
endpoint!(ReadPolicy:   GET    "sys/policies/acl/{name}" [name] -> data(Policy));
endpoint!(DeletePolicy: DELETE "sys/policies/acl/{name}" [name] -> no_content(()));
endpoint!(ListPolicies: LIST   "sys/policies/acl" -> list(KeyList<String, ()>));

new_with_one_field! {
    ReadPolicy { name: String }
    DeletePolicy { name: String }
}

/// An ACL policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Policy {
    /// The name, in lower case.
    #[serde(deserialize_with = "de::null_as_default")]
    pub name: String,
    /// The document, in HCL or JSON.
    #[serde(deserialize_with = "de::null_as_default")]
    pub policy: String,
    /// The number of writes. `None` on servers without versions of policies.
    pub version: Option<u64>,
    /// Whether writes must state the version that they replace.
    #[serde(deserialize_with = "de::null_as_default")]
    pub cas_required: bool,
    /// Whether identity templates in paths may contain `+` and `*`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub allow_wildcards_in_identity_templates: bool,
    /// Whether identity templates in paths may contain slashes.
    #[serde(deserialize_with = "de::null_as_default")]
    pub allow_slashes_in_identity_templates: bool,
    /// The time of the last write. `None` on servers without versions of policies.
    #[serde(deserialize_with = "de::rfc3339")]
    pub modified: Option<Timestamp>,
    /// The time at which the policy ends. `None` if it does not end.
    #[serde(deserialize_with = "de::rfc3339")]
    pub expiration: Option<Timestamp>,
}

/// Creates an ACL policy, or replaces it. The server rejects the name `root`, an empty document and invalid
/// HCL.
///
/// ```
/// use identity_core::{Endpoint, Target, policy::WritePolicy};
///
/// let document = r#"path "secret/data/{{identity.entity.name}}/*" { capabilities = ["read"] }"#;
/// let request = WritePolicy::new("own-secrets", document).request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/sys/policies/acl/own-secrets");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /sys/policies/acl/:name`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WritePolicy {
    /// The name. The server changes it to lower case.
    #[serde(skip)]
    pub name: String,
    /// The document, in HCL or JSON.
    pub policy: String,
    /// Time after which the policy ends.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::seconds")]
    pub ttl: Option<Duration>,
    /// The version that this write replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cas: Option<i64>,
    /// Whether later writes must state the version that they replace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cas_required: Option<bool>,
    /// Whether identity templates in paths may contain `+` and `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_wildcards_in_identity_templates: Option<bool>,
    /// Whether identity templates in paths may contain slashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_slashes_in_identity_templates: Option<bool>,
}

impl WritePolicy {
    /// Creates a request for the policy with this name and this document, in HCL or JSON.
    pub fn new(name: impl Into<String>, policy: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            policy: policy.into(),
            ttl: None,
            cas: None,
            cas_required: None,
            allow_wildcards_in_identity_templates: None,
            allow_slashes_in_identity_templates: None,
        }
    }
}

setters!(WritePolicy {
    /// Sets the time after which the policy ends. Defaults to none. OpenBao only.
    ttl(duration) => ttl;
    /// Sets the version that this write replaces (check-and-set): `-1` for a policy that does not exist. The
    /// server rejects the write if the version differs. Defaults to none. OpenBao only.
    cas(number(i64)) => cas;
    /// Sets whether later writes must state the version that they replace. Defaults to `false`. OpenBao only.
    cas_required(flag) => cas_required;
    /// Sets whether the values of identity templates in paths may contain `+` and `*`, which then are
    /// wildcards. Defaults to `false`. OpenBao only.
    allow_wildcards_in_identity_templates(flag) => allow_wildcards_in_identity_templates;
    /// Sets whether the values of identity templates in paths may contain slashes. Defaults to `false`.
    /// OpenBao only.
    allow_slashes_in_identity_templates(flag) => allow_slashes_in_identity_templates;
});

/// Reads an ACL policy. Fails with [`is_not_found`](crate::Error::is_not_found) if it does not exist.
///
/// API: `GET /sys/policies/acl/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadPolicy {
    /// The name. The server ignores its case.
    pub name: String,
}

/// Deletes an ACL policy. The server rejects `default` and `root`. Succeeds if it does not exist.
///
/// API: `DELETE /sys/policies/acl/:name`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletePolicy {
    /// The name. The server ignores its case.
    pub name: String,
}

/// Lists the names of all ACL policies.
///
/// API: `LIST /sys/policies/acl`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListPolicies {}

impl ListPolicies {
    /// Creates a request for the names of all ACL policies.
    pub fn new() -> Self {
        Self::default()
    }
}
