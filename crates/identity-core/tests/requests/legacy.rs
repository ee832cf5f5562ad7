use identity_core::legacy::*;

use crate::requests;

const NO_PAIRS: [(&str, &str); 0] = [];

#[test]
fn aliases() {
    requests! {
        POST "identity/alias" {
            CreateAlias::new("alice", "auth_userpass_1") => "identity/alias" idempotent
                {"name": "alice", "mount_accessor": "auth_userpass_1"};
            CreateAlias::new("alice", "auth_userpass_1").canonical_id("e1").id("a1") => "identity/alias" idempotent
                {"name": "alice", "mount_accessor": "auth_userpass_1", "canonical_id": "e1", "id": "a1"};
        }
        GET "identity/alias/id/{id}" {
            ReadAlias::new("a1") => "identity/alias/id/a1" idempotent;
        }
        POST "identity/alias/id/{id}" {
            UpdateAlias::new("a1") => "identity/alias/id/a1" idempotent {};
            UpdateAlias::new("a1").name("bob").mount_accessor("auth_ldap_1").canonical_id("e1")
                => "identity/alias/id/a1" idempotent
                {"name": "bob", "mount_accessor": "auth_ldap_1", "canonical_id": "e1"};
        }
        DELETE "identity/alias/id/{id}" {
            DeleteAlias::new("a1") => "identity/alias/id/a1" idempotent;
        }
        LIST "identity/alias/id" {
            ListAliases::new() => "identity/alias/id" idempotent;
        }
    }
}

#[test]
fn personas() {
    requests! {
        POST "identity/persona" {
            CreatePersona::default() => "identity/persona" not_idempotent {};
            CreatePersona::default().metadata([("team", "eng")]) => "identity/persona" not_idempotent {"metadata": {"team": "eng"}};
            CreatePersona::default().id("e1") => "identity/persona" idempotent {"id": "e1"};
            CreatePersona::named("alice") => "identity/persona" idempotent {"name": "alice"};
            CreatePersona::named("alice").id("e1").metadata([("team", "eng")]) => "identity/persona" idempotent
                {"name": "alice", "id": "e1", "metadata": {"team": "eng"}};
        }
        GET "identity/persona/id/{id}" {
            ReadPersona::new("a1") => "identity/persona/id/a1" idempotent;
        }
        POST "identity/persona/id/{id}" {
            UpdatePersona::new("e1") => "identity/persona/id/e1" idempotent {};
            UpdatePersona::new("e1").name("bob").metadata([("team", "eng")]) => "identity/persona/id/e1" idempotent
                {"name": "bob", "metadata": {"team": "eng"}};
            UpdatePersona::new("e1").metadata(NO_PAIRS) => "identity/persona/id/e1" idempotent {"metadata": {}};
        }
        DELETE "identity/persona/id/{id}" {
            DeletePersona::new("a1") => "identity/persona/id/a1" idempotent;
        }
        LIST "identity/persona/id" {
            ListPersonas::new() => "identity/persona/id" idempotent;
        }
    }
}
