//! The policies of a new token.

use super::super::grant::with_default_policy;
use super::Role;
use crate::glob;
use crate::response::{ErrorResponse, bad_request, quoted};

pub(super) struct Request<'a> {
    pub(super) names: Vec<String>,
    /// Whether the token must not have the policy `default`.
    pub(super) no_default: bool,
    /// The policies of the parent.
    pub(super) parent: &'a [String],
    pub(super) has_sudo: bool,
    /// Whether the parent belongs to another namespace.
    pub(super) is_outside: bool,
}

/// Without a role, the policies must be a subset of the parent's, unless the caller has `sudo`.
pub(super) fn resolve(request: Request<'_>, role: Option<&Role>) -> Result<Vec<String>, ErrorResponse> {
    let Request { names, no_default, parent, has_sudo, is_outside } = request;
    let parent_has_default = parent.iter().any(|name| name == "default");
    let (names, adds_default) = match role.filter(|role| role.restricts_policies()) {
        Some(role) => (with_role(names, no_default, parent, role)?, false),
        None if is_outside => (names, !no_default),
        None if names.is_empty() => (parent.to_vec(), false),
        None if has_sudo => (names, !no_default),
        None => {
            if with_default_policy(names.clone(), false).iter().any(|name| !parent.contains(name)) {
                return Err(bad_request("child policies must be subset of parent"));
            }
            (names, !no_default && parent_has_default)
        }
    };
    let mut policies = with_default_policy(names, adds_default);
    policies.retain(|name| !no_default || name != "default");
    match policies.iter().find(|name| *name == "response-wrapping") {
        Some(name) => Err(bad_request(format!("cannot assign policy {}", quoted(name)))),
        None => Ok(policies),
    }
}

/// A role that allows or disallows policies replaces the restriction to those of the parent.
fn with_role(
    names: Vec<String>,
    no_default: bool,
    parent: &[String],
    role: &Role,
) -> Result<Vec<String>, ErrorResponse> {
    let matches = |globs: &[String], name: &str| globs.iter().any(|glob| glob::matches(glob, name));
    let is_disallowed = |name: &String| {
        role.disallowed_policies.contains(name) || matches(&role.disallowed_policies_glob, name)
    };
    let adds_default = !no_default && !role.no_default_policy && !is_disallowed(&"default".to_owned());
    let mut chosen = if names.is_empty() { names } else { with_default_policy(names, adds_default) };
    if role.allowed_policies.is_empty() && role.allowed_policies_glob.is_empty() {
        if chosen.is_empty() {
            chosen = with_default_policy(parent.to_vec(), adds_default);
        }
    } else {
        let allowed = with_default_policy(role.allowed_policies.clone(), adds_default);
        let globs = &role.allowed_policies_glob;
        if chosen.is_empty() {
            chosen = allowed;
        } else if chosen.iter().any(|name| !allowed.contains(name) && !matches(globs, name)) {
            let [chosen, allowed, globs] = [&chosen, &allowed, globs].map(|names| quoted_list(names));
            let which = format!("must be subset of the role's allowed policies ({allowed})");
            return Err(bad_request(format!("token policies ({chosen}) {which} or glob policies ({globs})")));
        }
    }
    match chosen.iter().find(|name| is_disallowed(name)) {
        Some(name) => Err(bad_request(format!("token policy {} is disallowed by this role", quoted(name)))),
        None => Ok(chosen),
    }
}

/// Quotes a list like Go's `%q`.
fn quoted_list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", quoted.join(" "))
}
