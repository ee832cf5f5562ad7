//! Auth methods, and `auth/token`.

mod approle;
mod external_groups;
mod grant;
mod jwt;
mod kubernetes;
mod list;
mod lockout;
mod login;
mod password;
mod public_key;
mod registered_claims;
mod roles;
mod signed_token;
mod token;
mod token_parameters;
mod ttl;
mod userpass;
mod validate;

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use jiff::Timestamp;

use super::input::Fields;
use super::mfa::Credentials;
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse};
use super::route::is_slug;
use super::state::State;
use approle::Roles;
use jwt::Jwt;
use kubernetes::{Cluster, Kubernetes};
use lockout::Lockouts;
use login::Pending;
use token::Role;
use userpass::User;

pub(super) use external_groups::GroupAliases;
pub(super) use grant::identity_policies;
pub(super) use lockout::{LockoutConfig, run as locked_users};
pub(super) use login::credentials;
pub(super) use ttl::{Limits, MAX_TTL};

#[derive(Default)]
pub(super) struct Auth {
    /// Keyed by the accessor of the mount and the name.
    users: BTreeMap<(String, String), User>,
    /// The roles of `auth/token`, keyed in the same way.
    token_roles: BTreeMap<(String, String), Role>,
    /// Keyed by the accessor of the mount.
    roles: BTreeMap<String, Roles>,
    lockouts: Lockouts,
    pending: BTreeMap<String, Pending>,
    /// When each pending login expires.
    pending_until: BTreeSet<(Timestamp, String)>,
    /// By accessor, as all mounts here.
    jwt: BTreeMap<String, Jwt>,
    kubernetes: BTreeMap<String, Kubernetes>,
    pub(super) cluster: Cluster,
}

impl Auth {
    /// Forgets the logins whose second factor did not arrive in time.
    fn expire_pending(&mut self, now: Timestamp) {
        while self.pending_until.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, id)) = self.pending_until.pop_first() {
                self.pending.remove(&id);
            }
        }
    }

    /// Removes the users and roles of a mount.
    pub(super) fn remove_mount(&mut self, accessor: &str) {
        self.users.retain(|(of, _), _| of != accessor);
        self.roles.remove(accessor);
        self.token_roles.retain(|(of, _), _| of != accessor);
        self.lockouts.retain(|(of, _), _| of != accessor);
        self.jwt.remove(accessor);
        self.kubernetes.remove(accessor);
    }
}

/// Returns the accessor and the type of the mount at a path, and the path below it.
fn mount<'p>(state: &State, parsed: &'p ParsedRequest) -> Option<(String, String, &'p str)> {
    let mounts = state.mounts.auth(&parsed.namespace);
    let found = mounts.filter_map(|mount| {
        let is_mount = mount.path.strip_suffix('/') == Some(&parsed.path);
        let rest = parsed.path.strip_prefix(&mount.path).or_else(|| is_mount.then_some(""));
        Some((mount, rest?))
    });
    let (mount, rest) = found.max_by_key(|(mount, _)| mount.path.len())?;
    Some((mount.accessor.clone(), mount.kind.clone(), rest))
}

/// Returns the namespace that a request is handled in.
pub(super) fn namespace<'a>(state: &'a State, parsed: &'a ParsedRequest) -> &'a str {
    match &*parsed.path {
        "auth/token/lookup" | "auth/token/renew" | "auth/token/revoke" | "auth/token/revoke-orphan" => {
            token::namespace(state, parsed)
        }
        _ => &parsed.namespace,
    }
}

/// Returns `true` if the path is that of a user or a role that does not exist yet. Fails if a field of such a
/// path is invalid, which the server reports before it checks permissions.
pub(super) fn is_new(state: &State, parsed: &ParsedRequest) -> Result<bool, ErrorResponse> {
    let Some((accessor, kind, rest)) = mount(state, parsed) else { return Ok(false) };
    let auth = &state.auth;
    let Some((area, name)) = rest.split_once('/').filter(|(_, name)| is_slug(name)) else { return Ok(false) };
    let (fields, in_path, exists) = match (&*kind, area) {
        ("userpass", "users") => {
            (userpass::FIELDS, "username", auth.users.contains_key(&(accessor, name.to_lowercase())))
        }
        ("approle", "role") => {
            let exists = auth.roles.get(&accessor).is_some_and(|roles| roles.get(name).is_some());
            (approle::FIELDS, "role_name", exists)
        }
        ("jwt" | "oidc", "role") => {
            let exists = auth.jwt.get(&accessor).is_some_and(|mount| mount.role(name).is_some());
            (jwt::FIELDS, "name", exists)
        }
        ("kubernetes", "role") => {
            let exists = auth.kubernetes.get(&accessor).is_some_and(|mount| mount.role(name).is_some());
            (kubernetes::FIELDS, "name", exists)
        }
        ("token" | "ns_token", "roles") => {
            (token::FIELDS, "role_name", auth.token_roles.contains_key(&(accessor, name.to_owned())))
        }
        _ => return Ok(false),
    };
    Fields::check(&parsed.data, fields, in_path).map_err(ErrorResponse::without_prefix)?;
    Ok(!exists)
}

/// Fails if the body names a token in another way than by a string.
pub(super) fn check_named_token(parsed: &ParsedRequest) -> Result<(), ErrorResponse> {
    let names_token =
        ["auth/token/lookup", "auth/token/renew", "auth/token/revoke", "auth/token/revoke-orphan"];
    match parsed.data.get("token") {
        Some(token) if !token.is_string() && names_token.contains(&&*parsed.path) => {
            Err(ErrorResponse::new(StatusCode::FORBIDDEN, "invalid token"))
        }
        _ => Ok(()),
    }
}

/// Handles requests that need no token: login and its second factor. Returns `None` for others. The errors
/// lack the multi-error wrapper. An error that response wrapping applies to is returned as a response.
pub(super) fn without_token(
    state: &mut State,
    parsed: &ParsedRequest,
    credentials: Option<&Credentials>,
) -> Result<Option<ServerResponse>, ErrorResponse> {
    let fail = |status, problem: &str| Err(ErrorResponse::new(status, problem));
    if parsed.path == "sys/mfa/validate" {
        return match parsed.verb {
            Verb::Write => validate::validate(state, parsed).map(Some),
            _ => fail(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation"),
        };
    }
    let Some((accessor, kind, rest)) = mount(state, parsed) else { return Ok(None) };
    match (&*kind, rest.split_once('/')) {
        ("userpass", Some(("login", name))) if is_slug(name) => {
            userpass::log_in(state, parsed, &accessor, name, credentials).map(Some)
        }
        ("userpass", Some(("login", _))) => fail(StatusCode::NOT_FOUND, "unsupported path"),
        ("jwt" | "oidc", None) if rest == "login" => {
            jwt::log_in(state, parsed, &accessor, credentials).map(Some)
        }
        ("kubernetes", None) if rest == "login" => {
            kubernetes::log_in(state, parsed, &accessor, credentials).map(Some)
        }
        ("approle", None) if rest == "login" => {
            approle::log_in(state, parsed, &accessor, credentials).map(Some)
        }
        _ => Ok(None),
    }
}

/// Handles requests that need a token.
pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    token: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let Some((accessor, kind, rest)) = mount(state, &parsed) else {
        let problem = format!("no handler for route \"{}\". route entry not found.", parsed.path);
        return Err(ErrorResponse::new(StatusCode::NOT_FOUND, problem));
    };
    let rest = rest.to_owned();
    match &*kind {
        "userpass" => userpass::run(state, parsed, accessor, &rest),
        "jwt" | "oidc" => jwt::run(state, parsed, &accessor, &rest),
        "kubernetes" => kubernetes::run(state, parsed, &accessor, &rest),
        "token" | "ns_token" => token::run(state, parsed, &accessor, &rest, token),
        "approle" => approle::run(state, parsed, accessor, &rest),
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::Request;
    use identity_core::BlockingTransport as _;
    use serde_json::{Value, json};

    use crate::FakeVault;

    #[test]
    fn pending_logins_are_forgotten() {
        let vault = FakeVault::new();
        let accessor = vault.mount_auth("userpass");
        let write = |path: &str, body: Value| -> Value {
            let request = Request::post(format!("/v1/{path}")).header("x-vault-token", "root");
            let response = vault.send(request.body(Bytes::from(body.to_string())).unwrap()).unwrap();
            serde_json::from_slice(response.body()).unwrap_or_default()
        };
        write("auth/userpass/users/alice", json!({ "password": "p" }));
        let method = write("identity/mfa/method/totp", json!({ "issuer": "test" }));
        let enforcement = json!({
            "mfa_method_ids": [method["data"]["method_id"]],
            "auth_method_accessors": [accessor.as_str()],
        });
        write("identity/mfa/login-enforcement/all", enforcement);

        let pending = |logins| {
            for _ in 0..logins {
                write("auth/userpass/login/alice", json!({ "password": "p" }));
            }
            let state = vault.state();
            (state.auth.pending.len(), state.auth.pending_until.len())
        };
        assert_eq!(pending(3), (3, 3));
        vault.advance(Duration::from_secs(301));
        assert_eq!(pending(1), (1, 1));
    }
}
