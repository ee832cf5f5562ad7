//! Version 1 of the engine: secrets without versions.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::absent;
use super::metadata::{all_below, below};
use crate::input::{Kind, Schema, as_signed_duration};
use crate::request::Verb;
use crate::response::{ErrorResponse, ServerResponse, bad_request, envelope, key_list};

pub(super) const FIELDS: Schema = &[("path", Kind::Text)];

/// In seconds.
const SYSTEM_TTL: u64 = 32 * 24 * 60 * 60;

/// The secrets by their paths.
pub(super) type Secrets = BTreeMap<String, Value>;

pub(super) fn run(
    secrets: &mut Secrets,
    (verb, path, data): (Verb, &str, Map<String, Value>),
    default_ttl: u64,
    request_id: String,
    warnings: &[String],
) -> Result<ServerResponse, ErrorResponse> {
    let folder = path.trim_end_matches('/');
    match verb {
        Verb::Read => {
            let secret = secrets.get(path).ok_or_else(absent)?;
            let mut body = envelope(request_id, secret.clone(), warnings);
            let default_ttl = if default_ttl == 0 { SYSTEM_TTL } else { default_ttl };
            body["lease_duration"] = ttl(secret).map_or(default_ttl.into(), Value::from);
            return Ok(ServerResponse::Custom { status: StatusCode::OK, body, headers: Vec::new() });
        }
        Verb::List => {
            return key_list(&below(secrets, folder), None).map(ServerResponse::data).ok_or_else(absent);
        }
        Verb::Scan => {
            let keys = key_list(&all_below(secrets, folder), None);
            return Ok(ServerResponse::data(keys.unwrap_or_else(|| json!({}))));
        }
        Verb::Write if path.is_empty() => return Err(bad_request("missing path")),
        Verb::Write if data.is_empty() => return Err(bad_request("missing data fields")),
        Verb::Write => secrets.insert(path.to_owned(), data.into()),
        Verb::Delete => secrets.remove(path),
        Verb::Patch | Verb::Help | Verb::Other => return Err(ErrorResponse::unsupported_operation()),
    };
    Ok(ServerResponse::NoContent)
}

/// Returns the seconds that a secret itself contains.
fn ttl(secret: &Value) -> Option<i64> {
    let ttl = secret.get("ttl").or_else(|| secret.get("lease"))?;
    as_signed_duration(ttl).ok().map(Option::unwrap_or_default)
}
