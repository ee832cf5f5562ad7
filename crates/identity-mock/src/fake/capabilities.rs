//! Capabilities of tokens: `sys/capabilities`, `sys/capabilities-self` and `sys/capabilities-accessor`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::acl::Acl;
use super::answer::{Answer, Refusal, bad, internal, listed};
use super::input::{Fields, Kind, Schema};
use super::request::{Asked, Verb};
use super::state::State;

const FIELDS: Schema =
    &[("path", Kind::List), ("paths", Kind::List), ("token", Kind::Text), ("accessor", Kind::Text)];

/// `caller` is the token of the request.
pub(super) fn run(state: &State, asked: Asked, caller: &str) -> Result<Answer, Refusal> {
    if asked.verb != Verb::Write {
        return Err(Refusal::unsupported_operation());
    }
    let refused = |problem: &str| Refusal::by_core(StatusCode::BAD_REQUEST, problem);
    let fields = Fields::new(asked.data, FIELDS)?;
    let paths = fields.list("paths").filter(|paths| !paths.is_empty()).or_else(|| fields.list("path"));
    let paths = paths.filter(|paths| !paths.is_empty()).ok_or_else(|| bad("paths must be supplied"))?;
    let token = match &*asked.path {
        "sys/capabilities-self" => state.tokens.find(caller).ok_or_else(|| refused("invalid token"))?,
        "sys/capabilities-accessor" => {
            let found = state.tokens.with_accessor(&fields.text("accessor"));
            found.ok_or_else(|| refused("invalid accessor"))?.1
        }
        _ => match &*fields.text("token") {
            "" => return Err(internal("no token found")),
            token => state.tokens.find(token).ok_or_else(|| refused("invalid token"))?,
        },
    };
    let acl = Acl::of(state, token)
        .map_err(|refusal| Refusal::new(StatusCode::FORBIDDEN, listed(&refusal.errors)))?;
    let mut data = Map::new();
    for path in &paths {
        if path.is_empty() {
            return Err(refused("missing path"));
        }
        let whole = format!("{}{}", asked.namespace, path.strip_prefix('/').unwrap_or(path));
        data.insert(path.clone(), json!(acl.capabilities(&whole, true)));
    }
    if let [path] = &paths[..] {
        let only = data.get(path).cloned().unwrap_or_default();
        data.insert("capabilities".to_owned(), only);
    }
    Ok(Answer::Doubled { data: Value::Object(data) })
}
