//! Tokens: `auth/token`.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::grant::{self, Grant, policies_of, with_default};
use crate::fake::answer::{Answer, Refusal, bad};
use crate::fake::input::{Fields, Kind, Schema};
use crate::fake::limits::policies;
use crate::fake::request::{Asked, Verb};
use crate::fake::route::ignored;
use crate::fake::state::State;
use crate::fake::tokens::Token;

const FIELDS: Schema = &[
    ("id", Kind::Text),
    ("policies", Kind::List),
    ("ttl", Kind::Duration),
    ("lease", Kind::Duration),
    ("period", Kind::Duration),
    ("explicit_max_ttl", Kind::Duration),
    ("num_uses", Kind::Number),
    ("display_name", Kind::Text),
    ("meta", Kind::Pairs),
    ("no_parent", Kind::Flag),
    ("no_default_policy", Kind::Flag),
    ("renewable", Kind::Flag),
    ("type", Kind::Text),
    ("entity_alias", Kind::Text),
];

/// `caller` is the token of the request.
pub(super) fn run(state: &mut State, asked: Asked, rest: &str, caller: &str) -> Result<Answer, Refusal> {
    let given = asked.data.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
    match (asked.verb, rest) {
        (Verb::Read | Verb::Write, "lookup-self") => lookup(state, caller),
        (Verb::Write, "lookup") => lookup(state, &given),
        (Verb::Write, "revoke-self") => {
            state.tokens.revoke(caller);
            Ok(Answer::Done)
        }
        (Verb::Write, "revoke") => {
            state.tokens.revoke(&given);
            Ok(Answer::Done)
        }
        (Verb::Write, "renew-self") => renew(state, caller),
        (Verb::Write, "create") => create(state, asked, caller, false),
        (Verb::Write, "create-orphan") => create(state, asked, caller, true),
        (
            _,
            "lookup-self" | "lookup" | "revoke-self" | "revoke" | "renew-self" | "create" | "create-orphan",
        ) => Err(Refusal::unsupported_operation()),
        _ => Err(Refusal::unsupported_path()),
    }
}

fn bad_token() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "bad token")
}

fn lookup(state: &mut State, token: &str) -> Result<Answer, Refusal> {
    let found = state.tokens.find(token).ok_or_else(bad_token)?;
    let (namespace, entity) = (found.namespace.clone(), found.entity.clone());
    let lease = &found.lease;
    let expires = (lease.ttl > 0).then(|| lease.expires());
    let now = state.clock.now();
    let left = expires.map_or(0, |expires| expires.duration_since(now).as_secs().max(0));
    let mut data = json!({
        "accessor": lease.accessor,
        "creation_time": lease.created.as_second(),
        "creation_ttl": lease.ttl,
        "display_name": lease.display_name,
        "entity_id": entity.clone().unwrap_or_default(),
        "expire_time": expires.map(|expires| expires.to_string()),
        "explicit_max_ttl": lease.explicit_max_ttl,
        "id": token,
        "issue_time": lease.created.to_string(),
        "meta": lease.meta,
        "num_uses": lease.uses.unwrap_or_default(),
        "orphan": lease.orphan,
        "path": lease.path,
        "policies": lease.policies,
        "renewable": lease.renewable,
        "ttl": left,
        "type": if lease.is_batch { "batch" } else { "service" },
    });
    if let (Some(entity), Some(context)) = (entity, state.context(&namespace)) {
        let of_identity = policies_of(&context, &entity);
        if !of_identity.is_empty() {
            data["external_namespace_policies"] = json!({});
            data["identity_policies"] = json!(of_identity);
        }
    }
    Ok(Answer::Data { data, warnings: Vec::new() })
}

fn renew(state: &mut State, token: &str) -> Result<Answer, Refusal> {
    let now = state.clock.now();
    let found = state.tokens.find_mut(token).filter(|found| found.lease.renewable);
    let found = found.ok_or_else(|| bad("lease is not renewable"))?;
    let age = now.duration_since(found.lease.created).max(SignedDuration::ZERO);
    found.lease.renewed = u64::try_from(age.as_secs()).unwrap_or_default();
    let Token { namespace, entity, lease, .. } = found.clone();
    let of_identity = entity.as_ref().zip(state.context(&namespace));
    let of_identity = of_identity.map(|(entity, context)| policies_of(&context, entity)).unwrap_or_default();
    Ok(Answer::Auth {
        auth: grant::shown(token, &lease, entity.as_deref(), &of_identity),
        warnings: Vec::new(),
    })
}

fn create(state: &mut State, asked: Asked, caller: &str, is_orphan: bool) -> Result<Answer, Refusal> {
    let mut warnings = ignored(&asked.data, FIELDS);
    let fields = Fields::new(asked.data, FIELDS).map_err(bare)?;
    let parent = state.tokens.find(caller).ok_or_else(bad_token)?.clone();
    let is_root = parent.lease.policies.iter().any(|policy| policy == "root");
    if !fields.text("entity_alias").is_empty() {
        return Err(bad("'entity_alias' is only allowed in combination with token role"));
    }
    let is_batch = match &*fields.text("type") {
        "" | "service" => false,
        "batch" => true,
        _ => return Err(bad("invalid 'token_type' value")),
    };
    let id = fields.text("id");
    if !id.is_empty() {
        if !is_root {
            return Err(bad("root or sudo privileges required to specify token id"));
        }
        warnings.push(
            "Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC \
             for token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups."
                .to_owned(),
        );
    }
    let given = policies(fields.list("policies").unwrap_or_default());
    if !is_root && given.iter().any(|policy| policy == "root") {
        return Err(bad("root tokens may not be created without parent token being root"));
    }
    let name: String = fields.text("display_name").chars().map(plain).collect();
    let period = fields.seconds("period").unwrap_or_default();
    let ttl = fields.seconds("ttl").or_else(|| fields.seconds("lease")).unwrap_or_default();
    let chosen = if given.is_empty() { parent.lease.policies } else { given };
    let grant = Grant {
        id,
        namespace: asked.namespace,
        entity: if is_orphan { None } else { parent.entity },
        path: asked.path,
        display_name: if name.is_empty() { "token".to_owned() } else { format!("token-{name}") },
        policies: with_default(chosen, !fields.flag("no_default_policy").unwrap_or_default()),
        meta: fields.pairs("meta").flatten(),
        ttl: if period > 0 { period } else { ttl },
        max_ttl: 0,
        explicit_max_ttl: fields.seconds("explicit_max_ttl").unwrap_or_default(),
        uses: fields.number("num_uses").and_then(|uses| u64::try_from(uses).ok()).unwrap_or_default(),
        is_batch,
        renewable: fields.flag("renewable").unwrap_or(true),
        orphan: is_orphan || fields.flag("no_parent").unwrap_or_default(),
    };
    grant::give(state, grant, warnings)
}

/// The server reads durations at another place here, and says nothing of the field.
fn bare(mut refusal: Refusal) -> Refusal {
    for error in &mut refusal.errors {
        if let Some(at) = error.find(": time: ") {
            error.drain(..at + 2);
        }
    }
    refusal
}

fn plain(char: char) -> char {
    if char.is_ascii_alphanumeric() { char } else { '-' }
}
