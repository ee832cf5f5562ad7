//! Mounts as responses show them.

use serde_json::{Map, Value, json};

use super::Mount;
use crate::auth::LockoutConfig;

/// In seconds.
const SYSTEM_TTL: u64 = 32 * 24 * 60 * 60;

/// Types that are built into the core of the server have no status.
const WITHOUT_STATUS: [&str; 5] = ["cubbyhole", "generic", "identity", "system", "token"];

pub(crate) fn to_json(mount: &Mount) -> Value {
    let mut config = Map::from_iter([
        ("default_lease_ttl".to_owned(), mount.default_lease_ttl.into()),
        ("force_no_cache".to_owned(), mount.force_no_cache.into()),
        ("max_lease_ttl".to_owned(), mount.max_lease_ttl.into()),
    ]);
    add_config(&mut config, mount);
    if let Some(lockout) = &mount.lockout {
        config.insert("user_lockout_config".to_owned(), lockout_to_json(lockout).into());
    }
    let mut object = json!({
        "accessor": mount.accessor,
        "config": config,
        "description": mount.description,
        "external_entropy_access": mount.external_entropy_access,
        "local": mount.local,
        "options": mount.options,
        "plugin_version": "",
        "running_plugin_version": "v2.7.2+builtin.bao",
        "running_sha256": "",
        "seal_wrap": mount.seal_wrap,
        "type": mount.kind,
        "uuid": mount.uuid,
    });
    if !WITHOUT_STATUS.contains(&mount.kind.strip_prefix("ns_").unwrap_or(&mount.kind)) {
        object["deprecation_status"] = "supported".into();
    }
    object
}

/// Returns the part that is shown to everyone.
pub(crate) fn to_public_json(mount: &Mount) -> Value {
    json!({ "description": mount.description, "options": mount.options, "type": mount.kind })
}

/// Returns what `tune` shows.
pub(super) fn tuning(mount: &Mount, ttls: &Mount) -> Value {
    let or_system = |ttl| if ttl == 0 { SYSTEM_TTL } else { ttl };
    let mut object = Map::from_iter([
        ("default_lease_ttl".to_owned(), or_system(ttls.default_lease_ttl).into()),
        ("description".to_owned(), (&*mount.description).into()),
        ("force_no_cache".to_owned(), mount.force_no_cache.into()),
        ("max_lease_ttl".to_owned(), or_system(ttls.max_lease_ttl).into()),
    ]);
    add_config(&mut object, mount);
    if let Some(lockout) = &mount.lockout {
        object.extend(lockout_to_json(lockout));
    }
    if mount.external_entropy_access {
        object.insert("external_entropy_access".to_owned(), true.into());
    }
    if let Some(options) = mount.options.as_ref().filter(|options| !options.is_empty()) {
        object.insert("options".to_owned(), json!(options));
    }
    object.into()
}

/// Adds the settings that are shown only if they are set.
fn add_config(object: &mut Map<String, Value>, mount: &Mount) {
    if mount.is_auth() {
        let kind = if mount.token_type.is_empty() { "default-service" } else { &mount.token_type };
        object.insert("token_type".to_owned(), kind.into());
    }
    if !mount.listing_visibility.is_empty() {
        object.insert("listing_visibility".to_owned(), (&*mount.listing_visibility).into());
    }
    object.extend(mount.lists.iter().map(|(name, list)| ((*name).to_owned(), json!(list))));
}

fn lockout_to_json(lockout: &LockoutConfig) -> Map<String, Value> {
    Map::from_iter([
        ("user_lockout_counter_reset_duration".to_owned(), lockout.counter_reset.into()),
        ("user_lockout_disable".to_owned(), lockout.disabled.into()),
        ("user_lockout_duration".to_owned(), lockout.duration.into()),
        ("user_lockout_threshold".to_owned(), lockout.threshold.into()),
    ])
}
