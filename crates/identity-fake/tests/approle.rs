//! `AppRole` on `FakeVault`: roles, secret identifiers and logins.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::BlockingTransport;
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
    let (status, body) = send(vault, "GET", path, "root", &Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body["data"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn errors(response: &(u16, Value)) -> (u16, String) {
    (response.0, text(&response.1["errors"][0]))
}

const ROLE: &str = "auth/approle/role/app";

/// The server has the role `app`.
#[allow(clippy::needless_pass_by_value, reason = "callers pass the result of `json!`")]
fn vault_with_role(role: Value) -> FakeVault {
    let vault = FakeVault::new();
    vault.mount_auth("approle");
    for _ in 0..2 {
        assert_eq!(post(&vault, ROLE, role.clone()), (204, Value::Null));
    }
    vault
}

fn role_id(vault: &FakeVault) -> String {
    text(&get(vault, &format!("{ROLE}/role-id"))["role_id"])
}

fn issue(vault: &FakeVault, body: Value) -> Value {
    let (status, body) = post(vault, &format!("{ROLE}/secret-id"), body);
    assert_eq!(status, 200, "{body}");
    body["data"].clone()
}

fn log_in(vault: &FakeVault, secret_id: &str) -> (u16, Value) {
    let body = json!({ "role_id": role_id(vault), "secret_id": secret_id });
    send(vault, "POST", "auth/approle/login", "", &body)
}

const INVALID: &str = "invalid role or secret ID";

#[test]
fn a_role_logs_in() {
    let vault = vault_with_role(json!({ "token_policies": "Deploy,audit", "token_ttl": "10m" }));
    let secret_id = text(&issue(&vault, json!({ "metadata": "{\"team\": \"a\"}" }))["secret_id"]);
    let (status, first) = log_in(&vault, &secret_id);
    assert_eq!(status, 200, "{first}");
    let auth = &first["auth"];
    assert_eq!(auth["policies"], json!(["audit", "default", "deploy"]));
    assert_eq!(auth["metadata"], json!({ "role_name": "app", "team": "a" }));
    assert_eq!((&auth["lease_duration"], &auth["token_type"]), (&json!(600), &json!("service")));
    let entity = text(&auth["entity_id"]);
    assert_eq!(log_in(&vault, &secret_id).1["auth"]["entity_id"], json!(entity));

    let alias = get(&vault, &format!("identity/entity/id/{entity}"))["aliases"][0].clone();
    assert_eq!((&alias["name"], &alias["mount_type"]), (&json!(role_id(&vault)), &json!("approle")));
    assert_eq!(alias["metadata"], json!({ "role_name": "app", "team": "a" }));
    // The metadata of the alias is that of the last login.
    let other = text(&issue(&vault, json!({ "metadata": "team=b" }))["secret_id"]);
    assert_eq!(log_in(&vault, &other).0, 200);
    let alias = get(&vault, &format!("identity/entity/id/{entity}"))["aliases"][0].clone();
    assert_eq!(alias["metadata"], json!({ "role_name": "app", "team": "b" }));
    let token = text(&auth["client_token"]);
    let looked_up = send(&vault, "GET", "auth/token/lookup-self", &token, &Value::Null).1["data"].clone();
    assert_eq!(
        (&looked_up["display_name"], &looked_up["path"]),
        (&json!("approle"), &json!("auth/approle/login"))
    );
}

#[test]
fn secret_ids_expire() {
    let vault = vault_with_role(json!({ "secret_id_ttl": "1h" }));
    let secret_id = text(&issue(&vault, json!({}))["secret_id"]);
    let short = text(&issue(&vault, json!({ "ttl": 60 }))["secret_id"]);
    vault.advance(Duration::from_secs(61));
    assert_eq!(errors(&log_in(&vault, &short)), (400, INVALID.to_owned()));
    assert_eq!(log_in(&vault, &secret_id).0, 200);
    let (status, list) = send(&vault, "LIST", &format!("{ROLE}/secret-id"), "root", &Value::Null);
    assert_eq!((status, list["data"]["keys"].as_array().unwrap().len()), (200, 1));
    vault.advance(Duration::from_secs(3600));
    assert_eq!(errors(&log_in(&vault, &secret_id)), (400, INVALID.to_owned()));
    assert_eq!(send(&vault, "LIST", &format!("{ROLE}/secret-id"), "root", &Value::Null).0, 404);
    // A role can be replaced while identifiers of the same name expire.
    for body in [json!({ "secret_id": "mine", "ttl": 60 }), json!({ "secret_id": "mine", "ttl": 1800 })] {
        assert_eq!(post(&vault, &format!("{ROLE}/custom-secret-id"), body).0, 200);
        assert_eq!(post(&vault, &format!("{ROLE}/secret-id/destroy"), json!({ "secret_id": "mine" })).0, 204);
    }
    assert_eq!(post(&vault, &format!("{ROLE}/custom-secret-id"), json!({ "secret_id": "mine" })).0, 200);
    vault.advance(Duration::from_secs(1801));
    assert_eq!(log_in(&vault, "mine").0, 200);
}

#[test]
fn only_successful_logins_use_up_a_secret_id() {
    let vault = vault_with_role(json!({ "secret_id_num_uses": 2, "secret_id_bound_cidrs": "10.0.0.0/8" }));
    let issued = issue(&vault, json!({}));
    let lookup = json!({ "secret_id": issued["secret_id"] });
    let uses = || {
        post(&vault, &format!("{ROLE}/secret-id/lookup"), lookup.clone()).1["data"]["secret_id_num_uses"]
            .clone()
    };
    let problem = "source address \"127.0.0.1\" unauthorized by CIDR restrictions on the role: %!w(<nil>)";
    assert_eq!(errors(&log_in(&vault, &text(&issued["secret_id"]))), (400, problem.to_owned()));
    assert_eq!(uses(), json!(2));
    assert_eq!(post(&vault, ROLE, json!({ "secret_id_bound_cidrs": "127.0.0.1/32" })).0, 204);
    assert_eq!(log_in(&vault, &text(&issued["secret_id"])).0, 200);
    assert_eq!(uses(), json!(1));
    assert_eq!(log_in(&vault, &text(&issued["secret_id"])).0, 200);
    assert_eq!(errors(&log_in(&vault, &text(&issued["secret_id"]))), (400, INVALID.to_owned()));
}

#[test]
fn secret_ids_can_be_wrapped() {
    let vault = vault_with_role(json!({}));
    let request = Request::builder().method("POST").uri(format!("http://fake.vault/v1/{ROLE}/secret-id"));
    let request = request.header("x-vault-token", "root").header("x-vault-wrap-ttl", "60");
    let response = BlockingTransport::send(&vault, request.body(Bytes::new()).unwrap()).unwrap();
    let wrapped: Value = serde_json::from_slice(response.body()).unwrap();
    let (info, token) = (&wrapped["wrap_info"], text(&wrapped["wrap_info"]["token"]));
    assert_eq!(info["creation_path"], json!("auth/approle/role/app/secret-id"));
    let (status, unwrapped) = send(&vault, "POST", "sys/wrapping/unwrap", &token, &Value::Null);
    assert_eq!(status, 200);
    assert_eq!(info["wrapped_accessor"], unwrapped["data"]["secret_id_accessor"]);
    assert_eq!(log_in(&vault, &text(&unwrapped["data"]["secret_id"])).0, 200);
}

#[test]
fn secret_ids_are_found_by_their_accessors() {
    let vault = vault_with_role(json!({}));
    assert_eq!(post(&vault, "auth/approle/role/other", json!({})).0, 204);
    let issued = issue(&vault, json!({ "cidr_list": "127.0.0.0/8", "metadata": "A=B" }));
    let accessor = json!({ "secret_id_accessor": issued["secret_id_accessor"] });
    let (_, found) = post(&vault, &format!("{ROLE}/secret-id-accessor/lookup"), accessor.clone());
    assert_eq!(found["data"]["metadata"], json!({ "a": "b" }));
    assert_eq!(found["data"]["expiration_time"], json!("0001-01-01T00:00:00Z"));
    assert_eq!(post(&vault, "auth/approle/role/other/secret-id-accessor/lookup", accessor.clone()).0, 204);
    let foreign = post(&vault, "auth/approle/role/other/secret-id-accessor/destroy", accessor.clone());
    assert_eq!(errors(&foreign), (403, "invalid secret id accessor".to_owned()));
    for expected in [204, 500] {
        assert_eq!(post(&vault, &format!("{ROLE}/secret-id-accessor/destroy"), accessor.clone()).0, expected);
    }
    let (status, found) = post(&vault, &format!("{ROLE}/secret-id-accessor/lookup"), accessor);
    assert_eq!(status, 404);
    assert!(text(&found["data"]["error"]).starts_with("failed to find accessor entry"), "{found}");
    assert_eq!(errors(&log_in(&vault, &text(&issued["secret_id"]))), (400, INVALID.to_owned()));
}

#[test]
fn metadata_is_json_or_pairs() {
    let vault = vault_with_role(json!({}));
    for (given, parsed) in [
        ("", json!({})),
        ("{\"A\": \"B\"}", json!({ "A": "B" })),
        ("eyJhIjoiYiJ9", json!({ "a": "b" })),
        ("A=B, c = d,", json!({ "a": "b", "c": "d" })),
    ] {
        let secret_id = json!({ "secret_id": issue(&vault, json!({ "metadata": given }))["secret_id"] });
        let found = post(&vault, &format!("{ROLE}/secret-id/lookup"), secret_id).1;
        assert_eq!(found["data"]["metadata"], parsed, "{given}");
    }
    for (given, problem) in [
        ("x", "failed to parse the input: invalid <key,value> format"),
        ("a=b=c", "failed to parse the input: invalid <key,value> format"),
        ("{\"a\": 1}", "failed to parse the input: invalid <key,value> format"),
        ("a=", "failed to parse the input: invalid <key,value> pair: key: \"a\" value: \"\""),
        ("{\"a\": null}", "invalid value for key \"a\""),
    ] {
        let response = post(&vault, &format!("{ROLE}/secret-id"), json!({ "metadata": given }));
        assert_eq!(errors(&response), (400, format!("failed to parse metadata: {problem}")), "{given}");
    }
}

#[test]
fn networks_of_a_secret_id_are_within_those_of_its_role() {
    let vault = vault_with_role(json!({ "secret_id_bound_cidrs": ["127.0.0.0/8", "10.0.0.0/8"] }));
    let wide = post(&vault, &format!("{ROLE}/secret-id"), json!({ "cidr_list": "0.0.0.0/0" }));
    assert_eq!(wide.0, 500);
    assert!(errors(&wide).1.contains("role [\"127.0.0.0/8\" \"10.0.0.0/8\"]"), "{wide:?}");
    let elsewhere = text(&issue(&vault, json!({ "cidr_list": "10.1.0.0/16" }))["secret_id"]);
    let problem = "source address \"127.0.0.1\" unauthorized through CIDR restrictions on the secret ID";
    assert_eq!(errors(&log_in(&vault, &elsewhere)), (400, problem.to_owned()));
    let here = text(&issue(&vault, json!({ "cidr_list": "127.0.0.1/32" }))["secret_id"]);
    assert_eq!(log_in(&vault, &here).0, 200);
    let unmasked = post(&vault, &format!("{ROLE}/secret-id"), json!({ "cidr_list": "127.0.0.1" }));
    assert_eq!(unmasked.0, 500);
}

#[test]
fn tokens_are_bound_to_networks() {
    let vault = vault_with_role(json!({ "token_bound_cidrs": "127.0.0.0/8" }));
    let bound = |body: Value| {
        let secret_id = text(&issue(&vault, body)["secret_id"]);
        let token = text(&log_in(&vault, &secret_id).1["auth"]["client_token"]);
        send(&vault, "GET", "auth/token/lookup-self", &token, &Value::Null).1["data"]["bound_cidrs"].clone()
    };
    assert_eq!(bound(json!({})), json!(["127.0.0.0/8"]));
    assert_eq!(bound(json!({ "token_bound_cidrs": "127.0.0.1/32" })), json!(["127.0.0.1"]));
    let strictly = json!({ "token_bound_cidrs": [], "token_strictly_bind_ip": true });
    assert_eq!(post(&vault, ROLE, strictly).0, 204);
    assert_eq!(bound(json!({})), Value::Null);
}

#[test]
fn renewals_follow_the_role() {
    let vault = vault_with_role(json!({ "token_ttl": 600 }));
    let secret_id = text(&issue(&vault, json!({}))["secret_id"]);
    let token = text(&log_in(&vault, &secret_id).1["auth"]["client_token"]);
    let renew = || send(&vault, "POST", "auth/token/renew-self", &token, &json!({}));
    assert_eq!(post(&vault, ROLE, json!({ "token_ttl": 300 })).0, 204);
    assert_eq!(renew().1["auth"]["lease_duration"], json!(300));
    assert_eq!(send(&vault, "DELETE", ROLE, "root", &Value::Null).0, 204);
    let problem = "failed to renew entry: role \"app\" does not exist during renewal";
    assert_eq!(errors(&renew()), (500, format!("1 error occurred:\n\t* {problem}\n\n")));
}

#[test]
fn fields_of_a_role_have_their_own_paths() {
    let vault = vault_with_role(json!({}));
    for (path, field, value) in [
        ("policies", "token_policies", json!(["a"])),
        ("secret-id-bound-cidrs", "secret_id_bound_cidrs", json!(["10.0.0.0/8"])),
        ("token-bound-cidrs", "token_bound_cidrs", json!(["10.0.0.0/8"])),
        ("secret-id-num-uses", "secret_id_num_uses", json!(3)),
        ("secret-id-ttl", "secret_id_ttl", json!(60)),
        ("period", "token_period", json!(60)),
        ("token-num-uses", "token_num_uses", json!(3)),
        ("token-ttl", "token_ttl", json!(60)),
        ("token-max-ttl", "token_max_ttl", json!(120)),
    ] {
        let path = format!("{ROLE}/{path}");
        let before = get(&vault, &path)[field].clone();
        for _ in 0..2 {
            assert_eq!(post(&vault, &path, json!({ field: value })).0, 204, "{path}");
        }
        assert_eq!((&get(&vault, &path)[field], &get(&vault, ROLE)[field]), (&value, &value), "{path}");
        for _ in 0..2 {
            assert_eq!(send(&vault, "DELETE", &path, "root", &Value::Null).0, 204, "{path}");
        }
        assert_eq!(get(&vault, &path)[field], before, "{path}");
    }
    // The deprecated field is shown until a write with the new one.
    assert_eq!(post(&vault, &format!("{ROLE}/period"), json!({ "period": 60 })).0, 204);
    assert_eq!(get(&vault, &format!("{ROLE}/period")), json!({ "period": 60, "token_period": 60 }));
    assert_eq!(post(&vault, &format!("{ROLE}/period"), json!({ "token_period": 50 })).0, 204);
    assert_eq!(get(&vault, &format!("{ROLE}/period")), json!({ "token_period": 50 }));
    assert_eq!(post(&vault, &format!("{ROLE}/token-ttl"), json!({})).0, 400);
    assert_eq!(post(&vault, "auth/approle/role/nobody/token-ttl", json!({ "token_ttl": 1 })).0, 404);
    assert_eq!(get(&vault, &format!("{ROLE}/local-secret-ids")), json!({ "local_secret_ids": false }));
}

#[test]
fn role_ids_are_unique() {
    let vault = vault_with_role(json!({ "role_id": "fixed" }));
    let taken = post(&vault, "auth/approle/role/other", json!({ "role_id": "fixed" }));
    assert_eq!(errors(&taken), (500, "1 error occurred:\n\t* role_id already in use\n\n".to_owned()));
    for _ in 0..2 {
        assert_eq!(post(&vault, &format!("{ROLE}/role-id"), json!({ "role_id": "new" })).0, 204);
    }
    assert_eq!(post(&vault, "auth/approle/role/other", json!({ "role_id": "fixed" })).0, 204);
    assert_eq!(role_id(&vault), "new");
    assert_eq!(send(&vault, "DELETE", ROLE, "root", &Value::Null).0, 204);
    assert_eq!(post(&vault, "auth/approle/role/other", json!({ "role_id": "new" })).0, 204);
}

#[test]
fn a_role_needs_a_constraint() {
    let vault = vault_with_role(json!({ "secret_id_bound_cidrs": "127.0.0.0/8", "bind_secret_id": false }));
    assert_eq!(log_in(&vault, "").0, 200);
    let problem = "1 error occurred:\n\t* at least one constraint should be enabled on the role\n\n";
    let (status, body) =
        send(&vault, "DELETE", &format!("{ROLE}/secret-id-bound-cidrs"), "root", &Value::Null);
    assert_eq!((status, text(&body["errors"][0])), (500, problem.to_owned()));
}

#[test]
fn role_names_are_case_insensitive() {
    let vault = vault_with_role(json!({}));
    assert_eq!(post(&vault, "auth/approle/role/APP", json!({ "token_ttl": 5 })).0, 204);
    assert_eq!(get(&vault, ROLE)["token_ttl"], json!(5));
    let (_, list) = send(&vault, "LIST", "auth/approle/role", "root", &Value::Null);
    assert_eq!(list["data"]["keys"], json!(["app"]));
    let (_, second) = send(&vault, "LIST", "auth/approle/role?after=app", "root", &Value::Null);
    assert_eq!(second, json!({ "errors": [] }));
}

#[test]
fn roles_belong_to_their_mount() {
    let vault = vault_with_role(json!({}));
    vault.mount_auth_at("approle", "second");
    assert_eq!(send(&vault, "GET", "auth/second/role/app", "root", &Value::Null).0, 404);
    let secret_id = text(&issue(&vault, json!({}))["secret_id"]);
    let body = json!({ "role_id": role_id(&vault), "secret_id": secret_id });
    assert_eq!(errors(&send(&vault, "POST", "auth/second/login", "", &body)), (400, INVALID.to_owned()));
    assert_eq!(send(&vault, "DELETE", "sys/auth/approle", "root", &Value::Null).0, 204);
    vault.mount_auth("approle");
    assert_eq!(send(&vault, "GET", ROLE, "root", &Value::Null).0, 404);
}

#[test]
fn wrong_secret_ids_lock_a_role_out() {
    let vault = vault_with_role(json!({}));
    let secret_id = text(&issue(&vault, json!({}))["secret_id"]);
    for _ in 0..5 {
        assert_eq!(errors(&log_in(&vault, "wrong")), (400, INVALID.to_owned()));
    }
    assert_eq!(errors(&log_in(&vault, &secret_id)), (403, "permission denied".to_owned()));
    vault.advance(Duration::from_secs(15 * 60));
    assert_eq!(log_in(&vault, &secret_id).0, 200);
}

#[test]
fn batch_tokens_have_no_accessor() {
    let vault = vault_with_role(json!({ "token_type": "batch", "token_ttl": 60 }));
    let secret_id = text(&issue(&vault, json!({}))["secret_id"]);
    let auth = log_in(&vault, &secret_id).1["auth"].clone();
    assert_eq!((&auth["token_type"], &auth["accessor"]), (&json!("batch"), &json!("")));
    assert!(text(&auth["client_token"]).starts_with("b."));
    let (status, body) = post(&vault, ROLE, json!({ "token_type": "default-service" }));
    let warning = "default-service has no useful meaning; adjusting to service";
    assert_eq!((status, &body["warnings"]), (200, &json!([warning])));
}

#[test]
fn creating_a_role_needs_its_own_capability() {
    let vault = vault_with_role(json!({}));
    let policy = json!({ "policy": "path \"auth/approle/role/*\" { capabilities = [\"update\"] }" });
    assert_eq!(post(&vault, "sys/policies/acl/update", policy).0, 204);
    let (_, created) = post(&vault, "auth/token/create", json!({ "policies": ["update"] }));
    let token = text(&created["auth"]["client_token"]);
    assert_eq!(send(&vault, "POST", ROLE, &token, &json!({})).0, 204);
    assert_eq!(send(&vault, "POST", "auth/approle/role/new", &token, &json!({})).0, 403);
}

#[test]
fn accessors_outlive_their_role() {
    let vault = vault_with_role(json!({}));
    let accessor = json!({ "secret_id_accessor": issue(&vault, json!({}))["secret_id_accessor"] });
    assert_eq!(post(&vault, "auth/approle/role/local", json!({ "local_secret_ids": true })).0, 204);
    for _ in 0..2 {
        assert_eq!(send(&vault, "DELETE", ROLE, "root", &Value::Null).0, 204);
    }
    assert_eq!(post(&vault, ROLE, json!({})).0, 204);
    let of_role = |path: &str| post(&vault, &format!("{ROLE}/secret-id-accessor/{path}"), accessor.clone());
    assert_eq!(of_role("lookup"), (204, Value::Null));
    assert_eq!(errors(&of_role("destroy")), (403, "invalid secret id accessor".to_owned()));
    assert_eq!(post(&vault, &format!("{ROLE}/bind-secret-id"), json!({ "bind_secret_id": "x" })).0, 400);
    assert_eq!(post(&vault, &format!("{ROLE}/bind-secret-id"), json!({ "bind_secret_id": true })).0, 404);
    // Local secret identifiers are stored apart.
    let lookup = post(&vault, "auth/approle/role/local/secret-id-accessor/lookup", accessor.clone());
    assert_eq!(lookup.0, 404);
}

#[test]
fn a_negative_number_of_uses_is_stored_and_uses_tokens_up() {
    let vault = vault_with_role(json!({}));
    let uses = format!("{ROLE}/token-num-uses");
    for _ in 0..2 {
        assert_eq!(post(&vault, &uses, json!({ "token_num_uses": -1 })).0, 204);
    }
    assert_eq!(get(&vault, ROLE)["token_num_uses"], -1);
    let negative = (400, "'token_num_uses' cannot be negative".to_owned());
    assert_eq!(errors(&post(&vault, ROLE, json!({ "token_ttl": 5 }))), negative);
    let (_, response) = log_in(&vault, &text(&issue(&vault, json!({}))["secret_id"]));
    assert_eq!(response["auth"]["num_uses"], -1);
    let token = text(&response["auth"]["client_token"]);
    assert_eq!(send(&vault, "GET", "auth/token/lookup-self", &token, &Value::Null).0, 403);
    assert_eq!(post(&vault, "auth/token/lookup", json!({ "token": token })).1["data"]["num_uses"], -1);
}
