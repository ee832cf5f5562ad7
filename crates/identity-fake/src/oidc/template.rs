//! Claim templates: JSON with directives such as `{{identity.entity.name}}`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::duration;
use super::super::entity;
use super::super::input::Pairs;
use super::super::response::{ErrorResponse, bad_request, quoted};
use super::super::store::{Entity, Store};
use super::object;

const RESERVED: [&str; 10] =
    ["iat", "aud", "exp", "iss", "sub", "namespace", "nonce", "auth_time", "at_hash", "c_hash"];

/// The entity that the claims are about.
#[derive(Default)]
pub(super) struct Subject {
    id: String,
    name: String,
    metadata: Pairs,
    aliases: Vec<Alias>,
    group_ids: Vec<String>,
    group_names: Vec<String>,
}

#[derive(Default)]
struct Alias {
    accessor: String,
    id: String,
    name: String,
    metadata: Pairs,
    custom_metadata: Pairs,
}

impl Subject {
    pub(super) fn new(store: &Store, entity: &Entity) -> Self {
        let (direct, inherited) = entity::groups(store, &entity.id);
        let groups = direct.into_iter().chain(inherited).filter_map(|id| store.groups.get(id));
        let (group_ids, group_names) = groups.map(|group| (group.id.clone(), group.name.clone())).unzip();
        let alias = |alias: &super::super::store::Alias| Alias {
            accessor: alias.mount_accessor.clone(),
            id: alias.id.clone(),
            name: alias.name.clone(),
            metadata: alias.metadata.clone().unwrap_or_default(),
            custom_metadata: alias.custom_metadata.clone().unwrap_or_default(),
        };
        Self {
            id: entity.id.clone(),
            name: entity.name.clone(),
            metadata: entity.metadata.clone().unwrap_or_default(),
            aliases: entity.aliases.iter().map(alias).collect(),
            group_ids,
            group_names,
        }
    }
}

/// Decodes and validates a template, which is plain text or base64. A template such as `null` is valid
/// base64 too.
pub(super) fn validated(given: &str, now: Timestamp) -> Result<String, ErrorResponse> {
    let template = match decoded(given) {
        None => given.to_owned(),
        Some(decoded) => String::from_utf8(decoded).map_err(|error| {
            let go_error = object::read(error.as_bytes()).err().unwrap_or_default();
            bad_request(format!("error parsing template JSON: {go_error}"))
        })?,
    };
    if template.is_empty() {
        return Ok(template);
    }
    let expanded = expand(&template, Some(&Subject::default()), now);
    let expanded = expanded.map_err(|problem| bad_request(format!("error parsing template: {problem}")))?;
    let claims = object::read(expanded.as_bytes());
    let claims =
        claims.map_err(|go_error| bad_request(format!("error parsing template JSON: {go_error}")))?;
    match claims.keys().find(|claim| RESERVED.contains(&claim.as_str())) {
        Some(claim) => {
            let restricted = RESERVED.join(", ");
            Err(bad_request(format!(
                "top level key {} not allowed. Restricted keys: {restricted}",
                quoted(claim)
            )))
        }
        None => Ok(template),
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::alphabet::STANDARD;
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

    let lenient =
        GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
    lenient.decode(text.replace(['\r', '\n'], "")).ok()
}

/// Expands a template for an entity. The server ignores templates that fail.
pub(super) fn claims(template: &str, subject: Option<&Subject>, now: Timestamp) -> Map<String, Value> {
    let expanded = expand(template, subject, now).unwrap_or_default();
    object::read(expanded.as_bytes()).unwrap_or_default()
}

/// Returns the names of the claims of a template.
pub(super) fn names(template: &str, now: Timestamp) -> Result<Map<String, Value>, String> {
    object::read(expand(template, Some(&Subject::default()), now)?.as_bytes())
}

pub(super) fn merge(claims: &mut Map<String, Value>, more: Map<String, Value>) {
    claims.extend(more.into_iter().filter(|(name, _)| !RESERVED.contains(&name.as_str())));
}

const NOT_FOUND: &str = "no value could be found for one of the template directives";

fn expand(template: &str, subject: Option<&Subject>, now: Timestamp) -> Result<String, String> {
    let mut pieces = template.split("{{");
    let mut expanded = pieces.next().unwrap_or_default().to_owned();
    let unbalanced = || "unbalanced templating characters".to_owned();
    if expanded.contains("}}") {
        return Err(unbalanced());
    }
    for piece in pieces {
        let (directive, text) = piece.split_once("}}").ok_or_else(unbalanced)?;
        if text.contains("}}") {
            return Err(unbalanced());
        }
        expanded.push_str(&value(directive.trim(), subject, now)?);
        expanded.push_str(text);
    }
    Ok(expanded)
}

fn value(directive: &str, subject: Option<&Subject>, now: Timestamp) -> Result<String, String> {
    if let Some(selector) = directive.strip_prefix("identity.entity.") {
        let subject =
            subject.ok_or("string contains entity template directives but no entity was provided")?;
        return entity_value(selector, subject);
    }
    if directive.starts_with("identity.groups.") {
        // The server validates templates without groups, so every such directive fails.
        return Err("string contains groups template directives but no groups were provided".to_owned());
    }
    match directive.strip_prefix("time.") {
        Some(selector) => time_value(selector, now),
        None => Err(NOT_FOUND.to_owned()),
    }
}

fn entity_value(selector: &str, subject: &Subject) -> Result<String, String> {
    match selector {
        "id" => Ok(quoted(&subject.id)),
        "name" => Ok(quoted(&subject.name)),
        "groups.ids" => Ok(list(&subject.group_ids)),
        "groups.names" => Ok(list(&subject.group_names)),
        _ => match selector.strip_prefix("aliases.") {
            Some(selector) => {
                let (accessor, selector) = selector.split_once('.').ok_or("invalid alias selector")?;
                let alias = subject.aliases.iter().find(|alias| alias.accessor == accessor);
                alias_value(selector, alias.unwrap_or(&Alias::default()))
            }
            None => pairs_value(selector, "metadata", &subject.metadata),
        },
    }
}

fn alias_value(selector: &str, alias: &Alias) -> Result<String, String> {
    match selector {
        "id" => Ok(quoted(&alias.id)),
        "name" => Ok(quoted(&alias.name)),
        _ if selector.starts_with("custom_metadata") => {
            pairs_value(selector, "custom_metadata", &alias.custom_metadata)
        }
        _ => pairs_value(selector, "metadata", &alias.metadata),
    }
}

/// Returns all pairs, or the value of a key, `""` if it does not exist.
fn pairs_value(selector: &str, name: &str, pairs: &Pairs) -> Result<String, String> {
    match selector.strip_prefix(name) {
        Some("") => Ok(serde_json::to_string(pairs).unwrap_or_default()),
        Some(key) if key.starts_with('.') => {
            Ok(quoted(pairs.get(&key[1..]).map(String::as_str).unwrap_or_default()))
        }
        _ => Err(NOT_FOUND.to_owned()),
    }
}

fn list(texts: &[String]) -> String {
    if texts.is_empty() { "null".to_owned() } else { serde_json::to_string(texts).unwrap_or_default() }
}

fn time_value(selector: &str, now: Timestamp) -> Result<String, String> {
    let mut parts = selector.splitn(3, '.');
    let first = parts.next().unwrap_or_default();
    if first != "now" {
        return Err(format!("invalid time selector {}", quoted(first)));
    }
    let Some(operator) = parts.next() else { return Ok(now.as_second().to_string()) };
    let operand = parts.next().ok_or("missing time operand")?;
    let problem = |problem| format!("invalid duration: {problem}");
    let (is_negative, by) = duration::parse(operand).map_err(problem)?;
    let by = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    let forward = match operator {
        "plus" => !is_negative,
        "minus" => is_negative,
        _ => return Err(format!("invalid time operator {}", quoted(operator))),
    };
    let now = now.as_second();
    Ok(if forward { now.saturating_add(by) } else { now.saturating_sub(by) }.to_string())
}
