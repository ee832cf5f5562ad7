//! Reads the claims of a token as roles name them.

use serde_json::{Map, Value};

use super::super::registered_claims::whole;
use super::role::Role;
use crate::glob;
use crate::input::{Pairs, as_go_prints};
use crate::response::quoted;

/// Returns a claim by its name, or by a JSON pointer. Numbers are whole, and a single audience is a list.
fn claim(claims: &Map<String, Value>, name: &str) -> Option<Value> {
    let found = if name.starts_with('/') { at(claims, name)? } else { claims.get(name)? };
    match found {
        Value::Null => None,
        Value::String(_) if name == "aud" => Some(Value::Array(vec![found.clone()])),
        Value::Number(number) => Some(whole(number).into()),
        found => Some(found.clone()),
    }
}

fn at<'c>(claims: &'c Map<String, Value>, pointer: &str) -> Option<&'c Value> {
    let (first, rest) = match pointer.strip_prefix('/')?.split_once('/') {
        Some((first, rest)) => (first, format!("/{rest}")),
        None => (pointer.strip_prefix('/')?, String::new()),
    };
    claims.get(&first.replace("~1", "/").replace("~0", "~"))?.pointer(&rest)
}

/// Returns `true` if the token is for some audience.
pub(super) fn has_audience(claims: &Map<String, Value>) -> bool {
    claim(claims, "aud").is_some_and(|audiences| audiences.as_array().is_some_and(|all| !all.is_empty()))
}

pub(super) fn user(role: &Role, claims: &Map<String, Value>) -> Result<String, String> {
    let name = &role.user_claim;
    let user = if role.user_claim_json_pointer { claim(claims, name) } else { claims.get(name).cloned() };
    match user {
        None | Some(Value::Null) => Err(format!("claim {} not found in token", quoted(name))),
        Some(Value::String(user)) => Ok(user),
        Some(_) => Err(format!("claim {} could not be converted to string", quoted(name))),
    }
}

/// Returns the metadata of the alias.
pub(super) fn metadata(role: &Role, claims: &Map<String, Value>) -> Result<Pairs, String> {
    let mut metadata = Pairs::new();
    for (source, target) in role.claim_mappings.iter().flatten() {
        match claim(claims, source) {
            None => {}
            Some(Value::String(value)) => drop(metadata.insert(target.clone(), value)),
            Some(_) => return Err(format!("error converting claim '{source}' to string")),
        }
    }
    Ok(metadata)
}

/// Returns the names of the group aliases.
pub(super) fn groups(role: &Role, claims: &Map<String, Value>) -> Result<Vec<String>, String> {
    let name = &role.groups_claim;
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let groups = claim(claims, name)
        .ok_or_else(|| format!("failed to fetch groups: {} claim not found in token", quoted(name)))?;
    let groups = as_list(&groups)
        .ok_or_else(|| format!("{} claim could not be converted to string list", quoted(name)))?;
    let mut names = Vec::new();
    for group in groups {
        let Value::String(name) = group else {
            let group = as_go_prints(group);
            return Err(format!("value {group} in groups claim could not be parsed as string"));
        };
        if !name.is_empty() {
            names.push(name.clone());
        }
    }
    Ok(names)
}

/// Returns a list, or a scalar as a list.
pub(super) fn as_list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(values) => Some(values),
        Value::Object(_) | Value::Null => None,
        scalar => Some(std::slice::from_ref(scalar)),
    }
}

/// Fails unless the token has one of the expected values of each bound claim.
pub(super) fn validate_bound(role: &Role, claims: &Map<String, Value>) -> Result<(), String> {
    for (name, expected) in role.bound_claims.iter().flatten() {
        let actual = claim(claims, name).ok_or_else(|| format!("claim {} is missing", quoted(name)))?;
        let unusable = |which: &str, value: &Value| {
            format!("{which} claim is not a string, bool, int or list: {}", as_go_prints(value))
        };
        let actuals = as_list(&actual).ok_or_else(|| unusable("received", &actual))?;
        let expected = as_list(expected).ok_or_else(|| unusable("bound", expected))?;
        // The server does not convert numbers in lists, so they never match.
        let numbers_match = !actual.is_array();
        let matches = |expected: &Value, actual: &Value| match (expected, actual) {
            (Value::String(pattern), Value::String(text)) if role.uses_globs => glob::matches(pattern, text),
            (Value::Number(expected), Value::Number(actual)) => {
                numbers_match && expected.to_string() == actual.to_string()
            }
            _ => expected == actual && !actual.is_array() && !actual.is_object(),
        };
        if !expected.iter().any(|expected| actuals.iter().any(|actual| matches(expected, actual))) {
            let name = quoted(name);
            return Err(format!("claim {name} does not match any associated bound claim values"));
        }
    }
    Ok(())
}
