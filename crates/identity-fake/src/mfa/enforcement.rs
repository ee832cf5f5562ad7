//! Login enforcements: `identity/mfa/login-enforcement`.

use identity_core::mfa::{
    DeleteLoginEnforcement, ListLoginEnforcements, ReadLoginEnforcement, WriteLoginEnforcement,
};
use serde_json::{Map, Value, json};

use crate::input::{Fields, Kind, Schema};
use crate::response::{ErrorResponse, HandlerResult, bad_request, internal, key_list};
use crate::route::{Route, route};
use crate::state::Context;

#[derive(Clone)]
pub(super) struct Enforcement {
    pub(super) id: String,
    namespace_id: String,
    pub(super) methods: Vec<String>,
    pub(super) accessors: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) entities: Vec<String>,
}

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("mfa_method_ids", Kind::Texts),
    ("auth_method_accessors", Kind::Texts),
    ("auth_method_types", Kind::Texts),
    ("identity_group_ids", Kind::Texts),
    ("identity_entity_ids", Kind::Texts),
];

pub(crate) const ROUTES: &[Route] = &[
    route::<WriteLoginEnforcement>(FIELDS, write),
    route::<ReadLoginEnforcement>(FIELDS, read),
    route::<DeleteLoginEnforcement>(FIELDS, delete),
    route::<ListLoginEnforcements>(&[], list),
];

fn key(context: &Context<'_>, fields: &Fields) -> (String, String) {
    (context.namespace.to_owned(), fields.text("name"))
}

/// Creates or updates an enforcement. Methods and at least one target are required each time. Other fields
/// keep their values.
fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let key = key(context, fields);
    let known = context.mfa.enforcements.get(&key).cloned();
    let mut enforcement = known.unwrap_or_else(|| Enforcement {
        id: context.random.uuid(),
        namespace_id: context.namespace_id.to_owned(),
        methods: Vec::new(),
        accessors: Vec::new(),
        types: Vec::new(),
        groups: Vec::new(),
        entities: Vec::new(),
    });
    enforcement.methods = fields.texts("mfa_method_ids").ok_or_else(|| bad_request("missing method ids"))?;
    for id in &enforcement.methods {
        check_method(context, id)?;
    }

    let mounts = || context.mounts.auth(context.namespace);
    let is_accessor = |accessor: &str| {
        context.mounts.get(accessor).is_some_and(|mount| mounts().any(|known| std::ptr::eq(known, mount)))
    };
    let is_type = |kind: &str| mounts().any(|mount| mount.kind == kind);
    let is_group = |id: &str| context.store.groups.get(id).is_some();
    let is_entity = |id: &str| context.store.entities.get(id).is_some();
    let mut is_for_someone = false;
    let mut take = |name, list: &mut Vec<String>, is_known: &dyn Fn(&str) -> bool, missing, problem| {
        let Some(given) = fields.texts(name) else { return Ok(()) };
        for item in &given {
            if item.is_empty() && !str::is_empty(missing) {
                return Err(internal(missing));
            }
            if !is_known(item) {
                return Err(bad_request(format!("one of the {problem}")));
            }
        }
        *list = given;
        is_for_someone = true;
        Ok(())
    };
    let problem = "auth method accessors provided is invalid";
    take("auth_method_accessors", &mut enforcement.accessors, &is_accessor, "", problem)?;
    let problem = "auth method types provided is invalid";
    take("auth_method_types", &mut enforcement.types, &is_type, "", problem)?;
    let problem = "provided group ids doesn't exist";
    take("identity_group_ids", &mut enforcement.groups, &is_group, "missing group ID", problem)?;
    let problem = "provided entity ids doesn't exist";
    take("identity_entity_ids", &mut enforcement.entities, &is_entity, "missing entity id", problem)?;
    if !is_for_someone {
        let lists = "auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids";
        return Err(bad_request(format!("One of {lists} must be specified")));
    }
    context.mfa.enforcements.insert(key, enforcement);
    Ok(None)
}

/// Fails unless the method exists in this namespace or above.
fn check_method(context: &Context<'_>, id: &str) -> Result<(), ErrorResponse> {
    if id.is_empty() {
        return Err(internal("missing config id"));
    }
    let method = context.mfa.methods.get(id);
    let method = method.ok_or_else(|| bad_request("one of the provided method ids doesn't exist"))?;
    if !method.is_seen_from(context.namespace) {
        let problem = "one of the provided method ids is in an incompatible namespace and can't be used";
        return Err(bad_request(problem));
    }
    Ok(())
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let key = key(context, fields);
    Ok(context.mfa.enforcements.get(&key).map(|enforcement| enforcement.to_json(&key)))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let key = key(context, fields);
    context.mfa.enforcements.remove(&key);
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    let here = context.mfa.enforcements.iter().filter(|((namespace, _), _)| namespace == context.namespace);
    let infos: Map<String, Value> =
        here.map(|(key, enforcement)| (key.1.clone(), enforcement.to_json(key))).collect();
    let keys: Vec<String> = infos.keys().cloned().collect();
    Ok(key_list(&keys, Some(infos)))
}

impl Enforcement {
    fn to_json(&self, (namespace, name): &(String, String)) -> Value {
        json!({
            "id": self.id,
            "name": name,
            "namespace_id": self.namespace_id,
            "namespace_path": namespace,
            "mfa_method_ids": self.methods,
            "auth_method_accessors": self.accessors,
            "auth_method_types": self.types,
            "identity_group_ids": self.groups,
            "identity_entity_ids": self.entities,
        })
    }
}
