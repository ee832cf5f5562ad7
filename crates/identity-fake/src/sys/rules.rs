//! Paths with rules of their own.

use crate::response::{ErrorResponse, bad_request};

/// Paths that require `sudo`, and so do paths that begin with `SUDO_PREFIXES`.
const SUDO: [&str; 2] = ["sys/remount", "sys/seal"];

const SUDO_PREFIXES: [&str; 3] = ["auth/token/accessors", "auth/token/revoke-orphan/", "sys/auth/"];

/// Areas of `sys/` that only the root namespace has.
const ROOT_ONLY: [&str; 5] = ["health", "init", "seal", "step-down", "unseal"];

/// Paths whose responses have a copy of the data beside the envelope.
const COPIED: [&str; 9] = [
    "/v1/sys/auth",
    "/v1/sys/capabilities",
    "/v1/sys/capabilities-accessor",
    "/v1/sys/capabilities-self",
    "/v1/sys/ha-status",
    "/v1/sys/key-status",
    "/v1/sys/mounts",
    "/v1/sys/policy",
    "/v1/sys/remount",
];

/// The same for all paths below.
const COPIED_BELOW: [&str; 3] = ["/v1/sys/auth/", "/v1/sys/mounts/", "/v1/sys/policy/"];

pub(crate) fn requires_sudo(path: &str) -> bool {
    SUDO.contains(&path) || SUDO_PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

/// Returns `true` if the response to a request at this path of the URL has its data twice.
pub(crate) fn copies_data(path: &str) -> bool {
    COPIED.contains(&path) || COPIED_BELOW.iter().any(|prefix| path.starts_with(prefix))
}

/// Fails if the path exists only in the root namespace, and the request is for another.
pub(crate) fn requires_root_namespace(namespace: &str, path: &str) -> Result<(), ErrorResponse> {
    let area = path.strip_prefix("sys/").and_then(|path| path.split('/').next());
    match area.filter(|area| !namespace.is_empty() && ROOT_ONLY.contains(area)) {
        None => Ok(()),
        Some(_) => Err(bad_request("operation only available in root namespace")),
    }
}

pub(super) fn is_root_only(area: &str) -> bool {
    ROOT_ONLY.contains(&area)
}
