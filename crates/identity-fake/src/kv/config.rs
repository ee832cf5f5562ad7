//! The settings of the engine: `config`.

use super::Call;
use crate::input::{Fields, Kind, Schema};
use crate::request::Verb;
use crate::response::{ErrorResponse, ServerResponse};

pub(super) const FIELDS: Schema = &[
    ("max_versions", Kind::Number),
    ("cas_required", Kind::Flag),
    ("metadata_cas_required", Kind::Flag),
    ("delete_version_after", Kind::SignedDuration),
];

pub(super) fn run(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let config = &mut call.engine.config;
    if call.verb == Verb::Read {
        return Ok(Call::response(config.to_json()));
    }
    config.set(fields);
    if let Some(seconds) = fields.signed_seconds("delete_version_after") {
        config.delete_version_after = seconds.max(-1);
    }
    Ok(ServerResponse::NoContent)
}
