//! Entities, groups, identity tokens, and the wrappers around endpoints.

use std::time::Duration;

use identity_core::legacy::*;
use identity_core::prelude::*;

use crate::{FRACTION, SECOND, rejected};

#[test]
fn empty_values_in_a_path() {
    rejected! {
        ReadEntityById::new("") => "id";
        UpdateEntityById::new("") => "id";
        DeleteEntityById::new("") => "id";
        ReadEntityByName::new("") => "name";
        WriteEntityByName::new("") => "name";
        DeleteEntityByName::new("") => "name";
        ReadEntityAliasById::new("") => "id";
        UpdateEntityAliasById::new("") => "id";
        DeleteEntityAliasById::new("") => "id";
        ReadGroupById::new("") => "id";
        UpdateGroupById::new("") => "id";
        DeleteGroupById::new("") => "id";
        ReadGroupByName::new("") => "name";
        WriteGroupByName::new("") => "name";
        DeleteGroupByName::new("") => "name";
        ReadGroupAliasById::new("") => "id";
        UpdateGroupAliasById::new("").name("n").mount_accessor("m") => "id";
        DeleteGroupAliasById::new("") => "id";
        ReadOidcKey::new("") => "name";
        WriteOidcKey::new("") => "name";
        DeleteOidcKey::new("") => "name";
        RotateOidcKey::new("") => "name";
        ReadOidcRole::new("") => "name";
        WriteOidcRole::new("", "k") => "name";
        DeleteOidcRole::new("") => "name";
        GenerateIdToken::new("") => "role";
    }
}

#[test]
fn empty_values_in_a_body() {
    rejected! {
        CreateEntity::named("") => "name";
        CreateEntity::unnamed().id("") => "id";
        UpdateEntityById::new("e1").name("") => "name";
        WriteEntityByName::new("alice").id("") => "id";
        MergeEntities::new("", ["e2"]) => "to_entity_id";
        MergeEntities::new("e1", ["e2", ""]) => "from_entity_ids";
        MergeEntities::new("e1", ["e2"]).conflicting_alias_ids_to_keep(["a1", ""]) => "conflicting_alias_ids_to_keep";
        BatchDeleteEntities::new(["e1", ""]) => "entity_ids";
        CreateEntityAlias::new("", "m") => "name";
        CreateEntityAlias::new("n", "") => "mount_accessor";
        CreateEntityAlias::new("n", "m").canonical_id("") => "canonical_id";
        CreateEntityAlias::new("n", "m").id("") => "id";
        UpdateEntityAliasById::new("a1").name("") => "name";
        UpdateEntityAliasById::new("a1").mount_accessor("") => "mount_accessor";
        UpdateEntityAliasById::new("a1").canonical_id("") => "canonical_id";
        CreateGroup::named("") => "name";
        CreateGroup::unnamed().id("") => "id";
        CreateGroup::named("g").member_entity_ids(["e1", ""]) => "member_entity_ids";
        CreateGroup::named("g").member_group_ids(["g1", ""]) => "member_group_ids";
        UpdateGroupById::new("g1").name("") => "name";
        UpdateGroupById::new("g1").member_entity_ids([""]) => "member_entity_ids";
        UpdateGroupById::new("g1").member_group_ids([""]) => "member_group_ids";
        WriteGroupByName::new("g").member_entity_ids([""]) => "member_entity_ids";
        WriteGroupByName::new("g").member_group_ids([""]) => "member_group_ids";
        CreateGroupAlias::new("", "m") => "name";
        CreateGroupAlias::new("n", "") => "mount_accessor";
        CreateGroupAlias::new("n", "m").canonical_id("") => "canonical_id";
        CreateGroupAlias::new("n", "m").id("") => "id";
        UpdateGroupAliasById::new("ga1").mount_accessor("m") => "name";
        UpdateGroupAliasById::new("ga1").name("n") => "mount_accessor";
        UpdateGroupAliasById::new("ga1").name("").mount_accessor("m") => "name";
        UpdateGroupAliasById::new("ga1").name("n").mount_accessor("") => "mount_accessor";
        UpdateGroupAliasById::new("ga1").name("n").mount_accessor("m").canonical_id("") => "canonical_id";
        LookupEntity::by_id("") => "id";
        LookupEntity::by_name("") => "name";
        LookupEntity::by_alias_id("") => "alias_id";
        LookupEntity::by_alias("", "m") => "alias_name";
        LookupEntity::by_alias("n", "") => "alias_mount_accessor";
        LookupGroup::by_id("") => "id";
        LookupGroup::by_name("") => "name";
        LookupGroup::by_alias_id("") => "alias_id";
        LookupGroup::by_alias("", "m") => "alias_name";
        LookupGroup::by_alias("n", "") => "alias_mount_accessor";
        WriteOidcKey::new("web").allowed_client_ids(["c1", ""]) => "allowed_client_ids";
        WriteOidcRole::new("app", "") => "key";
        WriteOidcRole::update("app").key("") => "key";
        IntrospectIdToken::new("") => "token";
        IntrospectIdToken::new("e.y.J").client_id("") => "client_id";
    }
}

#[test]
fn values_that_the_server_would_reject_or_misread() {
    rejected! {
        WriteOidcKey::new("web").rotation_period(FRACTION) => "rotation_period";
        WriteOidcKey::new("web").verification_ttl(FRACTION) => "verification_ttl";
        RotateOidcKey::new("web").verification_ttl(Duration::from_nanos(1)) => "verification_ttl";
        WriteOidcRole::new("app", "web").ttl(FRACTION) => "ttl";
        Wrap::new(ReadOidcConfig::new(), FRACTION) => "ttl";
        Wrap::new(ReadOidcConfig::new(), Duration::ZERO) => "ttl";
        Wrap::new(ReadOidcConfig::new(), Duration::from_millis(1)) => "ttl";
        Wrap::new(ReadOidcConfig::new(), SECOND) => "(none)";

        CreateGroup::named("g").group_type(GroupType::External).member_entity_ids(["e1"]) => "member_entity_ids";
        CreateGroup::named("g").group_type(GroupType::External).member_entity_ids([""; 0]) => "member_entity_ids";
        CreateGroup::named("g").group_type(GroupType::External).member_group_ids(["g1"]) => "member_group_ids";
        UpdateGroupById::new("g1").group_type(GroupType::External).member_entity_ids(["e1"]) => "member_entity_ids";
        UpdateGroupById::new("g1").group_type(GroupType::External).member_group_ids([""; 0]) => "member_group_ids";
        WriteGroupByName::new("g").group_type(GroupType::External).member_entity_ids(["e1"]) => "member_entity_ids";
        WriteGroupByName::new("g").group_type("external").member_group_ids(["g1"]) => "member_group_ids";

        MergeEntities::new("e1", [""; 0]) => "from_entity_ids";
        MergeEntities::new("e1", ["e2", "e1"]) => "from_entity_ids";
        BatchDeleteEntities::new([""; 0]) => "entity_ids";
        BatchDeleteEntities::new(vec!["e1"; 1000]) => "entity_ids";
        BatchDeleteEntities::new(vec!["e1"; 999]) => "(none)";
    }
}

#[test]
fn metadata_beyond_the_limits_of_the_server() {
    let pairs = |count: usize| (0..count).map(|n| (format!("k{n}"), "v")).collect::<Vec<_>>();
    let key = |key: &str| [(key.to_owned(), "v".to_owned())];
    let value = |value: &str| [("k".to_owned(), value.to_owned())];
    let (long_key, longer_key) = ("k".repeat(128), "k".repeat(129));
    // In bytes: 512 and 514.
    let (long, longer) = ("ü".repeat(256), "ü".repeat(257));
    rejected! {
        CreateEntity::named("e").metadata(pairs(64)) => "(none)";
        CreateEntity::named("e").metadata(pairs(65)) => "metadata";
        UpdateEntityById::new("e1").metadata(key(&long_key)) => "(none)";
        UpdateEntityById::new("e1").metadata(key(&longer_key)) => "metadata";
        WriteEntityByName::new("e").metadata(value(&long)) => "(none)";
        WriteEntityByName::new("e").metadata(value(&longer)) => "metadata";
        CreateGroup::named("g").metadata(key("=/+_-a9")) => "(none)";
        CreateGroup::named("g").metadata(key("")) => "metadata";
        UpdateGroupById::new("g1").metadata(key("a b")) => "metadata";
        WriteGroupByName::new("g").metadata(key("ü")) => "metadata";
        CreateEntity::named("e").metadata(value("")) => "(none)";
        CreateEntity::named("e").metadata(value("a\n")) => "(none)";
        CreateEntity::named("e").metadata(key("vault-a")) => "metadata";
        CreateEntity::named("e").metadata(key("Vault-a")) => "(none)";
        CreatePersona::named("e").metadata(pairs(65)) => "metadata";
        UpdatePersona::new("e1").metadata(pairs(65)) => "metadata";

        CreateEntityAlias::new("n", "m").custom_metadata(pairs(64)) => "(none)";
        CreateEntityAlias::new("n", "m").custom_metadata(pairs(65)) => "custom_metadata";
        CreateEntityAlias::new("n", "m").custom_metadata(key("ü: /")) => "(none)";
        UpdateEntityAliasById::new("a1").custom_metadata(key(&longer_key)) => "custom_metadata";
        UpdateEntityAliasById::new("a1").custom_metadata(key("")) => "custom_metadata";
        UpdateEntityAliasById::new("a1").custom_metadata(value(&long)) => "(none)";
        UpdateEntityAliasById::new("a1").custom_metadata(value(&longer)) => "custom_metadata";
        UpdateEntityAliasById::new("a1").custom_metadata(value("")) => "custom_metadata";
        UpdateEntityAliasById::new("a1").custom_metadata(value("a\n")) => "custom_metadata";
    }
}

#[test]
fn lists_that_the_server_rejects_as_too_long() {
    let ids = |count: usize| (0..count).map(|n| format!("id{n}")).collect::<Vec<_>>();
    let with_comma = |count: usize| (0..count).map(|n| format!("https://h/?{n},")).collect::<Vec<_>>();
    rejected! {
        WriteOidcClient::new("c").redirect_uris(ids(5000)).assignments(ids(5000)) => "(none)";
        WriteOidcClient::new("c").redirect_uris(with_comma(500)) => "(none)";
        WriteOidcClient::new("c").redirect_uris(with_comma(501)) => "redirect_uris";
        CreateEntity::named("e").policies(with_comma(501)) => "policies";
        WriteLoginEnforcement::new("e", ids(1)).identity_entity_ids(ids(997)) => "(none)";
        WriteLoginEnforcement::new("e", ids(1)).identity_entity_ids(ids(998)) => "identity_entity_ids";
        WriteLoginEnforcement::new("e", ids(1)).auth_method_types(ids(600)).identity_group_ids(ids(500)) => "auth_method_types";
    }
}

#[test]
fn wrappers_reject_what_the_wrapped_endpoint_rejects() {
    rejected! {
        Maybe(ReadEntityById::new("")) => "id";
        WithMeta(ReadEntityByName::new("..")) => "name";
        Wrap::new(MergeEntities::new("e1", ["e1"]), SECOND) => "from_entity_ids";
        LookupWrappingToken::new("") => "token";
        UnwrapResponse::<ReadEntityById>::new("") => "token";
        UnwrapResponse::<ReadEntityById>::new("a b") => "token";
        UnwrapResponse::<ReadEntityById>::new("a\nb") => "token";
    }
}

#[test]
fn legacy_names() {
    rejected! {
        CreateAlias::new("", "m") => "name";
        CreateAlias::new("n", "") => "mount_accessor";
        CreateAlias::new("n", "m").canonical_id("") => "canonical_id";
        CreateAlias::new("n", "m").id("") => "id";
        ReadAlias::new("") => "id";
        UpdateAlias::new("") => "id";
        UpdateAlias::new("a1").name("") => "name";
        UpdateAlias::new("a1").mount_accessor("") => "mount_accessor";
        UpdateAlias::new("a1").canonical_id("") => "canonical_id";
        DeleteAlias::new("a/b") => "id";
        CreatePersona::named("") => "name";
        CreatePersona::default().id("") => "id";
        ReadPersona::new("..") => "id";
        UpdatePersona::new("") => "id";
        UpdatePersona::new("e1").name("") => "name";
        DeletePersona::new("") => "id";
    }
}
