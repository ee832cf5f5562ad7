use identity_core::lookup::{LookupEntity, LookupGroup};

use crate::requests;

#[test]
fn lookup_sends_one_criterion() {
    requests! {
        POST "identity/lookup/entity" {
            LookupEntity::by_id("e1") => "identity/lookup/entity" idempotent {"id": "e1"};
            LookupEntity::by_name("../a\tb/") => "identity/lookup/entity" idempotent {"name": "../a\tb/"};
            LookupEntity::by_alias_id("a1") => "identity/lookup/entity" idempotent {"alias_id": "a1"};
            LookupEntity::by_alias("alice", "auth_userpass_1") => "identity/lookup/entity" idempotent
                {"alias_name": "alice", "alias_mount_accessor": "auth_userpass_1"};
        }
        POST "identity/lookup/group" {
            LookupGroup::by_id("g1") => "identity/lookup/group" idempotent {"id": "g1"};
            LookupGroup::by_name("ops") => "identity/lookup/group" idempotent {"name": "ops"};
            LookupGroup::by_alias_id("ga1") => "identity/lookup/group" idempotent {"alias_id": "ga1"};
            LookupGroup::by_alias("cn=ops", "auth_ldap_1") => "identity/lookup/group" idempotent
                {"alias_name": "cn=ops", "alias_mount_accessor": "auth_ldap_1"};
        }
    }
}
