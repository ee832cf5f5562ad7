//! The metadata of secrets, and lists: `metadata` and `detailed-metadata`.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::secret::Secret;
use super::{Call, absent, clean};
use crate::input::{Fields, Kind, Pairs, Schema, as_text};
use crate::limits::check_custom_metadata;
use crate::request::Verb;
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, key_list};

pub(super) const FIELDS: Schema = &[
    ("path", Kind::Text),
    ("cas_required", Kind::Flag),
    ("metadata_cas_required", Kind::Flag),
    ("max_versions", Kind::Number),
    ("delete_version_after", Kind::Duration),
    ("custom_metadata", Kind::Map),
    ("metadata_cas", Kind::Number),
    ("after", Kind::Text),
    ("limit", Kind::Number),
];

pub(super) const LIST_FIELDS: Schema =
    &[("path", Kind::Text), ("after", Kind::Text), ("limit", Kind::Number)];

/// The fields that a write changes.
const SETTINGS: [&str; 4] = ["max_versions", "cas_required", "metadata_cas_required", "custom_metadata"];

pub(super) fn run(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    match call.verb {
        Verb::Write | Verb::Patch => write(call, fields),
        Verb::Delete => {
            call.engine.secrets.remove(&call.key);
            Ok(ServerResponse::NoContent)
        }
        Verb::List | Verb::Scan => list(call, fields, false),
        _ => {
            let secret = call.engine.secrets.get(&call.key).ok_or_else(absent)?;
            Ok(Call::response(secret.to_json()))
        }
    }
}

pub(super) fn list_with_info(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    list(call, fields, true)
}

/// Creates or updates the metadata. A patch requires it to exist, and merges the custom metadata.
fn write(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let is_patch = call.verb == Verb::Patch;
    let deletion = fields.seconds("delete_version_after");
    if deletion.is_none() && !SETTINGS.iter().any(|field| fields.has(field)) {
        return Ok(ServerResponse::NoContent);
    }
    let custom_metadata = fields.map("custom_metadata").map(Option::unwrap_or_default);
    let given = custom_metadata.as_ref().map(|pairs| parse(pairs, is_patch)).transpose()?;

    let config = &call.engine.config;
    let known = call.engine.secrets.get(&call.key);
    if is_patch && known.is_none() {
        let status = StatusCode::NOT_FOUND;
        return Ok(ServerResponse::Custom { status, body: Value::Null, headers: Vec::new() });
    }
    check_cas(fields, config.metadata_cas_required, known)?;
    if is_patch {
        check_patch(fields, custom_metadata.as_ref())?;
    }
    let mandated =
        [("cas_required", config.cas_required), ("metadata_cas_required", config.metadata_cas_required)];
    let warnings: Vec<String> = mandated
        .into_iter()
        .filter(|(field, is_mandated)| *is_mandated && fields.flag(field) == Some(false))
        .map(|(field, _)| {
            format!(
                "\"{field}\" set to false, but is mandated by backend config. This value will be ignored."
            )
        })
        .collect();

    let secret = call.engine.secrets.entry(call.key.clone()).or_insert_with(|| Secret::new(call.now));
    secret.metadata_version += 1;
    secret.updated = call.now;
    secret.settings.set(fields);
    if let Some(seconds) = deletion {
        secret.settings.delete_version_after = i64::try_from(seconds).unwrap_or(i64::MAX);
    }
    if let Some(given) = given {
        match custom_metadata.filter(|pairs| is_patch && !pairs.is_empty()) {
            Some(pairs) => secret.custom_metadata.retain(|key, _| !pairs.contains_key(key)),
            None => secret.custom_metadata.clear(),
        }
        secret.custom_metadata.extend(given);
    }
    Ok(if warnings.is_empty() {
        ServerResponse::NoContent
    } else {
        ServerResponse::Data { data: Value::Null, warnings }
    })
}

/// Validates custom metadata. A patch removes keys whose value is `null`.
fn parse(pairs: &Map<String, Value>, is_patch: bool) -> Result<Pairs, ErrorResponse> {
    let invalid = |problem| bad_request(format!("custom_metadata validation failed: {problem}"));
    let kept = pairs.iter().filter(|(_, value)| !is_patch || !value.is_null());
    let parsed: Result<Pairs, _> =
        kept.map(|(key, value)| Ok((key.clone(), as_text(value, "").map_err(invalid)?))).collect();
    let parsed = parsed?;
    check_custom_metadata(Some(&parsed))
        .map_err(|error| ErrorResponse { status: StatusCode::BAD_REQUEST, ..error })?;
    Ok(parsed)
}

fn check_cas(fields: &Fields, is_required: bool, secret: Option<&Secret>) -> Result<(), ErrorResponse> {
    let is_required = is_required || secret.is_some_and(|secret| secret.settings.metadata_cas_required);
    let Some(cas) = fields.number("metadata_cas") else {
        let problem = "metadata check-and-set parameter required for this call";
        return if is_required { Err(bad_request(problem)) } else { Ok(()) };
    };
    match secret {
        None if cas != 0 => Err(bad_request("metadata_cas must be 0 when creating new metadata")),
        Some(secret) if u64::try_from(cas) != Ok(secret.metadata_version) => {
            Err(bad_request("metadata check-and-set parameter does not match the current version"))
        }
        _ => Ok(()),
    }
}

/// Rejects values that a write would convert.
fn check_patch(fields: &Fields, custom_metadata: Option<&Map<String, Value>>) -> Result<(), ErrorResponse> {
    let problem = |what: &str, field: &str, kind: &str| {
        internal(&format!("json: cannot unmarshal {what} into Go struct field .{field} of type {kind}"))
    };
    for (key, value) in custom_metadata.into_iter().flatten() {
        let field = format!("custom_metadata.{key}");
        match value {
            Value::Number(_) => return Err(problem("number", &field, "string")),
            Value::Bool(_) => return Err(problem("bool", &field, "string")),
            _ => {}
        }
    }
    match fields.number("max_versions") {
        Some(count) if u32::try_from(count).is_err() => {
            Err(problem(&format!("number {count}"), "max_versions", "uint32"))
        }
        _ => Ok(()),
    }
}

fn list(call: &Call<'_>, fields: &Fields, with_info: bool) -> Result<ServerResponse, ErrorResponse> {
    let secrets = &call.engine.secrets;
    let keys = if call.verb == Verb::Scan {
        all_below(secrets, &call.key)
    } else {
        let after = fields.text("after");
        let limit = fields.number("limit").and_then(|limit| usize::try_from(limit).ok());
        let keys = below(secrets, &call.key).into_iter().filter(|key| *key > after);
        keys.take(limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX)).collect()
    };
    let info = |key: &String| {
        let secret = secrets.get(&clean(&format!("{}/{key}", call.key)));
        (key.clone(), secret.map_or_else(|| json!({}), Secret::to_json))
    };
    let infos = with_info.then(|| keys.iter().map(info).collect());
    match key_list(&keys, infos) {
        Some(data) => Ok(Call::response(data)),
        None if call.verb == Verb::Scan => Ok(Call::response(json!({}))),
        None => Err(absent()),
    }
}

/// Returns the names directly below a path. Those that have names below them end in a slash.
pub(super) fn below<T>(secrets: &BTreeMap<String, T>, path: &str) -> Vec<String> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let keys = secrets.range(prefix.clone()..).map_while(|(key, _)| key.strip_prefix(&prefix));
    let mut names: Vec<String> =
        keys.map(|rest| rest.split_inclusive('/').next().unwrap_or_default().to_owned()).collect();
    names.dedup();
    names
}

/// Returns the paths of all secrets below a path in the order of the server: folder by folder, the last
/// first.
pub(super) fn all_below<T>(secrets: &BTreeMap<String, T>, path: &str) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        for name in below(secrets, &clean(&format!("{path}/{folder}"))) {
            let below = format!("{folder}{name}");
            if below.ends_with('/') { folders.push(below) } else { found.push(below) }
        }
    }
    found
}
