//! Creates tokens.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::external_groups::GroupAliases;
use super::login::denied;
use super::ttl::{self, Limits};
use crate::entity;
use crate::input::Pairs;
use crate::limits::policies;
use crate::namespaces::Namespace;
use crate::response::{ErrorResponse, ServerResponse, internal};
use crate::state::State;
use crate::store::Store;
use crate::tokens::{Lease, Token, expiry};

/// The properties of a token to create.
#[derive(Clone, Default)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) entity: Option<String>,
    /// The token that creates it. `None` for orphans.
    pub(super) parent: Option<String>,
    /// The accessor of the auth method.
    pub(super) mount: String,
    /// The path of the request that created it.
    pub(super) path: String,
    pub(super) display_name: String,
    pub(super) policies: Vec<String>,
    pub(super) meta: Option<Pairs>,
    pub(super) role: String,
    pub(super) groups: GroupAliases,
    /// The networks that may use the token.
    pub(super) bound_cidrs: Vec<String>,
    pub(super) limits: Limits,
    /// 0 means unlimited.
    pub(super) uses: i64,
    pub(super) is_batch: bool,
    /// Whether the role asks for a service token, even if the default of the mount is another type.
    pub(super) is_service: bool,
    pub(super) renewable: bool,
}

/// Normalizes the policies of a token and adds `default` if it is wanted. `root` replaces all others.
pub(super) fn with_default_policy(names: Vec<String>, is_wanted: bool) -> Vec<String> {
    let mut names = policies(names);
    if names.iter().any(|name| name == "root") {
        return vec!["root".to_owned()];
    }
    if is_wanted {
        names.push("default".to_owned());
    }
    policies(names)
}

/// Creates the token of a login.
pub(super) fn create_token(
    state: &mut State,
    grant: Grant,
    mut warnings: Vec<String>,
) -> Result<ServerResponse, ErrorResponse> {
    let mount = state.mounts.get(&grant.mount);
    let (ttl, capped) = ttl::calculate(mount, grant.limits, 0, 0).map_err(internal)?;
    warnings.extend(capped);
    Ok(ServerResponse::Auth { auth: issue(state, grant, ttl)?, warnings })
}

/// Creates a token with this TTL. Returns the `auth` part of the response.
pub(super) fn issue(state: &mut State, grant: Grant, ttl: u64) -> Result<Value, ErrorResponse> {
    let Namespace { id: namespace_id, .. } = state.namespaces.get(&grant.namespace).ok_or_else(denied)?;
    let suffix = if namespace_id == "root" { String::new() } else { format!(".{namespace_id}") };
    let (prefix, length) = if grant.is_batch { ("b", 140) } else { ("s", 24) };
    let generated = format!("{prefix}.{}{suffix}", state.random.alphanumeric(length));
    let id = if grant.id.is_empty() || grant.is_batch { generated } else { grant.id };
    let accessor = format!("{}{suffix}", state.random.alphanumeric(24));
    let mut created = state.clock.now();
    if grant.is_batch {
        created = Timestamp::from_second(created.as_second()).unwrap_or(created);
    }
    let lease = Lease {
        accessor: if grant.is_batch { String::new() } else { accessor },
        policies: grant.policies,
        meta: grant.meta,
        role: grant.role,
        groups: grant.groups,
        // A root token without expiry is not bound.
        bound_cidrs: if ttl > 0 { grant.bound_cidrs } else { Vec::new() },
        created,
        ttl,
        expires: expiry(created, ttl),
        renewed: None,
        limits: grant.limits,
        all_uses: grant.uses,
        was_orphan: grant.parent.is_none(),
        // The server counts no uses of batch tokens.
        uses: (grant.uses != 0 && !grant.is_batch).then(|| u64::try_from(grant.uses).unwrap_or_default()),
        display_name: grant.display_name,
        path: grant.path,
        renewable: grant.renewable && !grant.is_batch && ttl > 0,
        is_batch: grant.is_batch,
    };
    let Grant { namespace, entity, parent, mount, .. } = grant;
    let token = Token { namespace, entity, parent, mount, lease, access: None };
    let auth = to_json(state, &id, &token, ttl);
    state.tokens.add(id, token);
    Ok(auth)
}

/// Returns the policies of an entity followed by those of its groups.
pub(crate) fn identity_policies(store: &Store, entity: &str) -> Vec<String> {
    let Some(entity) = store.current_entity(entity) else { return Vec::new() };
    let (direct, inherited) = entity::groups(store, &entity.id);
    let groups = direct.into_iter().chain(inherited).filter_map(|group| store.groups.get(group));
    let mut policies: Vec<String> = Vec::new();
    for policy in entity.policies.iter().chain(groups.flat_map(|group| group.policies.iter().flatten())) {
        if !policies.contains(policy) {
            policies.push(policy.clone());
        }
    }
    policies
}

/// Returns the policies that a token has through its entity.
pub(super) fn policies_through_entity(state: &State, token: &Token) -> Vec<String> {
    let namespace = state.namespaces.get(&token.namespace);
    let from_identity = namespace.zip(token.entity.as_ref());
    from_identity.map(|(at, entity)| identity_policies(&at.store, entity)).unwrap_or_default()
}

/// Returns the `auth` part of the response that creates or renews a token.
pub(super) fn to_json(state: &State, id: &str, token: &Token, ttl: u64) -> Value {
    let lease = &token.lease;
    let mut from_identity = policies_through_entity(state, token);
    let all: BTreeSet<&String> = lease.policies.iter().chain(&from_identity).collect();
    let mut object = json!({
        "client_token": id,
        "accessor": lease.accessor,
        "policies": all,
        "metadata": lease.meta,
        "lease_duration": ttl,
        "renewable": lease.renewable,
        "entity_id": token.entity.as_deref().unwrap_or_default(),
        "token_type": if lease.is_batch { "batch" } else { "service" },
        "orphan": lease.was_orphan,
        "mfa_requirement": null,
        "num_uses": lease.all_uses,
    });
    if !lease.policies.is_empty() {
        object["token_policies"] = json!(lease.policies);
    }
    if !from_identity.is_empty() {
        from_identity.sort_unstable();
        object["identity_policies"] = json!(from_identity);
    }
    object
}
