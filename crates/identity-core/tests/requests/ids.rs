//! OpenBao rejects bodies of more than 1000 strings, and splits strings at their commas.

use identity_core::prelude::*;
use serde_json::{Value, json};

type Ids = Vec<String>;
type Write = fn(Ids) -> Result<http::Request<bytes::Bytes>, Error>;

/// The lists that the server also accepts as a string with commas.
const FIELDS: &[(&str, Write)] = &[
    ("member_entity_ids", |ids| CreateGroup::unnamed().member_entity_ids(ids).request(&target())),
    ("member_group_ids", |ids| CreateGroup::unnamed().member_group_ids(ids).request(&target())),
    ("member_entity_ids", |ids| UpdateGroupById::new("g1").member_entity_ids(ids).request(&target())),
    ("member_group_ids", |ids| UpdateGroupById::new("g1").member_group_ids(ids).request(&target())),
    ("member_entity_ids", |ids| WriteGroupByName::new("ops").member_entity_ids(ids).request(&target())),
    ("member_group_ids", |ids| WriteGroupByName::new("ops").member_group_ids(ids).request(&target())),
    ("entity_ids", |ids| WriteOidcAssignment::new("staff").entity_ids(ids).request(&target())),
    ("group_ids", |ids| WriteOidcAssignment::new("staff").group_ids(ids).request(&target())),
    ("allowed_client_ids", |ids| WriteOidcKey::new("k").allowed_client_ids(ids).request(&target())),
    ("allowed_client_ids", |ids| WriteOidcProvider::new("p").allowed_client_ids(ids).request(&target())),
    ("scopes_supported", |ids| WriteOidcProvider::new("p").scopes_supported(ids).request(&target())),
    ("redirect_uris", |ids| WriteOidcClient::new("c").redirect_uris(ids).request(&target())),
    ("assignments", |ids| WriteOidcClient::new("c").assignments(ids).request(&target())),
    ("policies", |ids| CreateEntity::unnamed().policies(ids).request(&target())),
    ("policies", |ids| CreateGroup::unnamed().policies(ids).request(&target())),
];

fn target() -> Target {
    Target::new("http://vault.test").expect("an address")
}

#[test]
fn more_than_150_elements_are_one_string() {
    for length in [0, 1, 149, 150, 151, 1000, 5000] {
        let ids: Ids = (0..length).map(|number| format!("7fbd40c1-{number}.498jXM")).collect();
        let expected = if length > 150 { json!(ids.join(",")) } else { json!(ids) };
        for (field, request) in FIELDS {
            let request = request(ids.clone()).expect(field);
            let sent: Value = serde_json::from_slice(request.body()).expect(field);
            assert_eq!(sent, json!({ *field: expected }), "{length} {}", request.uri());
        }
    }
}

#[test]
fn each_list_is_encoded_separately() {
    let many = vec!["e1"; 501];
    let group = CreateGroup::named("ops").member_entity_ids(many.clone()).member_group_ids(["g1"]);
    let request = group.request(&target()).unwrap();
    let sent: Value = serde_json::from_slice(request.body()).unwrap();
    let expected = json!({ "name": "ops", "member_entity_ids": many.join(","), "member_group_ids": ["g1"] });
    assert_eq!(sent, expected);

    let merge = MergeEntities::new("e1", vec!["e2"; 151]).conflicting_alias_ids_to_keep(vec!["a1"; 151]);
    let sent: Value = serde_json::from_slice(merge.request(&target()).unwrap().body()).unwrap();
    let (from, keep) = (vec!["e2"; 151].join(","), vec!["a1"; 151].join(","));
    let expected =
        json!({ "to_entity_id": "e1", "from_entity_ids": from, "conflicting_alias_ids_to_keep": keep });
    assert_eq!(sent, expected);
}
