//! Users of `userpass`.

use http::StatusCode;
use serde_json::{Value, json};

use super::grant::{Grant, with_default_policy};
use super::login::{self, Login};
use super::token_parameters::{TOKEN_FIELDS, TokenParameters, without_token_prefix};
use super::ttl::Limits;
use crate::input::{Fields, Kind, Pairs, Schema, joined};
use crate::limits::policies;
use crate::mfa::Credentials;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, key_list};
use crate::route::{ignored, is_slug};
use crate::state::State;
use crate::tokens::Token;

/// A user, and the properties of the user's tokens.
#[derive(Clone, Default)]
pub(super) struct User {
    password: String,
    /// Whether the policies were set through the deprecated field. Reads then return it too.
    is_old: bool,
    token: TokenParameters,
}

const FIELDS: Schema = &joined::<6, { TOKEN_FIELDS.len() }, { 6 + TOKEN_FIELDS.len() }>(
    &[
        ("username", Kind::Text),
        ("password", Kind::Text),
        ("policies", Kind::List),
        ("ttl", Kind::Duration),
        ("max_ttl", Kind::Duration),
        ("bound_cidrs", Kind::List),
    ],
    TOKEN_FIELDS,
);

pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    accessor: String,
    rest: &str,
) -> Result<ServerResponse, ErrorResponse> {
    if rest == "users/" || rest == "users" {
        return if parsed.verb == Verb::List {
            list(state, &accessor)
        } else {
            Err(ErrorResponse::unsupported_operation())
        };
    }
    let rest = rest.strip_prefix("users/").ok_or_else(ErrorResponse::unsupported_path)?;
    let (name, part) = rest.split_once('/').unwrap_or((rest, ""));
    if !is_slug(name) || !matches!(part, "" | "password" | "policies") {
        return Err(ErrorResponse::unsupported_path());
    }
    let key = (accessor, name.to_lowercase());
    let users = &mut state.auth.users;
    match (parsed.verb, part) {
        (Verb::Read, "") => match users.get(&key) {
            Some(user) => {
                Ok(ServerResponse::Data { data: user.to_json(), warnings: ignored(&parsed.data, FIELDS) })
            }
            None => Err(ErrorResponse::without_message(StatusCode::NOT_FOUND)),
        },
        (Verb::Delete, "") => {
            users.remove(&key);
            Ok(ServerResponse::NoContent)
        }
        (Verb::Write, part) => {
            let fields = Fields::new(parsed.data, FIELDS).map_err(without_token_prefix)?;
            let known = users.get(&key);
            if !part.is_empty() && known.is_none() {
                return Err(internal("username does not exist"));
            }
            let password = fields.given_text("password").filter(|password| !password.is_empty());
            if password.is_none() && (known.is_none() || part == "password") {
                return Err(bad_request("must provide either password or password_hash"));
            }
            let mut user = known.cloned().unwrap_or_default();
            if let Some(password) = password.filter(|_| part != "policies") {
                user.password = password;
            }
            user.set_policies(&fields, part != "password");
            if part.is_empty() {
                user.set_limits(&fields)?;
            }
            users.insert(key, user);
            Ok(ServerResponse::NoContent)
        }
        _ => Err(ErrorResponse::unsupported_operation()),
    }
}

fn list(state: &State, accessor: &str) -> Result<ServerResponse, ErrorResponse> {
    let users = state.auth.users.keys().filter(|(of, _)| of == accessor);
    let names: Vec<String> = users.map(|(_, name)| name.clone()).collect();
    let data = key_list(&names, None).ok_or_else(|| ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
    Ok(ServerResponse::Data { data, warnings: Vec::new() })
}

impl User {
    fn set_policies(&mut self, fields: &Fields, allowed: bool) {
        let (old, new) = (fields.list("policies"), fields.list("token_policies"));
        let is_old = new.is_none();
        if let Some(names) = new.or(old).filter(|_| allowed) {
            self.token.policies = policies(names);
            self.is_old = is_old;
        }
    }

    fn set_limits(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        self.token.ttl = fields.seconds("ttl").unwrap_or(self.token.ttl);
        self.token.max_ttl = fields.seconds("max_ttl").unwrap_or(self.token.max_ttl);
        if let Some(cidrs) = fields.list("bound_cidrs") {
            self.token.bound_cidrs = cidrs;
        }
        self.token.set_limits(fields)
    }

    fn to_json(&self) -> Value {
        let mut object = Value::Object(self.token.to_json());
        if self.is_old && !self.token.policies.is_empty() {
            object["policies"] = json!(self.token.policies);
        }
        object
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
    let mut raw = parsed.data.clone();
    let mut warnings = ignored(&raw, LOGIN);
    if raw.remove("username").is_some_and(|name| !name.is_null()) {
        let which = "the value of these parameters with the values captured from the endpoint's path";
        warnings.push(format!("Endpoint replaced {which}: [username]"));
    }
    // The server responds to invalid input with 500 here.
    let fault = |problem: &str| ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, problem);
    let fields = Fields::new(raw, LOGIN).map_err(|error| fault(&error.errors.join("\n")))?;
    let password = fields.text("password");
    if password.is_empty() {
        return Err(fault("missing password"));
    }
    let user = state.auth.users.get(&(accessor.to_owned(), name.to_owned()));
    let user = user.filter(|user| user.password == password);
    let user = user.ok_or_else(|| bad_request("invalid username or password"))?;

    let path = parsed.path.strip_prefix("auth/").unwrap_or(&parsed.path);
    let mount = path.rsplit_once("/login/").map_or(path, |(mount, _)| mount).replace('/', "-");
    let grant = Grant {
        path: parsed.path.clone(),
        namespace: parsed.namespace.clone(),
        display_name: format!("{mount}-{name}"),
        meta: Some(Pairs::from([("username".to_owned(), name.to_owned())])),
        ..user.token.grant()
    };
    let login = Login { accessor, alias: name, metadata: None, groups: Vec::new(), grant };
    login::log_in(state, login, credentials, warnings)
}

/// Returns the limits of the renewal of a token. `None` if its user is deleted.
pub(super) fn renewal_limits(state: &State, token: &Token) -> Result<Option<Limits>, &'static str> {
    let name = token.lease.meta.as_ref().and_then(|meta| meta.get("username")).cloned().unwrap_or_default();
    let Some(user) = state.auth.users.get(&(token.mount.clone(), name)) else { return Ok(None) };
    let [of_user, of_token] = [&user.token.policies, &token.lease.policies]
        .map(|policies| with_default_policy(policies.clone(), true));
    if of_user != of_token {
        return Err("policies have changed, not renewing");
    }
    let TokenParameters { ttl, max_ttl, period, .. } = user.token;
    Ok(Some(Limits { ttl, max_ttl, period, ..token.lease.limits }))
}
