//! Capabilities of tokens: `sys/capabilities`, `sys/capabilities-self` and `sys/capabilities-accessor`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::acl::Acl;
use super::input::{Fields, Kind, Schema};
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request, internal, multi_error};
use super::state::State;

const FIELDS: Schema =
    &[("path", Kind::List), ("paths", Kind::List), ("token", Kind::Text), ("accessor", Kind::Text)];

/// `caller` is the token of the request.
pub(super) fn run(
    state: &State,
    parsed: ParsedRequest,
    caller: &str,
) -> Result<ServerResponse, ErrorResponse> {
    if parsed.verb != Verb::Write {
        return Err(ErrorResponse::unsupported_operation());
    }
    let invalid = |problem: &str| ErrorResponse::from_core(StatusCode::BAD_REQUEST, problem);
    let fields = Fields::new(parsed.data, FIELDS)?;
    let paths = fields.list("paths").filter(|paths| !paths.is_empty()).or_else(|| fields.list("path"));
    let paths =
        paths.filter(|paths| !paths.is_empty()).ok_or_else(|| bad_request("paths must be supplied"))?;
    let token = match &*parsed.path {
        "sys/capabilities-self" => {
            state.tokens.find_usable(caller).ok_or_else(|| invalid("invalid token"))?
        }
        "sys/capabilities-accessor" => {
            let accessor = fields.text("accessor");
            if accessor.is_empty() {
                return Err(bad_request("missing accessor"));
            }
            let found = state.tokens.with_accessor(&accessor);
            // An accessor without the identifier of a namespace is one of the root namespace.
            if found.is_none() && !accessor.contains('.') && !parsed.namespace.is_empty() {
                return Err(internal("cannot lookup token in different namespace"));
            }
            found.ok_or_else(|| invalid("invalid accessor"))?.1
        }
        _ => match &*fields.text("token") {
            "" => return Err(internal("no token found")),
            token => state.tokens.find_usable(token).ok_or_else(|| invalid("invalid token"))?,
        },
    };
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
    Ok(ServerResponse::data(Value::Object(data)))
}
