//! Validates the second factor of a pending login: `sys/mfa/validate`.

use http::StatusCode;
use serde_json::{Map, Value};

use super::login::{denied, finish};
use crate::input::{Fields, Kind};
use crate::mfa::{self, Credentials};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request};
use crate::state::State;

fn fault(problem: &str) -> ErrorResponse {
    ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
}

pub(super) fn validate(state: &mut State, parsed: &ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let payload = parsed.data.get("mfa_payload").cloned().unwrap_or_default();
    let fields = Fields::new(parsed.data.clone(), &[("mfa_request_id", Kind::Text)])?;
    let problem = |kind: &str| {
        let problem =
            format!("'' expected type 'map[string]interface {{}}', got unconvertible type '{kind}'");
        bad_request(format!(
            "Field validation failed: error converting input for field \"mfa_payload\": {problem}"
        ))
    };
    let payload = match payload {
        Value::Object(payload) => payload,
        Value::Null => Map::new(),
        Value::Array(items) if items.is_empty() => Map::new(),
        Value::Array(_) => return Err(problem("[]interface {}")),
        Value::String(_) => return Err(problem("string")),
        Value::Bool(_) => return Err(problem("bool")),
        Value::Number(_) => return Err(problem("json.Number")),
    };
    let id = fields.text("mfa_request_id");
    if id.is_empty() {
        return Err(bad_request("missing request ID"));
    }
    let credentials = payload.into_iter().map(|(method, codes)| Ok((method, parse_codes(codes)?)));
    let credentials: Credentials = credentials.collect::<Result<_, ErrorResponse>>()?;

    state.auth.expire_pending(state.clock.now());
    let pending = state.auth.pending.get(&id).ok_or_else(|| bad_request("invalid request ID"))?;
    let (accessor, alias) = (pending.accessor.clone(), pending.alias.clone());
    let grant = pending.grant.clone();
    if grant.namespace != parsed.namespace {
        let problem = "original request was issued in a different namesapce";
        return Err(fault(&format!(
            "{problem} {}, current namespace is {}",
            grant.namespace, parsed.namespace
        )));
    }
    let mut context = state.context(&grant.namespace).ok_or_else(denied)?;
    let entity = grant.entity.as_ref().and_then(|entity| context.store.entities.get(entity)).cloned();
    let entity = entity.ok_or_else(|| fault("MFA validation failed. entity not found: <nil>"))?;
    let mount = context.mounts.get(&accessor);
    let mount = mount.ok_or_else(|| fault("failed to find MFAEnforcement configuration"))?;
    let enforcements = mfa::matching(&context, &entity.id, mount);
    if enforcements.is_empty() {
        return Err(fault("found nil or empty MFAEnforcement configuration"));
    }
    mfa::satisfy(&mut context, &enforcements, &entity, &credentials)
        .map_err(|problem| ErrorResponse::new(StatusCode::FORBIDDEN, problem))?;
    state.auth.pending.remove(&id);
    finish(state, (&accessor, &alias), grant, Vec::new())
}

fn parse_codes(codes: Value) -> Result<Option<Vec<String>>, ErrorResponse> {
    let invalid = || bad_request("invalid mfa payload");
    match codes {
        Value::Null => Ok(None),
        Value::Array(codes) => {
            let codes = codes.into_iter().map(|code| code.as_str().map(str::to_owned).ok_or_else(invalid));
            codes.collect::<Result<_, _>>().map(Some)
        }
        _ => Err(invalid()),
    }
}
