//! Creates tokens.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::external_groups::GroupAliases;
use super::login::denied;
use crate::duration;
use crate::entity;
use crate::input::Pairs;
use crate::response::{ErrorResponse, ServerResponse, quoted};
use crate::state::State;
use crate::store::Store;
use crate::tokens::{Lease, Token};

/// The properties of a token to create.
#[derive(Clone, Default)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) entity: Option<String>,
    /// The path of the request that created it.
    pub(super) path: String,
    pub(super) display_name: String,
    pub(super) policies: Vec<String>,
    pub(super) meta: Option<Pairs>,
    /// In seconds. 0 selects the default.
    pub(super) ttl: u64,
    pub(super) max_ttl: u64,
    pub(super) explicit_max_ttl: u64,
    pub(super) uses: u64,
    pub(super) is_batch: bool,
    pub(super) renewable: bool,
    pub(super) orphan: bool,
    pub(super) groups: GroupAliases,
}

/// The default and maximum TTL: 32 days.
const MAX_TTL: u64 = 32 * 24 * 60 * 60;

/// Sorts the policies of a token and adds `default` if it is wanted. Root tokens do not get it.
pub(super) fn with_default_policy(mut policies: Vec<String>, is_wanted: bool) -> Vec<String> {
    let has = |name: &str| policies.iter().any(|policy| policy == name);
    if is_wanted && !has("root") && !has("default") {
        policies.push("default".to_owned());
    }
    policies.sort_unstable();
    policies
}

pub(super) fn create_token(
    state: &mut State,
    grant: Grant,
    mut warnings: Vec<String>,
) -> Result<ServerResponse, ErrorResponse> {
    let context = state.context(&grant.namespace).ok_or_else(denied)?;
    let from_identity =
        grant.entity.as_ref().map(|entity| identity_policies(context.store, entity)).unwrap_or_default();
    let namespace_id = context.namespace_id.to_owned();

    let policies = grant.policies;
    let is_root = policies.iter().any(|policy| policy == "root");
    let unlimited = is_root && grant.ttl == 0;
    let mut ttl = if grant.ttl == 0 && !unlimited { MAX_TTL } else { grant.ttl };
    let max = [grant.max_ttl, grant.explicit_max_ttl].into_iter().filter(|max| *max > 0).min();
    let max = max.unwrap_or(MAX_TTL).min(MAX_TTL);
    if ttl > max {
        if grant.ttl > 0 {
            let (requested, max) =
                (quoted(&duration::format_brief(ttl)), quoted(&duration::format_brief(max)));
            let capped = "TTL value is capped accordingly";
            warnings
                .insert(0, format!("TTL of {requested} exceeded the effective max_ttl of {max}; {capped}"));
        }
        ttl = max;
    }

    let suffix = if namespace_id == "root" { String::new() } else { format!(".{namespace_id}") };
    let (prefix, length) = if grant.is_batch { ("b", 140) } else { ("s", 24) };
    let generated = format!("{prefix}.{}{suffix}", state.random.alphanumeric(length));
    let token = if grant.id.is_empty() { generated } else { grant.id };
    let accessor = format!("{}{suffix}", state.random.alphanumeric(24));
    let lease = Lease {
        accessor: if grant.is_batch { String::new() } else { accessor },
        policies,
        meta: grant.meta,
        created: state.clock.now(),
        ttl,
        renewed: 0,
        explicit_max_ttl: grant.explicit_max_ttl,
        uses: Some(grant.uses).filter(|uses| *uses > 0),
        display_name: grant.display_name,
        path: grant.path,
        renewable: grant.renewable && !grant.is_batch && !unlimited,
        orphan: grant.orphan,
        is_batch: grant.is_batch,
        groups: grant.groups,
    };
    let auth = to_json(&token, &lease, grant.entity.as_deref(), &from_identity);
    state.tokens.add(token, Token { namespace: grant.namespace, entity: grant.entity, lease, access: None });
    Ok(ServerResponse::Auth { auth, warnings })
}

/// Returns the policies of an entity followed by those of its groups.
pub(crate) fn identity_policies(store: &Store, entity: &str) -> Vec<String> {
    let (direct, inherited) = entity::groups(store, entity);
    let groups = direct.into_iter().chain(inherited).filter_map(|group| store.groups.get(group));
    let own = store.entities.get(entity).into_iter().flat_map(|entity| &entity.policies);
    let mut policies: Vec<String> = Vec::new();
    for policy in own.chain(groups.flat_map(|group| group.policies.iter().flatten())) {
        if !policies.contains(policy) {
            policies.push(policy.clone());
        }
    }
    policies
}

/// Returns the `auth` part of the response that creates the token.
pub(super) fn to_json(token: &str, lease: &Lease, entity: Option<&str>, from_identity: &[String]) -> Value {
    let all: BTreeSet<&String> = lease.policies.iter().chain(from_identity).collect();
    let mut object = json!({
        "client_token": token,
        "accessor": lease.accessor,
        "policies": all,
        "token_policies": lease.policies,
        "metadata": lease.meta,
        "lease_duration": lease.ttl,
        "renewable": lease.renewable,
        "entity_id": entity.unwrap_or_default(),
        "token_type": if lease.is_batch { "batch" } else { "service" },
        "orphan": lease.orphan,
        "mfa_requirement": null,
        "num_uses": lease.uses.unwrap_or_default(),
    });
    if !from_identity.is_empty() {
        let mut sorted = from_identity.to_vec();
        sorted.sort_unstable();
        object["identity_policies"] = json!(sorted);
    }
    object
}
