use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Server, failure};

/// Nothing is signed with its private key.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
     MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAVu6Y4zwLFAxSGGuN23udbZo40t4\n\
     +vbRZTMcnhyiDDHm+5LHacC7IoBaoWdn+wO/sVzDKEZrX4nlBZw+9f/iGA==\n\
     -----END PUBLIC KEY-----";

/// Each test has a file of its own.
fn file(name: &str, seed: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&file, seed).unwrap();
    file
}

fn data(server: &Server, path: &str) -> Value {
    let response = server.call("GET", path, "");
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {response}");
    serde_json::from_str::<Value>(body).unwrap()["data"].take()
}

#[test]
fn the_server_begins_with_what_the_file_contains() {
    let seed = json!({
        "policies": { "readers": "path \"secret/data/*\" { capabilities = [\"read\"] }" },
        "auth_methods": {
            "userpass": {
                "type": "userpass",
                "users": { "alice": { "password": "correct horse", "token_policies": ["readers"] } },
            },
            "jwt": {
                "type": "jwt",
                "config": { "jwt_validation_pubkeys": PUBLIC_KEY },
                "roles": { "web": { "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["app"] } },
            },
            "team/approle": { "type": "approle", "roles": { "job": { "token_policies": ["readers"] } } },
        },
        "entities": [
            { "name": "alice", "metadata": { "team": "eng" }, "aliases": [{ "name": "alice", "mount": "userpass" }] },
            { "name": "bob" },
        ],
        "groups": [
            { "name": "eng", "policies": ["readers"], "member_entities": ["alice", "bob"] },
            { "name": "all", "member_groups": ["eng"] },
            { "name": "ldap", "type": "external", "alias": { "name": "cn=dev", "mount": "userpass/" } },
        ],
        "secrets": { "app/db": { "password": "s3cr3t" } },
        "writes": [{ "path": "identity/oidc/key/short", "data": { "algorithm": "ES256" } }],
        "namespaces": {
            "team-a": {
                "entities": [{ "name": "carol" }],
                "namespaces": { "inner": { "entities": [{ "name": "dave" }] } },
            },
        },
    });
    let seed = file("complete", &seed.to_string());
    let server = Server::start(&["--seed", seed.to_str().unwrap()]);

    let alice = data(&server, "identity/entity/name/alice");
    assert_eq!(alice["metadata"], json!({ "team": "eng" }));
    assert_eq!(alice["aliases"][0]["mount_path"], "auth/userpass/");
    let eng = data(&server, "identity/group/name/eng");
    assert_eq!(eng["member_entity_ids"].as_array().unwrap().len(), 2);
    assert_eq!(data(&server, "identity/group/name/all")["member_group_ids"], json!([eng["id"]]));
    assert_eq!(data(&server, "identity/group/name/ldap")["alias"]["name"], "cn=dev");
    assert_eq!(data(&server, "identity/oidc/key/short")["algorithm"], "ES256");
    assert_eq!(data(&server, "auth/jwt/config")["jwt_validation_pubkeys"], json!([PUBLIC_KEY]));
    assert_eq!(data(&server, "auth/jwt/role/web")["bound_audiences"], json!(["app"]));
    assert_eq!(data(&server, "auth/team/approle/role/job")["token_policies"], json!(["readers"]));
    assert_eq!(data(&server, "secret/data/app/db")["data"], json!({ "password": "s3cr3t" }));
    data(&server, "team-a/identity/entity/name/carol");
    data(&server, "team-a/inner/identity/entity/name/dave");
    assert_eq!(data(&server, "sys/policies/acl/readers")["name"], "readers");

    let login = server.call("POST", "auth/userpass/login/alice", r#"{"password":"correct horse"}"#);
    let login: Value = serde_json::from_str(login.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(login["auth"]["entity_id"], alice["id"]);
}

#[test]
fn errors_name_the_entry() {
    let seeds = [
        ("", "EOF"),
        ("{", "line 1"),
        (r#"{"polices":{}}"#, "polices"),
        (r#"{"policies":{"p":"path {"}}"#, "sys/policies/acl/p"),
        (r#"{"auth_methods":{"userpass":{}}}"#, "type"),
        (r#"{"auth_methods":{"userpass":{"type":"userpass","user":{}}}}"#, "user"),
        (r#"{"auth_methods":{"x":{"type":"nothing"}}}"#, "sys/auth/x"),
        (
            r#"{"auth_methods":{"userpass":{"type":"userpass","users":{"alice":{}}}}}"#,
            "auth/userpass/users/alice",
        ),
        (r#"{"entities":[{}]}"#, "name"),
        (r#"{"entities":[{"name":"alice","polices":["dev"]}]}"#, "entity `alice`"),
        (
            r#"{"entities":[{"name":"alice","aliases":[{"name":"a","mount":"ldap"}]}]}"#,
            "entity `alice`: alias `a`",
        ),
        (r#"{"groups":[{"name":"eng","member_entities":["nobody"]}]}"#, "group `eng`"),
        (r#"{"namespaces":{"team-a":{"writes":[{"path":"sys/nothing"}]}}}"#, "team-a/sys/nothing"),
        (r#"{"namespaces":{"a b":{}}}"#, "sys/namespaces/a%20b"),
    ];
    for (index, (seed, name)) in seeds.into_iter().enumerate() {
        let file = file(&format!("invalid-{index}"), seed);
        let file = file.to_str().unwrap();
        let problem = failure(&["--seed", file], 1);
        assert!(problem.contains(file) && problem.contains(name), "{seed}: {problem}");
    }
}
