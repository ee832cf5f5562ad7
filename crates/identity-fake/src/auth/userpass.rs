//! Users of `userpass`.

use http::StatusCode;
use serde_json::{Value, json};

use super::grant::{Grant, with_default_policy};
use super::login;
use crate::input::{Fields, Kind, Pairs, Schema};
use crate::limits::policies;
use crate::mfa::Credentials;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, key_list, quoted};
use crate::route::{ignored, is_slug};
use crate::state::State;

/// A user, and the properties of the user's tokens.
#[derive(Clone, Default)]
pub(super) struct User {
    password: String,
    policies: Vec<String>,
    /// Whether the policies were set through the deprecated field. Reads then return it too.
    is_old: bool,
    bound_cidrs: Vec<String>,
    ttl: u64,
    max_ttl: u64,
    explicit_max_ttl: u64,
    period: u64,
    uses: u64,
    no_default_policy: bool,
    strictly_bind_ip: bool,
    kind: String,
}

const FIELDS: Schema = &[
    ("username", Kind::Text),
    ("password", Kind::Text),
    ("policies", Kind::List),
    ("ttl", Kind::Duration),
    ("max_ttl", Kind::Duration),
    ("bound_cidrs", Kind::List),
    ("token_policies", Kind::List),
    ("token_bound_cidrs", Kind::List),
    ("token_ttl", Kind::Duration),
    ("token_max_ttl", Kind::Duration),
    ("token_explicit_max_ttl", Kind::Duration),
    ("token_period", Kind::Duration),
    ("token_num_uses", Kind::Number),
    ("token_no_default_policy", Kind::Flag),
    ("token_strictly_bind_ip", Kind::Flag),
    ("token_type", Kind::Text),
];

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
            let fields = Fields::new(parsed.data, FIELDS).map_err(without_prefix)?;
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

/// The server parses the token fields elsewhere, and its errors lack the prefix.
fn without_prefix(mut error: ErrorResponse) -> ErrorResponse {
    for error in &mut error.errors {
        if error.contains("field \"token_") {
            *error = error.trim_start_matches("Field validation failed: ").to_owned();
        }
    }
    error
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
            self.policies = policies(names);
            self.is_old = is_old;
        }
    }

    fn set_limits(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        let take = |field: &mut u64, name| *field = fields.seconds(name).unwrap_or(*field);
        take(&mut self.ttl, "ttl");
        take(&mut self.max_ttl, "max_ttl");
        take(&mut self.ttl, "token_ttl");
        take(&mut self.max_ttl, "token_max_ttl");
        take(&mut self.explicit_max_ttl, "token_explicit_max_ttl");
        take(&mut self.period, "token_period");
        if let Some(uses) = fields.number("token_num_uses") {
            self.uses =
                u64::try_from(uses).map_err(|_| bad_request("'token_num_uses' cannot be negative"))?;
        }
        self.no_default_policy = fields.flag("token_no_default_policy").unwrap_or(self.no_default_policy);
        self.strictly_bind_ip = fields.flag("token_strictly_bind_ip").unwrap_or(self.strictly_bind_ip);
        if let Some(cidrs) = fields.list("token_bound_cidrs").or_else(|| fields.list("bound_cidrs")) {
            self.bound_cidrs = cidrs;
        }
        if self.strictly_bind_ip && !self.bound_cidrs.is_empty() {
            return Err(bad_request(
                "'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one",
            ));
        }
        if let Some(kind) = fields.given_text("token_type") {
            if !["", "default", "default-service", "default-batch", "service", "batch"].contains(&&*kind) {
                return Err(bad_request(format!("invalid 'token_type' value {}", quoted(&kind))));
            }
            self.kind = kind;
        }
        if self.max_ttl > 0 && self.ttl > self.max_ttl {
            return Err(bad_request("'token_ttl' cannot be greater than 'token_max_ttl'"));
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let mut object = json!({
            "token_bound_cidrs": self.bound_cidrs,
            "token_explicit_max_ttl": self.explicit_max_ttl,
            "token_max_ttl": self.max_ttl,
            "token_no_default_policy": self.no_default_policy,
            "token_num_uses": self.uses,
            "token_period": self.period,
            "token_policies": self.policies,
            "token_strictly_bind_ip": self.strictly_bind_ip,
            "token_ttl": self.ttl,
            "token_type": if self.kind.is_empty() { "default" } else { &self.kind },
        });
        if self.is_old && !self.policies.is_empty() {
            object["policies"] = json!(self.policies);
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
        namespace: parsed.namespace.clone(),
        path: parsed.path.clone(),
        display_name: format!("{mount}-{name}"),
        policies: with_default_policy(user.policies.clone(), !user.no_default_policy),
        meta: Some(Pairs::from([("username".to_owned(), name.to_owned())])),
        ttl: if user.period > 0 { user.period } else { user.ttl },
        max_ttl: if user.period > 0 { 0 } else { user.max_ttl },
        explicit_max_ttl: user.explicit_max_ttl,
        uses: user.uses,
        is_batch: user.kind.ends_with("batch"),
        renewable: true,
        orphan: true,
        ..Grant::default()
    };
    login::log_in(state, accessor, name, grant, credentials, warnings)
}
