//! Logs in: finds the entity, requires a second factor, and creates the token.

use std::sync::Arc;

use http::StatusCode;
use http::header::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::external_groups::{self, GroupAliases};
use super::grant::{Grant, create_token};
use super::lockout;
use crate::entity;
use crate::headers::MFA;
use crate::input::{Fields, Pairs, Schema};
use crate::mfa::{self, Credentials};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request};
use crate::state::{Context, State};
use crate::store::{Alias, CloneNormalized, Entity};

/// A login that waits for its second factor.
pub(super) struct Pending {
    pub(super) accessor: String,
    pub(super) alias: String,
    pub(super) grant: Grant,
}

const MFA_TIMEOUT: SignedDuration = SignedDuration::from_secs(300);

/// Parses the headers `X-Vault-MFA: <method>:<code>`.
pub(crate) fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, ErrorResponse> {
    let mut credentials = Credentials::new();
    for header in headers.get_all(MFA) {
        let header = String::from_utf8_lossy(header.as_bytes());
        let missing = |what: &str| {
            let problem = format!("invalid data in header \"X-Vault-MFA\"; missing method {what}");
            Err(bad_request(format!("failed to parse X-Vault-MFA header: {problem}")))
        };
        let (method, code) = match header.split_once(':') {
            None if header.is_empty() => continue,
            None => (&*header, None),
            Some(("", _)) => return missing("name or ID"),
            Some((_, "")) => return missing("value"),
            Some((method, code)) => (method, Some(code.to_owned())),
        };
        let codes = credentials.entry(method.to_owned()).or_default().get_or_insert_default();
        codes.extend(code);
    }
    Ok(Some(credentials).filter(|credentials| !credentials.is_empty()))
}

pub(super) fn denied() -> ErrorResponse {
    ErrorResponse::new(StatusCode::FORBIDDEN, "permission denied")
}

pub(super) fn unsupported_operation() -> ErrorResponse {
    ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation")
}

/// Parses the fields of a login. Mounts that lock users out parse them early, and respond to invalid ones
/// with 500. Others first reject methods that do not write.
pub(super) fn fields(
    state: &State,
    parsed: &ParsedRequest,
    accessor: &str,
    schema: Schema,
) -> Result<Fields, ErrorResponse> {
    let status = invalid_status(state, accessor);
    if parsed.verb != Verb::Write && status == StatusCode::BAD_REQUEST {
        return Err(unsupported_operation());
    }
    Fields::new(parsed.data.clone(), schema).map_err(|mut error| {
        error.status = status;
        error
    })
}

/// Returns the status of the response to invalid fields.
pub(super) fn invalid_status(state: &State, accessor: &str) -> StatusCode {
    match lockout::config(state, accessor) {
        Some(_) => StatusCode::INTERNAL_SERVER_ERROR,
        None => StatusCode::BAD_REQUEST,
    }
}

/// Returns the name of the mount as the display names of its tokens begin with it.
pub(super) fn mount_name(parsed: &ParsedRequest) -> String {
    let path = format!("{}{}", parsed.namespace, parsed.path);
    let path = path.strip_prefix("auth/").unwrap_or(&path);
    path.rsplit_once("/login").map_or(path, |(mount, _)| mount).replace('/', "-")
}

/// A login whose credentials are already validated.
pub(super) struct Login<'a> {
    /// The accessor of the mount.
    pub(super) accessor: &'a str,
    /// The name of the entity alias.
    pub(super) alias: &'a str,
    /// The metadata of the entity alias. `None` leaves it unchanged.
    pub(super) metadata: Option<Pairs>,
    /// The names of the group aliases.
    pub(super) groups: Vec<String>,
    pub(super) grant: Grant,
}

/// Logs in: finds the entity, requires a second factor, and creates the token.
pub(super) fn log_in(
    state: &mut State,
    login: Login<'_>,
    credentials: Option<&Credentials>,
    mut warnings: Vec<String>,
) -> Result<ServerResponse, ErrorResponse> {
    let Login { accessor, alias, metadata, groups, mut grant } = login;
    let mut context = state.context(&grant.namespace).ok_or_else(denied)?;
    let entity = entity_for_alias(&mut context, accessor, alias, metadata)?;
    if entity.disabled {
        return Err(denied());
    }
    grant.groups = GroupAliases { accessor: accessor.to_owned(), names: groups };
    external_groups::refresh(context.store, &entity.id, &mut grant.groups);
    grant.entity = Some(entity.id.clone());
    accessor.clone_into(&mut grant.mount);
    let mount = context.mounts.get(accessor).ok_or_else(denied)?;
    grant.is_batch = match &*mount.token_type {
        "service" => false,
        "batch" => true,
        "default-batch" if !grant.is_service => true,
        _ => grant.is_batch,
    };
    let enforcements = mfa::matching(&context, &entity.id, mount);
    if enforcements.is_empty() {
        if credentials.is_some() {
            warnings.push("Found MFA header but failed to find MFA Enforcement Config".to_owned());
        }
    } else if let Some(credentials) = credentials {
        mfa::satisfy(&mut context, &enforcements, &entity, credentials).map_err(|_| denied())?;
    } else {
        let id = context.random.uuid();
        let constraints = mfa::constraints(context.mfa, &enforcements);
        let until = context.now.checked_add(MFA_TIMEOUT).unwrap_or(Timestamp::MAX);
        let (accessor, alias) = (accessor.to_owned(), alias.to_owned());
        state.auth.expire_pending(state.clock.now());
        state.auth.pending_until.insert((until, id.clone()));
        state.auth.pending.insert(id.clone(), Pending { accessor, alias, grant });
        warnings.push(
            "A login request was issued that is subject to MFA validation. Please make sure to validate the login by \
             sending another request to mfa/validate endpoint."
                .to_owned(),
        );
        let requirement = json!({ "mfa_request_id": id, "mfa_constraints": constraints });
        return Ok(ServerResponse::Auth { auth: pending_auth(&requirement), warnings });
    }
    finish(state, (accessor, alias), grant, warnings)
}

/// Creates the token of a login whose second factor is satisfied.
pub(super) fn finish(
    state: &mut State,
    (accessor, alias): (&str, &str),
    grant: Grant,
    warnings: Vec<String>,
) -> Result<ServerResponse, ErrorResponse> {
    if grant.policies.iter().any(|policy| policy == "root") {
        return Err(bad_request("auth methods cannot create root tokens"));
    }
    lockout::reset(state, accessor, alias);
    create_token(state, grant, warnings)
}

/// Returns the entity with the alias. Creates both if the alias does not exist.
pub(super) fn entity_for_alias(
    context: &mut Context<'_>,
    accessor: &str,
    name: &str,
    metadata: Option<Pairs>,
) -> Result<Entity, ErrorResponse> {
    if let Some(alias) = context.store.aliases.at(accessor, name) {
        let mut entity = context.store.entities.get(&alias.canonical_id).cloned().ok_or_else(denied)?;
        if let Some(metadata) = metadata {
            set_metadata(context, &mut entity, (accessor, name), metadata)?;
        }
        return Ok(entity);
    }
    let mut entity = entity::new(context);
    let local = context.mounts.get(accessor).is_some_and(|mount| mount.local);
    entity.aliases.push(Alias {
        id: context.new_id(),
        canonical_id: entity.id.clone(),
        name: name.to_owned(),
        mount_accessor: accessor.to_owned(),
        metadata,
        custom_metadata: None,
        local,
        merged_from: Vec::new(),
        created: context.now,
        updated: context.now,
        object: Arc::default(),
    });
    entity::put(context.store, entity.clone(), None)?;
    Ok(entity)
}

/// Updates the metadata of an alias if it has changed.
fn set_metadata(
    context: &mut Context<'_>,
    entity: &mut Entity,
    (accessor, name): (&str, &str),
    metadata: Pairs,
) -> Result<(), ErrorResponse> {
    let is_changed = |alias: &Alias| {
        (&*alias.mount_accessor, &*alias.name) == (accessor, name)
            && !alias.metadata.iter().flatten().eq(&metadata)
    };
    let Some(index) = entity.aliases.iter().position(is_changed) else { return Ok(()) };
    *entity = entity.clone_normalized();
    if let Some(alias) = entity.aliases.get_mut(index) {
        alias.metadata = Some(metadata);
        alias.updated = context.now;
    }
    entity::put(context.store, entity.clone(), None)
}

fn pending_auth(requirement: &Value) -> Value {
    json!({
        "client_token": "",
        "accessor": "",
        "policies": null,
        "metadata": null,
        "lease_duration": 0,
        "renewable": false,
        "entity_id": "",
        "token_type": "default",
        "orphan": false,
        "mfa_requirement": requirement,
        "num_uses": 0,
    })
}
