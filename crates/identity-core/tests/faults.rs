//! Mistakes that clients of this API are known to make.

use identity_core::prelude::*;

fn target() -> Target {
    Target::new("http://vault.test").expect("an address")
}

fn response(status: u16, body: &str) -> http::Response<&str> {
    http::Response::builder().status(status).body(body).expect("an response")
}

/// The path of a request, below `/v1/identity/`, and its body.
fn sent<E: Endpoint>(endpoint: &E) -> (String, String) {
    let request = endpoint.request(&target()).expect("a request");
    let path = request.uri().path().strip_prefix("/v1/identity/").expect("a path of the engine");
    (path.to_owned(), String::from_utf8(request.body().to_vec()).expect("text"))
}

#[test]
fn second_create_is_updated_not_an_error() {
    let new = response(200, r#"{"data":{"aliases":null,"id":"x1","name":"x"}}"#);
    assert_eq!(CreateEntity::parse_response(&new).unwrap().created().unwrap().id.as_str(), "x1");
    assert_eq!(WriteEntityByName::parse_response(&new).unwrap().created().unwrap().id.as_str(), "x1");
    assert_eq!(CreateGroup::parse_response(&new).unwrap().created().unwrap().id.as_str(), "x1");
    let again = response(204, "");
    assert_eq!(CreateEntity::parse_response(&again).unwrap(), Upsert::Updated);
    assert_eq!(WriteEntityByName::parse_response(&again).unwrap(), Upsert::Updated);
    assert_eq!(CreateGroup::parse_response(&again).unwrap(), Upsert::Updated);
    assert_eq!(WriteGroupByName::parse_response(&again).unwrap(), Upsert::Updated);
    UpdateEntityById::parse_response(&again).unwrap();
    UpdateGroupById::parse_response(&again).unwrap();
}

#[test]
fn write_by_name_returns_the_identifier_of_a_new_group() {
    let new = response(200, r#"{"data":{"id":"g1","name":"ops"}}"#);
    let Upsert::Created(group) = WriteGroupByName::parse_response(&new).unwrap() else { panic!("it is new") };
    assert_eq!((group.id.as_str(), group.name.as_str()), ("g1", "ops"));
}

#[test]
fn created_entity_has_identifiers_of_aliases_and_a_read_one_has_aliases() {
    let created = response(200, r#"{"data":{"aliases":["a1"],"id":"e1","name":"alice"}}"#);
    let created = CreateEntity::parse_response(&created).unwrap().created().unwrap();
    assert_eq!(created.aliases, [EntityAliasId::from("a1")]);
    let read = response(200, r#"{"data":{"aliases":[{"id":"a1","name":"al"}],"id":"e1"}}"#);
    let read = ReadEntityById::parse_response(&read).unwrap();
    assert_eq!((read.aliases[0].id.as_str(), read.aliases[0].name.as_str()), ("a1", "al"));
}

#[test]
fn unchanged_alias_is_recognized_and_an_invalid_one_is_an_error() {
    let changed = response(200, r#"{"data":{"canonical_id":"e1","id":"a1"}}"#);
    assert_eq!(
        CreateEntityAlias::parse_response(&changed).unwrap().written().unwrap().canonical_id.as_str(),
        "e1"
    );
    assert_eq!(UpdateGroupAliasById::parse_response(&changed).unwrap().written().unwrap().id.as_str(), "a1");
    assert_eq!(CreateEntityAlias::parse_response(&response(204, "")).unwrap(), AliasWrite::Unchanged);
    assert_eq!(UpdateGroupAliasById::parse_response(&response(204, "")).unwrap(), AliasWrite::Unchanged);
    for odd in ["", "<html>", r#"{"data":{"id":"a1"}}"#, r#"{"data":{"id":5,"canonical_id":"e1"}}"#] {
        let error = CreateEntityAlias::parse_response(&response(200, odd)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{odd}");
    }
}

#[test]
fn missed_lookup_is_none() {
    assert_eq!(LookupEntity::parse_response(&response(204, "")).unwrap(), None);
    assert_eq!(LookupGroup::parse_response(&response(204, "")).unwrap(), None);
}

#[test]
fn what_is_not_set_is_not_sent() {
    assert_eq!(sent(&UpdateEntityById::new("e1")).1, "{}");
    assert_eq!(sent(&WriteEntityByName::new("alice")).1, "{}");
    assert_eq!(sent(&UpdateEntityAliasById::new("a1")).1, "{}");
    assert_eq!(sent(&UpdateGroupById::new("g1")).1, "{}");
    assert_eq!(sent(&WriteGroupByName::new("ops")).1, "{}");
    assert_eq!(sent(&WriteOidcKey::new("web")).1, "{}");
    assert_eq!(sent(&RotateOidcKey::new("web")).1, "{}");
    assert_eq!(sent(&WriteOidcRole::update("app")).1, "{}");
    assert_eq!(sent(&CreateGroup::named("ops")).1, r#"{"name":"ops"}"#);
    assert_eq!(sent(&WriteOidcRole::new("app", "web")).1, r#"{"key":"web"}"#);
}

#[test]
fn false_and_empty_are_sent() {
    let nothing: [(String, String); 0] = [];
    let clear = UpdateEntityById::new("e1").disabled(false).policies([""; 0]).metadata(nothing.clone());
    assert_eq!(sent(&clear).1, r#"{"metadata":{},"policies":[],"disabled":false}"#);
    let clear = UpdateEntityAliasById::new("a1").custom_metadata(nothing);
    assert_eq!(sent(&clear).1, r#"{"custom_metadata":{}}"#);
    let clear = UpdateGroupById::new("g1").member_entity_ids([""; 0]).member_group_ids([""; 0]);
    assert_eq!(sent(&clear).1, r#"{"member_entity_ids":[],"member_group_ids":[]}"#);
}

#[test]
fn rotation_has_a_path_of_its_own() {
    assert_eq!(sent(&RotateOidcKey::new("web")).0, "oidc/key/web/rotate");
}

#[test]
fn names_are_never_taken_for_the_syntax_of_a_url() {
    for (name, path) in [
        ("vx?x=1", "entity/name/vx%3Fx%3D1"),
        ("vx#frag", "entity/name/vx%23frag"),
        ("vx%2Fq", "entity/name/vx%252Fq"),
        ("a//b", "entity/name/a%2F%2Fb"),
        ("/lead", "entity/name/%2Flead"),
        ("zoë 名前 😀", "entity/name/zo%C3%AB%20%E5%90%8D%E5%89%8D%20%F0%9F%98%80"),
        ("dot.", "entity/name/dot."),
        ("100%", "entity/name/100%25"),
        ("a;b+c&d", "entity/name/a%3Bb%2Bc%26d"),
        ("{name}", "entity/name/%7Bname%7D"),
    ] {
        assert_eq!(sent(&WriteEntityByName::new(name)).0, path);
        assert_eq!(sent(&ReadEntityByName::new(name)).0, path);
    }
    assert_eq!(sent(&ReadEntityByName::new("trail/")).0, "entity/name/trail%2F");
    for name in ["..", "../../../auth/token/lookup-self", "rs/../nopol", "."] {
        assert!(ReadEntityByName::new(name).request(&target()).is_err(), "{name}");
        assert!(WriteGroupByName::new(name).request(&target()).is_err(), "{name}");
        // The body carries them.
        assert_eq!(sent(&CreateEntity::named(name)).1, format!(r#"{{"name":"{name}"}}"#));
        assert_eq!(sent(&LookupGroup::by_name(name)).1, format!(r#"{{"name":"{name}"}}"#));
    }
}

#[test]
fn wrong_namespace_or_mount_is_no_empty_list() {
    for messages in
        ["namespace not found", "no handler for route \\\"x\\\". route entry not found.", "unsupported path"]
    {
        let body = format!(r#"{{"errors":["{messages}"]}}"#);
        let error = ListEntities::parse_response(&response(404, &body)).unwrap_err();
        assert!(!error.is_not_found(), "{messages}");
        assert!(Maybe::<ReadGroupByName>::parse_response(&response(404, &body)).is_err(), "{messages}");
    }
    assert!(ListEntities::parse_response(&response(404, r#"{"errors":[]}"#)).unwrap().is_empty());
}

#[test]
fn lists_keep_the_information_on_each_key() {
    let alias = r#"{"id":"a1","name":"al","mount_accessor":"auth_userpass_1","mount_path":"auth/userpass/","mount_type":"userpass"}"#;
    let body =
        format!(r#"{{"data":{{"keys":["e1"],"key_info":{{"e1":{{"name":"alice","aliases":[{alias}]}}}}}}}}"#);
    let entities = ListEntities::parse_response(&response(200, &body)).unwrap();
    let info = &entities.key_info["e1"];
    assert_eq!((info.name.as_str(), info.aliases[0].mount_type.as_deref()), ("alice", Some("userpass")));

    let body = format!(
        r#"{{"data":{{"keys":["g1"],"key_info":{{"g1":{{"name":"ops","num_member_entities":2,"num_parent_groups":1,"alias":{alias}}}}}}}}}"#
    );
    let groups = ListGroups::parse_response(&response(200, &body)).unwrap();
    let info = &groups.key_info["g1"];
    assert_eq!((info.num_member_entities, info.num_parent_groups), (2, 1));
    assert_eq!(info.alias.as_ref().map(|alias| alias.id.as_str()), Some("a1"));
}

#[test]
fn lists_of_any_length_are_read() {
    let keys = vec![r#""e""#; 10_000].join(",");
    let body = format!(r#"{{"data":{{"keys":[{keys}]}}}}"#);
    assert_eq!(ListEntityNames::parse_response(&response(200, &body)).unwrap().len(), 10_000);
}

#[test]
fn introspection_is_read_without_envelope() {
    let active = IntrospectIdToken::parse_response(&response(200, r#"{"active":true}"#)).unwrap();
    assert_eq!((active.active, active.error), (true, None));
    let inactive = response(200, r#"{"active":false,"error":"entity is disabled"}"#);
    let inactive = IntrospectIdToken::parse_response(&inactive).unwrap();
    assert_eq!((inactive.active, inactive.error.as_deref()), (false, Some("entity is disabled")));
}

#[test]
fn external_group_contains_its_alias() {
    let body = r#"{"data":{"id":"g1","type":"external","member_entity_ids":null,"member_group_ids":null,"policies":null,
        "alias":{"id":"ga1","canonical_id":"g1","name":"cn=ops","mount_accessor":"auth_ldap_1"}}}"#;
    let group = ReadGroupById::parse_response(&response(200, body)).unwrap();
    assert_eq!(group.group_type, GroupType::External);
    assert_eq!(group.alias.unwrap().name, "cn=ops");
}
