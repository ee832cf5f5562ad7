//! Help about the paths of `FakeVault`.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

fn send(vault: &FakeVault, token: &str, verb: &str, path: &str) -> (u16, Value) {
    exchange(vault, &[("x-vault-token", token)], verb, path, &Value::Null)
}

#[test]
fn help_describes_methods_and_parameters() {
    let vault = FakeVault::new();
    for (verb, path) in [("GET", "identity/entity/id/x?help=1"), ("HELP", "identity/entity/id/x")] {
        let (status, page) = send(&vault, "root", verb, path);
        assert_eq!((status, &page["see_also"]), (200, &Value::Null));
        let help = page["help"].as_str().unwrap();
        for line in
            ["Request:        entity/id/x", "Matching Route: entity/id/{id}", "    metadata (keypair)"]
        {
            assert!(help.lines().any(|other| other == line), "{line} in {help}");
        }
        let operations = page["openapi"]["paths"]["/entity/id/{id}"].as_object().unwrap();
        assert_eq!(operations.keys().collect::<Vec<_>>(), ["delete", "get", "post"]);
    }
    let (_, page) = send(&vault, "root", "HELP", "secret/data/a/b");
    assert!(page["help"].as_str().unwrap().contains("GET, POST, PATCH, DELETE"), "{page}");
}

#[test]
fn help_about_an_engine_lists_its_paths() {
    let vault = FakeVault::new();
    for (mount, route) in [("identity", "    group/id/{id}\n"), ("secret/", "    metadata/{path}\n")] {
        let (status, page) = send(&vault, "root", "HELP", mount);
        assert!(status == 200 && page["help"].as_str().unwrap().contains(route), "{page}");
    }
    let (status, page) = send(&vault, "root", "GET", "sys/mounts?help=1");
    assert!(status == 200 && page["help"].as_str().unwrap().contains("`system`"), "{page}");
}

#[test]
fn help_needs_a_token_but_no_capability() {
    let vault = FakeVault::new();
    let (status, errors) = send(&vault, "none", "HELP", "secret/data/a");
    assert_eq!((status, errors), (403, json!({ "errors": ["permission denied"] })));
    let token = vault.unprivileged_token();
    let token = identity_core::ExposeSecret::expose_secret(&token);
    assert_eq!(send(&vault, token, "HELP", "secret/data/a").0, 200);
}

#[test]
fn unknown_paths_have_no_help() {
    let vault = FakeVault::new();
    let (status, errors) = send(&vault, "root", "HELP", "identity/nope");
    assert_eq!((status, errors), (404, json!({ "errors": ["1 error occurred:\n\t* unsupported path\n\n"] })));
    let (status, errors) = send(&vault, "root", "HELP", "nope");
    let problem = "no handler for route \"nope\". route entry not found.";
    assert_eq!((status, errors), (404, json!({ "errors": [problem] })));
    assert_eq!(send(&vault, "root", "GET", "secret/data/a?help=").0, 404);
    vault.mount_auth("userpass");
    for path in
        ["sys/nope", "sys/policies", "sys/wrapping/x", "auth/token/nope", "auth/userpass/users/x/nope"]
    {
        let (status, errors) = send(&vault, "root", "HELP", path);
        let problem = "1 error occurred:\n\t* unsupported path\n\n";
        assert_eq!((status, errors), (404, json!({ "errors": [problem] })), "{path}");
    }
    let known = [
        "sys/wrapping/wrap",
        "sys/policies/acl/x",
        "auth/token",
        "auth/token/create",
        "auth/userpass/login/x",
    ];
    for path in known {
        assert_eq!(send(&vault, "root", "HELP", path).0, 200, "{path}");
    }
}
