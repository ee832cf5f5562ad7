use identity_core::prelude::*;

use crate::requests;

const NO_PAIRS: [(&str, &str); 0] = [];

#[test]
fn entities() {
    requests! {
        POST "identity/entity" {
            CreateEntity::unnamed() => "identity/entity" not_idempotent {};
            CreateEntity::named("alice") => "identity/entity" idempotent {"name": "alice"};
            CreateEntity::unnamed().id("e1") => "identity/entity" idempotent {"id": "e1"};
            CreateEntity::named("alice").id("e1").policies(["dev", "ops"]).metadata([("team", "eng")]).disabled(true)
                => "identity/entity" idempotent
                {"name": "alice", "id": "e1", "policies": ["dev", "ops"], "metadata": {"team": "eng"}, "disabled": true};
            CreateEntity::named("alice").policies([""; 0]).metadata(NO_PAIRS).disabled(false)
                => "identity/entity" idempotent {"name": "alice", "policies": [], "metadata": {}, "disabled": false};
            CreateEntity::unnamed().policies(["dev"]) => "identity/entity" not_idempotent {"policies": ["dev"]};
        }
        GET "identity/entity/id/{id}" {
            ReadEntityById::new("7fbd40c1.498jXM") => "identity/entity/id/7fbd40c1.498jXM" idempotent;
        }
        POST "identity/entity/id/{id}" {
            UpdateEntityById::new("e1") => "identity/entity/id/e1" idempotent {};
            UpdateEntityById::new("e1").name("bob").policies(["dev"]).metadata([("team", "eng")]).disabled(true)
                => "identity/entity/id/e1" idempotent
                {"name": "bob", "policies": ["dev"], "metadata": {"team": "eng"}, "disabled": true};
            UpdateEntityById::new("e1").policies([""; 0]).metadata(NO_PAIRS).disabled(false)
                => "identity/entity/id/e1" idempotent {"policies": [], "metadata": {}, "disabled": false};
        }
        DELETE "identity/entity/id/{id}" {
            DeleteEntityById::new("e1") => "identity/entity/id/e1" idempotent;
        }
        LIST "identity/entity/id" {
            ListEntities::new() => "identity/entity/id" idempotent;
        }
        POST "identity/entity/name/{name}" {
            WriteEntityByName::new("alice") => "identity/entity/name/alice" idempotent {};
            WriteEntityByName::new("alice").id("e1").policies(["dev"]).metadata([("team", "eng")]).disabled(true)
                => "identity/entity/name/alice" idempotent
                {"id": "e1", "policies": ["dev"], "metadata": {"team": "eng"}, "disabled": true};
            WriteEntityByName::new("alice").policies([""; 0]).metadata(NO_PAIRS).disabled(false)
                => "identity/entity/name/alice" idempotent {"policies": [], "metadata": {}, "disabled": false};
        }
        GET "identity/entity/name/{name}" {
            ReadEntityByName::new("alice") => "identity/entity/name/alice" idempotent;
            ReadEntityByName::new("ends/") => "identity/entity/name/ends%2F" idempotent;
        }
        DELETE "identity/entity/name/{name}" {
            DeleteEntityByName::new("alice") => "identity/entity/name/alice" idempotent;
            DeleteEntityByName::new("ends/") => "identity/entity/name/ends%2F" idempotent;
        }
        LIST "identity/entity/name" {
            ListEntityNames::new() => "identity/entity/name" idempotent;
        }
        POST "identity/entity/merge" {
            MergeEntities::new("e1", ["e2"]) => "identity/entity/merge" not_idempotent
                {"to_entity_id": "e1", "from_entity_ids": ["e2"]};
            MergeEntities::new("e1", ["e2", "e3"]).force(true).conflicting_alias_ids_to_keep(["a1", "a2"])
                => "identity/entity/merge" not_idempotent
                {"to_entity_id": "e1", "from_entity_ids": ["e2", "e3"], "force": true, "conflicting_alias_ids_to_keep": ["a1", "a2"]};
            MergeEntities::new("e1", ["e2"]).force(false).conflicting_alias_ids_to_keep([""; 0])
                => "identity/entity/merge" not_idempotent
                {"to_entity_id": "e1", "from_entity_ids": ["e2"], "force": false, "conflicting_alias_ids_to_keep": []};
        }
        POST "identity/entity/batch-delete" {
            BatchDeleteEntities::new(["e1", "e2"]) => "identity/entity/batch-delete" idempotent {"entity_ids": ["e1", "e2"]};
        }
    }
}

#[test]
fn entity_aliases() {
    requests! {
        POST "identity/entity-alias" {
            CreateEntityAlias::new("alice", "auth_userpass_1") => "identity/entity-alias" idempotent
                {"name": "alice", "mount_accessor": "auth_userpass_1"};
            CreateEntityAlias::new("alice", "auth_userpass_1").canonical_id("e1").id("a1").custom_metadata([("team", "eng")])
                => "identity/entity-alias" idempotent
                {"name": "alice", "mount_accessor": "auth_userpass_1", "canonical_id": "e1", "id": "a1", "custom_metadata": {"team": "eng"}};
            CreateEntityAlias::new("alice", "auth_userpass_1").custom_metadata(NO_PAIRS) => "identity/entity-alias" idempotent
                {"name": "alice", "mount_accessor": "auth_userpass_1", "custom_metadata": {}};
        }
        GET "identity/entity-alias/id/{id}" {
            ReadEntityAliasById::new("a1") => "identity/entity-alias/id/a1" idempotent;
        }
        POST "identity/entity-alias/id/{id}" {
            UpdateEntityAliasById::new("a1") => "identity/entity-alias/id/a1" idempotent {};
            UpdateEntityAliasById::new("a1").name("bob").mount_accessor("auth_ldap_1").canonical_id("e1").custom_metadata([("k", "v")])
                => "identity/entity-alias/id/a1" idempotent
                {"name": "bob", "mount_accessor": "auth_ldap_1", "canonical_id": "e1", "custom_metadata": {"k": "v"}};
            UpdateEntityAliasById::new("a1").custom_metadata(NO_PAIRS) => "identity/entity-alias/id/a1" idempotent {"custom_metadata": {}};
        }
        DELETE "identity/entity-alias/id/{id}" {
            DeleteEntityAliasById::new("a1") => "identity/entity-alias/id/a1" idempotent;
        }
        LIST "identity/entity-alias/id" {
            ListEntityAliases::new() => "identity/entity-alias/id" idempotent;
        }
    }
}

#[test]
fn batch_delete_accepts_as_many_identifiers_as_the_server() {
    let ids: Vec<_> = (0..BatchDeleteEntities::MAX_IDS).map(|number| format!("e{number}")).collect();
    let target = Target::new("http://vault.test").unwrap();
    let request = BatchDeleteEntities::new(ids.clone()).request(&target).unwrap();
    let sent: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(sent, serde_json::json!({ "entity_ids": ids }));
}
