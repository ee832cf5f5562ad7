//! Capabilities of tokens: `sys/capabilities`, `sys/capabilities-self` and `sys/capabilities-accessor`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::acl::Acl;
use super::input::{Fields, Kind, Schema};
use super::permission;
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request, internal, multi_error};
use super::route::ignored;
use super::state::State;
use super::tokens;

const OF_TOKEN: Schema = &[("path", Kind::List), ("paths", Kind::List), ("token", Kind::Text)];
const OF_ACCESSOR: Schema = &[("path", Kind::List), ("paths", Kind::List), ("accessor", Kind::Text)];

/// `caller` is the token of the request.
pub(super) fn run(
    state: &State,
    parsed: ParsedRequest,
    caller: &str,
) -> Result<ServerResponse, ErrorResponse> {
    match parsed.verb {
        Verb::Write => {}
        Verb::List => return Err(ErrorResponse::unsupported_path()),
        _ => return Err(ErrorResponse::unsupported_operation()),
    }
    let invalid = |problem: &str| ErrorResponse::from_core(StatusCode::BAD_REQUEST, problem);
    let given = parsed.data.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
    let schema = if parsed.path == "sys/capabilities-accessor" { OF_ACCESSOR } else { OF_TOKEN };
    let warnings = ignored(&parsed.data, schema);
    let fields = Fields::new(parsed.data, schema)?;
    let token = match &*parsed.path {
        "sys/capabilities-self" => caller.to_owned(),
        "sys/capabilities-accessor" => {
            let accessor = fields.text("accessor");
            if accessor.is_empty() {
                return Err(bad_request("missing accessor"));
            }
            let found = state.tokens.with_accessor(&parsed.namespace, &accessor)?;
            found.ok_or_else(|| invalid("invalid accessor"))?
        }
        _ if given.is_empty() => return Err(internal("no token found")),
        _ => given,
    };
    let paths = fields.list("paths").filter(|paths| !paths.is_empty()).or_else(|| fields.list("path"));
    let paths = paths.unwrap_or_default();
    let first = paths.first().ok_or_else(|| bad_request("paths must be supplied"))?;
    if first.is_empty() {
        return Err(invalid("missing path"));
    }
    if let Some(problem) = tokens::malformed(&token) {
        return Err(internal(&problem));
    }
    let token = state.tokens.find_usable(&token);
    let token = token.filter(|token| permission::has_valid_entity(state, token));
    let token = token.ok_or_else(|| invalid("invalid token"))?;
    let acl = Acl::for_token(state, token)
        .map_err(|error| ErrorResponse::new(StatusCode::FORBIDDEN, multi_error(&error.errors)))?;
    let mut data = Map::new();
    for path in &paths {
        if path.is_empty() {
            return Err(invalid("missing path"));
        }
        let whole = format!("{}{path}", parsed.namespace);
        data.insert(path.clone(), json!(acl.capabilities(whole.trim_start_matches('/'), true)));
    }
    if let [path] = &paths[..] {
        let only = data.get(path).cloned().unwrap_or_default();
        data.insert("capabilities".to_owned(), only);
    }
    Ok(ServerResponse::Data { data: Value::Object(data), warnings })
}
