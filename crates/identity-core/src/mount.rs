//! Mounts: the paths at which users and machines log in, and their accessors, which aliases refer to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::macros::{endpoint, open_enum, setters};
use crate::{MountAccessor, de, ser};

endpoint!(ListAuthMounts:        GET    "sys/auth" -> data(Mounts));
endpoint!(ListVisibleMounts:     GET    "sys/internal/ui/mounts" -> data(VisibleMounts));
endpoint!(ReadAuthMount:         GET    "sys/auth/{path}" [path] -> data(Mount));
endpoint!(EnableAuthMount:       POST   "sys/auth/{path}" [path] json -> no_content(()));
endpoint!(DisableAuthMount:      DELETE "sys/auth/{path}" [path] -> no_content(()));
endpoint!(TuneAuthMount:         POST   "sys/auth/{path}/tune" [path] json idempotent -> no_content(()));
endpoint!(ReadAuthMountTuning:   GET    "sys/auth/{path}/tune" [path] -> data(MountTuning));

/// Removes the slashes around a path, as in `userpass/` and in the mount paths of lookups.
fn trimmed(path: impl Into<String>) -> String {
    let path = path.into();
    match path.trim_matches('/') {
        inner if inner.len() == path.len() => path,
        inner => inner.to_owned(),
    }
}

/// Generates `new` for requests about one mount.
macro_rules! new_with_path {
    ($($type:ident)*) => {
        $(impl $type {
            /// Creates the request for the mount at `path`, such as `userpass` or `team-a/oidc`.
            pub fn new(path: impl Into<String>) -> Self {
                Self { path: trimmed(path) }
            }
        })*
    };
}

new_with_path! { ReadAuthMount DisableAuthMount ReadAuthMountTuning }

/// An auth method or a secrets engine that is mounted at a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mount {
    /// The accessor, which aliases and login enforcements refer to. A mount that is disabled and enabled
    /// again gets another one.
    pub accessor: MountAccessor,
    /// The type, such as `userpass`.
    #[serde(rename = "type")]
    pub mount_type: String,
    /// Description.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub description: String,
    /// Whether the mount is local to the cluster and is not replicated.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub local: bool,
    /// Whether the storage of the mount is wrapped by the seal.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub seal_wrap: bool,
    /// Whether the mount may use an external source of entropy.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub external_entropy_access: bool,
    /// Options of the auth method.
    #[serde(default, deserialize_with = "de::map")]
    pub options: BTreeMap<String, String>,
    /// The selected version of the plugin. Empty for the builtin one.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub plugin_version: String,
    /// The version of the plugin that runs, such as `v2.7.2+builtin.bao`.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub running_plugin_version: String,
    /// The checksum of the plugin that runs. Empty for the builtin one.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub running_sha256: String,
    /// Whether the plugin is deprecated, such as `supported`. Empty if the server does not report it.
    #[serde(default, skip_serializing_if = "String::is_empty", deserialize_with = "de::null_as_default")]
    pub deprecation_status: String,
    /// The UUID of the mount.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub uuid: String,
    /// The settings.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub config: MountTuning,
}

/// Mounts of a namespace by path.
///
/// ```
/// use identity_core::{Endpoint, mount::ListAuthMounts};
///
/// let body = r#"{"data": {"userpass/": {"accessor": "auth_userpass_5a163cc4", "type": "userpass"}}}"#;
/// let mounts = ListAuthMounts::parse_response(&http::Response::new(body))?;
/// let userpass = mounts.get("userpass").unwrap();
/// assert_eq!(userpass.accessor.as_str(), "auth_userpass_5a163cc4");
/// # Ok::<(), identity_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mounts {
    /// The mounts by their paths, which end in a slash, as in `userpass/`.
    #[serde(deserialize_with = "de::map")]
    pub by_path: BTreeMap<String, Mount>,
}

impl Mounts {
    /// Returns the mount at `path`, with or without slashes around it.
    pub fn get(&self, path: &str) -> Option<&Mount> {
        self.by_path.get(&format!("{}/", path.trim_matches('/')))
    }

    /// Returns the path of the mount with this accessor, such as `userpass/`.
    pub fn path_of(&self, accessor: &MountAccessor) -> Option<&str> {
        let found = self.by_path.iter().find(|(_, mount)| mount.accessor == *accessor);
        found.map(|(path, _)| path.as_str())
    }
}

/// The mounts that the token may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VisibleMounts {
    /// The auth mounts.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub auth: Mounts,
    /// The mounts of secrets engines.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub secret: Mounts,
}

/// The settings of a mount. The server's defaults apply to those that are not set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MountTuning {
    /// Default TTL of the tokens. Zero in a response means the server's default.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "de::some_seconds",
        serialize_with = "ser::seconds"
    )]
    pub default_lease_ttl: Option<Duration>,
    /// Maximum TTL of the tokens. Zero in a response means the server's maximum.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "de::some_seconds",
        serialize_with = "ser::seconds"
    )]
    pub max_lease_ttl: Option<Duration>,
    /// The type of the tokens that the mount issues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<MountTokenType>,
    /// Whether the mount is listed without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing_visibility: Option<ListingVisibility>,
    /// Whether requests bypass the server's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_no_cache: Option<bool>,
    /// Description. [`EnableAuthMount`] ignores it here and has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Options of the auth method. [`EnableAuthMount`] ignores them here and has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
    /// Request headers that the server passes to the auth method.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub passthrough_request_headers: Option<Vec<String>>,
    /// Response headers that the auth method may set.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub allowed_response_headers: Option<Vec<String>>,
    /// Request fields that audit devices log in plain text.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub audit_non_hmac_request_keys: Option<Vec<String>>,
    /// Response fields that audit devices log in plain text.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "ser::list")]
    pub audit_non_hmac_response_keys: Option<Vec<String>>,
}

open_enum! {
    /// The type of the tokens that an auth mount issues.
    pub enum MountTokenType {
        /// The type that a role sets, or service tokens.
        Default = "default",
        /// Service tokens, unless a role sets another type.
        DefaultService = "default-service",
        /// Batch tokens, unless a role sets another type.
        DefaultBatch = "default-batch",
        /// Service tokens, whatever a role sets.
        Service = "service",
        /// Batch tokens, whatever a role sets.
        Batch = "batch",
    }
}

open_enum! {
    /// Whether an auth mount is listed without a token.
    pub enum ListingVisibility {
        /// Requests without a token see the mount.
        Unauthenticated = "unauth",
        /// Only tokens with permissions on the mount see it.
        Hidden = "hidden",
    }
}

setters!(MountTuning {
    /// Sets the default TTL of the tokens.
    default_lease_ttl(duration) => default_lease_ttl;
    /// Sets the maximum TTL of the tokens.
    max_lease_ttl(duration) => max_lease_ttl;
    /// Sets the type of the tokens.
    token_type(value(MountTokenType)) => token_type;
    /// Sets whether the mount is listed without a token.
    listing_visibility(value(ListingVisibility)) => listing_visibility;
    /// Sets whether requests bypass the server's cache.
    force_no_cache(flag) => force_no_cache;
    /// Sets the description of an existing mount.
    description(text) => description;
    /// Sets options of the auth method of an existing mount.
    options(map) => options;
    /// Sets the request headers that the server passes to the auth method.
    passthrough_request_headers(texts) => passthrough_request_headers;
    /// Sets the response headers that the auth method may set.
    allowed_response_headers(texts) => allowed_response_headers;
    /// Sets the request fields that audit devices log in plain text.
    audit_non_hmac_request_keys(texts) => audit_non_hmac_request_keys;
    /// Sets the response fields that audit devices log in plain text.
    audit_non_hmac_response_keys(texts) => audit_non_hmac_response_keys;
});

impl MountTuning {
    /// Creates settings of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Lists all auth mounts of the namespace with their accessors.
///
/// The token needs `read` on `sys/auth`. [`ListVisibleMounts`] needs no policy.
///
/// API: `GET /sys/auth`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListAuthMounts {}

impl ListAuthMounts {
    /// Creates a request for all auth mounts.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Lists the mounts on which the token has any permission. Every token may send it.
///
/// API: `GET /sys/internal/ui/mounts`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListVisibleMounts {}

impl ListVisibleMounts {
    /// Creates a request for the mounts that the token may use.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Reads an auth mount. The token needs `read` and `sudo` on `sys/auth/:path`.
///
/// The server responds with 400 if there is no mount at the path.
///
/// API: `GET /sys/auth/:path`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadAuthMount {
    /// The path of the mount, without slashes around it.
    pub path: String,
}

/// Mounts an auth method at a path. The server rejects a path that is in use with 400.
///
/// ```
/// use std::time::Duration;
/// use identity_core::{Endpoint, Target, mount::{MountTuning, EnableAuthMount}};
///
/// let config = MountTuning::new().max_lease_ttl(Duration::from_secs(3600));
/// let enable = EnableAuthMount::new("people", "userpass").config(config);
/// let request = enable.request(&Target::new("http://127.0.0.1:8200")?)?;
/// assert_eq!(request.uri().path(), "/v1/sys/auth/people");
/// assert_eq!(request.body(), r#"{"type":"userpass","config":{"max_lease_ttl":3600}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// API: `POST /sys/auth/:path`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EnableAuthMount {
    /// The path of the mount, without slashes around it.
    #[serde(skip)]
    pub path: String,
    /// The type of the auth method, such as `userpass`.
    #[serde(rename = "type")]
    pub mount_type: String,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the mount is local to the cluster and is not replicated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<bool>,
    /// Whether the storage of the mount is wrapped by the seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal_wrap: Option<bool>,
    /// Options of the auth method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
    /// The settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<MountTuning>,
}

impl EnableAuthMount {
    /// Creates a request that mounts an auth method, such as `userpass`, at `path`.
    pub fn new(path: impl Into<String>, mount_type: impl Into<String>) -> Self {
        Self {
            path: trimmed(path),
            mount_type: mount_type.into(),
            description: None,
            local: None,
            seal_wrap: None,
            options: None,
            config: None,
        }
    }
}

setters!(EnableAuthMount {
    /// Sets the description.
    description(text) => description;
    /// Sets whether the mount is local to the cluster. Aliases of local mounts are not replicated either.
    /// Defaults to `false`.
    local(flag) => local;
    /// Sets whether the storage of the mount is wrapped by the seal. Defaults to `false`.
    seal_wrap(flag) => seal_wrap;
    /// Sets options of the auth method.
    options(map) => options;
    /// Sets the settings.
    config(value(MountTuning)) => config;
});

/// Disables an auth mount. This revokes all tokens that it has issued, and deletes its users and roles.
/// Aliases keep the accessor of the mount. Succeeds if there is no mount at the path.
///
/// API: `DELETE /sys/auth/:path`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisableAuthMount {
    /// The path of the mount, without slashes around it.
    pub path: String,
}

/// Changes the settings of an auth mount. Settings that are not set keep their values.
///
/// API: `POST /sys/auth/:path/tune`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TuneAuthMount {
    /// The path of the mount, without slashes around it.
    #[serde(skip)]
    pub path: String,
    /// The settings.
    #[serde(flatten)]
    pub config: MountTuning,
}

impl TuneAuthMount {
    /// Creates a request that changes these settings of the mount at `path`.
    pub fn new(path: impl Into<String>, config: MountTuning) -> Self {
        Self { path: trimmed(path), config }
    }
}

/// Reads the settings of an auth mount. The token needs `read` and `sudo` on `sys/auth/:path/tune`.
///
/// The server responds with 400 if there is no mount at the path.
///
/// API: `GET /sys/auth/:path/tune`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadAuthMountTuning {
    /// The path of the mount, without slashes around it.
    pub path: String,
}
