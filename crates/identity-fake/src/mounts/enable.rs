//! Enables auth methods and engines.

use serde_json::{Map, Value};

use super::Mount;
use crate::duration;
use crate::input::{Fields, Kind, Pairs, Schema};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::state::State;

/// Nothing can be mounted below these paths.
pub(super) const PROTECTED: [&str; 5] = ["audit/", "auth/", "cubbyhole/", "identity/", "sys/"];

/// Types that every namespace has exactly once.
const SINGLETONS: [&str; 8] =
    ["cubbyhole", "identity", "ns_cubbyhole", "ns_identity", "ns_system", "ns_token", "system", "token"];

/// The lists of a configuration.
pub(super) const LISTS: [&str; 4] = [
    "allowed_response_headers",
    "audit_non_hmac_request_keys",
    "audit_non_hmac_response_keys",
    "passthrough_request_headers",
];

pub(super) const FIELDS: Schema = &[
    ("type", Kind::Text),
    ("description", Kind::Text),
    ("plugin_name", Kind::Text),
    ("local", Kind::Flag),
    ("seal_wrap", Kind::Flag),
    ("external_entropy_access", Kind::Flag),
    ("options", Kind::Pairs),
    ("config", Kind::Map),
];

/// In seconds.
const SYSTEM_MAX_TTL: u64 = 32 * 24 * 60 * 60;

pub(super) fn auth(
    state: &mut State,
    parsed: ParsedRequest,
    path: String,
) -> Result<ServerResponse, ErrorResponse> {
    let fields = Fields::new(parsed.data, FIELDS)?;
    let config = Config::parse(&fields, "unable to convert given auth config information")?;
    let mut mount = config.mount(&fields)?;
    mount.token_type = token_type(&config.text("token_type"))?;
    mount.kind = kind(&fields, &config)?;
    config.check_version(&format!("cannot select non-builtin version of auth plugin {}", mount.kind))?;
    if has_version(mount.options.as_ref()) {
        let kind = quoted(&mount.kind);
        return Err(bad_request(format!("auth method {kind} does not allow setting a version")));
    }
    mount.listing_visibility = listing_visibility(config.text("listing_visibility"))?;
    mount.force_no_cache = false;
    let mount = Mount { namespace: parsed.namespace, path, ..mount };
    state.mounts.enable_auth(mount, &mut state.random)?;
    Ok(ServerResponse::NoContent)
}

pub(super) fn secrets(
    state: &mut State,
    parsed: ParsedRequest,
    path: String,
) -> Result<ServerResponse, ErrorResponse> {
    let fields = Fields::new(parsed.data, FIELDS)?;
    let config = Config::parse(&fields, "unable to convert given mount config information")?;
    let mut mount = config.mount(&fields)?;
    mount.kind = kind(&fields, &config)?;
    if let Some(version) = mount.kind.strip_prefix("kv-v").filter(|version| matches!(*version, "1" | "2")) {
        let options = mount.options.get_or_insert_default();
        options.insert("version".to_owned(), version.to_owned());
        "kv".clone_into(&mut mount.kind);
    } else if mount.kind != "kv" && has_version(mount.options.as_ref()) {
        let kind = quoted(&mount.kind);
        return Err(bad_request(format!("secrets engine {kind} does not allow setting a version")));
    }
    config.check_version(&format!("cannot select non-builtin version of secrets plugin {}", mount.kind))?;
    mount.listing_visibility = listing_visibility(config.text("listing_visibility"))?;
    if PROTECTED.iter().any(|protected| path.starts_with(protected)) {
        return Err(bad_request(format!("cannot mount {}", quoted(&path))));
    }
    if SINGLETONS.contains(&&*mount.kind) {
        return Err(bad_request(format!("mount type of {} is not mountable", quoted(&mount.kind))));
    }
    if let Some(existing) = state.mounts.conflict(&parsed.namespace, &path) {
        return Err(bad_request(format!("path is already in use at {}", existing.path)));
    }
    let (namespace, rest) =
        state.namespaces.resolve(parsed.namespace.trim_matches('/'), &path).unwrap_or_default();
    if namespace != parsed.namespace {
        let existing = if rest.is_empty() { format!("{namespace}auth/token/") } else { namespace };
        return Err(bad_request(format!("existing mount at {existing}")));
    }
    if mount.kind != "kv" {
        return Err(bad_request(format!("plugin not found in the catalog: {}", mount.kind)));
    }
    let version = mount.options.as_ref().and_then(|options| options.get("version"));
    if version.is_some_and(|version| !matches!(&**version, "" | "1" | "2")) {
        return Err(bad_request("nil backend of type \"kv\" returned from factory"));
    }
    state.mounts.add(Mount { namespace: parsed.namespace, path, ..mount }, &mut state.random);
    Ok(ServerResponse::NoContent)
}

fn kind(fields: &Fields, config: &Config) -> Result<String, ErrorResponse> {
    let kind = fields.text("type");
    if kind.is_empty() {
        return Err(bad_request("backend type must be specified as a string"));
    }
    if kind != "plugin" {
        return Ok(kind);
    }
    let names = [config.text("plugin_name"), fields.text("plugin_name")];
    let name = names.into_iter().find(|name| !name.is_empty());
    name.ok_or_else(|| bad_request("plugin_name must be provided for plugin backend"))
}

fn has_version(options: Option<&Pairs>) -> bool {
    options.and_then(|options| options.get("version")).is_some_and(|version| !version.is_empty())
}

pub(super) fn listing_visibility(value: String) -> Result<String, ErrorResponse> {
    match &*value {
        "" | "hidden" | "unauth" => Ok(value),
        _ => Err(bad_request(format!("invalid listing_visibility {value}"))),
    }
}

pub(super) fn token_type(name: &str) -> Result<String, ErrorResponse> {
    match name {
        "" | "default-service" => Ok(String::new()),
        "batch" | "default-batch" | "service" => Ok(name.to_owned()),
        _ => Err(bad_request("invalid value for 'token_type'")),
    }
}

/// The field `config`. Its values are not converted, unlike fields.
struct Config(Map<String, Value>);

impl Config {
    fn parse(fields: &Fields, problem: &str) -> Result<Self, ErrorResponse> {
        let config = fields.map("config").flatten().unwrap_or_default();
        let is_text = |value: &Value| value.is_string() || value.is_number();
        let is_valid = |(name, value): (&String, &Value)| {
            value.is_null()
                || match &**name {
                    "default_lease_ttl" | "listing_visibility" | "max_lease_ttl" | "plugin_name"
                    | "plugin_version" | "token_type" => is_text(value),
                    "force_no_cache" => value.is_boolean(),
                    "user_lockout_config" => match value.as_object() {
                        Some(lockout) => lockout.get("lockout_threshold").is_none_or(Value::is_number),
                        None => false,
                    },
                    name if LISTS.contains(&name) => match value.as_array() {
                        Some(items) => items.iter().all(|item| is_text(item) || item.is_null()),
                        None => value.is_string(),
                    },
                    _ => true,
                }
        };
        if config.iter().all(is_valid) { Ok(Self(config)) } else { Err(bad_request(problem)) }
    }

    /// Returns a string, or `""` if it is absent.
    fn text(&self, name: &str) -> String {
        self.0.get(name).map(to_text).unwrap_or_default()
    }

    fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().map(to_text).collect(),
            Some(Value::String(text)) if !text.is_empty() => {
                text.split(',').map(|part| part.trim().to_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Creates a mount with these settings and fields.
    fn mount(&self, fields: &Fields) -> Result<Mount, ErrorResponse> {
        let default_lease_ttl = ttl(&self.text("default_lease_ttl"), "default")?;
        let max_lease_ttl = ttl(&self.text("max_lease_ttl"), "max")?;
        if max_lease_ttl > 0 && default_lease_ttl > max_lease_ttl {
            return Err(bad_request("given default lease TTL greater than given max lease TTL"));
        }
        if max_lease_ttl == 0 && default_lease_ttl > SYSTEM_MAX_TTL {
            let problem = "given default lease TTL greater than system max lease TTL of";
            return Err(bad_request(format!("{problem} {SYSTEM_MAX_TTL}")));
        }
        let lists = LISTS.into_iter().map(|name| (name, self.list(name)));
        Ok(Mount {
            local: fields.flag("local").unwrap_or_default(),
            default_lease_ttl,
            max_lease_ttl,
            options: fields.pairs("options").unwrap_or(Some(Pairs::new())),
            description: fields.text("description"),
            seal_wrap: fields.flag("seal_wrap").unwrap_or_default(),
            external_entropy_access: fields.flag("external_entropy_access").unwrap_or_default(),
            force_no_cache: self.0.get("force_no_cache").and_then(Value::as_bool).unwrap_or_default(),
            lists: lists.filter(|(_, list)| !list.is_empty()).collect(),
            ..Mount::default()
        })
    }

    /// Fails for a version other than the built-in one.
    fn check_version(&self, problem: &str) -> Result<(), ErrorResponse> {
        match &*self.text("plugin_version") {
            "" | "v2.7.2+builtin.bao" => Ok(()),
            _ => Err(bad_request(problem)),
        }
    }
}

fn to_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

fn ttl(text: &str, which: &str) -> Result<u64, ErrorResponse> {
    if text == "system" {
        return Ok(0);
    }
    let parsed = duration::parse(text);
    let (is_negative, ttl) =
        parsed.map_err(|problem| bad_request(format!("unable to parse {which} TTL of {text}: {problem}")))?;
    Ok(if is_negative { 0 } else { ttl.as_secs() })
}
