use std::collections::BTreeSet;

use identity_core::endpoint::{ENDPOINTS, SYSTEM_ENDPOINTS};

use crate::space::Space;
use crate::{
    aliases, enforcement, entities, groups, legacy, lookup, mfa, protocol, provider, system, tokens, totp,
};

/// The first test of each family asserts that it has successfully called all operations of a list. Together
/// these lists contain all operations of the library.
fn called() -> BTreeSet<String> {
    let called = [
        &entities::OPERATIONS[..],
        &aliases::ENTITY_ALIAS_OPERATIONS,
        &groups::OPERATIONS,
        &aliases::GROUP_ALIAS_OPERATIONS,
        &lookup::OPERATIONS,
        &tokens::OPERATIONS,
        &provider::OPERATIONS,
        &protocol::OPERATIONS,
        &mfa::OPERATIONS,
        &totp::OPERATIONS,
        &enforcement::OPERATIONS,
        &legacy::OPERATIONS,
        &system::OPERATIONS,
    ]
    .concat();
    let once: BTreeSet<_> = called.iter().copied().map(without_names).collect();
    assert_eq!((called.len(), once.len()), (120, 120));
    once
}

#[test]
fn each_operation_of_the_library_is_called() {
    let offered = ENDPOINTS.iter().chain(SYSTEM_ENDPOINTS);
    let offered = offered.map(|endpoint| without_names(&format!("{} {}", endpoint.method, endpoint.path)));
    assert_eq!(called(), offered.collect());
}

#[test]
fn the_server_has_no_other_operations() {
    let Some(space) = Space::new("coverage") else { return };
    let document = space.set_up("GET", "sys/internal/specs/openapi", &serde_json::Value::Null);
    // Its document omits these.
    let mut served: BTreeSet<_> =
        ["duo", "okta", "pingid", "totp"].map(|of| format!("POST identity/mfa/method/{of}")).into();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.trim_matches('/');
        if !path.starts_with("identity/") {
            continue;
        }
        for verb in ["get", "post", "put", "patch", "delete"] {
            let operation = &item[verb];
            let parameters = operation["parameters"].as_array();
            let list = parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "list"));
            let verb = if list { "LIST".to_owned() } else { verb.to_uppercase() };
            if !operation.is_null() {
                let new = served.insert(without_names(&format!("{verb} {path}")));
                assert!(new, "{verb} {path}: served twice");
            }
        }
    }
    let of_the_engine = called().into_iter().filter(|operation| operation.contains(" identity/"));
    assert_eq!(of_the_engine.collect::<BTreeSet<_>>(), served);
}

/// `{name}` and `{role}` become `{}`.
fn without_names(operation: &str) -> String {
    let name = |part: &str| if part.starts_with('{') { "{}" } else { part }.to_owned();
    operation.split('/').map(name).collect::<Vec<_>>().join("/")
}
