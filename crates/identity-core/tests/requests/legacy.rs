use identity_core::legacy::*;

use crate::requests;

const NO_PAIRS: [(&str, &str); 0] = [];

#[test]
fn aliases() {
    requests! {
        POST "identity/alias" {
            CreateAlias::new("alice", "auth_userpass_1") => "identity/alias" again
                {"name": "alice", "mount_accessor": "auth_userpass_1"};
            CreateAlias::new("alice", "auth_userpass_1").canonical_id("e1").id("a1") => "identity/alias" again
                {"name": "alice", "mount_accessor": "auth_userpass_1", "canonical_id": "e1", "id": "a1"};
        }
        GET "identity/alias/id/{id}" {
            ReadAlias::new("a1") => "identity/alias/id/a1" again;
        }
        POST "identity/alias/id/{id}" {
            UpdateAlias::new("a1") => "identity/alias/id/a1" again {};
            UpdateAlias::new("a1").name("bob").mount_accessor("auth_ldap_1").canonical_id("e1")
                => "identity/alias/id/a1" again
                {"name": "bob", "mount_accessor": "auth_ldap_1", "canonical_id": "e1"};
        }
        DELETE "identity/alias/id/{id}" {
            DeleteAlias::new("a1") => "identity/alias/id/a1" again;
        }
        LIST "identity/alias/id" {
            ListAliases::new() => "identity/alias/id" again;
        }
    }
}

#[test]
fn personas() {
    requests! {
        POST "identity/persona" {
            CreatePersona::default() => "identity/persona" once {};
            CreatePersona::default().metadata([("team", "eng")]) => "identity/persona" once {"metadata": {"team": "eng"}};
            CreatePersona::default().id("e1") => "identity/persona" again {"id": "e1"};
            CreatePersona::named("alice") => "identity/persona" again {"name": "alice"};
            CreatePersona::named("alice").id("e1").metadata([("team", "eng")]) => "identity/persona" again
                {"name": "alice", "id": "e1", "metadata": {"team": "eng"}};
        }
        GET "identity/persona/id/{id}" {
            ReadPersona::new("a1") => "identity/persona/id/a1" again;
        }
        POST "identity/persona/id/{id}" {
            UpdatePersona::new("e1") => "identity/persona/id/e1" again {};
            UpdatePersona::new("e1").name("bob").metadata([("team", "eng")]) => "identity/persona/id/e1" again
                {"name": "bob", "metadata": {"team": "eng"}};
            UpdatePersona::new("e1").metadata(NO_PAIRS) => "identity/persona/id/e1" again {"metadata": {}};
        }
        DELETE "identity/persona/id/{id}" {
            DeletePersona::new("a1") => "identity/persona/id/a1" again;
        }
        LIST "identity/persona/id" {
            ListPersonas::new() => "identity/persona/id" again;
        }
    }
}
