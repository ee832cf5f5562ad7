//! Policies with claims, such as `team-{{.department}}`. Other actions of Go's templates are rejected.

use serde_json::{Map, Value};

use crate::input::as_go_prints;
use crate::response::quoted;

/// Fails if a template cannot be expanded for any token.
pub(super) fn check(template: &str) -> Result<(), String> {
    for piece in template.split("{{").skip(1) {
        let problem = |problem: &str| format!("unable to parse template: template: template:1: {problem}");
        let (action, _) = piece.split_once("}}").ok_or_else(|| problem("unclosed action"))?;
        if field(action).is_none() {
            return Err(problem("only fields such as {{.claim}} are supported here"));
        }
    }
    Ok(())
}

/// Returns `.a.b` of an action.
fn field(action: &str) -> Option<&str> {
    let field = action.trim();
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|char| char == '_' || char.is_alphanumeric());
    field.strip_prefix('.')?.split('.').all(is_name).then_some(field)
}

pub(super) fn expand(template: &str, claims: &Map<String, Value>) -> Result<String, String> {
    let mut pieces = template.split("{{");
    let mut expanded = pieces.next().unwrap_or_default().to_owned();
    let mut start = expanded.len();
    for piece in pieces {
        start += "{{".len();
        let (action, text) = piece.split_once("}}").unwrap_or((piece, ""));
        let field = field(action).unwrap_or_default();
        let value = value(field, claims).map_err(|problem| {
            // The place of the second name, or of the only one.
            let column = start + action.match_indices('.').take(2).last().map_or(0, |(at, _)| at);
            let place = format!("template: template:1:{column}: executing \"template\" at <{field}>");
            format!("unable to apply template: {place}: {problem}")
        })?;
        expanded.push_str(&as_go_prints(value));
        expanded.push_str(text);
        start += piece.len();
    }
    Ok(expanded)
}

/// Returns the value of a field such as `.a.b`.
fn value<'c>(field: &str, claims: &'c Map<String, Value>) -> Result<&'c Value, String> {
    let mut value = &Value::Null;
    let mut object = Some(claims);
    for name in field.split('.').skip(1) {
        let in_object =
            object.ok_or_else(|| format!("can't evaluate field {name} in type interface {{}}"))?;
        let missing = || format!("map has no entry for key {}", quoted(name));
        value = in_object.get(name).ok_or_else(missing)?;
        object = value.as_object();
    }
    Ok(value)
}
