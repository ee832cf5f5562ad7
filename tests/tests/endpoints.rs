//! Compares the table of all operations with the server's OpenAPI document and with `docs/endpoints.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use identity_core::endpoint::{ENDPOINTS, EndpointInfo, Method, SYSTEM_ENDPOINTS};
use identity_tests::DevServer;
use serde_json::Value;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns a path without the names of its parameters, which differ.
fn shape(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "{}".to_owned() } else { segment.to_owned() };
    path.trim_matches('/').split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// OpenBao serves the create of MFA methods, but its document omits it.
fn is_undocumented(endpoint: &EndpointInfo) -> bool {
    endpoint.method == Method::Post
        && ["totp", "okta", "duo", "pingid"]
            .iter()
            .any(|of| endpoint.path == format!("identity/mfa/method/{of}"))
}

#[test]
fn each_operation_is_listed_once() {
    let all = || ENDPOINTS.iter().chain(SYSTEM_ENDPOINTS);
    let routes: BTreeSet<_> = all().map(|endpoint| (endpoint.method, endpoint.path)).collect();
    let names: BTreeSet<_> = all().map(|endpoint| endpoint.operation).collect();
    assert_eq!((routes.len(), names.len()), (all().count(), all().count()));
}

#[test]
fn the_table_matches_the_server() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    let path = "/v1/sys/internal/specs/openapi";
    let (status, document) = server.request("GET", path, Some(server.token()), None, None).unwrap();
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&document).unwrap();

    let mut offered = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (verb, operation) in item.as_object().unwrap() {
            let is_list = |parameters: &Value| {
                parameters
                    .as_array()
                    .is_some_and(|all| all.iter().any(|parameter| parameter["name"] == "list"))
            };
            let method = match verb.as_str() {
                "get" if is_list(&operation["parameters"]) || is_list(&item["parameters"]) => Method::List,
                "get" => Method::Get,
                "post" => Method::Post,
                "delete" => Method::Delete,
                _ => continue,
            };
            offered.insert(
                (method, shape(path)),
                operation["operationId"].as_str().unwrap_or_default().to_owned(),
            );
        }
    }
    let documented = ENDPOINTS.iter().filter(|endpoint| !is_undocumented(endpoint));
    let is_identity = |path: &String| path.starts_with("identity/");
    let (offered, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        offered.into_iter().partition(|((_, path), _)| is_identity(path));
    for endpoint in SYSTEM_ENDPOINTS {
        // The document describes the read of a policy, whose name can be a prefix, as a list.
        let offered = |method| others.get(&(method, shape(endpoint.path)));
        let found = offered(endpoint.method).or_else(|| offered(Method::List));
        assert_eq!(found.map(String::as_str), Some(endpoint.operation), "{}", endpoint.path);
    }
    let ours: BTreeMap<_, _> = documented
        .map(|endpoint| ((endpoint.method, shape(endpoint.path)), endpoint.operation.to_owned()))
        .collect();
    assert_eq!(ours, offered);
    assert_eq!((ours.len(), ENDPOINTS.len()), (105, 109));
}

/// `UPDATE_DOCS=1 cargo test -p identity-tests --test endpoints` regenerates the document.
#[test]
fn the_document_of_all_operations_is_up_to_date() {
    let mut table = String::from(
        "# All operations\n\nGenerated from `identity_core::endpoint::ENDPOINTS` by `tests/tests/endpoints.rs`, which also checks it.\n\n\
         | operation | request | endpoint | client | hvac |\n|---|---|---|---|---|\n",
    );
    let write_rows = |table: &mut String, rows: &[EndpointInfo]| {
        for EndpointInfo { operation, method, path, endpoint, client, hvac, .. } in rows {
            let hvac = hvac.map_or(String::new(), |name| format!("`{name}`"));
            writeln!(table, "| {operation} | `{method} {path}` | `{endpoint}` | `{client}` | {hvac} |")
                .unwrap();
        }
    };
    write_rows(&mut table, ENDPOINTS);
    table += "\n## Auth mounts and policies\n\nFrom `identity_core::endpoint::SYSTEM_ENDPOINTS`.\n\n\
              | operation | request | endpoint | client | hvac |\n|---|---|---|---|---|\n";
    write_rows(&mut table, SYSTEM_ENDPOINTS);
    let path = project().join("docs/endpoints.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &table).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap() == table,
        "docs/endpoints.md is out of date: set UPDATE_DOCS=1"
    );
}

/// Each name is an alias of one method, the first that the table lists.
#[test]
fn every_hvac_name_finds_its_method() {
    let mut handles = String::new();
    let mut folders = vec![project().join("crates/vault-identity/src/handles")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                handles += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut count = 0;
    for EndpointInfo { client, hvac, .. } in ENDPOINTS.iter().chain(SYSTEM_ENDPOINTS) {
        let Some(name) = hvac else { continue };
        let parts: Vec<_> = handles.split(&format!("#[doc(alias = \"{name}\")]")).collect();
        let [_, after_alias] = parts[..] else { panic!("{name}: {} aliases", parts.len() - 1) };
        let method = after_alias.split("fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
        let first = client.rsplit_once('.').unwrap().1.split(',').next().unwrap();
        assert_eq!(method, first, "{name}");
        count += 1;
    }
    assert_eq!(count, 55);
}
