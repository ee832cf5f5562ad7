//! A response about another object than was asked for is an error.

use std::error::Error as _;

use identity_core::legacy::*;
use identity_core::prelude::*;

use crate::{chain, response};

const UUID: &str = "7fbd40c1-0000-4000-8000-000000000001";
const OTHER: &str = "7fbd40c1-0000-4000-8000-000000000002";

/// The chain of the error that `data` is in response to `endpoint`; `(none)` if it is accepted.
fn error_of<E: Endpoint>(endpoint: &E, data: &str) -> String {
    let body = data.strip_prefix("raw ").map_or_else(|| format!(r#"{{"data":{data}}}"#), ToOwned::to_owned);
    let target = Target::new("http://vault.test").expect("an address");
    let request = endpoint.request(&target).expect("a request");
    let operation = Operation::from_request(&request).expect("an operation");
    let Err(error) = endpoint.parse_verified_response(operation, &response(200, body)) else {
        return "(none)".to_owned();
    };
    assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error:#}");
    assert!(!error.is_retryable());
    assert!(error.source().is_some());
    assert!(!error.to_string().contains(UUID), "{error}");
    chain(&error)
}

/// `endpoint, its own response, another one => the field that differs;`
macro_rules! table {
    ($($endpoint:expr, $own:expr, $other:expr => $field:literal;)*) => {
        $(
            assert_eq!(error_of(&$endpoint, &$own), "(none)", "{}", stringify!($endpoint));
            let error = error_of(&$endpoint, &$other);
            assert!(
                error.contains(concat!("the response is about another object: `", $field, "` is `")),
                "{}: {error}", stringify!($endpoint)
            );
        )*
    };
}

#[test]
fn by_identifier_and_by_name() {
    let id = |id: &str| format!(r#"{{"id":"{id}","name":"n"}}"#);
    let name = |name: &str| format!(r#"{{"id":"e1","name":"{name}"}}"#);
    let alias = |id: &str, canonical: &str| format!(r#"{{"id":"{id}","canonical_id":"{canonical}"}}"#);
    table! {
        ReadEntityById::new("e1"), id("e1"), id("e2") => "id";
        UpdateEntityById::new("e1"), id("E1"), id("e2") => "id";
        ReadEntityByName::new("Ü/x"), name("ü/X"), name("ü%2Fx") => "name";
        WriteEntityByName::new("team/x"), name("TEAM/x"), name("team%2Fx") => "name";
        CreateEntity::named("a"), name("A"), name("b") => "name";
        ReadGroupById::new("g1"), id("g1"), id("g2") => "id";
        UpdateGroupById::new("g1"), id("g1"), id("g2") => "id";
        ReadGroupByName::new("a"), name("A"), name("b") => "name";
        WriteGroupByName::new("a"), name("a"), name("b") => "name";
        CreateGroup::named("a"), name("a"), name("b") => "name";
        ReadEntityAliasById::new("a1"), alias("a1", "e1"), alias("a2", "e1") => "id";
        UpdateEntityAliasById::new("a1").canonical_id("e1"), alias("a1", "e1"), alias("a1", "e2") => "canonical_id";
        CreateEntityAlias::new("n", "m").canonical_id("e1"), alias("a1", "e1"), alias("a1", "e2") => "canonical_id";
        CreateEntityAlias::new("n", "m").id("a1"), alias("a1", "e1"), alias("a2", "e1") => "id";
        ReadGroupAliasById::new("a1"), alias("a1", "g1"), alias("a2", "g1") => "id";
        UpdateGroupAliasById::new("a1").name("n").mount_accessor("m"), alias("a1", "g1"), alias("a2", "g1") => "id";
        CreateGroupAlias::new("n", "m").canonical_id("g1"), alias("a1", "g1"), alias("a1", "g2") => "canonical_id";
        ReadAlias::new("a1"), alias("a1", "e1"), alias("a2", "e1") => "id";
        ReadPersona::new("a1"), alias("a1", "e1"), alias("a2", "e1") => "id";
        UpdateAlias::new("a1"), alias("a1", "e1"), alias("a2", "e1") => "id";
        CreatePersona::named("a"), name("a"), name("b") => "name";
        ReadLoginEnforcement::new("a"), name("a"), name("b") => "name";
        ReadMfaMethod::new(UUID), id(UUID), id(OTHER) => "method_id";
        ReadTotpMethod::new(UUID), id(UUID), id(OTHER) => "method_id";
        ReadDuoMethod::new(UUID), id(UUID), id(OTHER) => "method_id";
        ReadOktaMethod::new(UUID), id(UUID), id(OTHER) => "method_id";
        ReadPingIdMethod::new(UUID), id(UUID), id(OTHER) => "method_id";
    }
    // Whatever is around the endpoint.
    table! {
        Maybe(ReadEntityById::new("e1")), id("e1"), id("e2") => "id";
        WithMeta(ReadEntityById::new("e1")), id("e1"), id("e2") => "id";
        Wrap::new(ReadEntityById::new("e1"), std::time::Duration::from_secs(60)), id("e1"), id("e2") => "id";
    }
}

#[test]
fn providers_by_the_name_in_their_issuer() {
    let issuer = |rest: &str| format!(r#"{{"issuer":"https://v.test/v1/{rest}"}}"#);
    let own = issuer("team/identity/oidc/provider/web");
    let other = issuer("identity/oidc/provider/app");
    table! {
        ReadOidcProvider::new("web"), own, other => "name";
        ReadProviderDiscovery::new("web"), format!("raw {own}"), format!("raw {other}") => "name";
    }
    assert_eq!(error_of(&ReadOidcProvider::new("web"), r#"{"issuer":""}"#), "(none)");
    assert_eq!(error_of(&ReadOidcProvider::new("web"), &issuer("oidc/web")), "(none)");
}

#[test]
fn lookups_by_their_criterion() {
    let entity = r#"{"id":"e1","name":"alice","aliases":[
        {"id":"a1","name":"alice","mount_accessor":"m1"},{"id":"a2","name":"al","mount_accessor":"m2"}]}"#;
    let group = r#"{"id":"g1","name":"ops","alias":{"id":"a1","name":"cn=ops","mount_accessor":"m1"}}"#;
    table! {
        LookupEntity::by_id("e1"), entity, r#"{"id":"e2"}"# => "id";
        LookupEntity::by_name("Alice"), entity, r#"{"id":"e1","name":"bob"}"# => "name";
        LookupEntity::by_alias_id("a2"), entity, r#"{"id":"e1","aliases":[{"id":"a3"}]}"# => "alias_id";
        LookupEntity::by_alias("AL", "m2"), entity, r#"{"id":"e1","aliases":[{"id":"a3","name":"bob"}]}"# => "alias_name";
        LookupGroup::by_id("g1"), group, r#"{"id":"g2"}"# => "id";
        LookupGroup::by_name("OPS"), group, r#"{"id":"g1","name":"dev"}"# => "name";
        LookupGroup::by_alias_id("a1"), group, r#"{"id":"g1","alias":{"id":"a2"}}"# => "alias_id";
        LookupGroup::by_alias("cn=ops", "m1"), group, r#"{"id":"g1","alias":{"id":"a2","name":"x"}}"# => "alias_name";
    }
    let another_mount = error_of(&LookupEntity::by_alias("alice", "m2"), entity);
    assert!(another_mount.contains("alias_name"), "{another_mount}");
    for nothing_known in [LookupEntity::by_alias_id("a1"), LookupEntity::by_alias("alice", "m1")] {
        assert_eq!(error_of(&nothing_known, r#"{"id":"e1"}"#), "(none)");
    }
    assert_eq!(error_of(&LookupEntity::by_name("alice"), r#"raw {"request_id":"r1","data":null}"#), "(none)");
}

#[test]
fn the_error_names_both_and_shows_them_harmlessly() {
    let error = error_of(&ReadEntityById::new("e1"), r#"{"id":"e2\nforged"}"#);
    assert_eq!(
        error,
        "GET identity/entity/id/{id} failed: the response cannot be decoded: the response is about another object: \
         `id` is `e2\\nforged` instead of `e1`"
    );
    // An update with a response about another object may have been applied.
    let update = UpdateEntityById::new("e1");
    let operation =
        Operation::from_request(&update.request(&Target::new("http://v.test").unwrap()).unwrap()).unwrap();
    let error =
        update.parse_verified_response(operation, &response(200, r#"{"data":{"id":"e2"}}"#)).unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(error.to_string().matches("e2").count(), 0);
}
