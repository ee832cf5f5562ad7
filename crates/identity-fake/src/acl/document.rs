//! Policy documents: paths and their capabilities.

use std::time::Duration;

use jiff::Timestamp;

use super::hcl::{self, Item, Node, text};
use super::limits::{Limits, Parameters};
use crate::duration;
use crate::response::{multi_error, quoted};

use serde_json::Value;

/// A set of capabilities such as `read`. `deny` excludes all others.
pub(crate) type Capabilities = std::collections::BTreeSet<&'static str>;

const CAPABILITIES: [&str; 9] =
    ["create", "delete", "deny", "list", "patch", "read", "scan", "sudo", "update"];

/// The known fields of a path. Comments, control groups, MFA methods and the filter of lists have no effect.
const FIELDS: [&str; 13] = [
    "capabilities",
    "policy",
    "allowed_parameters",
    "comment",
    "control_group",
    "denied_parameters",
    "expiration",
    "list_scan_response_keys_filter_path",
    "max_wrapping_ttl",
    "mfa_methods",
    "min_wrapping_ttl",
    "pagination_limit",
    "required_parameters",
];

/// A path of a policy, without a leading slash.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(super) path: String,
    pub(super) capabilities: Capabilities,
    pub(super) limits: Limits,
    /// When the rule stops to apply.
    pub(super) expiration: Option<Timestamp>,
}

/// Parses a policy document. Error messages approximate those of the server.
pub(crate) fn read(document: &str) -> Result<Vec<Rule>, String> {
    let items = hcl::parse(document)?;
    check_keys(&items, &["name", "path"])?;
    let paths = items.iter().filter(|item| item.keys.first().is_some_and(|key| key == "path"));
    paths
        .map(|item| rule(item).map_err(|problem| format!("path {}: {problem}", quoted(label(item)))))
        .collect()
}

fn check_keys(items: &[Item], known: &[&str]) -> Result<(), String> {
    let key = |item: &Item| item.keys.first().cloned().unwrap_or_default();
    let unknown = items.iter().filter(|item| !known.contains(&&*key(item)));
    let errors: Vec<String> =
        unknown.map(|item| format!("invalid key {} on line {}", quoted(&key(item)), item.line)).collect();
    if errors.is_empty() { Ok(()) } else { Err(multi_error(&errors)) }
}

/// Returns the path of an item. The server defaults it to `path`.
fn label(item: &Item) -> &str {
    item.keys.get(1).map_or("path", String::as_str)
}

fn rule(item: &Item) -> Result<Rule, String> {
    let Node::Object(fields) = &item.value else {
        return Err("cannot check HCL keys of type *ast.LiteralType".to_owned());
    };
    check_keys(fields, &FIELDS)?;
    let written = label(item);
    let here = |problem: &str| format!("path {}: {problem}", quoted(written));
    if written.contains("+*") {
        return Err(here("invalid use of wildcards ('+*' is forbidden)"));
    }
    if !is_balanced(written) {
        return Err("failed to validate policy templating: unbalanced templating characters".to_owned());
    }
    let mut capabilities = Capabilities::new();
    let (mut limits, mut expiration) = (Limits::default(), None);
    for field in fields {
        match (field.keys.first().map_or("", String::as_str), &field.value) {
            ("capabilities", Node::List(names)) => {
                for name in names {
                    let name = if let Node::Literal(name) = name { text(name) } else { String::new() };
                    let known = CAPABILITIES.into_iter().find(|known| *known == name);
                    let known =
                        known.ok_or_else(|| here(&format!("invalid capability {}", quoted(&name))))?;
                    capabilities.insert(known);
                }
            }
            ("capabilities", _) | ("required_parameters", Node::Literal(_)) => {
                return Err(here(&format!("{}: unknown slice type: *ast.LiteralType", field.at)));
            }
            ("policy", Node::Literal(word)) => {
                let old = legacy_capabilities(&text(word))
                    .ok_or_else(|| here(&format!("invalid policy {}", quoted(&text(word)))))?;
                capabilities.extend(old);
            }
            ("policy", _) => {
                let problem = "root.Policy: unknown type for string *ast.ListType";
                return Err(here(&format!("{}: {problem}", field.at)));
            }
            ("allowed_parameters", _) => limits.allowed = parameters(field).map_err(|error| here(&error))?,
            ("denied_parameters", _) => limits.denied = parameters(field).map_err(|error| here(&error))?,
            ("required_parameters", Node::List(names)) => {
                limits.required = names.iter().filter_map(literal).map(text).collect();
            }
            ("min_wrapping_ttl", value) => limits.min_wrapping_ttl = ttl("min_wrapping_ttl", value)?,
            ("max_wrapping_ttl", value) => limits.max_wrapping_ttl = ttl("max_wrapping_ttl", value)?,
            ("pagination_limit", Node::Literal(number)) => {
                let number = text(number);
                let problem = || format!("strconv.ParseInt: parsing {}: invalid syntax", quoted(&number));
                limits.pagination = number.parse().map_err(|_| here(&problem()))?;
            }
            ("expiration", Node::Literal(time)) => {
                let problem = "invalid expiration time: could not parse string as date and time";
                expiration = Some(timestamp(&text(time)).ok_or_else(|| here(problem))?);
            }
            _ => {}
        }
    }
    if !limits.max_wrapping_ttl.is_zero() && limits.max_wrapping_ttl < limits.min_wrapping_ttl {
        return Err("max_wrapping_ttl cannot be less than min_wrapping_ttl".to_owned());
    }
    if capabilities.contains("deny") {
        capabilities = Capabilities::from(["deny"]);
    }
    let path = written.strip_prefix('/').unwrap_or(written).to_owned();
    Ok(Rule { path, capabilities, limits, expiration })
}

fn literal(node: &Node) -> Option<&Value> {
    if let Node::Literal(value) = node { Some(value) } else { None }
}

fn parameters(field: &Item) -> Result<Parameters, String> {
    let name = field.keys.first().map_or("", String::as_str);
    let problem = |kind| Err(format!("{}: root.{name}: not an object type for map ({kind})", field.at));
    let items = match &field.value {
        Node::Object(items) => items,
        Node::List(_) => return problem("*ast.ListType"),
        Node::Literal(_) => return problem("*ast.LiteralType"),
    };
    let parameter = |item: &Item| match &item.value {
        Node::List(values) => {
            let name = item.keys.first().map(|name| name.to_lowercase()).unwrap_or_default();
            Ok((name, values.iter().map(hcl::to_value).collect()))
        }
        _ => Err(format!("{}: unknown slice type: *ast.LiteralType", item.at)),
    };
    items.iter().map(parameter).collect()
}

/// Returns a TTL, which is zero if it is negative.
fn ttl(field: &str, value: &Node) -> Result<Duration, String> {
    let parsed = match value {
        Node::Literal(value) => duration::parse(&text(value)),
        _ => Err("could not parse duration from input".to_owned()),
    };
    let (is_negative, ttl) = parsed.map_err(|problem| format!("error parsing {field}: {problem}"))?;
    Ok(if is_negative { Duration::ZERO } else { ttl })
}

/// Parses seconds since 1970, or a time such as `2030-01-01T00:00:00Z`.
fn timestamp(text: &str) -> Option<Timestamp> {
    match text.parse() {
        Ok(seconds) => Timestamp::from_second(seconds).ok(),
        Err(_) => text.parse().ok(),
    }
}

/// Returns the capabilities of the deprecated `policy` field.
fn legacy_capabilities(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "deny" => &["deny"],
        "read" => &["list", "read"],
        "write" => &["create", "delete", "list", "read", "update"],
        "sudo" => &["create", "delete", "list", "read", "sudo", "update"],
        _ => return None,
    })
}

fn is_balanced(path: &str) -> bool {
    let mut pieces = path.split("{{");
    let first = pieces.next().unwrap_or_default();
    !first.contains("}}") && pieces.all(|piece| piece.matches("}}").count() == 1)
}
