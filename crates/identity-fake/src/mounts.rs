//! Mounts of auth methods and engines: `sys/auth` and `sys/mounts`.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::auth::LockoutConfig;
use super::random::Random;
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request};
use super::state::State;

const AUTH_METHODS: &[&str] =
    &["approle", "cert", "jwt", "kerberos", "kubernetes", "ldap", "oidc", "radius", "userpass"];

pub(super) struct Mount {
    /// The path of the namespace, `""` or `team-a/`.
    pub(super) namespace: String,
    /// The path with its prefix, such as `auth/userpass/`.
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) local: bool,
    pub(super) accessor: String,
    /// In seconds. 0 selects the default of the system.
    pub(super) default_lease_ttl: u64,
    pub(super) max_lease_ttl: u64,
    /// `default-service`, `default-batch`, `service` or `batch`.
    pub(super) token_type: String,
    pub(super) lockout: LockoutConfig,
    uuid: String,
    description: String,
}

/// The mounts of all namespaces, by accessor.
#[derive(Default)]
pub(super) struct Mounts(BTreeMap<String, Mount>);

impl Mounts {
    pub(super) fn get(&self, accessor: &str) -> Option<&Mount> {
        self.0.get(accessor)
    }

    /// Adds the mounts that every namespace has.
    pub(super) fn add_namespace(&mut self, namespace: &str, random: &mut Random) {
        let token = if namespace.is_empty() { "token" } else { "ns_token" };
        for (path, kind, prefix) in [
            ("auth/token/", token, "auth_token"),
            ("cubbyhole/", "cubbyhole", "cubbyhole"),
            ("identity/", "identity", "identity"),
            ("sys/", "system", "system"),
        ] {
            self.add(namespace, path, kind, prefix, kind == "cubbyhole", random);
        }
    }

    fn add(
        &mut self,
        namespace: &str,
        path: &str,
        kind: &str,
        prefix: &str,
        local: bool,
        random: &mut Random,
    ) -> String {
        let accessor = format!("{prefix}_{}", random.hex());
        let mount = Mount {
            namespace: namespace.to_owned(),
            path: path.to_owned(),
            kind: kind.to_owned(),
            local,
            accessor: accessor.clone(),
            default_lease_ttl: 0,
            max_lease_ttl: 0,
            token_type: "default-service".to_owned(),
            lockout: LockoutConfig::default(),
            uuid: random.uuid(),
            description: String::new(),
        };
        self.0.insert(accessor.clone(), mount);
        accessor
    }

    pub(super) fn auth<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Mount> {
        self.0.values().filter(move |mount| mount.namespace == namespace && mount.path.starts_with("auth/"))
    }

    pub(super) fn remove_namespace(&mut self, namespace: &str) {
        self.0.retain(|_, mount| mount.namespace != namespace);
    }

    fn at(&self, namespace: &str, path: &str) -> Option<&Mount> {
        self.0.values().find(|mount| mount.namespace == namespace && mount.path == path)
    }

    pub(super) fn accessor(&self, namespace: &str, path: &str) -> Option<String> {
        self.at(namespace, path).map(|mount| mount.accessor.clone())
    }

    /// Mounts an auth method and returns its accessor.
    pub(super) fn enable(
        &mut self,
        (namespace, name, kind, local): (&str, &str, &str, bool),
        random: &mut Random,
    ) -> Result<String, ErrorResponse> {
        let path = format!("auth/{name}/");
        if self.at(namespace, &path).is_some() {
            return Err(bad_request(format!("path is already in use at {name}/")));
        }
        if !AUTH_METHODS.contains(&kind) {
            return Err(bad_request(format!("plugin not found in the catalog: {kind}")));
        }
        Ok(self.add(namespace, &path, kind, &format!("auth_{kind}"), local, random))
    }
}

pub(super) fn run(state: &mut State, parsed: &ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let namespace = &*parsed.namespace;
    let name = parsed.path.strip_prefix("sys/auth/").unwrap_or_default().trim_end_matches('/');
    let path = format!("auth/{name}/");
    match (parsed.verb, &*parsed.path) {
        (Verb::Read, "sys/auth" | "sys/auth/") => Ok(all(&state.mounts, namespace, true)),
        (Verb::Read, "sys/mounts" | "sys/mounts/") => Ok(all(&state.mounts, namespace, false)),
        // Engines cannot be mounted. The real server rejects this one too, because it is already mounted.
        (Verb::Write, path)
            if path.starts_with("sys/mounts/") && parsed.data.get("type") == Some(&json!("identity")) =>
        {
            Err(bad_request("mount type of \"identity\" is not mountable"))
        }
        _ if name.is_empty() => Err(ErrorResponse::unsupported_path()),
        (Verb::Read, _) => match state.mounts.at(namespace, &path) {
            Some(mount) => Ok(ServerResponse::DataAtTopLevel { data: to_json(mount) }),
            None => Err(bad_request(format!("No auth engine at {name}/"))),
        },
        (Verb::Write, _) => {
            let Some(kind) = parsed.data.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty())
            else {
                return Err(bad_request("backend type must be specified as a string"));
            };
            let local = parsed.data.get("local").is_some_and(|local| *local == json!(true));
            state.mounts.enable((namespace, name, kind, local), &mut state.random)?;
            Ok(ServerResponse::NoContent)
        }
        (Verb::Delete, _) => {
            if name == "token" {
                return Err(ErrorResponse::new(
                    StatusCode::BAD_REQUEST,
                    "token credential backend cannot be disabled",
                ));
            }
            if let Some(accessor) = state.mounts.accessor(namespace, &path) {
                state.tokens.revoke_mount(&accessor);
                state.auth.remove_mount(&accessor);
                state.mounts.0.remove(&accessor);
            }
            Ok(ServerResponse::NoContent)
        }
        _ => Err(ErrorResponse::unsupported_operation()),
    }
}

fn all(mounts: &Mounts, namespace: &str, auth: bool) -> ServerResponse {
    let here = mounts.0.values().filter(|mount| mount.namespace == namespace);
    let data: Map<String, Value> = here
        .filter(|mount| mount.path.starts_with("auth/") == auth)
        .map(|mount| (mount.path.strip_prefix("auth/").unwrap_or(&mount.path).to_owned(), to_json(mount)))
        .collect();
    ServerResponse::DataAtTopLevel { data: data.into() }
}

fn to_json(mount: &Mount) -> Value {
    json!({
        "accessor": mount.accessor,
        "config": {
            "default_lease_ttl": mount.default_lease_ttl,
            "force_no_cache": false,
            "max_lease_ttl": mount.max_lease_ttl,
            "token_type": mount.token_type,
        },
        "description": mount.description,
        "external_entropy_access": false,
        "local": mount.local,
        "options": {},
        "plugin_version": "",
        "running_plugin_version": "v2.7.2+builtin.bao",
        "running_sha256": "",
        "deprecation_status": "supported",
        "seal_wrap": false,
        "type": mount.kind,
        "uuid": mount.uuid,
    })
}
