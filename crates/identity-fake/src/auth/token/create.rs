//! Creates tokens: `auth/token/create`, `create-orphan` and `create/ROLE`.

use http::StatusCode;

use super::super::grant::{self, Grant};
use super::super::login::entity_for_alias;
use super::super::ttl::{self, Limits};
use super::{Role, has_sudo, policies};
use crate::duration;
use crate::glob;
use crate::input::{Fields, Kind, Schema, joined};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, quoted};
use crate::route::{ignored, warnings};
use crate::state::State;
use crate::tokens::Token;

const WITH_ROLE: Schema =
    &joined::<1, { FIELDS.len() }, { 1 + FIELDS.len() }>(&[("role_name", Kind::Text)], FIELDS);

const FIELDS: &[(&str, Kind); 14] = &[
    ("id", Kind::Text),
    ("policies", Kind::Texts),
    ("ttl", Kind::Text),
    ("lease", Kind::Text),
    ("period", Kind::Text),
    ("explicit_max_ttl", Kind::Text),
    ("num_uses", Kind::Number),
    ("display_name", Kind::Text),
    ("meta", Kind::Pairs),
    ("no_parent", Kind::Flag),
    ("no_default_policy", Kind::Flag),
    ("renewable", Kind::Flag),
    ("type", Kind::Text),
    ("entity_alias", Kind::Text),
];

const CUSTOM_ID: &str = "Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure \
                         SHA2-256 HMAC for token obfuscation. SHA1 hashed tokens on the wire leads to less secure \
                         lookups.";

/// Makes the checks in the order of the server. `mount` is the accessor of `auth/token`.
pub(super) fn create(
    state: &mut State,
    parsed: ParsedRequest,
    mount: &str,
    caller: &str,
    role: Option<&str>,
) -> Result<ServerResponse, ErrorResponse> {
    let ignored = if role.is_some() {
        warnings(&parsed.data, WITH_ROLE, "role_name")
    } else {
        ignored(&parsed.data, FIELDS)
    };
    let fields = Fields::new(parsed.data, FIELDS)?;
    let role = role.map(|name| find_role(state, mount, name)).transpose()?;
    let role = role.as_ref();
    let parent = parent(state, caller)?;
    let has_sudo = has_sudo(state, &parent, &parsed.namespace, &parsed.path);
    let is_outside = parent.namespace != parsed.namespace;
    if is_outside {
        check_outside(&fields, has_sudo)?;
    }
    let is_batch = is_batch(&fields, role)?;
    let uses = fields.number("num_uses").unwrap_or_default();
    if uses < 0 {
        return Err(bad_request("number of uses cannot be negative"));
    }
    let alias = fields.text("entity_alias");
    let aliased = entity(state, &parsed.namespace, mount, &alias, role)?;
    let uses = match role.map_or(0, |role| role.uses) {
        of_role if uses == 0 || of_role == 0 => uses.max(of_role),
        of_role => uses.min(of_role),
    };
    let id = fields.text("id");
    if !id.is_empty() && !has_sudo {
        return Err(bad_request("root or sudo privileges required to specify token id"));
    }
    if !id.is_empty() && !parsed.namespace.is_empty() {
        return Err(bad_request("token IDs can only be manually specified in the root namespace"));
    }
    let request = policies::Request {
        names: fields.texts("policies").unwrap_or_default(),
        no_default: fields.flag("no_default_policy").unwrap_or_default(),
        parent: &parent.lease.policies,
        has_sudo,
        is_outside,
    };
    let policies = policies::resolve(request, role)?;
    let is_root = policies.iter().any(|name| name == "root");
    if is_root && !parent.lease.policies.iter().any(|name| name == "root") {
        return Err(bad_request("root tokens may not be created without parent token being root"));
    }
    if is_root && is_batch {
        return Err(bad_request("batch tokens cannot be root tokens"));
    }
    let no_parent = role.is_none() && fields.flag("no_parent").unwrap_or_default();
    if no_parent && !has_sudo {
        return Err(bad_request("root or sudo privileges required to create orphan token"));
    }
    let is_orphan = role.map_or(no_parent || parsed.path.ends_with("create-orphan"), |role| role.orphan);

    let (given, limits, mut warnings) = limits(&fields, role.filter(|_| !is_batch), has_sudo)?;
    let mut ttl = 0;
    if !is_root || limits.period > 0 || limits.ttl > 0 {
        let mount = state.mounts.with_ttls_of(mount);
        let (calculated, capped) = ttl::calculate(mount, limits, 0, 0).map_err(internal)?;
        ttl = calculated;
        warnings.extend(capped);
    }
    if ttl == 0 {
        ttl = limits.explicit_max_ttl;
    }
    if ttl == 0 && parent.lease.ttl != 0 {
        return Err(bad_request("expiring root tokens cannot create non-expiring root tokens"));
    }
    if !id.is_empty() {
        warnings.push(CUSTOM_ID.to_owned());
        if !is_batch {
            check_id(state, &id)?;
        }
    }
    let unknown = policies.iter().filter(|name| !state.policies.has(&parsed.namespace, name));
    warnings.extend(unknown.map(|name| format!("Policy {} does not exist", quoted(name))));
    warnings.extend(ignored);

    let suffix = role.map(|role| &*role.path_suffix).filter(|suffix| !suffix.is_empty());
    let grant = Grant {
        id,
        entity: aliased.or_else(|| parent.entity.clone().filter(|_| !is_orphan)),
        parent: (!is_orphan).then(|| caller.to_owned()),
        mount: mount.to_owned(),
        path: suffix.map_or(parsed.path.clone(), |suffix| format!("{}/{suffix}", parsed.path)),
        namespace: parsed.namespace,
        display_name: display_name(&fields.text("display_name")),
        policies,
        meta: fields.pairs("meta").flatten(),
        role: role.map(|role| role.name.clone()).unwrap_or_default(),
        bound_cidrs: match role {
            Some(role) => role.bound_cidrs.clone(),
            None if is_orphan => Vec::new(),
            None => parent.lease.bound_cidrs,
        },
        limits: Limits { ttl, ..given },
        uses,
        is_batch,
        renewable: fields.flag("renewable").unwrap_or(true) && role.is_none_or(|role| role.renewable),
        ..Grant::default()
    };
    Ok(ServerResponse::Auth { auth: grant::issue(state, grant, ttl)?, warnings })
}

fn find_role(state: &State, mount: &str, name: &str) -> Result<Role, ErrorResponse> {
    let role = state.auth.token_roles.get(&(mount.to_owned(), name.to_owned()));
    role.cloned().ok_or_else(|| bad_request(format!("unknown role {name}")))
}

/// Returns the token that creates another one.
fn parent(state: &State, caller: &str) -> Result<Token, ErrorResponse> {
    let parent = state.tokens.find_usable(caller).cloned();
    let parent = parent.ok_or_else(|| bad_request("parent token lookup failed: no parent found"))?;
    if parent.lease.is_batch {
        return Err(bad_request("batch tokens cannot create more tokens"));
    }
    if parent.lease.uses.is_some() {
        return Err(bad_request("restricted use token cannot generate child tokens"));
    }
    Ok(parent)
}

/// Checks the creation of a token in a child namespace of the parent's namespace.
fn check_outside(fields: &Fields, has_sudo: bool) -> Result<(), ErrorResponse> {
    if !has_sudo {
        let problem = "root or sudo privileges required to directly generate a token in a child namespace";
        return Err(bad_request(problem));
    }
    if fields.texts("policies").unwrap_or_default().iter().any(|name| name == "root") {
        return Err(bad_request("root tokens may not be created from a parent namespace"));
    }
    Ok(())
}

/// Checks the type, and that a batch token has no properties that it cannot have.
fn is_batch(fields: &Fields, role: Option<&Role>) -> Result<bool, ErrorResponse> {
    let given = fields.text("type");
    let kind = match role.map(|role| &*role.kind) {
        Some("default-batch") if given.is_empty() => "batch",
        Some(kind @ ("service" | "batch")) => kind,
        _ => &given,
    };
    match kind {
        "" | "service" => return Ok(false),
        "batch" => {}
        _ => return Err(bad_request("invalid 'token_type' value")),
    }
    // The server considers only the first of these that is given.
    let has_uses = fields.number("num_uses").is_some_and(|uses| uses != 0);
    let name = match ["explicit_max_ttl", "period"].map(|name| !fields.text(name).is_empty()) {
        [true, _] => "explicit_max_ttl",
        _ if has_uses => "num_uses",
        [_, true] => "period",
        _ => return Ok(true),
    };
    if name != "num_uses" {
        let duration = duration::parse(&fields.text(name));
        let (_, duration) =
            duration.map_err(|_| bad_request(format!("'{name}' value could not be parsed")))?;
        if duration.is_zero() {
            return Ok(true);
        }
    }
    Err(bad_request(format!("batch tokens cannot have {} set", quoted(name))))
}

/// Returns the entity of an alias on `auth/token`. Creates both if the alias does not exist.
fn entity(
    state: &mut State,
    namespace: &str,
    mount: &str,
    alias: &str,
    role: Option<&Role>,
) -> Result<Option<String>, ErrorResponse> {
    if alias.is_empty() {
        return Ok(None);
    }
    let Some(role) = role else {
        return Err(bad_request("'entity_alias' is only allowed in combination with token role"));
    };
    let lower = alias.to_lowercase();
    if !role.entity_aliases.iter().flatten().any(|pattern| glob::matches(pattern, &lower)) {
        return Err(bad_request("invalid 'entity_alias' value"));
    }
    let mut context = state.context(namespace).ok_or_else(ErrorResponse::unsupported_path)?;
    let entity = entity_for_alias(&mut context, mount, alias, None)?;
    if entity.disabled {
        return Err(ErrorResponse::new(StatusCode::FORBIDDEN, "entity from given entity alias is disabled"));
    }
    Ok(Some(entity.id))
}

/// Returns the given limits, those that apply if the role has limits too, and warnings.
fn limits(
    fields: &Fields,
    role: Option<&Role>,
    has_sudo: bool,
) -> Result<(Limits, Limits, Vec<String>), ErrorResponse> {
    let mut warnings = Vec::new();
    let explicit_max_ttl = seconds(fields, "explicit_max_ttl")?;
    let period = seconds(fields, "period")?;
    if period > 0 && !has_sudo {
        return Err(bad_request("root or sudo privileges required to create periodic token"));
    }
    let name = if fields.text("ttl").is_empty() { "lease" } else { "ttl" };
    let given = Limits { ttl: seconds(fields, name)?, max_ttl: 0, explicit_max_ttl, period };
    let Some(role) = role else { return Ok((given, given, warnings)) };
    let mut lesser = |what: &str, given: u64, of_role: u64| {
        if given == 0 || of_role == 0 {
            return given.max(of_role);
        }
        let lesser = given.min(of_role);
        let both = "specified both during creation call and in role";
        warnings.push(format!("{what} {both}; using the lesser value of {lesser} seconds"));
        lesser
    };
    let explicit_max_ttl = lesser("Explicit max TTL", explicit_max_ttl, role.explicit_max_ttl);
    let period = lesser("Period", period, role.period);
    Ok((given, Limits { explicit_max_ttl, period, ..given }, warnings))
}

fn seconds(fields: &Fields, name: &str) -> Result<u64, ErrorResponse> {
    let (is_negative, duration) = duration::parse(&fields.text(name)).map_err(bad_request)?;
    if is_negative && !duration.is_zero() {
        return Err(bad_request(format!("{name} must be positive")));
    }
    Ok(duration.as_secs())
}

fn check_id(state: &State, id: &str) -> Result<(), ErrorResponse> {
    let problem = if id.starts_with("hvs.") {
        "custom token ID cannot have the 'hvs.' prefix"
    } else if id.starts_with("s.") {
        "custom token ID cannot have the 's.' prefix"
    } else if id.contains('.') {
        "custom token ID cannot have a '.' in the value"
    } else if state.tokens.find(id).is_some() {
        "cannot create a token with a duplicate ID"
    } else {
        return Ok(());
    };
    Err(bad_request(problem))
}

fn display_name(given: &str) -> String {
    if given.is_empty() {
        return "token".to_owned();
    }
    let name: String =
        given.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '-' }).collect();
    format!("token-{}", name.strip_suffix('-').unwrap_or(&name))
}
