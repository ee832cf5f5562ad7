//! Locks users out after too many failed logins: `sys/locked-users`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::login::denied;
use crate::input::{Fields, Kind};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse};
use crate::route::ignored;
use crate::state::State;

/// The settings of a mount. 0 selects a default.
#[derive(Clone, Copy, Default)]
pub(crate) struct LockoutConfig {
    /// The number of failed logins that locks out.
    pub(crate) threshold: u64,
    /// In seconds.
    pub(crate) duration: u64,
    /// The seconds after which failed logins are forgotten.
    pub(crate) counter_reset: u64,
    pub(crate) disabled: bool,
}

const DEFAULT_THRESHOLD: u64 = 5;
const DEFAULT_SECONDS: u64 = 15 * 60;

/// The failed logins of a user.
pub(super) struct Failures {
    count: u64,
    last: Timestamp,
}

/// Failed logins by the accessor of the mount and the name of the alias.
pub(super) type Lockouts = BTreeMap<(String, String), Failures>;

fn or(value: u64, default: u64) -> u64 {
    if value == 0 { default } else { value }
}

impl LockoutConfig {
    fn is_locked(&self, failures: &Failures, now: Timestamp) -> bool {
        failures.count >= or(self.threshold, DEFAULT_THRESHOLD)
            && failures.age(now) < or(self.duration, DEFAULT_SECONDS)
    }
}

impl Failures {
    fn age(&self, now: Timestamp) -> u64 {
        u64::try_from(now.as_second() - self.last.as_second()).unwrap_or_default()
    }
}

/// Returns the settings of a mount, or `None` if it does not lock users out.
pub(super) fn config(state: &State, accessor: &str) -> Option<LockoutConfig> {
    let mount = state.mounts.get(accessor)?;
    let is_supported = matches!(&*mount.kind, "approle" | "ldap" | "userpass");
    Some(mount.lockout.unwrap_or_default()).filter(|config| is_supported && !config.disabled)
}

/// Fails if the user is locked out.
pub(super) fn check(state: &State, accessor: &str, alias: &str) -> Result<(), ErrorResponse> {
    let Some(config) = config(state, accessor) else { return Ok(()) };
    let failures = state.auth.lockouts.get(&(accessor.to_owned(), alias.to_owned()));
    match failures.filter(|failures| config.is_locked(failures, state.clock.now())) {
        Some(_) => Err(denied()),
        None => Ok(()),
    }
}

/// Counts a failed login.
pub(super) fn count(state: &mut State, accessor: &str, alias: &str) {
    let Some(config) = config(state, accessor) else { return };
    let now = state.clock.now();
    let key = (accessor.to_owned(), alias.to_owned());
    let failures = state.auth.lockouts.entry(key).or_insert(Failures { count: 0, last: now });
    if failures.age(now) > or(config.counter_reset, DEFAULT_SECONDS) {
        failures.count = 0;
    }
    *failures = Failures { count: failures.count.saturating_add(1), last: now };
}

/// Forgets the failed logins after a successful one.
pub(super) fn reset(state: &mut State, accessor: &str, alias: &str) {
    if config(state, accessor).is_some() {
        state.auth.lockouts.remove(&(accessor.to_owned(), alias.to_owned()));
    }
}

/// Handles `sys/locked-users`.
pub(crate) fn run(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let Some(rest) = parsed.path.strip_prefix("sys/locked-users/") else {
        return match parsed.verb {
            Verb::Read => list(state, parsed),
            _ => Err(ErrorResponse::unsupported_operation()),
        };
    };
    let Some((accessor, alias)) = rest.split_once("/unlock/") else {
        return Err(ErrorResponse::unsupported_path());
    };
    if parsed.verb != Verb::Write {
        return Err(ErrorResponse::unsupported_operation());
    }
    let is_here = state.mounts.get(accessor).is_none_or(|mount| mount.namespace == parsed.namespace);
    if is_here {
        state.auth.lockouts.remove(&(accessor.to_owned(), alias.to_owned()));
    }
    Ok(ServerResponse::NoContent)
}

fn list(state: &State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    const FIELDS: &[(&str, Kind)] = &[("mount_accessor", Kind::Text)];
    let warnings = ignored(&parsed.data, FIELDS);
    let only = Fields::new(parsed.data, FIELDS)?.text("mount_accessor");
    let (here, now) = (&*parsed.namespace, state.clock.now());
    let mut locked: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for ((accessor, alias), failures) in &state.auth.lockouts {
        let Some(mount) = state.mounts.get(accessor) else { continue };
        if mount.lockout.unwrap_or_default().is_locked(failures, now) {
            locked.entry(&mount.namespace).or_default().entry(accessor).or_default().push(alias);
        }
    }
    let mut by_namespace = Vec::new();
    for (path, id) in state.namespaces.at_and_below(here) {
        let mut mounts = locked.remove(path).unwrap_or_default();
        if !only.is_empty() {
            if path != here {
                continue;
            }
            mounts = BTreeMap::from([(&*only, mounts.remove(&*only).unwrap_or_default())]);
        }
        let count = mounts.values().map(Vec::len).sum::<usize>();
        let mounts = mounts.iter().map(|(accessor, aliases)| {
            let object = json!({
                "mount_accessor": accessor,
                "counts": aliases.len(),
                "alias_identifiers": if aliases.is_empty() { Value::Null } else { json!(aliases) },
            });
            (aliases.len(), object)
        });
        let object = json!({
            "namespace_id": id,
            "namespace_path": path,
            "counts": count,
            "mount_accessors": most_first(mounts.collect()),
        });
        by_namespace.push((count, object));
    }
    let total = by_namespace.iter().map(|(count, _)| count).sum::<usize>();
    let data = json!({ "by_namespace": most_first(by_namespace), "total": total });
    Ok(ServerResponse::Data { data, warnings })
}

fn most_first(mut counted: Vec<(usize, Value)>) -> Vec<Value> {
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counted.into_iter().map(|(_, object)| object).collect()
}
