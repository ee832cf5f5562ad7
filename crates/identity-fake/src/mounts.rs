//! Mounts of auth methods and engines: `sys/auth`, `sys/mounts` and `sys/remount`.

mod enable;
mod object;
mod remount;
mod tune;

use std::collections::BTreeMap;

use super::auth::LockoutConfig;
use super::input::Pairs;
use super::random::Random;
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request};
use super::route::{ignored, warnings};
use super::state::State;

pub(super) use object::{to_json, to_public_json};
pub(super) use remount::{Migration, run as remount};

const AUTH_METHODS: &[&str] = &["approle", "cert", "jwt", "kubernetes", "oidc", "userpass"];

#[derive(Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "the API has these flags")]
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
    /// The type of tokens of an auth method. `""` is `default-service`.
    pub(super) token_type: String,
    pub(super) lockout: Option<LockoutConfig>,
    /// `None` is `null`.
    pub(super) options: Option<Pairs>,
    uuid: String,
    description: String,
    seal_wrap: bool,
    external_entropy_access: bool,
    force_no_cache: bool,
    /// `""`, `hidden` or `unauth`, which lists the mount to everyone.
    listing_visibility: String,
    /// The lists of the configuration that are not empty.
    lists: BTreeMap<&'static str, Vec<String>>,
}

impl Mount {
    pub(super) fn is_auth(&self) -> bool {
        self.path.starts_with("auth/")
    }

    /// Returns the path without the prefix of auth methods.
    pub(super) fn name(&self) -> &str {
        self.path.strip_prefix("auth/").unwrap_or(&self.path)
    }

    /// Returns `true` for version 2 of `kv`.
    pub(super) fn has_versions(&self) -> bool {
        let version = self.options.as_ref().and_then(|options| options.get("version"));
        version.is_some_and(|version| version == "2")
    }

    pub(super) fn is_listed_to_everyone(&self) -> bool {
        self.listing_visibility == "unauth"
    }
}

/// The mounts of all namespaces, by accessor.
#[derive(Default)]
pub(super) struct Mounts(BTreeMap<String, Mount>);

impl Mounts {
    pub(super) fn get(&self, accessor: &str) -> Option<&Mount> {
        self.0.get(accessor)
    }

    /// Returns the mount whose TTLs apply to one: the tokens of all namespaces have those of the root.
    pub(super) fn with_ttls_of(&self, accessor: &str) -> Option<&Mount> {
        let mount = self.get(accessor)?;
        if mount.path == "auth/token/" { self.at("", &mount.path) } else { Some(mount) }
    }

    /// Adds the mounts that every namespace has.
    pub(super) fn add_namespace(&mut self, namespace: &str, random: &mut Random) {
        let is_root = namespace.is_empty();
        let mount = |path: &str, kind: &str, description: &str| Mount {
            namespace: namespace.to_owned(),
            path: path.to_owned(),
            kind: if is_root { kind.to_owned() } else { format!("ns_{kind}") },
            description: description.to_owned(),
            ..Mount::default()
        };
        let headers =
            |header: &str| BTreeMap::from([("passthrough_request_headers", vec![header.to_owned()])]);
        let token_type = if is_root { "" } else { "default" }.to_owned();
        let token = mount("auth/token/", "token", "token based credentials");
        let cubbyhole = mount("cubbyhole/", "cubbyhole", "per-token private secret storage");
        let identity = mount("identity/", "identity", "identity store");
        let sys = mount("sys/", "system", "system endpoints used for control, policy and debugging");
        self.add(Mount { token_type, ..token }, random);
        self.add(Mount { local: true, ..cubbyhole }, random);
        self.add(Mount { lists: headers("Authorization"), ..identity }, random);
        self.add(Mount { lists: headers("Accept"), seal_wrap: true, ..sys }, random);
    }

    /// Adds a mount with a new accessor, which it returns.
    pub(super) fn add(&mut self, mut mount: Mount, random: &mut Random) -> String {
        let prefix = if mount.is_auth() { "auth_" } else { "" };
        let kind = mount.kind.strip_prefix("ns_").unwrap_or(&mount.kind);
        mount.accessor = format!("{prefix}{kind}_{}", random.hex());
        mount.uuid = random.uuid();
        let accessor = mount.accessor.clone();
        self.0.insert(accessor.clone(), mount);
        accessor
    }

    fn remove(&mut self, accessor: &str) {
        self.0.remove(accessor);
    }

    fn replace(&mut self, mount: Mount) {
        self.0.insert(mount.accessor.clone(), mount);
    }

    /// Adds the `kv` engine that the root namespace of a dev server has.
    pub(super) fn add_secret(&mut self, random: &mut Random) {
        let secret = Mount {
            path: "secret/".to_owned(),
            kind: "kv".to_owned(),
            description: "key/value secret storage".to_owned(),
            options: Some(Pairs::from([("version".to_owned(), "2".to_owned())])),
            ..Mount::default()
        };
        self.add(secret, random);
    }

    /// Returns the `kv` mount of a path, and the path below it.
    pub(super) fn kv<'m, 'p>(&'m self, namespace: &str, path: &'p str) -> Option<(&'m Mount, &'p str)> {
        let mut mounts = self.0.values().filter(|mount| mount.namespace == namespace && mount.kind == "kv");
        mounts.find_map(|mount| {
            let root = mount.path.strip_suffix('/').filter(|root| *root == path).map(|_| "");
            Some((mount, path.strip_prefix(&mount.path).or(root)?))
        })
    }

    /// Returns the path and the type of the mount that handles a path.
    pub(super) fn kind_at(&self, namespace: &str, path: &str) -> Option<(&str, &str)> {
        let path = format!("{path}/");
        let mounts = self.0.values().filter(|mount| mount.namespace == namespace);
        let mount =
            mounts.filter(|mount| path.starts_with(&mount.path)).max_by_key(|mount| mount.path.len())?;
        Some((&mount.path, &mount.kind))
    }

    pub(super) fn auth<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Mount> {
        self.of(namespace).filter(|mount| mount.is_auth())
    }

    /// Returns the mounts of a namespace.
    pub(super) fn of<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Mount> {
        self.0.values().filter(move |mount| mount.namespace == namespace)
    }

    pub(super) fn remove_namespace(&mut self, namespace: &str) {
        self.0.retain(|_, mount| mount.namespace != namespace);
    }

    pub(super) fn at(&self, namespace: &str, path: &str) -> Option<&Mount> {
        self.0.values().find(|mount| mount.namespace == namespace && mount.path == path)
    }

    /// Returns the mount that handles a path.
    pub(super) fn covering(&self, namespace: &str, path: &str) -> Option<&Mount> {
        let above =
            self.0.values().filter(|mount| mount.namespace == namespace && path.starts_with(&mount.path));
        above.max_by_key(|mount| mount.path.len())
    }

    /// Returns a mount above or below a path.
    fn conflict(&self, namespace: &str, path: &str) -> Option<&Mount> {
        let mut here = self.0.values().filter(|mount| mount.namespace == namespace);
        here.find(|mount| mount.path.starts_with(path) || path.starts_with(&mount.path))
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
        let (namespace, kind, options) = (namespace.to_owned(), kind.to_owned(), Some(Pairs::new()));
        let path = format!("auth/{name}/");
        self.enable_auth(Mount { namespace, path, kind, local, options, ..Mount::default() }, random)
    }

    fn enable_auth(&mut self, mount: Mount, random: &mut Random) -> Result<String, ErrorResponse> {
        if mount.kind == "token" || mount.kind == "ns_token" {
            return Err(bad_request("token credential backend cannot be instantiated"));
        }
        if let Some(existing) = self.conflict(&mount.namespace, &mount.path) {
            return Err(bad_request(format!("path is already in use at {}", existing.name())));
        }
        if !AUTH_METHODS.contains(&&*mount.kind) {
            return Err(bad_request(format!("plugin not found in the catalog: {}", mount.kind)));
        }
        Ok(self.add(mount, random))
    }
}

/// Returns a path with a slash at the end and none at the beginning.
fn sanitized(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

/// Handles `sys/auth` and `sys/mounts`.
pub(super) fn run(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let warnings = match &*parsed.path {
        "sys/auth" | "sys/mounts" => ignored(&parsed.data, &[]),
        path if path.ends_with("/tune") => warnings(&parsed.data, tune::FIELDS, "path"),
        _ => warnings(&parsed.data, enable::FIELDS, "path"),
    };
    Ok(handle(state, parsed)?.with_warnings(warnings))
}

fn handle(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let (prefix, name) = match parsed.path.strip_prefix("sys/auth") {
        Some(name) => ("auth/", name),
        None => ("", parsed.path.strip_prefix("sys/mounts").unwrap_or_default()),
    };
    let is_auth = !prefix.is_empty();
    if name.is_empty() {
        return match parsed.verb {
            Verb::Read => Ok(all(&state.mounts, &parsed.namespace, is_auth)),
            _ => Err(ErrorResponse::unsupported_operation()),
        };
    }
    let name = name.strip_prefix('/').filter(|name| !name.is_empty());
    let name = name.ok_or_else(ErrorResponse::unsupported_path)?.to_owned();
    if let Some(name) = name.strip_suffix("/tune") {
        let path = format!("{prefix}{}", sanitized(name));
        return match parsed.verb {
            Verb::Read => tune::read(state, &parsed.namespace, &path),
            Verb::Write => tune::write(state, parsed, &path),
            _ => Err(ErrorResponse::unsupported_operation()),
        };
    }
    let path = format!("{prefix}{}", sanitized(&name));
    match parsed.verb {
        Verb::Read if is_auth => match state.mounts.at(&parsed.namespace, &path) {
            Some(mount) => Ok(ServerResponse::data(to_json(mount))),
            None => Err(bad_request(format!("No auth engine at {}", sanitized(&name)))),
        },
        Verb::Read => match state.mounts.covering(&parsed.namespace, &path) {
            Some(mount) => Ok(ServerResponse::data(to_json(mount))),
            None => Err(bad_request(format!("No secret engine mount at {path}"))),
        },
        Verb::Write if is_auth => enable::auth(state, parsed, path),
        Verb::Write => enable::secrets(state, parsed, path),
        Verb::Delete => disable(state, &parsed.namespace, &path, is_auth),
        _ => Err(ErrorResponse::unsupported_operation()),
    }
}

/// Disables a mount. Succeeds if it does not exist.
fn disable(
    state: &mut State,
    namespace: &str,
    path: &str,
    is_auth: bool,
) -> Result<ServerResponse, ErrorResponse> {
    let Some(mount) = state.mounts.at(namespace, path) else { return Ok(ServerResponse::NoContent) };
    if is_auth && path == "auth/token/" {
        return Err(bad_request("token credential backend cannot be disabled"));
    }
    if !is_auth && enable::PROTECTED.iter().any(|protected| path.starts_with(protected)) {
        return Err(bad_request(format!("cannot unmount \"{path}\"")));
    }
    let accessor = mount.accessor.clone();
    state.tokens.revoke_mount(&accessor);
    state.auth.remove_mount(&accessor);
    state.mounts.remove(&accessor);
    state.kv.remove_unmounted(&state.mounts);
    Ok(ServerResponse::NoContent)
}

fn all(mounts: &Mounts, namespace: &str, auth: bool) -> ServerResponse {
    let here = mounts.of(namespace).filter(|mount| mount.is_auth() == auth);
    ServerResponse::data(here.map(|mount| (mount.name().to_owned(), to_json(mount))).collect())
}
