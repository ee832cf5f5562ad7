//! TOTP secrets of entities: `identity/mfa/method/totp/generate`, `admin-generate` and `admin-destroy`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::BASE32_NOPAD;
use identity_core::mfa::{AdminDestroyTotpSecret, AdminGenerateTotpSecret, GenerateTotpSecret};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::otp::Algorithm;
use super::parameters::{Settings, Totp};
use super::picture;
use crate::entity;
use crate::input::{Fields, Kind, Schema};
use crate::response::{ErrorResponse, HandlerResult, bad_request, internal, quoted};
use crate::route::{Route, route};
use crate::state::Context;
use crate::store::{CloneNormalized, Entity};

const FIELDS: Schema = &[("method_id", Kind::Text), ("entity_id", Kind::Text)];

pub(crate) const ROUTES: &[Route] = &[
    route::<GenerateTotpSecret>(&[("method_id", Kind::Text)], generate_own),
    route::<AdminGenerateTotpSecret>(FIELDS, generate),
    route::<AdminDestroyTotpSecret>(FIELDS, destroy),
];

/// The TOTP parameters of an entity. Later changes of the method do not affect them.
#[derive(Clone)]
pub(crate) struct Enrolled {
    pub(super) period: u32,
    pub(super) algorithm: Algorithm,
    pub(super) digits: u8,
    pub(super) skew: u8,
}

impl Enrolled {
    /// Returns the periods whose codes are valid.
    pub(super) fn periods(&self, now: Timestamp) -> impl Iterator<Item = u64> {
        let current = u64::try_from(now.as_second()).unwrap_or_default() / u64::from(self.period.max(1));
        let skew = u64::from(self.skew);
        current.saturating_sub(skew)..=current + skew
    }
}

/// Longer keys are rejected to save memory.
const MAX_KEY_SIZE: u32 = 1 << 16;

fn generate_own(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let entity = context.caller.entity.clone().unwrap_or_default();
    enrol(context, &fields.text("method_id"), &entity)
}

fn generate(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    enrol(context, &fields.text("method_id"), &fields.text("entity_id"))
}

fn enrol(context: &mut Context<'_>, id: &str, entity: &str) -> HandlerResult {
    if id.is_empty() {
        return Err(bad_request("missing method ID"));
    }
    if entity.is_empty() {
        return Err(bad_request("missing entityID"));
    }
    let method = context.mfa.methods.get(id).ok_or_else(|| unknown_method(id))?;
    let entity = context.store.entities.get(entity).ok_or_else(|| bad_request("invalid entity ID"))?;
    if !method.is_seen_from(context.namespace) {
        let problem = format!("entity namespace {} outside of the config namespace", context.namespace);
        return Err(bad_request(format!("{problem} {}", method.namespace)));
    }
    let Settings::Totp(totp) = &method.settings else {
        let kind = quoted(method.settings.kind());
        return Err(bad_request(format!("generate not available for MFA type {kind}")));
    };
    if entity.enrolled.contains_key(id) {
        let name = quoted(&method.name);
        context.warnings.push(format!("Entity already has a secret for MFA method {name}"));
        return Ok(None);
    }
    if totp.key_size > MAX_KEY_SIZE {
        let name = quoted(&method.name);
        return Err(internal(&format!("failed to generate TOTP key for method name {name}")));
    }

    let key = context.random.bytes(totp.key_size as usize);
    let url = url(totp, &entity.id, &key);
    let barcode = match totp.qr_size {
        0 => String::new(),
        size => {
            let drawn = picture::draw(&url, size);
            let fault = |problem: String| internal(&format!("failed to generate QR code image: {problem}"));
            BASE64.encode(drawn.map_err(fault)?)
        }
    };
    let mut entity = entity.clone_normalized();
    let Totp { period, algorithm, digits, skew, .. } = *totp;
    entity.enrolled.insert(id.to_owned(), Enrolled { period, algorithm, digits, skew });
    context.mfa.passcodes.add_key(id, &entity.id, key);
    entity::put(context.store, entity, None)?;
    Ok(Some(json!({ "url": url, "barcode": barcode })))
}

fn unknown_method(id: &str) -> ErrorResponse {
    bad_request(format!("configuration for method ID {} does not exist", quoted(id)))
}

const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
const PATH: &AsciiSet = &PART.remove(b'/').remove(b',').remove(b';');

fn url(totp: &Totp, entity: &str, key: &[u8]) -> String {
    format!(
        "otpauth://totp/{}:{entity}?algorithm={}&digits={}&issuer={}&period={}&secret={}",
        utf8_percent_encode(&totp.issuer, PATH),
        totp.algorithm.name(),
        totp.digits,
        utf8_percent_encode(&totp.issuer, PART),
        totp.period,
        BASE32_NOPAD.encode(key)
    )
}

/// Removes the secret of an entity. Succeeds if it does not exist.
fn destroy(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let (id, entity) = (fields.text("method_id"), fields.text("entity_id"));
    if id.is_empty() {
        return Err(bad_request("missing method ID"));
    }
    if entity.is_empty() {
        return Err(bad_request("missing entity ID"));
    }
    let entity = context.store.entities.get(&entity).ok_or_else(|| bad_request("invalid entity ID"))?;
    let method = context.mfa.methods.get(&id).ok_or_else(|| unknown_method(&id))?;
    if !matches!(method.settings, Settings::Totp(_)) {
        return Err(internal("method ID does not match TOTP type"));
    }
    if !method.is_seen_from(context.namespace) {
        let namespace = context.namespace;
        let problem = format!("entity namespace {namespace} outside of the current namespace {namespace}");
        return Err(bad_request(problem));
    }
    let mut entity = entity.clone_normalized();
    entity.enrolled.remove(&id);
    entity::put(context.store, entity, None)?;
    Ok(None)
}

/// Moves the secrets of a merged entity. Two secrets of the same method conflict unless `force` is set. As on
/// the server, the keys do not move, so codes of moved secrets are no longer valid.
pub(crate) fn merge(to: &mut Entity, from: &Entity, force: bool) -> Result<(), ErrorResponse> {
    for (method, enrolled) in &from.enrolled {
        if to.enrolled.contains_key(method) && !force {
            let (method, entity) = (quoted(method), quoted(&from.id));
            return Err(internal(&format!("conflicting MFA config ID {method} in entity ID {entity}")));
        }
        to.enrolled.insert(method.clone(), enrolled.clone());
    }
    Ok(())
}
