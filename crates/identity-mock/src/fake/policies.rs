//! Policies: `sys/policies/acl`. They are kept as they are written, and nobody reads what they say: see [`tokens`](super::tokens).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, bad};
use super::request::{Asked, Verb};
use super::state::State;

/// What is written, by namespace and name.
pub(super) type Policies = BTreeMap<(String, String), String>;

const BUILT_IN: [&str; 2] = ["default", "root"];

pub(super) fn run(state: &mut State, asked: &Asked) -> Result<Answer, Refusal> {
    let name = asked.path.strip_prefix("sys/policies/acl").ok_or_else(Refusal::unsupported_path)?;
    let name = name.trim_matches('/').to_lowercase();
    let key = (asked.namespace.clone(), name.clone());
    let data = match asked.verb {
        Verb::List if name.is_empty() => {
            let written = state.policies.keys().filter(|(namespace, _)| *namespace == asked.namespace);
            let mut keys: Vec<&str> = written.map(|(_, name)| &**name).chain(BUILT_IN).collect();
            keys.sort_unstable();
            json!({ "keys": keys })
        }
        _ if name.is_empty() => return Err(Refusal::unsupported_operation()),
        Verb::Read => match state.policies.get(&key) {
            Some(policy) => shown(&name, policy, 1),
            None if BUILT_IN.contains(&&*name) => shown(&name, "", 0),
            None => return Err(Refusal::silent(StatusCode::NOT_FOUND)),
        },
        Verb::Write => {
            if name == "root" {
                return Err(bad("cannot update \"root\" policy"));
            }
            let policy = asked.data.get("policy").and_then(Value::as_str).unwrap_or_default();
            if policy.is_empty() {
                return Err(bad("'policy' parameter not supplied or empty"));
            }
            state.policies.insert(key, policy.to_owned());
            return Ok(Answer::Done);
        }
        Verb::Delete => {
            match &*name {
                "default" => return Err(bad("cannot delete default policy")),
                "root" => return Err(bad("cannot delete \"root\" policy")),
                _ => {}
            }
            state.policies.remove(&key);
            return Ok(Answer::Done);
        }
        Verb::List | Verb::Other => return Err(Refusal::unsupported_operation()),
    };
    Ok(Answer::Data { data, warnings: Vec::new() })
}

fn shown(name: &str, policy: &str, version: u64) -> Value {
    json!({
        "allow_slashes_in_identity_templates": false,
        "allow_wildcards_in_identity_templates": false,
        "cas_required": false,
        "name": name,
        "policy": policy,
        "version": version,
    })
}
