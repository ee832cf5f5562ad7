//! Responds with a page of a list.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::input::{Fields, Kind, Schema};
use crate::response::{ErrorResponse, ServerResponse};
use crate::route::ignored;

pub(super) const FIELDS: Schema = &[("after", Kind::Text), ("limit", Kind::Number)];

/// Responds with the keys after `after`, at most `limit`. The server responds to an empty list with 404
/// unless there are warnings.
pub(super) fn respond<'a>(
    raw: Map<String, Value>,
    schema: Schema,
    keys: impl Iterator<Item = &'a str>,
) -> Result<ServerResponse, ErrorResponse> {
    let warnings = ignored(&raw, schema);
    let fields = Fields::new(raw, schema)?;
    let after = fields.text("after");
    let limit =
        fields.number("limit").and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    let keys = keys.filter(|key| after.is_empty() || **key > *after).take(limit.unwrap_or(usize::MAX));
    let keys: Vec<&str> = keys.collect();
    match (keys.is_empty(), warnings.is_empty()) {
        (true, true) => Err(ErrorResponse::without_message(StatusCode::NOT_FOUND)),
        (true, false) => Ok(ServerResponse::Data { data: json!({}), warnings }),
        (false, _) => Ok(ServerResponse::Data { data: json!({ "keys": keys }), warnings }),
    }
}
