//! Policy documents: paths and their capabilities.

use super::hcl::{self, Item, Node};
use crate::response::{multi_error, quoted};

/// A set of capabilities such as `read`. `deny` excludes all others.
pub(crate) type Capabilities = std::collections::BTreeSet<&'static str>;

const CAPABILITIES: [&str; 9] =
    ["create", "delete", "deny", "list", "patch", "read", "scan", "sudo", "update"];

/// The known fields of a path. Only the first two have an effect.
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
    for field in fields {
        match (field.keys.first().map_or("", String::as_str), &field.value) {
            ("capabilities", Node::List(names)) => {
                for name in names {
                    let name = if let Node::Literal(name) = name { name } else { "" };
                    let known = CAPABILITIES.into_iter().find(|known| *known == name);
                    let known = known.ok_or_else(|| here(&format!("invalid capability {}", quoted(name))))?;
                    capabilities.insert(known);
                }
            }
            ("capabilities", _) => {
                return Err(here(&format!("{}: unknown slice type: *ast.LiteralType", field.at)));
            }
            ("policy", Node::Literal(word)) => {
                let old = legacy_capabilities(word)
                    .ok_or_else(|| here(&format!("invalid policy {}", quoted(word))))?;
                capabilities.extend(old);
            }
            ("policy", _) => {
                let problem = "root.Policy: unknown type for string *ast.ListType";
                return Err(here(&format!("{}: {problem}", field.at)));
            }
            _ => {}
        }
    }
    if capabilities.contains("deny") {
        capabilities = Capabilities::from(["deny"]);
    }
    Ok(Rule { path: written.strip_prefix('/').unwrap_or(written).to_owned(), capabilities })
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
