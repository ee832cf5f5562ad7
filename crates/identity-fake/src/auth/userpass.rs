//! Users of `userpass`.

use http::StatusCode;
use serde_json::Value;

use super::grant::{Grant, with_default_policy};
use super::list;
use super::lockout;
use super::login::{self, Login, denied};
use super::password::Password;
use super::token_parameters::{TOKEN_FIELDS, TokenParameters};
use super::ttl::Limits;
use crate::cidr;
use crate::input::{Fields, Kind, Pairs, Schema, joined};
use crate::mfa::Credentials;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal};
use crate::route::{self, is_slug};
use crate::state::State;
use crate::tokens::Token;

/// A user, and the properties of the user's tokens.
#[derive(Clone, Default)]
pub(super) struct User {
    password: Password,
    pub(super) token: TokenParameters,
}

pub(super) const FIELDS: Schema = &joined::<7, { TOKEN_FIELDS.len() }, { 7 + TOKEN_FIELDS.len() }>(
    &[
        ("username", Kind::Text),
        ("password", Kind::Text),
        ("password_hash", Kind::Text),
        ("policies", Kind::List),
        ("ttl", Kind::Duration),
        ("max_ttl", Kind::Duration),
        ("bound_cidrs", Kind::List),
    ],
    TOKEN_FIELDS,
);

const PASSWORD: Schema = &[("username", Kind::Text), ("password", Kind::Text), ("password_hash", Kind::Text)];

const POLICIES: Schema =
    &[("username", Kind::Text), ("policies", Kind::List), ("token_policies", Kind::List)];

pub(super) fn run(
    state: &mut State,
    mut parsed: ParsedRequest,
    accessor: String,
    rest: &str,
) -> Result<ServerResponse, ErrorResponse> {
    if rest == "users/" || rest == "users" {
        return match parsed.verb {
            Verb::List => {
                let users = state.auth.users.keys().filter(|(of, _)| *of == accessor);
                list::respond(parsed.data, list::FIELDS, users.map(|(_, name)| &**name))
            }
            _ => Err(ErrorResponse::unsupported_operation()),
        };
    }
    let rest = rest.strip_prefix("users/").ok_or_else(ErrorResponse::unsupported_path)?;
    let (name, part) = rest.split_once('/').map_or((rest, None), |(name, part)| (name, Some(part)));
    if !is_slug(name) || !matches!(part, None | Some("password" | "policies")) {
        return Err(ErrorResponse::unsupported_path());
    }
    let users = &mut state.auth.users;
    let key = (accessor, name.to_lowercase());
    let mut user = users.get(&key).cloned();
    match (parsed.verb, part) {
        (Verb::Read, None) => match user {
            Some(user) => {
                let data = Value::Object(user.token.to_json());
                Ok(ServerResponse::Data { data, warnings: route::warnings(&parsed.data, FIELDS, "username") })
            }
            None => Err(ErrorResponse::without_message(StatusCode::NOT_FOUND)),
        },
        (Verb::Delete, None) => {
            users.remove(&key);
            Ok(ServerResponse::NoContent)
        }
        (Verb::Write, None) => {
            parsed.data.remove("username");
            let fields = Fields::new(parsed.data, FIELDS)?;
            let has_password = ["password", "password_hash"].iter().any(|name| !fields.text(name).is_empty());
            if user.is_none() {
                Password::check(&fields)?;
            }
            let user = user.get_or_insert_default();
            user.token.set(&fields)?;
            if has_password {
                user.password = Password::new(&fields)?;
            }
            user.token.set_deprecated(&fields, &["policies", "ttl", "max_ttl", "bound_cidrs"])?;
            users.insert(key, user.clone());
            Ok(ServerResponse::NoContent)
        }
        (Verb::Write, Some(part)) => {
            let is_password = part == "password";
            parsed.data.remove("username");
            let fields = Fields::new(parsed.data, if is_password { PASSWORD } else { POLICIES })?;
            let mut user = user.ok_or_else(|| internal("username does not exist"))?;
            if is_password {
                user.password = Password::new(&fields)?;
            } else {
                user.token.set_policies(&fields)?;
            }
            // The server stores this under the name as given, where nothing but lists finds a name with
            // capitals.
            users.insert((key.0, name.to_owned()), user);
            Ok(ServerResponse::NoContent)
        }
        _ => Err(ErrorResponse::unsupported_operation()),
    }
}

const LOGIN: Schema = &[("username", Kind::Text), ("password", Kind::Text)];

pub(super) fn log_in(
    state: &mut State,
    parsed: &ParsedRequest,
    accessor: &str,
    name: &str,
    credentials: Option<&Credentials>,
) -> Result<ServerResponse, ErrorResponse> {
    let name = &*name.to_lowercase();
    let fields = login::fields(state, parsed, accessor, LOGIN)?;
    lockout::check(state, accessor, name)?;
    if parsed.verb != Verb::Write {
        return Err(login::unsupported_operation());
    }
    let password = fields.text("password");
    if password.is_empty() {
        return Err(ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, "missing password"));
    }
    let invalid = || bad_request("invalid username or password");
    let user = state.auth.users.get(&(accessor.to_owned(), name.to_owned())).ok_or_else(invalid)?;
    if !user.password.is(&password) {
        lockout::count(state, accessor, name);
        return Err(invalid());
    }
    if !cidr::contains(&user.token.bound_cidrs, cidr::REMOTE_ADDRESS) {
        return Err(denied());
    }
    let grant = Grant {
        path: parsed.path.clone(),
        namespace: parsed.namespace.clone(),
        display_name: format!("{}-{name}", login::mount_name(parsed)),
        meta: Some(Pairs::from([("username".to_owned(), name.to_owned())])),
        ..user.token.grant()
    };
    let warnings = route::warnings(&parsed.data, LOGIN, "username");
    let login = Login { accessor, alias: name, metadata: None, groups: Vec::new(), grant };
    login::log_in(state, login, credentials, warnings)
}

/// Returns the limits of the renewal of a token. `None` if its user is deleted.
pub(super) fn renewal_limits(state: &State, token: &Token) -> Result<Option<Limits>, &'static str> {
    let name = token.lease.meta.as_ref().and_then(|meta| meta.get("username")).cloned().unwrap_or_default();
    let Some(user) = state.auth.users.get(&(token.mount.clone(), name)) else { return Ok(None) };
    let [of_user, of_token] = [&user.token.policies, &token.lease.policies]
        .map(|policies| with_default_policy(policies.clone(), true));
    // The server compares with a list that is absent.
    let is_absent = !user.token.has_policies && token.lease.policies.is_empty();
    if of_user != of_token || is_absent {
        return Err("policies have changed, not renewing");
    }
    let TokenParameters { ttl, max_ttl, period, .. } = user.token;
    Ok(Some(Limits { ttl, max_ttl, period, ..token.lease.limits }))
}
