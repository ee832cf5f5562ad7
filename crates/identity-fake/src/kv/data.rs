//! The data of secrets: `data` and `subkeys`.

use http::StatusCode;
use serde_json::{Map, Number, Value, json};

use super::secret::{Secret, Settings};
use super::{Call, absent};
use crate::input::{Fields, Kind, Schema, as_number};
use crate::request::Verb;
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal};

pub(super) const FIELDS: Schema =
    &[("path", Kind::Text), ("version", Kind::Number), ("options", Kind::Map), ("data", Kind::Map)];

pub(super) const SUBKEYS_FIELDS: Schema =
    &[("path", Kind::Text), ("version", Kind::Number), ("depth", Kind::Number)];

pub(super) fn run(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    match call.verb {
        Verb::Write => write(call, fields),
        Verb::Patch => patch(call, fields),
        Verb::Delete => Ok(delete(call)),
        _ => read(call, fields, "data", Value::clone),
    }
}

pub(super) fn subkeys(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let depth = fields.number("depth").unwrap_or_default();
    read(call, fields, "subkeys", |data| structure(data, 1, depth))
}

/// Responds with a version of a secret, of which `show` returns what the field `field` contains.
fn read(
    call: &Call<'_>,
    fields: &Fields,
    field: &str,
    show: impl Fn(&Value) -> Value,
) -> Result<ServerResponse, ErrorResponse> {
    let secret = call.engine.secrets.get(&call.key).ok_or_else(absent)?;
    let number = fields.number("version").and_then(|number| u64::try_from(number).ok());
    let number = number.filter(|number| *number > 0).unwrap_or(secret.current);
    let version = secret.versions.get(&number).ok_or_else(absent)?;
    let mut data = json!({ field: null, "metadata": secret.version_to_json(number) });
    if !version.is_readable(call.now) {
        return Ok(call.not_found(data, &[]));
    }
    if call.path != version.path {
        return Err(internal("could not find version data"));
    }
    data[field] = show(&version.data);
    Ok(Call::response(data))
}

/// Replaces the values by `null`, except objects above `max` levels. 0 means no limit.
fn structure(data: &Value, depth: i64, max: i64) -> Value {
    let Value::Object(fields) = data else { return Value::Null };
    let field = |(name, value): (&String, &Value)| {
        let is_leaf = value.as_object().is_none_or(Map::is_empty) || (max != 0 && depth >= max);
        (name.clone(), if is_leaf { Value::Null } else { structure(value, depth + 1, max) })
    };
    fields.iter().map(field).collect()
}

fn write(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let data = fields.map("data").ok_or_else(|| bad_request("no data provided"))?;
    let config = &call.engine.config;
    let known = call.engine.secrets.get(&call.key);
    check_cas(fields, config, known)?;
    let secret = call.engine.secrets.entry(call.key.clone()).or_insert_with(|| Secret::new(call.now));
    let data = data.map_or(Value::Null, |data| with_floats(data.into()));
    Ok(Call::response(secret.add(call.path, data, config, call.now)))
}

/// Applies a JSON merge patch to the current version.
fn patch(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let patch = fields.map("data").ok_or_else(|| bad_request("no data provided"))?;
    let not_found =
        || ServerResponse::Custom { status: StatusCode::NOT_FOUND, body: Value::Null, headers: Vec::new() };
    let Some(secret) = call.engine.secrets.get(&call.key) else { return Ok(not_found()) };
    check_cas(fields, &call.engine.config, Some(secret))?;
    let Some(version) = secret.versions.get(&secret.current) else { return Ok(not_found()) };
    if !version.is_readable(call.now) {
        return Ok(call.not_found(secret.version_to_json(secret.current), &[]));
    }
    if call.path != version.path {
        return Err(internal("could not find version data"));
    }
    let mut data = version.data.clone();
    if data.is_null() {
        return Err(internal("resource does not exist"));
    }
    merge(&mut data, patch.map_or(Value::Null, |patch| with_floats(patch.into())));
    let Some(secret) = call.engine.secrets.get_mut(&call.key) else { return Ok(not_found()) };
    Ok(Call::response(secret.add(call.path, data, &call.engine.config, call.now)))
}

fn delete(call: &mut Call<'_>) -> ServerResponse {
    let secret = call.engine.secrets.get_mut(&call.key);
    let current = secret.and_then(|secret| secret.versions.get_mut(&secret.current));
    if let Some(version) = current.filter(|version| version.is_readable(call.now)) {
        version.deleted = Some(call.now);
    }
    ServerResponse::NoContent
}

fn check_cas(fields: &Fields, config: &Settings, secret: Option<&Secret>) -> Result<(), ErrorResponse> {
    let options = fields.map("options").flatten().unwrap_or_default();
    if let Some(cas) = options.get("cas") {
        let cas = as_number(cas).map_err(|_| bad_request("error parsing check-and-set parameter"))?;
        if u64::try_from(cas) != Ok(secret.map_or(0, |secret| secret.current)) {
            return Err(bad_request("check-and-set parameter did not match the current version"));
        }
    } else if config.cas_required || secret.is_some_and(|secret| secret.settings.cas_required) {
        return Err(bad_request("check-and-set parameter required for this call"));
    }
    Ok(())
}

/// Rounds all numbers to floating point, as the server does when it reads a secret from its storage.
fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            // A whole number has no fraction.
            let rounded = number.as_f64().and_then(|float| float.to_string().parse::<Number>().ok());
            Value::Number(rounded.unwrap_or(number))
        }
        Value::Array(items) => items.into_iter().map(with_floats).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, with_floats(value))).collect(),
        other => other,
    }
}

/// Applies a patch. Removes the `null`s of what it replaces, except where that was an object.
fn merge(target: &mut Value, patch: Value) {
    match (target.as_object_mut(), patch) {
        (Some(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                if change.is_null() {
                    fields.remove(&name);
                } else {
                    merge(fields.entry(name).or_insert(Value::Null), change);
                }
            }
        }
        (Some(_), patch) => *target = patch,
        (None, mut patch) => {
            remove_nulls(&mut patch);
            *target = patch;
        }
    }
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}
