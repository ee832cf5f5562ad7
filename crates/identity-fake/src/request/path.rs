//! Paths: what the server redirects to, and what it does not serve.

/// Paths that the server redirects to themselves with a slash.
const DIRECTORIES: [&str; 5] =
    ["/v1", "/v1/sys", "/v1/sys/audit-hash", "/v1/sys/config/state", "/v1/sys/pprof"];

/// Paths below `sys/` that exist in the root namespace only. The server rejects them before it reads the
/// request.
const ROOT_ONLY_EARLY: [&str; 14] = [
    "generate-recovery-token",
    "generate-root",
    "health",
    "in-flight-req",
    "init",
    "metrics",
    "pprof",
    "raw",
    "rekey",
    "rekey-recovery-key",
    "seal",
    "step-down",
    "storage",
    "unseal",
];

/// Other paths below `sys/` that exist in the root namespace only.
const ROOT_ONLY: [&str; 17] = [
    "audit",
    "audit-hash",
    "config/auditing",
    "config/cors",
    "config/reload",
    "config/state",
    "config/ui",
    "host-info",
    "internal/counters/activity",
    "internal/counters/config",
    "internal/inspect/router",
    "loggers",
    "mfa/method",
    "monitor",
    "quotas/config",
    "quotas/lease-count",
    "quotas/rate-limit",
];

/// Returns the canonical path if the path is not clean. The server checks it before it decodes escapes.
pub(crate) fn redirect(path: &str) -> Option<String> {
    let segments = || path.strip_suffix('/').unwrap_or(path).split('/').skip(1);
    let is_clean = segments().all(|segment| !matches!(segment, "" | "." | ".."));
    if is_clean && !DIRECTORIES.contains(&path) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for segment in segments() {
        match segment {
            "" | "." => {}
            ".." => drop(parts.pop()),
            segment => parts.push(segment),
        }
    }
    let mut clean = format!("/{}", parts.join("/"));
    let is_directory = DIRECTORIES.contains(&&*clean) && !path.ends_with('/');
    if (is_directory || path.ends_with('/')) && !parts.is_empty() {
        clean.push('/');
    }
    Some(clean)
}

/// Returns `true` if the server rejects the path as soon as a request names a namespace, even an unknown one.
pub(crate) fn is_root_only_early(path: &str) -> bool {
    is_in(path, &ROOT_ONLY_EARLY)
}

pub(crate) fn is_root_only(path: &str) -> bool {
    is_in(path, &ROOT_ONLY_EARLY) || is_in(path, &ROOT_ONLY)
}

fn is_in(path: &str, areas: &[&str]) -> bool {
    let Some(path) = path.strip_prefix("sys/") else { return false };
    let mut rests = areas.iter().filter_map(|area| path.strip_prefix(area));
    rests.any(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns `true` if a segment is `.` or `..`.
pub(crate) fn is_relative(path: &str) -> bool {
    path.split('/').any(|part| part == "." || part == "..")
}
