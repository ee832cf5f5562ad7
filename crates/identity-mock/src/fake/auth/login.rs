//! From a proof of who it is to a token: entity, second factor, token.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use http::header::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::fake::answer::{Answer, Refusal, bad, quoted};
use crate::fake::duration;
use crate::fake::entity;
use crate::fake::input::{Fields, Kind};
use crate::fake::mfa::{self, Credentials};
use crate::fake::request::Asked;
use crate::fake::state::{Context, State};
use crate::fake::store::{Alias, Entity, Pairs};
use crate::fake::tokens::{Lease, Token};

/// What a token is to be.
#[derive(Clone, Default)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) entity: Option<String>,
    /// The path that it was asked for at.
    pub(super) path: String,
    pub(super) display_name: String,
    pub(super) policies: Vec<String>,
    pub(super) default_policy: bool,
    pub(super) meta: Option<Pairs>,
    /// Seconds; 0 where nothing is said of it.
    pub(super) ttl: u64,
    pub(super) max_ttl: u64,
    pub(super) explicit_max_ttl: u64,
    pub(super) uses: u64,
    pub(super) is_batch: bool,
    pub(super) renewable: bool,
    pub(super) orphan: bool,
}

/// A log-in that still wants a second factor.
pub(super) struct Pending {
    accessor: String,
    grant: Grant,
    until: Timestamp,
}

/// How long a log-in waits for its second factor.
const PATIENCE: SignedDuration = SignedDuration::from_secs(300);
/// How long a token lives of which nothing is said: 32 days.
const LONGEST: u64 = 32 * 24 * 60 * 60;

/// The codes of the header `X-Vault-MFA`, if there is one: `<method>:<code>`.
pub(super) fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, Refusal> {
    let mut credentials = Credentials::new();
    for header in headers.get_all("x-vault-mfa") {
        let header = String::from_utf8_lossy(header.as_bytes());
        let missing = |what: &str| {
            let problem = format!("invalid data in header \"X-Vault-MFA\"; missing method {what}");
            Err(bad(format!("failed to parse X-Vault-MFA header: {problem}")))
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

fn denied() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "permission denied")
}

fn fault(problem: &str) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
}

/// Logs somebody in who is known to the mount by this name.
pub(super) fn log_in(
    state: &mut State,
    accessor: &str,
    name: &str,
    mut grant: Grant,
    credentials: Option<&Credentials>,
    mut warnings: Vec<String>,
) -> Result<Answer, Refusal> {
    if grant.policies.iter().any(|policy| policy == "root") {
        return Err(bad("auth methods cannot create root tokens"));
    }
    let mut context = state.context(&grant.namespace).ok_or_else(denied)?;
    let entity = entity_of(&mut context, accessor, name)?;
    if entity.disabled {
        return Err(denied());
    }
    grant.entity = Some(entity.id.clone());
    let mount = context.mounts.get(accessor).ok_or_else(denied)?;
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
        let until = context.now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        state.auth.pending.insert(id.clone(), Pending { accessor: accessor.to_owned(), grant, until });
        warnings.push(
            "A login request was issued that is subject to MFA validation. Please make sure to validate the login by \
             sending another request to mfa/validate endpoint."
                .to_owned(),
        );
        let requirement = json!({ "mfa_request_id": id, "mfa_constraints": constraints });
        return Ok(Answer::Auth { auth: unfinished(&requirement), warnings });
    }
    give(state, grant, warnings)
}

/// The entity that has the alias, which is made where there is none.
fn entity_of(context: &mut Context<'_>, accessor: &str, name: &str) -> Result<Entity, Refusal> {
    if let Some(alias) = context.store.aliases.at(accessor, name) {
        return context.store.entities.get(&alias.canonical_id).cloned().ok_or_else(denied);
    }
    let mut entity = entity::new(context);
    let local = context.mounts.get(accessor).is_some_and(|mount| mount.local);
    entity.aliases.push(Alias {
        id: context.new_id(),
        canonical_id: entity.id.clone(),
        name: name.to_owned(),
        mount_accessor: accessor.to_owned(),
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

fn unfinished(requirement: &Value) -> Value {
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

/// `sys/mfa/validate`: the second factor of a log-in that waits for it.
pub(super) fn validate(state: &mut State, asked: &Asked) -> Result<Answer, Refusal> {
    let payload = asked.data.get("mfa_payload").cloned().unwrap_or_default();
    let fields = Fields::new(asked.data.clone(), &[("mfa_request_id", Kind::Text)])?;
    let problem = |kind: &str| {
        let problem =
            format!("'' expected type 'map[string]interface {{}}', got unconvertible type '{kind}'");
        bad(format!("Field validation failed: error converting input for field \"mfa_payload\": {problem}"))
    };
    let payload = match payload {
        Value::Object(payload) => payload,
        Value::Null => Map::new(),
        Value::Array(items) if items.is_empty() => Map::new(),
        Value::Array(_) => return Err(problem("[]interface {}")),
        Value::String(_) => return Err(problem("string")),
        Value::Bool(_) => return Err(problem("bool")),
        Value::Number(_) => return Err(problem("json.Number")),
    };
    let id = fields.text("mfa_request_id");
    if id.is_empty() {
        return Err(bad("missing request ID"));
    }
    let credentials = payload.into_iter().map(|(method, codes)| Some((method, codes_of(codes)?)));
    let credentials: Credentials =
        credentials.collect::<Option<_>>().ok_or_else(|| bad("invalid mfa payload"))?;

    let now = state.clock.now();
    state.auth.pending.retain(|_, pending| pending.until > now);
    let pending = state.auth.pending.get(&id).ok_or_else(|| bad("invalid request ID"))?;
    let (accessor, grant) = (pending.accessor.clone(), pending.grant.clone());
    if grant.namespace != asked.namespace {
        let problem = "original request was issued in a different namesapce";
        return Err(fault(&format!(
            "{problem} {}, current namespace is {}",
            grant.namespace, asked.namespace
        )));
    }
    let mut context = state.context(&grant.namespace).ok_or_else(denied)?;
    let entity = grant.entity.as_ref().and_then(|entity| context.store.entities.get(entity)).cloned();
    let entity = entity.ok_or_else(|| fault("MFA validation failed. entity not found: <nil>"))?;
    let mount = context.mounts.get(&accessor);
    let mount = mount.ok_or_else(|| fault("failed to find MFAEnforcement configuration"))?;
    let enforcements = mfa::matching(&context, &entity.id, mount);
    if enforcements.is_empty() {
        return Err(fault("found nil or empty MFAEnforcement configuration"));
    }
    mfa::satisfy(&mut context, &enforcements, &entity, &credentials)
        .map_err(|problem| Refusal::new(StatusCode::FORBIDDEN, problem))?;
    state.auth.pending.remove(&id);
    give(state, grant, Vec::new())
}

/// A list of texts, or nothing.
fn codes_of(codes: Value) -> Option<Option<Vec<String>>> {
    match codes {
        Value::Null => Some(None),
        Value::Array(codes) => {
            let codes = codes.into_iter().map(|code| code.as_str().map(str::to_owned));
            codes.collect::<Option<_>>().map(Some)
        }
        _ => None,
    }
}

/// Makes the token.
pub(super) fn give(state: &mut State, grant: Grant, mut warnings: Vec<String>) -> Result<Answer, Refusal> {
    let context = state.context(&grant.namespace).ok_or_else(denied)?;
    let of_identity = grant.entity.as_ref().map(|entity| policies_of(&context, entity)).unwrap_or_default();
    let namespace_id = context.namespace_id.to_owned();

    let mut policies = grant.policies;
    let is_root = policies.iter().any(|policy| policy == "root");
    if grant.default_policy && !is_root && !policies.iter().any(|policy| policy == "default") {
        policies.push("default".to_owned());
    }
    policies.sort_unstable();
    let unlimited = is_root && grant.ttl == 0;
    let mut ttl = if grant.ttl == 0 && !unlimited { LONGEST } else { grant.ttl };
    let most = [grant.max_ttl, grant.explicit_max_ttl].into_iter().filter(|most| *most > 0).min();
    let most = most.unwrap_or(LONGEST).min(LONGEST);
    if ttl > most {
        if grant.ttl > 0 {
            let (asked, most) = (quoted(&duration::brief(ttl)), quoted(&duration::brief(most)));
            warnings.push(format!(
                "TTL of {asked} exceeded the effective max_ttl of {most}; TTL value is capped accordingly"
            ));
        }
        ttl = most;
    }

    let suffix = if namespace_id == "root" { String::new() } else { format!(".{namespace_id}") };
    let (prefix, length) = if grant.is_batch { ("b", 140) } else { ("s", 24) };
    let made_up = format!("{prefix}.{}{suffix}", state.random.word(length));
    let token = if grant.id.is_empty() { made_up } else { grant.id };
    let accessor = format!("{}{suffix}", state.random.word(24));
    let lease = Lease {
        accessor: if grant.is_batch { String::new() } else { accessor },
        policies,
        meta: grant.meta,
        created: state.clock.now(),
        ttl,
        renewed: 0,
        explicit_max_ttl: grant.explicit_max_ttl,
        uses: grant.uses,
        spent: false,
        display_name: grant.display_name,
        path: grant.path,
        renewable: grant.renewable && !grant.is_batch && !unlimited,
        orphan: grant.orphan,
        is_batch: grant.is_batch,
    };
    let auth = shown(&token, &lease, grant.entity.as_deref(), &of_identity);
    let may_do_all = lease.policies.iter().any(|policy| policy != "default");
    state.tokens.add(
        token,
        Token { namespace: grant.namespace, entity: grant.entity, may_do_all, lease, access: None },
    );
    Ok(Answer::Auth { auth, warnings })
}

/// The policies of an entity and of its groups, in this order.
pub(super) fn policies_of(context: &Context<'_>, entity: &str) -> Vec<String> {
    let (direct, inherited) = entity::groups(context.store, entity);
    let groups = direct.into_iter().chain(inherited).filter_map(|group| context.store.groups.get(group));
    let own = context.store.entities.get(entity).into_iter().flat_map(|entity| &entity.policies);
    let mut policies: Vec<String> = Vec::new();
    for policy in own.chain(groups.flat_map(|group| group.policies.iter().flatten())) {
        if !policies.contains(policy) {
            policies.push(policy.clone());
        }
    }
    policies
}

/// The token as the answer that gives it tells of it.
pub(super) fn shown(token: &str, lease: &Lease, entity: Option<&str>, of_identity: &[String]) -> Value {
    let all: BTreeMap<&String, ()> =
        lease.policies.iter().chain(of_identity).map(|policy| (policy, ())).collect();
    let mut shown = json!({
        "client_token": token,
        "accessor": lease.accessor,
        "policies": all.keys().collect::<Vec<_>>(),
        "token_policies": lease.policies,
        "metadata": lease.meta,
        "lease_duration": lease.ttl,
        "renewable": lease.renewable,
        "entity_id": entity.unwrap_or_default(),
        "token_type": if lease.is_batch { "batch" } else { "service" },
        "orphan": lease.orphan,
        "mfa_requirement": null,
        "num_uses": lease.uses,
    });
    if !of_identity.is_empty() {
        let mut sorted = of_identity.to_vec();
        sorted.sort_unstable();
        shown["identity_policies"] = json!(sorted);
    }
    shown
}
