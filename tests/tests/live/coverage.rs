use std::collections::BTreeSet;

use crate::space::Space;
use crate::{aliases, entities, groups, lookup, tokens};

/// The first test of each family asserts that it has called all operations of a list. Together these lists are what the server itself
/// says that it offers.
#[test]
fn the_server_has_no_other_operations() {
    let Some(space) = Space::new("coverage") else { return };
    let document = space.set_up("GET", "sys/internal/specs/openapi", &serde_json::Value::Null);
    let mut offered = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.trim_start_matches('/');
        let starts = |with: &[&str]| with.iter().any(|with| path.starts_with(&format!("identity/{with}")));
        if !starts(&["entity", "group", "lookup/", "oidc/"])
            || starts(&["oidc/assignment", "oidc/client", "oidc/provider", "oidc/scope"])
        {
            continue;
        }
        for verb in ["get", "post", "delete"] {
            let operation = &item[verb];
            let parameters = operation["parameters"].as_array();
            let list = parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "list"));
            let verb = if list { "LIST".to_owned() } else { verb.to_uppercase() };
            if !operation.is_null() {
                offered.insert(without_names(&format!("{verb} {path}")));
            }
        }
    }

    let called = [
        &entities::OPERATIONS[..],
        &aliases::ENTITY_ALIAS_OPERATIONS,
        &groups::OPERATIONS,
        &aliases::GROUP_ALIAS_OPERATIONS,
        &lookup::OPERATIONS,
        &tokens::OPERATIONS,
    ]
    .concat();
    assert_eq!(called.len(), 47);
    assert_eq!(called.into_iter().map(without_names).collect::<BTreeSet<_>>(), offered);
}

/// `{name}` and `{role}` become `{}`.
fn without_names(operation: &str) -> String {
    let name = |part: &str| if part.starts_with('{') { "{}" } else { part }.to_owned();
    operation.split('/').map(name).collect::<Vec<_>>().join("/")
}
