//! Deletes, undeletes and destroys versions: `delete`, `undelete` and `destroy`.

use serde_json::Value;

use super::Call;
use super::secret::{Secret, Version};
use crate::input::{Fields, Kind, Schema};
use crate::response::{ErrorResponse, ServerResponse, bad_request};

pub(super) const FIELDS: Schema = &[("path", Kind::Text), ("versions", Kind::Numbers)];

pub(super) fn delete(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let numbers = numbers(fields).ok_or_else(|| bad_request("No version number provided"))?;
    let now = call.now;
    if let Some(secret) = call.engine.secrets.get_mut(&call.key) {
        for version in selected(secret, numbers).filter(|version| !version.is_deleted(now)) {
            version.deleted = Some(now);
        }
    }
    Ok(ServerResponse::NoContent)
}

pub(super) fn undelete(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let numbers = numbers(fields).ok_or_else(|| bad_request("No version number provided"))?;
    if let Some(secret) = call.engine.secrets.get_mut(&call.key) {
        let deletion = secret.deletion(&call.engine.config, call.now);
        for version in selected(secret, numbers) {
            version.deleted = deletion;
        }
    }
    Ok(ServerResponse::NoContent)
}

pub(super) fn destroy(call: &mut Call<'_>, fields: &Fields) -> Result<ServerResponse, ErrorResponse> {
    let numbers = numbers(fields).ok_or_else(|| bad_request("no version number provided"))?;
    if let Some(secret) = call.engine.secrets.get_mut(&call.key) {
        for version in selected(secret, numbers) {
            version.destroyed = true;
            version.data = Value::Null;
        }
    }
    Ok(ServerResponse::NoContent)
}

fn numbers(fields: &Fields) -> Option<Vec<i64>> {
    fields.numbers("versions").filter(|numbers| !numbers.is_empty())
}

/// Returns the versions with these numbers that exist and are not destroyed.
fn selected(secret: &mut Secret, numbers: Vec<i64>) -> impl Iterator<Item = &mut Version> {
    let versions = secret.versions.iter_mut();
    versions
        .filter(move |(number, _)| i64::try_from(**number).is_ok_and(|number| numbers.contains(&number)))
        .map(|(_, version)| version)
        .filter(|version| !version.destroyed)
}
