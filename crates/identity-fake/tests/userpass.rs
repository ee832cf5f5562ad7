//! `userpass` on `FakeVault`: users, logins, and users who are locked out.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::Duration;

use identity_fake::FakeVault;
use serde_json::{Value, json};

use support::exchange;

fn send(vault: &FakeVault, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    exchange(vault, &[("x-vault-token", token)], method, path, body)
}

#[allow(clippy::needless_pass_by_value, reason = "callers pass the result of `json!`")]
fn post(vault: &FakeVault, path: &str, body: Value) -> (u16, Value) {
    send(vault, "POST", path, "root", &body)
}

fn get(vault: &FakeVault, path: &str) -> Value {
    send(vault, "GET", path, "root", &Value::Null).1["data"].clone()
}

fn errors((status, body): (u16, Value)) -> (u16, String) {
    (status, body["errors"][0].as_str().unwrap().to_owned())
}

const ALICE: &str = "auth/userpass/users/alice";

/// The server has the user `alice` with the password `right`.
fn vault_with_alice(mut user: Value) -> FakeVault {
    let vault = FakeVault::new();
    vault.mount_auth("userpass");
    user["password"] = json!("right");
    for _ in 0..2 {
        assert_eq!(post(&vault, ALICE, user.clone()), (204, Value::Null));
    }
    vault
}

fn log_in(vault: &FakeVault, password: &str) -> (u16, Value) {
    send(vault, "POST", "auth/userpass/login/Alice", "", &json!({ "password": password }))
}

fn denied() -> (u16, String) {
    (403, "permission denied".to_owned())
}

fn wrong() -> (u16, String) {
    (400, "invalid username or password".to_owned())
}

#[test]
fn five_wrong_passwords_lock_a_user_out() {
    let vault = vault_with_alice(json!({}));
    for _ in 0..4 {
        assert_eq!(errors(log_in(&vault, "wrong")), wrong());
    }
    assert_eq!(log_in(&vault, "right").0, 200);
    // The right password has reset the count.
    for _ in 0..5 {
        assert_eq!(errors(log_in(&vault, "wrong")), wrong());
    }
    assert_eq!(errors(log_in(&vault, "wrong")), denied());
    vault.advance(Duration::from_secs(15 * 60 - 10));
    assert_eq!(errors(log_in(&vault, "right")), denied());
    vault.advance(Duration::from_secs(11));
    assert_eq!(log_in(&vault, "right").0, 200);
}

#[test]
fn failed_logins_are_forgotten() {
    let vault = vault_with_alice(json!({}));
    for _ in 0..4 {
        assert_eq!(errors(log_in(&vault, "wrong")), wrong());
    }
    vault.advance(Duration::from_secs(15 * 60 + 1));
    assert_eq!(errors(log_in(&vault, "wrong")), wrong());
    assert_eq!(log_in(&vault, "right").0, 200);
}

#[test]
fn unknown_users_are_not_locked_out() {
    let vault = vault_with_alice(json!({}));
    for _ in 0..7 {
        let login = send(&vault, "POST", "auth/userpass/login/bob", "", &json!({ "password": "x" }));
        assert_eq!(errors(login), wrong());
    }
}

#[test]
fn locked_users_are_listed_and_unlocked() {
    let vault = vault_with_alice(json!({}));
    let accessor = vault.mount_auth("userpass");
    let accessor = accessor.as_str();
    let nobody = json!({
        "by_namespace": [{ "namespace_id": "root", "namespace_path": "", "counts": 0, "mount_accessors": [] }],
        "total": 0,
    });
    assert_eq!(get(&vault, "sys/locked-users"), nobody);
    for _ in 0..5 {
        assert_eq!(errors(log_in(&vault, "wrong")), wrong());
    }
    let mount = json!({ "mount_accessor": accessor, "counts": 1, "alias_identifiers": ["alice"] });
    let alice = json!({
        "by_namespace":
            [{ "namespace_id": "root", "namespace_path": "", "counts": 1, "mount_accessors": [mount] }],
        "total": 1,
    });
    assert_eq!(get(&vault, "sys/locked-users"), alice);
    assert_eq!(get(&vault, &format!("sys/locked-users?mount_accessor={accessor}")), alice);
    for _ in 0..2 {
        assert_eq!(post(&vault, &format!("sys/locked-users/{accessor}/unlock/alice"), json!({})).0, 204);
    }
    assert_eq!(get(&vault, "sys/locked-users"), nobody);
    assert_eq!(log_in(&vault, "right").0, 200);
}

#[test]
fn networks_are_checked_at_the_login() {
    let vault = vault_with_alice(json!({ "token_bound_cidrs": "10.0.0.0/8" }));
    assert_eq!(errors(log_in(&vault, "right")), denied());
    assert_eq!(post(&vault, ALICE, json!({ "token_bound_cidrs": ["10.0.0.0/8", "127.0.0.1/32"] })).0, 204);
    assert_eq!(log_in(&vault, "right").0, 200);
    assert_eq!(get(&vault, ALICE)["token_bound_cidrs"], json!(["10.0.0.0/8", "127.0.0.1"]));
}

#[test]
fn batch_tokens_have_neither_a_period_nor_limited_uses() {
    let vault = vault_with_alice(json!({ "token_type": "batch" }));
    let cannot_be = "'token_type' cannot be 'batch' or 'default_batch' when set to generate";
    let periodic = errors(post(&vault, ALICE, json!({ "token_period": 60 })));
    assert_eq!(periodic, (400, format!("{cannot_be} periodic tokens")));
    let limited = errors(post(&vault, ALICE, json!({ "token_num_uses": 2 })));
    assert_eq!(limited, (400, format!("{cannot_be} tokens with limited use count")));
    let auth = log_in(&vault, "right").1["auth"].clone();
    assert_eq!((&auth["token_type"], &auth["renewable"]), (&json!("batch"), &json!(false)));
}

#[test]
fn deprecated_fields_are_shown_until_they_are_replaced() {
    let vault = vault_with_alice(json!({ "policies": "B,a", "ttl": 60, "bound_cidrs": "127.0.0.1/32" }));
    let alice = get(&vault, ALICE);
    assert_eq!((&alice["policies"], &alice["token_policies"]), (&json!(["a", "b"]), &json!(["a", "b"])));
    assert_eq!((&alice["ttl"], &alice["token_ttl"]), (&json!(60), &json!(60)));
    assert_eq!((&alice["bound_cidrs"], &alice["max_ttl"]), (&json!(["127.0.0.1"]), &Value::Null));
    assert_eq!(post(&vault, ALICE, json!({ "token_ttl": 50, "token_policies": "C,b" })).0, 204);
    let alice = get(&vault, ALICE);
    assert_eq!((&alice["ttl"], &alice["token_ttl"]), (&Value::Null, &json!(50)));
    // The new field keeps the case and the order, but tokens get lower-case policies.
    assert_eq!((&alice["policies"], &alice["token_policies"]), (&Value::Null, &json!(["C", "b"])));
    let auth = log_in(&vault, "right").1["auth"].clone();
    assert_eq!(auth["policies"], json!(["b", "c", "default"]));
}

#[test]
fn passwords_can_be_given_as_a_hash() {
    let vault = vault_with_alice(json!({}));
    // The hash of `password`.
    let hash = "$2a$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe";
    for _ in 0..2 {
        assert_eq!(post(&vault, ALICE, json!({ "password_hash": hash })).0, 204);
    }
    assert_eq!(errors(log_in(&vault, "right")), wrong());
    assert_eq!(log_in(&vault, "password").0, 200);
    for (hash, problem) in [
        ("x", "password_hash is not a valid bcrypt hash".to_owned()),
        (&hash.replace("$05$", "$04$"), "bcrypt cost of 4 is too low, want 5 at minimum".to_owned()),
        (&hash.replace("$05$", "$13$"), "bcrypt cost of 13 exceeds maximum cost of 12".to_owned()),
    ] {
        let response = post(&vault, &format!("{ALICE}/password"), json!({ "password_hash": hash }));
        assert_eq!(errors(response), (400, problem));
    }
    let both = post(&vault, ALICE, json!({ "password": "a", "password_hash": hash }));
    assert_eq!(errors(both), (400, "only one of password or password_hash may be provided".to_owned()));
    let long = post(&vault, ALICE, json!({ "password": "a".repeat(73) }));
    assert_eq!(errors(long).0, 500);
}

#[test]
fn passwords_and_policies_have_their_own_paths() {
    let vault = vault_with_alice(json!({}));
    for _ in 0..2 {
        assert_eq!(post(&vault, &format!("{ALICE}/password"), json!({ "password": "new" })).0, 204);
        assert_eq!(post(&vault, &format!("{ALICE}/policies"), json!({ "token_policies": "B,a" })).0, 204);
    }
    assert_eq!(errors(log_in(&vault, "right")), wrong());
    assert_eq!(log_in(&vault, "new").1["auth"]["policies"], json!(["a", "b", "default"]));
    // With capitals, these paths change another user, who only exists in lists.
    let capital = "auth/userpass/users/ALICE";
    assert_eq!(post(&vault, &format!("{capital}/password"), json!({ "password": "lost" })).0, 204);
    assert_eq!(log_in(&vault, "new").0, 200);
    let list = |query: &str| {
        let path = format!("auth/userpass/users{query}");
        send(&vault, "LIST", &path, "root", &Value::Null).1["data"]["keys"].clone()
    };
    assert_eq!(list(""), json!(["ALICE", "alice"]));
    assert_eq!((list("?limit=1"), list("?after=ALICE")), (json!(["ALICE"]), json!(["alice"])));
    let unknown = post(&vault, "auth/userpass/users/bob/password", json!({ "password": "x" }));
    assert_eq!(errors(unknown), (500, "1 error occurred:\n\t* username does not exist\n\n".to_owned()));
}

#[test]
fn logins_are_writes() {
    let vault = vault_with_alice(json!({}));
    for method in ["GET", "DELETE"] {
        let response = send(&vault, method, "auth/userpass/login/alice", "", &Value::Null);
        assert_eq!(errors(response), (405, "unsupported operation".to_owned()));
    }
    let missing = send(&vault, "POST", "auth/userpass/login/alice", "", &json!({}));
    assert_eq!(errors(missing), (500, "missing password".to_owned()));
    assert_eq!(send(&vault, "PUT", "auth/userpass/login/alice", "", &json!({ "password": "right" })).0, 200);
}

#[test]
fn disabled_and_deleted_entities() {
    let vault = vault_with_alice(json!({}));
    let entity = log_in(&vault, "right").1["auth"]["entity_id"].as_str().unwrap().to_owned();
    let path = format!("identity/entity/id/{entity}");
    assert_eq!(post(&vault, &path, json!({ "disabled": true })).0, 204);
    assert_eq!(errors(log_in(&vault, "right")), denied());
    assert_eq!(post(&vault, &path, json!({ "disabled": false })).0, 204);
    assert_eq!(log_in(&vault, "right").1["auth"]["entity_id"], json!(entity));
    assert_eq!(send(&vault, "DELETE", &path, "root", &Value::Null).0, 204);
    let (status, login) = log_in(&vault, "right");
    assert_eq!(status, 200);
    assert_ne!(login["auth"]["entity_id"], json!(entity));
}

#[test]
fn renewals_follow_the_user() {
    let vault = vault_with_alice(json!({ "token_policies": "a", "token_ttl": 600 }));
    let token = log_in(&vault, "right").1["auth"]["client_token"].as_str().unwrap().to_owned();
    let renew = || send(&vault, "POST", "auth/token/renew-self", &token, &json!({}));
    assert_eq!(post(&vault, ALICE, json!({ "token_ttl": 300 })).0, 204);
    assert_eq!(renew().1["auth"]["lease_duration"], json!(300));
    assert_eq!(post(&vault, ALICE, json!({ "token_policies": "b" })).0, 204);
    let problem = "failed to renew entry: policies have changed, not renewing";
    assert_eq!(errors(renew()), (500, format!("1 error occurred:\n\t* {problem}\n\n")));
    assert_eq!(send(&vault, "DELETE", ALICE, "root", &Value::Null).0, 204);
    assert_eq!(renew(), (204, Value::Null));
}

#[test]
fn logins_create_no_root_tokens() {
    let vault = vault_with_alice(json!({ "token_policies": "root" }));
    assert_eq!(errors(log_in(&vault, "right")), (400, "auth methods cannot create root tokens".to_owned()));
}
