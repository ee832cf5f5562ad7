//! Tokens: `auth/token`.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::external_groups;
use super::grant::{self, Grant, identity_policies, with_default_policy};
use crate::acl::Acl;
use crate::input::{Fields, Kind, Schema};
use crate::limits::policies;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::ignored;
use crate::state::State;
use crate::tokens::Token;

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
pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    rest: &str,
    caller: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let given = parsed.data.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
    match (parsed.verb, rest) {
        (Verb::Read | Verb::Write, "lookup-self") => lookup(state, caller),
        (Verb::Write, "lookup") => lookup(state, &given),
        (Verb::List, "accessors/") => {
            let accessors = state.tokens.accessors(&parsed.namespace);
            Ok(ServerResponse::Data { data: json!({ "keys": accessors }), warnings: Vec::new() })
        }
        (Verb::Write, "lookup-accessor") => {
            let token = token_by_accessor(state, &parsed)?.ok_or_else(|| invalid("invalid accessor"))?;
            let mut response = lookup(state, &token)?;
            if let ServerResponse::Data { data, .. } = &mut response {
                data["id"] = "".into();
            }
            Ok(response)
        }
        (Verb::Write, "revoke-accessor") => {
            let Some(token) = token_by_accessor(state, &parsed)? else {
                let warnings = vec!["No token found with this accessor".to_owned()];
                return Ok(ServerResponse::Data { data: Value::Null, warnings });
            };
            state.tokens.revoke(&token);
            Ok(ServerResponse::NoContent)
        }
        (Verb::Write, "revoke-self") => {
            state.tokens.revoke(caller);
            Ok(ServerResponse::NoContent)
        }
        (Verb::Write, "revoke") => {
            state.tokens.revoke(&given);
            Ok(ServerResponse::NoContent)
        }
        (Verb::Write, "renew-self") => renew(state, caller),
        (Verb::Write, "create") => create(state, parsed, caller, false),
        (Verb::Write, "create-orphan") => create(state, parsed, caller, true),
        (
            _,
            "lookup-self" | "lookup" | "revoke-self" | "revoke" | "renew-self" | "create" | "create-orphan"
            | "accessors" | "accessors/" | "lookup-accessor" | "revoke-accessor",
        ) => Err(ErrorResponse::unsupported_operation()),
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

fn invalid(problem: &str) -> ErrorResponse {
    ErrorResponse::from_core(StatusCode::BAD_REQUEST, problem)
}

/// Returns the token with the accessor in the body. `None` if the body has none.
fn token_by_accessor(state: &State, parsed: &ParsedRequest) -> Result<Option<String>, ErrorResponse> {
    let accessor = Fields::new(parsed.data.clone(), &[("accessor", Kind::Text)])?.text("accessor");
    if accessor.is_empty() {
        return Err(invalid("missing accessor"));
    }
    Ok(state.tokens.with_accessor(&accessor).map(|(token, _)| token.clone()))
}

fn bad_token() -> ErrorResponse {
    ErrorResponse::new(StatusCode::FORBIDDEN, "bad token")
}

fn lookup(state: &mut State, token: &str) -> Result<ServerResponse, ErrorResponse> {
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
        let from_identity = identity_policies(context.store, &entity);
        if !from_identity.is_empty() {
            data["external_namespace_policies"] = json!({});
            data["identity_policies"] = json!(from_identity);
        }
    }
    Ok(ServerResponse::Data { data, warnings: Vec::new() })
}

fn renew(state: &mut State, token: &str) -> Result<ServerResponse, ErrorResponse> {
    let now = state.clock.now();
    let found = state.tokens.find_mut(token).filter(|found| found.lease.renewable);
    let found = found.ok_or_else(|| bad_request("lease is not renewable"))?;
    let age = now.duration_since(found.lease.created).max(SignedDuration::ZERO);
    found.lease.renewed = u64::try_from(age.as_secs()).unwrap_or_default();
    external_groups::renew(state, token);
    let found = state.tokens.find(token).ok_or_else(bad_token)?;
    let Token { namespace, entity, lease, .. } = found.clone();
    let from_identity = entity.as_ref().zip(state.context(&namespace));
    let from_identity =
        from_identity.map(|(entity, context)| identity_policies(context.store, entity)).unwrap_or_default();
    Ok(ServerResponse::Auth {
        auth: grant::to_json(token, &lease, entity.as_deref(), &from_identity),
        warnings: Vec::new(),
    })
}

fn create(
    state: &mut State,
    parsed: ParsedRequest,
    caller: &str,
    is_orphan: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let ignored = ignored(&parsed.data, FIELDS);
    let fields = Fields::new(parsed.data, FIELDS).map_err(without_field)?;
    let parent = state.tokens.find(caller).ok_or_else(bad_token)?.clone();
    let is_root = parent.lease.policies.iter().any(|policy| policy == "root");
    let path = format!("{}{}", parsed.namespace, parsed.path);
    let has_sudo = Acl::for_token(state, &parent)?.allows(&path, "sudo");
    if !fields.text("entity_alias").is_empty() {
        return Err(bad_request("'entity_alias' is only allowed in combination with token role"));
    }
    let is_batch = match &*fields.text("type") {
        "" | "service" => false,
        "batch" => true,
        _ => return Err(bad_request("invalid 'token_type' value")),
    };
    let mut warnings = Vec::new();
    let id = fields.text("id");
    if !id.is_empty() {
        if !has_sudo {
            return Err(bad_request("root or sudo privileges required to specify token id"));
        }
        warnings.push(
            "Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC \
             for token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups."
                .to_owned(),
        );
    }
    let given = policies(fields.list("policies").unwrap_or_default());
    if !has_sudo && given.iter().any(|policy| !parent.lease.policies.contains(policy)) {
        return Err(bad_request("child policies must be subset of parent"));
    }
    if !is_root && given.iter().any(|policy| policy == "root") {
        return Err(bad_request("root tokens may not be created without parent token being root"));
    }
    let has_no_parent = fields.flag("no_parent").unwrap_or_default();
    if has_no_parent && !has_sudo {
        return Err(bad_request("root or sudo privileges required to create orphan token"));
    }
    let name: String = fields.text("display_name").chars().map(to_display_char).collect();
    let period = fields.seconds("period").unwrap_or_default();
    if period > 0 && !has_sudo {
        return Err(bad_request("root or sudo privileges required to create periodic token"));
    }
    let ttl = fields.seconds("ttl").or_else(|| fields.seconds("lease")).unwrap_or_default();
    // `default` is added if the parent has it, or if a privileged caller chooses the policies.
    let is_default_wanted = !fields.flag("no_default_policy").unwrap_or_default();
    let has_default = parent.lease.policies.iter().any(|policy| policy == "default");
    let adds_default = is_default_wanted && (has_default || (has_sudo && !given.is_empty()));
    let is_inherited = given.is_empty();
    let mut chosen = if given.is_empty() { parent.lease.policies } else { given };
    if !is_default_wanted && is_inherited {
        chosen.retain(|policy| policy != "default");
    }
    let policies = with_default_policy(chosen, adds_default);
    let unknown = policies.iter().filter(|name| !state.policies.has(&parsed.namespace, name));
    warnings.extend(unknown.map(|name| format!("Policy {} does not exist", quoted(name))));
    warnings.extend(ignored);
    let grant = Grant {
        id,
        namespace: parsed.namespace,
        entity: if is_orphan { None } else { parent.entity },
        path: parsed.path,
        display_name: if name.is_empty() { "token".to_owned() } else { format!("token-{name}") },
        policies,
        meta: fields.pairs("meta").flatten(),
        ttl: if period > 0 { period } else { ttl },
        max_ttl: 0,
        explicit_max_ttl: fields.seconds("explicit_max_ttl").unwrap_or_default(),
        uses: fields.number("num_uses").and_then(|uses| u64::try_from(uses).ok()).unwrap_or_default(),
        is_batch,
        renewable: fields.flag("renewable").unwrap_or(true),
        orphan: is_orphan || has_no_parent,
        ..Grant::default()
    };
    grant::create_token(state, grant, warnings)
}

/// The server parses these durations elsewhere, and its error lacks the field.
fn without_field(mut error: ErrorResponse) -> ErrorResponse {
    for error in &mut error.errors {
        if let Some(at) = error.find(": time: ") {
            error.drain(..at + 2);
        }
    }
    error
}

fn to_display_char(char: char) -> char {
    if char.is_ascii_alphanumeric() { char } else { '-' }
}
