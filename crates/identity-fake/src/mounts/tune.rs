//! The settings of existing mounts: `tune`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Mount;
use super::enable::{LISTS, listing_visibility, token_type};
use super::object::tuning;
use crate::duration;
use crate::input::{Fields, Kind, Pairs, Schema};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::state::State;

pub(super) const FIELDS: Schema = &[
    ("allowed_response_headers", Kind::List),
    ("audit_non_hmac_request_keys", Kind::List),
    ("audit_non_hmac_response_keys", Kind::List),
    ("default_lease_ttl", Kind::Text),
    ("description", Kind::Text),
    ("listing_visibility", Kind::Text),
    ("max_lease_ttl", Kind::Text),
    ("options", Kind::Pairs),
    ("passthrough_request_headers", Kind::List),
    ("plugin_version", Kind::Text),
    ("token_type", Kind::Text),
    ("user_lockout_config", Kind::Map),
];

/// Mounts of which only the audit settings can be changed.
const UNTUNABLE: [&str; 4] = ["audit/", "cubbyhole/", "identity/", "sys/"];

/// Auth methods that lock out users.
const WITH_LOCKOUT: [&str; 3] = ["approle", "ldap", "userpass"];

pub(super) fn read(state: &State, namespace: &str, path: &str) -> Result<ServerResponse, ErrorResponse> {
    match state.mounts.covering(namespace, path) {
        Some(mount) => {
            let ttls = state.mounts.with_ttls_of(&mount.accessor).unwrap_or(mount);
            Ok(ServerResponse::data(tuning(mount, ttls)))
        }
        None => Err(bad_request(format!("cannot fetch sysview for path {}", quoted(path)))),
    }
}

pub(super) fn write(
    state: &mut State,
    parsed: ParsedRequest,
    path: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let fields = Fields::new(parsed.data, FIELDS)?;
    if UNTUNABLE.iter().any(|untunable| path.starts_with(untunable)) {
        let mut given = FIELDS.iter().filter(|(name, _)| fields.has(name) && !name.starts_with("audit_"));
        if let Some((name, _)) = given.next() {
            return Err(bad_request(format!("cannot tune parameter {name} of {path}")));
        }
    }
    let Some(mount) = state.mounts.covering(&parsed.namespace, path) else {
        return Err(bad_request(format!("tune of path {} failed: no mount entry found", quoted(path))));
    };
    let mut mount = mount.clone();
    set_ttls(&mut mount, &fields)?;
    let lockout = fields.map("user_lockout_config").flatten().unwrap_or_default();
    if !lockout.is_empty() {
        set_lockout(&mut mount, &lockout)?;
    }
    if let Some(description) = fields.given_text("description") {
        mount.description = description;
    }
    if let Some(version) = fields.given_text("plugin_version") {
        check_version(&mount, &version)?;
    }
    for name in LISTS {
        if let Some(list) = fields.list(name) {
            mount.lists.insert(name, list);
        }
    }
    mount.lists.retain(|_, list| !list.is_empty());
    if let Some(visibility) = fields.given_text("listing_visibility") {
        mount.listing_visibility = listing_visibility(visibility)?;
    }
    if let Some(kind) = fields.given_text("token_type") {
        if !mount.is_auth() {
            return Err(bad_request("'token_type' can only be modified on auth mounts"));
        }
        if mount.path == "auth/token/" {
            let problem = "'token_type' cannot be set for 'token' or 'ns_token' auth mounts";
            return Err(bad_request(problem));
        }
        mount.token_type = token_type(&kind)?;
    }
    let given = fields.pairs("options").flatten().unwrap_or_default();
    let upgraded = if given.is_empty() { None } else { set_options(&mut mount, given)? };
    if mount.kind == "kv" && mount.has_versions() {
        state.kv.upgrade(&mount.accessor, state.clock.now());
    }
    state.mounts.replace(mount);
    Ok(match upgraded {
        None => ServerResponse::NoContent,
        Some(from) => {
            let warning = format!(
                "Upgrading mount from version {from} to version 0. This mount will be unavailable for a brief \
                 period and will resume service shortly."
            );
            ServerResponse::Data { data: Value::Null, warnings: vec![warning] }
        }
    })
}

fn set_ttls(mount: &mut Mount, fields: &Fields) -> Result<(), ErrorResponse> {
    let default = setting(&fields.text("default_lease_ttl"), mount.default_lease_ttl)?;
    let max = setting(&fields.text("max_lease_ttl"), mount.max_lease_ttl)?;
    let is_changed = (default, max) != (mount.default_lease_ttl, mount.max_lease_ttl);
    if is_changed && max > 0 && default > max {
        let problem = "would be less than backend default lease TTL of";
        return Err(bad_request(format!("backend max lease TTL of {max} {problem} {default}")));
    }
    (mount.default_lease_ttl, mount.max_lease_ttl) = (default, max);
    Ok(())
}

/// Parses a duration. `""` keeps the current one, `system` selects the default of the system.
fn setting(text: &str, current: u64) -> Result<u64, ErrorResponse> {
    match text {
        "" => Ok(current),
        "system" => Ok(0),
        _ => {
            let (is_negative, duration) = duration::parse(text).map_err(bad_request)?;
            Ok(if is_negative { 0 } else { duration.as_secs() })
        }
    }
}

fn set_lockout(mount: &mut Mount, given: &Map<String, Value>) -> Result<(), ErrorResponse> {
    let text = |name: &str| match given.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(bad_request("unable to convert given user lockout config information")),
    };
    let threshold = text("lockout_threshold")?;
    let (duration, reset) = (text("lockout_duration")?, text("lockout_counter_reset_duration")?);
    let is_disabled = match given.get("lockout_disable") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(is_disabled)) => Some(*is_disabled),
        Some(_) => return Err(bad_request("unable to convert given user lockout config information")),
    };
    if !WITH_LOCKOUT.contains(&&*mount.kind) {
        let kind = quoted(&mount.kind);
        let problem = format!("tuning of user lockout configuration for auth type {kind} not allowed");
        return Err(bad_request(problem));
    }
    let lockout = mount.lockout.get_or_insert_default();
    if !threshold.is_empty() {
        lockout.threshold = threshold.parse().map_err(|_| {
            let problem = format!("strconv.ParseUint: parsing {}: invalid syntax", quoted(&threshold));
            bad_request(format!("unable to parse user lockout threshold: {problem}"))
        })?;
    }
    lockout.duration = setting(&duration, lockout.duration)?;
    lockout.counter_reset = setting(&reset, lockout.counter_reset)?;
    lockout.disabled = is_disabled.unwrap_or(lockout.disabled);
    Ok(())
}

fn check_version(mount: &Mount, version: &str) -> Result<(), ErrorResponse> {
    if version == "v2.7.2+builtin.bao" {
        return Ok(());
    }
    let number = version.strip_prefix('v').unwrap_or(version);
    if number.is_empty() || !number.split('.').all(|part| part.parse::<u64>().is_ok()) {
        let problem = format!("is not a valid semantic version: malformed version: {version}");
        return Err(bad_request(format!("version {} {problem}", quoted(version))));
    }
    let number = format!("{number}.0.0");
    let number: Vec<_> = number.split('.').take(3).collect();
    let version = number.join(".");
    Err(bad_request(format!("plugin not found in the catalog: {}, version=v{version}", mount.kind)))
}

/// Sets options. An empty value removes one. Returns the previous version if the version was raised.
fn set_options(mount: &mut Mount, given: Pairs) -> Result<Option<u64>, ErrorResponse> {
    let options: &mut BTreeMap<_, _> = mount.options.get_or_insert_default();
    let mut upgraded = None;
    if let Some(version) = given.get("version") {
        let parse = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<u64>() };
        let current = options.get("version").and_then(|version| parse(version).ok()).unwrap_or_default();
        let wanted = parse(version).map_err(|_| {
            let problem = format!("strconv.ParseInt: parsing {}: invalid syntax", quoted(version));
            bad_request(format!("unable to parse options: {problem}"))
        })?;
        if !matches!(wanted, 1 | 2) {
            return Err(bad_request(format!("invalid version provided: {wanted}")));
        }
        if current > wanted {
            return Err(bad_request(format!("cannot downgrade mount from version {current}")));
        }
        upgraded = Some(current).filter(|current| *current < wanted);
    }
    for (name, value) in given {
        if value.is_empty() && name != "version" {
            options.remove(&name);
        } else {
            options.insert(name, value);
        }
    }
    Ok(upgraded)
}
