//! Claims that scopes add to tokens.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::response::quoted;
use super::super::state::Context;
use super::super::store::Entity;
use super::template::{self, Subject};

/// Expands the templates of all scopes for an entity, or for a client without one. Fails if two of them add
/// the same claim.
pub(super) fn for_scopes(
    context: &Context<'_>,
    entity: Option<&Entity>,
    scopes: &[String],
) -> Result<Map<String, Value>, String> {
    let subject = entity.map(|entity| Subject::new(context.store, entity));
    let mut claims = Map::new();
    let mut made_by: BTreeMap<String, &String> = BTreeMap::new();
    for scope in scopes {
        let Some(found) = context.store.oidc.scopes.get(scope) else { continue };
        let more = template::claims(&found.template, subject.as_ref(), context.now);
        for claim in more.keys() {
            if let Some(other) = made_by.insert(claim.clone(), scope) {
                let [claim, scope, other] = [claim, scope, other].map(|text| quoted(text));
                let conflict = format!("claim {claim} in scopes {scope}, {other}");
                return Err(format!("found scopes with conflicting top-level claim: {conflict}"));
            }
        }
        template::merge(&mut claims, more);
    }
    Ok(claims)
}

/// Returns those of the requested scopes that a provider supports. `None` unless `openid` is requested.
pub(super) fn supported_scopes(requested: &str, supported: &[String]) -> Option<Vec<String>> {
    let requested: Vec<String> = requested.split(' ').map(|scope| scope.trim().to_lowercase()).collect();
    if !requested.iter().any(|scope| scope == "openid") {
        return None;
    }
    let mut scopes: Vec<String> =
        requested.into_iter().filter(|scope| scope != "openid" && supported.contains(scope)).collect();
    scopes.sort_unstable();
    scopes.dedup();
    Some(scopes)
}
