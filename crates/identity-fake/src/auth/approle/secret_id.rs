//! Issues, lists, reads and deletes secret identifiers: `role/NAME/secret-id` and the paths below it.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::metadata;
use super::role::Role;
use super::secret_ids::SecretId;
use super::{Roles, check_networks, missing, no_role};
use crate::auth::list;
use crate::cidr;
use crate::input::{Fields, Kind, Schema};
use crate::random::Random;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, quoted};
use crate::route::warnings;

const ISSUE: Schema = &[
    ("role_name", Kind::Text),
    ("metadata", Kind::Text),
    ("cidr_list", Kind::List),
    ("token_bound_cidrs", Kind::List),
    ("num_uses", Kind::Number),
    ("ttl", Kind::Duration),
    // Of the list, which has the same path.
    ("after", Kind::Text),
    ("limit", Kind::Number),
];

const ISSUE_CUSTOM: Schema = &[
    ("role_name", Kind::Text),
    ("secret_id", Kind::Text),
    ("metadata", Kind::Text),
    ("cidr_list", Kind::List),
    ("token_bound_cidrs", Kind::List),
    ("num_uses", Kind::Number),
    ("ttl", Kind::Duration),
];

const BY_ID: Schema = &[("role_name", Kind::Text), ("secret_id", Kind::Text)];
const BY_ACCESSOR: Schema = &[("role_name", Kind::Text), ("secret_id_accessor", Kind::Text)];

const MAX_LEN: usize = 4096;

pub(super) fn run(
    roles: &mut Roles,
    name: &str,
    path: &str,
    parsed: ParsedRequest,
    issuer: Issuer<'_>,
) -> Result<ServerResponse, ErrorResponse> {
    let schema = match path {
        "secret-id" => ISSUE,
        "custom-secret-id" => ISSUE_CUSTOM,
        "secret-id/lookup" | "secret-id/destroy" => BY_ID,
        "secret-id-accessor/lookup" | "secret-id-accessor/destroy" => BY_ACCESSOR,
        _ => return Err(ErrorResponse::unsupported_path()),
    };
    match parsed.verb {
        Verb::Write => {}
        Verb::Delete if path.ends_with("/destroy") => {}
        Verb::List if path == "secret-id" => {
            let role = roles.get(name).ok_or_else(|| bad_request(no_role(name)))?;
            return list::respond(parsed.data, ISSUE, roles.secret_ids.accessors(&role.name));
        }
        _ => return Err(ErrorResponse::unsupported_operation()),
    }
    let warnings = warnings(&parsed.data, schema, "role_name");
    let fields = Fields::new(parsed.data, schema)?;
    let data = match path {
        "secret-id" => {
            let secret_id = issuer.random.uuid();
            issue(roles, name, &secret_id, &fields, issuer)?
        }
        "custom-secret-id" => issue(roles, name, &fields.text("secret_id"), &fields, issuer)?,
        "secret-id/lookup" => {
            let (role, secret_id) = by_id(roles, name, &fields)?;
            match roles.secret_ids.get(&role, &secret_id) {
                Some(secret) => secret.to_json(),
                None => return Ok(ServerResponse::NoContent),
            }
        }
        "secret-id/destroy" => {
            let (role, secret_id) = by_id(roles, name, &fields)?;
            roles.secret_ids.remove(&role, &secret_id);
            return Ok(ServerResponse::NoContent);
        }
        "secret-id-accessor/lookup" => match by_accessor(roles, name, &fields)? {
            Found::Here(role, secret_id) => {
                roles.secret_ids.get(&role, &secret_id).map(SecretId::to_json).unwrap_or_default()
            }
            Found::Elsewhere => return Ok(ServerResponse::NoContent),
            Found::Nowhere(problem) => {
                let (status, data) = (StatusCode::NOT_FOUND, json!({ "error": problem }));
                return Ok(ServerResponse::DataWithStatus { status, data, warnings: Vec::new() });
            }
        },
        _ => match by_accessor(roles, name, &fields)? {
            Found::Here(role, secret_id) => {
                roles.secret_ids.remove(&role, &secret_id);
                return Ok(ServerResponse::NoContent);
            }
            Found::Elsewhere => {
                return Err(ErrorResponse::new(StatusCode::FORBIDDEN, "invalid secret id accessor"));
            }
            Found::Nowhere(problem) => return Err(internal(&problem)),
        },
    };
    Ok(ServerResponse::Data { data, warnings })
}

fn existing<'r>(roles: &'r Roles, name: &str) -> Result<&'r Role, ErrorResponse> {
    roles.get(name).ok_or_else(|| internal(&no_role(name)))
}

/// Returns the name of the role and the secret identifier, which may not exist.
fn by_id(roles: &Roles, name: &str, fields: &Fields) -> Result<(String, String), ErrorResponse> {
    let secret_id = fields.text("secret_id");
    if secret_id.is_empty() {
        return Err(missing("secret_id"));
    }
    let role = existing(roles, name)?;
    check_len(&secret_id)
        .map_err(|problem| internal(&format!("failed to create HMAC of secret_id: {problem}")))?;
    Ok((role.name.clone(), secret_id))
}

/// Where the secret identifier with an accessor was found.
enum Found {
    /// With the name of the role, and the secret identifier.
    Here(String, String),
    /// At another role, or at a deleted one.
    Elsewhere,
    /// With the error message.
    Nowhere(String),
}

fn by_accessor(roles: &Roles, name: &str, fields: &Fields) -> Result<Found, ErrorResponse> {
    let accessor = fields.text("secret_id_accessor");
    if accessor.is_empty() {
        return Err(missing("secret_id_accessor"));
    }
    let Role { name: here, local, .. } = existing(roles, name)?;
    Ok(match roles.secret_ids.with_accessor(*local, &accessor) {
        Some((role, secret_id))
            if role == here
                && roles
                    .secret_ids
                    .get(role, secret_id)
                    .is_some_and(|secret| secret.accessor == accessor) =>
        {
            Found::Here(role.clone(), secret_id.clone())
        }
        Some(_) => Found::Elsewhere,
        None => {
            let accessor = quoted(&accessor);
            Found::Nowhere(format!("failed to find accessor entry for secret_id_accessor: {accessor}"))
        }
    })
}

/// Fails if a secret identifier is too long for the server to hash.
pub(super) fn check_len(secret_id: &str) -> Result<(), String> {
    match secret_id.len() {
        ..=MAX_LEN => Ok(()),
        _ => Err(format!("value is longer than maximum of {MAX_LEN} bytes")),
    }
}

/// Fails unless the networks of a secret identifier are within those of its role.
pub(super) fn check_subset(of_secret: &[String], of_role: &[String]) -> Result<(), String> {
    let of_role: Vec<String> = of_role
        .iter()
        .map(|network| if network.contains('/') { network.clone() } else { format!("{network}/32") })
        .collect();
    if of_role.is_empty() || cidr::are_within(of_secret, &of_role) {
        return Ok(());
    }
    let list = |networks: &[String]| networks.iter().map(|one| quoted(one)).collect::<Vec<_>>().join(" ");
    let (of_role, of_secret) = (list(&of_role), list(of_secret));
    // The end is what Go makes of an error that is nil.
    Err(format!(
        "failed to verify subset relationship between CIDR blocks on the role [{of_role}] and CIDR blocks on the secret \
         ID [{of_secret}]: %!w(<nil>)"
    ))
}

/// What is needed to issue a secret identifier.
pub(super) struct Issuer<'a> {
    pub(super) now: Timestamp,
    /// The maximum TTL of the mount in seconds.
    pub(super) max_ttl: u64,
    pub(super) random: &'a mut Random,
}

fn issue(
    roles: &mut Roles,
    name: &str,
    secret_id: &str,
    fields: &Fields,
    Issuer { now, max_ttl, random }: Issuer<'_>,
) -> Result<Value, ErrorResponse> {
    let fault = |problem: String| internal(&problem);
    if secret_id.is_empty() {
        return Err(missing("secret_id"));
    }
    let role = roles.get(name).ok_or_else(|| ErrorResponse::new(StatusCode::NOT_FOUND, no_role(name)))?;
    if !role.bind_secret_id {
        return Err(bad_request("bind_secret_id is not set on the role"));
    }
    let bound_cidrs = fields.list("cidr_list").unwrap_or_default();
    check_networks(&bound_cidrs).map_err(|problem| fault(format!("failed to validate {problem}")))?;
    check_subset(&bound_cidrs, role.networks()).map_err(fault)?;
    let token_bound_cidrs = fields.list("token_bound_cidrs").unwrap_or_default();
    check_networks(&token_bound_cidrs)
        .map_err(|problem| fault(format!("failed to validate token {problem}")))?;
    check_subset(&token_bound_cidrs, &role.token.bound_cidrs).map_err(fault)?;

    let exceeds = |value: u64, limit: u64| limit > 0 && (value == 0 || value > limit);
    let uses = match fields.number("num_uses") {
        Some(uses) => u64::try_from(uses).map_err(|_| bad_request("num_uses cannot be negative"))?,
        None => role.uses,
    };
    if exceeds(uses, role.uses) {
        return Err(bad_request("num_uses cannot be higher than the role's secret_id_num_uses"));
    }
    let ttl = fields.seconds("ttl").unwrap_or(role.ttl);
    if exceeds(ttl, role.ttl) {
        return Err(bad_request("ttl cannot be longer than the role's secret_id_ttl"));
    }
    let metadata = metadata::parse(&fields.text("metadata"))
        .map_err(|problem| bad_request(format!("failed to parse metadata: {problem}")))?;
    check_len(secret_id).map_err(|problem| {
        fault(format!("failed to store secret_id: failed to create HMAC of secret ID: {problem}"))
    })?;
    if roles.secret_ids.get(&role.name, secret_id).is_some() {
        return Err(internal("failed to store secret_id: SecretID is already registered"));
    }

    let effective_ttl = ttl.min(max_ttl);
    let lifetime = SignedDuration::from_secs(i64::try_from(effective_ttl).unwrap_or(i64::MAX));
    let expires = now.checked_add(lifetime).ok().filter(|_| effective_ttl > 0);
    let accessor = random.uuid();
    let name = role.name.clone();
    let secret = SecretId {
        accessor: accessor.clone(),
        is_local: role.local,
        uses,
        ttl,
        created: now,
        expires,
        updated: now,
        metadata,
        bound_cidrs,
        token_bound_cidrs,
    };
    roles.secret_ids.add(&name, secret_id, secret);
    Ok(json!({
        "secret_id": secret_id,
        "secret_id_accessor": accessor,
        "secret_id_num_uses": uses,
        "secret_id_ttl": effective_ttl,
    }))
}
