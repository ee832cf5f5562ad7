//! Policies: `sys/policies/acl` and `sys/policy`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::acl::{self, Rule};
use super::input::{Fields, Kind, Schema};
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request};
use super::state::State;

/// The server's own default policy, without the areas that the fake does not support.
const DEFAULT: &str = r#"
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "identity/entity/id/{{identity.entity.id}}" { capabilities = ["read"] }
path "identity/entity/name/{{identity.entity.name}}" { capabilities = ["read"] }
path "sys/wrapping/wrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "identity/oidc/provider/+/authorize" { capabilities = ["read", "update"] }
"#;

const FIELDS: Schema = &[("policy", Kind::Text), ("rules", Kind::Text)];

struct Policy {
    document: String,
    rules: Vec<Rule>,
    version: u64,
    modified: Timestamp,
}

/// Keyed by namespace and name.
#[derive(Default)]
pub(super) struct Policies(BTreeMap<(String, String), Policy>);

impl Policies {
    /// Returns the rules of a policy, none if it does not exist.
    pub(super) fn rules(&self, namespace: &str, name: &str) -> impl Iterator<Item = &Rule> {
        self.get(namespace, name).into_iter().flat_map(|policy| &policy.rules)
    }

    pub(super) fn has(&self, namespace: &str, name: &str) -> bool {
        name == "root" || self.get(namespace, name).is_some()
    }

    fn get(&self, namespace: &str, name: &str) -> Option<&Policy> {
        self.0.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Writes the policies that every namespace has.
    pub(super) fn add_namespace(&mut self, namespace: &str, now: Timestamp) {
        let written = self.write(namespace, "default", DEFAULT, now);
        debug_assert!(written.is_ok(), "{written:?}");
    }

    pub(super) fn remove_namespace(&mut self, namespace: &str) {
        self.0.retain(|(of, _), _| of != namespace);
    }

    /// Writes a policy. Replaces it if it exists.
    pub(super) fn write(
        &mut self,
        namespace: &str,
        name: &str,
        document: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let decoded = BASE64_STANDARD.decode(document).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let document = decoded.unwrap_or_else(|| document.to_owned());
        let rules = acl::read(&document)?;
        let version = self.get(namespace, name).map_or(0, |policy| policy.version) + 1;
        let policy = Policy { document, rules, version, modified: now };
        self.0.insert((namespace.to_owned(), name.to_lowercase()), policy);
        Ok(())
    }

    fn names(&self, namespace: &str) -> Vec<&str> {
        let written = self.0.keys().filter(|(of, _)| of == namespace).map(|(_, name)| &**name);
        written.chain(Some("root").filter(|_| namespace.is_empty())).collect()
    }
}

pub(super) fn run(state: &mut State, parsed: &ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let old = parsed.path.strip_prefix("sys/policy");
    let path = old
        .or_else(|| parsed.path.strip_prefix("sys/policies/acl"))
        .ok_or_else(ErrorResponse::unsupported_path)?;
    let name = path.trim_matches('/').to_lowercase();
    let namespace = &*parsed.namespace;
    match parsed.verb {
        Verb::List | Verb::Read if name.is_empty() => {
            let names = state.policies.names(namespace);
            match parsed.verb {
                _ if old.is_some() => {
                    Ok(ServerResponse::DataAtTopLevel { data: json!({ "keys": names, "policies": names }) })
                }
                Verb::List => {
                    Ok(ServerResponse::Data { data: json!({ "keys": names }), warnings: Vec::new() })
                }
                _ => Err(ErrorResponse::unsupported_operation()),
            }
        }
        _ if name.is_empty() => Err(ErrorResponse::unsupported_operation()),
        Verb::Read => {
            let policy = state.policies.get(namespace, &name);
            if policy.is_none() && name != "root" {
                return Err(ErrorResponse::without_message(StatusCode::NOT_FOUND));
            }
            let field = if old.is_some() { "rules" } else { "policy" };
            let data = to_json(&name, policy, field);
            Ok(if old.is_some() {
                ServerResponse::DataAtTopLevel { data }
            } else {
                ServerResponse::Data { data, warnings: Vec::new() }
            })
        }
        Verb::Write => write(state, parsed, &name, old.is_some()),
        Verb::Delete => {
            match &*name {
                "default" => return Err(bad_request("cannot delete default policy")),
                "root" => return Err(bad_request("cannot delete \"root\" policy")),
                _ => {}
            }
            state.policies.0.remove(&(namespace.to_owned(), name));
            Ok(ServerResponse::NoContent)
        }
        Verb::List | Verb::Scan | Verb::Patch | Verb::Other => Err(ErrorResponse::unsupported_operation()),
    }
}

fn write(
    state: &mut State,
    parsed: &ParsedRequest,
    name: &str,
    is_old: bool,
) -> Result<ServerResponse, ErrorResponse> {
    if name == "root" {
        return Err(bad_request("cannot update \"root\" policy"));
    }
    let fields = Fields::new(parsed.data.clone(), FIELDS)?;
    let (mut document, mut warnings) = (fields.text("policy"), Vec::new());
    if document.is_empty() && is_old {
        document = fields.text("rules");
        warnings.push("'rules' is deprecated, please use 'policy' instead".to_owned());
    }
    if document.is_empty() {
        return Err(bad_request("'policy' parameter not supplied or empty"));
    }
    let written = state.policies.write(&parsed.namespace, name, &document, state.clock.now());
    written.map_err(|problem| bad_request(format!("failed to parse policy: {problem}")))?;
    Ok(if warnings.is_empty() {
        ServerResponse::NoContent
    } else {
        ServerResponse::Data { data: Value::Null, warnings }
    })
}

/// Returns a policy with its document in the field `field`. The document of `root` is empty.
fn to_json(name: &str, policy: Option<&Policy>, field: &str) -> Value {
    let mut object = json!({
        "allow_slashes_in_identity_templates": false,
        "allow_wildcards_in_identity_templates": false,
        "cas_required": false,
        "name": name,
        "version": policy.map_or(0, |policy| policy.version),
    });
    object[field] = policy.map_or("", |policy| &policy.document).into();
    if let Some(policy) = policy {
        object["modified"] = policy.modified.to_string().into();
    }
    object
}
