//! The operations on policies.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Document, IMMUTABLE, to_json};
use crate::input::{Fields, Kind, Schema};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::{ignored, warnings};
use crate::state::State;

const FIELDS: Schema = &[
    ("policy", Kind::Text),
    ("rules", Kind::Text),
    ("cas", Kind::Number),
    ("cas_required", Kind::Flag),
    ("allow_wildcards_in_identity_templates", Kind::Flag),
    ("allow_slashes_in_identity_templates", Kind::Flag),
    ("ttl", Kind::SignedDuration),
];

pub(crate) fn run(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    if let Some(prefix) = parsed.path.strip_prefix("sys/policies/detailed/acl") {
        return match parsed.verb {
            Verb::List => {
                let details = list_with_details(state, &parsed, prefix.trim_matches('/'));
                Ok(details.with_warnings(ignored(&parsed.data, &[])))
            }
            _ => Err(ErrorResponse::unsupported_operation()),
        };
    }
    let is_old = parsed.path.starts_with("sys/policy");
    let path = if is_old {
        parsed.path.strip_prefix("sys/policy")
    } else {
        parsed.path.strip_prefix("sys/policies/acl")
    };
    let path = path.filter(|path| path.is_empty() || path.starts_with('/'));
    let name = path.ok_or_else(ErrorResponse::unsupported_path)?.trim_matches('/').to_lowercase();
    let mut given = parsed.data.clone();
    given.remove("expiration");
    let warnings = if name.is_empty() { ignored(&given, &[]) } else { warnings(&given, FIELDS, "name") };
    Ok(handle(state, parsed, &name, is_old)?.with_warnings(warnings))
}

fn handle(
    state: &mut State,
    parsed: ParsedRequest,
    name: &str,
    is_old: bool,
) -> Result<ServerResponse, ErrorResponse> {
    match parsed.verb {
        Verb::List => list(state, &parsed, name, is_old),
        Verb::Read if name.is_empty() && is_old => list(state, &parsed, name, is_old),
        _ if name.is_empty() => Err(ErrorResponse::unsupported_operation()),
        Verb::Read => {
            let policy = state.policies.get(&parsed.namespace, name);
            if policy.is_none() && name != "root" {
                return Err(ErrorResponse::without_message(StatusCode::NOT_FOUND));
            }
            let field = if is_old { "rules" } else { "policy" };
            Ok(ServerResponse::data(to_json(name, policy, field)))
        }
        Verb::Write => write(state, parsed, name, is_old),
        Verb::Patch if !is_old => patch(state, parsed, name),
        Verb::Delete => {
            if name == "default" {
                return Err(bad_request("cannot delete default policy"));
            }
            if IMMUTABLE.contains(&name) {
                return Err(bad_request(format!("cannot delete {} policy", quoted(name))));
            }
            state.policies.remove(&parsed.namespace, name);
            Ok(ServerResponse::NoContent)
        }
        Verb::Scan | Verb::Patch | Verb::Help | Verb::Other => Err(ErrorResponse::unsupported_operation()),
    }
}

/// Returns the names below a prefix. `root` is listed only without one.
fn names<'s>(state: &'s State, namespace: &str, prefix: &str) -> Vec<&'s str> {
    let mut names = state.policies.names(namespace);
    names.retain(|name| {
        prefix.is_empty() || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
    });
    names
}

fn list(
    state: &State,
    parsed: &ParsedRequest,
    prefix: &str,
    is_old: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let mut names = names(state, &parsed.namespace, prefix);
    if prefix.is_empty() && parsed.namespace.is_empty() {
        names.push("root");
    }
    if names.is_empty() && is_old {
        return Ok(ServerResponse::data(json!({ "policies": null })));
    }
    if names.is_empty() {
        return Err(ErrorResponse::without_message(StatusCode::NOT_FOUND));
    }
    let mut data = json!({ "keys": names });
    if is_old {
        data["policies"] = data["keys"].clone();
    }
    Ok(ServerResponse::data(data))
}

fn list_with_details(state: &State, parsed: &ParsedRequest, prefix: &str) -> ServerResponse {
    let mut names = names(state, &parsed.namespace, prefix);
    if parsed.namespace.is_empty() {
        names.push("root");
    }
    let info = |name: &str| to_json(name, state.policies.get(&parsed.namespace, name), "policy");
    let infos: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), info(name))).collect();
    ServerResponse::data(json!({ "keys": names, "key_info": infos }))
}

fn write(
    state: &mut State,
    parsed: ParsedRequest,
    name: &str,
    is_old: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let given_expiration = expiration(&parsed.data)?;
    let fields = Fields::new(parsed.data, FIELDS)?;
    let (mut text, mut warnings) = (fields.text("policy"), Vec::new());
    if text.is_empty() && is_old {
        text = fields.text("rules");
        warnings.push("'rules' is deprecated, please use 'policy' instead".to_owned());
    }
    let document = Document {
        text,
        cas_required: fields.flag("cas_required").unwrap_or_default(),
        allow_wildcards: fields.flag("allow_wildcards_in_identity_templates").unwrap_or_default(),
        allow_slashes: fields.flag("allow_slashes_in_identity_templates").unwrap_or_default(),
        expiration: None,
    };
    put(state, &parsed.namespace, name, document, given_expiration, fields.number("cas"), &fields)?;
    Ok(if warnings.is_empty() {
        ServerResponse::NoContent
    } else {
        ServerResponse::Data { data: Value::Null, warnings }
    })
}

fn patch(state: &mut State, parsed: ParsedRequest, name: &str) -> Result<ServerResponse, ErrorResponse> {
    let given_expiration = expiration(&parsed.data)?;
    let fields = Fields::new(parsed.data, FIELDS)?;
    let current = state.policies.get(&parsed.namespace, name);
    if current.is_none() && name != "root" {
        return Err(bad_request("policy not found"));
    }
    let version = current.map_or(0, |policy| policy.version);
    let mut document = current.map(|policy| policy.document.clone()).unwrap_or_default();
    if let Some(text) = fields.given_text("policy") {
        document.text = text;
    }
    for (name, flag) in [
        ("cas_required", &mut document.cas_required),
        ("allow_wildcards_in_identity_templates", &mut document.allow_wildcards),
        ("allow_slashes_in_identity_templates", &mut document.allow_slashes),
    ] {
        *flag = fields.flag(name).unwrap_or(*flag);
    }
    let cas = fields.number("cas").unwrap_or(version);
    put(state, &parsed.namespace, name, document, given_expiration, Some(cas), &fields)?;
    Ok(ServerResponse::data(Value::Null))
}

/// Writes a policy after checks that writes and patches share. Keeps the expiration of the document if the
/// request has none.
fn put(
    state: &mut State,
    namespace: &str,
    name: &str,
    mut document: Document,
    expiration: Option<Timestamp>,
    cas: Option<i64>,
    fields: &Fields,
) -> Result<(), ErrorResponse> {
    if document.text.is_empty() {
        return Err(bad_request("'policy' parameter not supplied or empty"));
    }
    let now = state.clock.now();
    let ttl = fields.signed_seconds("ttl");
    if expiration.is_some() && ttl.is_some() {
        return Err(bad_request("cannot supply both 'expiration' and 'ttl' for policies"));
    }
    let from_ttl = ttl.map(|ttl| now.checked_add(SignedDuration::from_secs(ttl)).unwrap_or(Timestamp::MAX));
    document.expiration = expiration.or(from_ttl).or(document.expiration);
    if document.expiration.is_some_and(|expiration| expiration <= now) {
        return Err(bad_request("refusing to update policy as expiration time has already elapsed"));
    }
    if IMMUTABLE.contains(&name) {
        return Err(bad_request(format!("cannot update {} policy", quoted(name))));
    }
    state.policies.write_document(namespace, name, document, cas, now).map_err(bad_request)
}

/// Parses the field `expiration`, a time in RFC 3339 or in seconds.
fn expiration(data: &Map<String, Value>) -> Result<Option<Timestamp>, ErrorResponse> {
    let parsed = match data.get("expiration") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok()),
    };
    parsed.map(Some).ok_or_else(|| {
        let problem = "could not parse string as date and time";
        bad_request(format!(
            "Field validation failed: error converting input for field \"expiration\": {problem}"
        ))
    })
}
