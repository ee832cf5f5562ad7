use identity_core::prelude::*;

use crate::requests;

const NO_PAIRS: [(&str, &str); 0] = [];

#[test]
fn groups() {
    requests! {
        POST "identity/group" {
            CreateGroup::unnamed() => "identity/group" not_idempotent {};
            CreateGroup::named("ops") => "identity/group" idempotent {"name": "ops"};
            CreateGroup::unnamed().id("g1") => "identity/group" idempotent {"id": "g1"};
            CreateGroup::named("ops").id("g1").group_type(GroupType::Internal).policies(["ops"]).metadata([("team", "eng")])
                .member_entity_ids(["e1", "e2"]).member_group_ids(["g2"])
                => "identity/group" idempotent
                {"name": "ops", "id": "g1", "type": "internal", "policies": ["ops"], "metadata": {"team": "eng"},
                 "member_entity_ids": ["e1", "e2"], "member_group_ids": ["g2"]};
            CreateGroup::named("ops").policies([""; 0]).metadata(NO_PAIRS).member_entity_ids([""; 0]).member_group_ids([""; 0])
                => "identity/group" idempotent
                {"name": "ops", "policies": [], "metadata": {}, "member_entity_ids": [], "member_group_ids": []};
            CreateGroup::named("ldap").group_type(GroupType::External).policies(["ops"]) => "identity/group" idempotent
                {"name": "ldap", "type": "external", "policies": ["ops"]};
            CreateGroup::named("new").group_type("dynamic") => "identity/group" idempotent {"name": "new", "type": "dynamic"};
            CreateGroup::unnamed().member_entity_ids(["e1"]) => "identity/group" not_idempotent {"member_entity_ids": ["e1"]};
        }
        GET "identity/group/id/{id}" {
            ReadGroupById::new("g1") => "identity/group/id/g1" idempotent;
        }
        POST "identity/group/id/{id}" {
            UpdateGroupById::new("g1") => "identity/group/id/g1" idempotent {};
            UpdateGroupById::new("g1").name("ops").group_type(GroupType::Internal).policies(["ops"]).metadata([("team", "eng")])
                .member_entity_ids(["e1"]).member_group_ids(["g2"])
                => "identity/group/id/g1" idempotent
                {"name": "ops", "type": "internal", "policies": ["ops"], "metadata": {"team": "eng"},
                 "member_entity_ids": ["e1"], "member_group_ids": ["g2"]};
            UpdateGroupById::new("g1").policies([""; 0]).metadata(NO_PAIRS).member_entity_ids([""; 0]).member_group_ids([""; 0])
                => "identity/group/id/g1" idempotent
                {"policies": [], "metadata": {}, "member_entity_ids": [], "member_group_ids": []};
        }
        DELETE "identity/group/id/{id}" {
            DeleteGroupById::new("g1") => "identity/group/id/g1" idempotent;
        }
        LIST "identity/group/id" {
            ListGroups::new() => "identity/group/id" idempotent;
        }
        POST "identity/group/name/{name}" {
            WriteGroupByName::new("ops") => "identity/group/name/ops" idempotent {};
            WriteGroupByName::new("ops").group_type(GroupType::Internal).policies(["ops"]).metadata([("team", "eng")])
                .member_entity_ids(["e1"]).member_group_ids(["g2"])
                => "identity/group/name/ops" idempotent
                {"type": "internal", "policies": ["ops"], "metadata": {"team": "eng"},
                 "member_entity_ids": ["e1"], "member_group_ids": ["g2"]};
            WriteGroupByName::new("ops").policies([""; 0]).metadata(NO_PAIRS).member_entity_ids([""; 0]).member_group_ids([""; 0])
                => "identity/group/name/ops" idempotent
                {"policies": [], "metadata": {}, "member_entity_ids": [], "member_group_ids": []};
        }
        GET "identity/group/name/{name}" {
            ReadGroupByName::new("a b/ü%") => "identity/group/name/a%20b%2F%C3%BC%25" idempotent;
        }
        DELETE "identity/group/name/{name}" {
            DeleteGroupByName::new("ops") => "identity/group/name/ops" idempotent;
        }
        LIST "identity/group/name" {
            ListGroupNames::new() => "identity/group/name" idempotent;
        }
    }
}

#[test]
fn group_aliases() {
    requests! {
        POST "identity/group-alias" {
            CreateGroupAlias::new("cn=ops", "auth_ldap_1") => "identity/group-alias" not_idempotent
                {"name": "cn=ops", "mount_accessor": "auth_ldap_1"};
            CreateGroupAlias::new("cn=ops", "auth_ldap_1").canonical_id("g1").id("ga1") => "identity/group-alias" not_idempotent
                {"name": "cn=ops", "mount_accessor": "auth_ldap_1", "canonical_id": "g1", "id": "ga1"};
        }
        GET "identity/group-alias/id/{id}" {
            ReadGroupAliasById::new("ga1") => "identity/group-alias/id/ga1" idempotent;
        }
        POST "identity/group-alias/id/{id}" {
            UpdateGroupAliasById::new("ga1").name("cn=ops").mount_accessor("auth_ldap_1") => "identity/group-alias/id/ga1" idempotent
                {"name": "cn=ops", "mount_accessor": "auth_ldap_1"};
            UpdateGroupAliasById::new("ga1").name("cn=ops").mount_accessor("auth_ldap_1").canonical_id("g1") => "identity/group-alias/id/ga1" idempotent
                {"name": "cn=ops", "mount_accessor": "auth_ldap_1", "canonical_id": "g1"};
        }
        DELETE "identity/group-alias/id/{id}" {
            DeleteGroupAliasById::new("ga1") => "identity/group-alias/id/ga1" idempotent;
        }
        LIST "identity/group-alias/id" {
            ListGroupAliases::new() => "identity/group-alias/id" idempotent;
        }
    }
}
