//! Users of `userpass`.

use http::StatusCode;
use serde_json::{Value, json};

use super::grant::{Grant, with_default};
use super::login;
use crate::fake::answer::{Answer, Refusal, bad, internal, quoted};
use crate::fake::entity::listed;
use crate::fake::input::{Fields, Kind, Schema};
use crate::fake::limits::policies;
use crate::fake::mfa::Credentials;
use crate::fake::request::{Asked, Verb};
use crate::fake::route::{ignored, is_slug};
use crate::fake::state::State;
use crate::fake::store::Pairs;

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

pub(super) fn run(state: &mut State, asked: Asked, accessor: String, rest: &str) -> Result<Answer, Refusal> {
    if rest == "users/" || rest == "users" {
        return if asked.verb == Verb::List {
            list(state, &accessor)
        } else {
            Err(Refusal::unsupported_operation())
        };
    }
    let rest = rest.strip_prefix("users/").ok_or_else(Refusal::unsupported_path)?;
    let (name, part) = rest.split_once('/').unwrap_or((rest, ""));
    if !is_slug(name) || !matches!(part, "" | "password" | "policies") {
        return Err(Refusal::unsupported_path());
    }
    let key = (accessor, name.to_lowercase());
    let users = &mut state.auth.users;
    match (asked.verb, part) {
        (Verb::Read, "") => match users.get(&key) {
            Some(user) => Ok(Answer::Data { data: user.shown(), warnings: ignored(&asked.data, FIELDS) }),
            None => Err(Refusal::silent(StatusCode::NOT_FOUND)),
        },
        (Verb::Delete, "") => {
            users.remove(&key);
            Ok(Answer::Done)
        }
        (Verb::Write, part) => {
            let fields = Fields::new(asked.data, FIELDS).map_err(without_prefix)?;
            let known = users.get(&key);
            if !part.is_empty() && known.is_none() {
                return Err(internal("username does not exist"));
            }
            let password = fields.given_text("password").filter(|password| !password.is_empty());
            if password.is_none() && (known.is_none() || part == "password") {
                return Err(bad("must provide either password or password_hash"));
            }
            let mut user = known.cloned().unwrap_or_default();
            if let Some(password) = password.filter(|_| part != "policies") {
                user.password = password;
            }
            user.take_policies(&fields, part != "password");
            if part.is_empty() {
                user.take_limits(&fields)?;
            }
            users.insert(key, user);
            Ok(Answer::Done)
        }
        _ => Err(Refusal::unsupported_operation()),
    }
}

/// The server parses the token fields elsewhere, and its errors lack the prefix.
fn without_prefix(mut refusal: Refusal) -> Refusal {
    for error in &mut refusal.errors {
        if error.contains("field \"token_") {
            *error = error.trim_start_matches("Field validation failed: ").to_owned();
        }
    }
    refusal
}

fn list(state: &State, accessor: &str) -> Result<Answer, Refusal> {
    let users = state.auth.users.keys().filter(|(of, _)| of == accessor);
    let names: Vec<String> = users.map(|(_, name)| name.clone()).collect();
    let data = listed(&names, None).ok_or_else(|| Refusal::silent(StatusCode::NOT_FOUND))?;
    Ok(Answer::Data { data, warnings: Vec::new() })
}

impl User {
    fn take_policies(&mut self, fields: &Fields, allowed: bool) {
        let (old, new) = (fields.list("policies"), fields.list("token_policies"));
        let is_old = new.is_none();
        if let Some(names) = new.or(old).filter(|_| allowed) {
            self.policies = policies(names);
            self.is_old = is_old;
        }
    }

    fn take_limits(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let take = |field: &mut u64, name| *field = fields.seconds(name).unwrap_or(*field);
        take(&mut self.ttl, "ttl");
        take(&mut self.max_ttl, "max_ttl");
        take(&mut self.ttl, "token_ttl");
        take(&mut self.max_ttl, "token_max_ttl");
        take(&mut self.explicit_max_ttl, "token_explicit_max_ttl");
        take(&mut self.period, "token_period");
        if let Some(uses) = fields.number("token_num_uses") {
            self.uses = u64::try_from(uses).map_err(|_| bad("'token_num_uses' cannot be negative"))?;
        }
        self.no_default_policy = fields.flag("token_no_default_policy").unwrap_or(self.no_default_policy);
        self.strictly_bind_ip = fields.flag("token_strictly_bind_ip").unwrap_or(self.strictly_bind_ip);
        if let Some(cidrs) = fields.list("token_bound_cidrs").or_else(|| fields.list("bound_cidrs")) {
            self.bound_cidrs = cidrs;
        }
        if self.strictly_bind_ip && !self.bound_cidrs.is_empty() {
            return Err(bad("'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one"));
        }
        if let Some(kind) = fields.given_text("token_type") {
            if !["", "default", "default-service", "default-batch", "service", "batch"].contains(&&*kind) {
                return Err(bad(format!("invalid 'token_type' value {}", quoted(&kind))));
            }
            self.kind = kind;
        }
        if self.max_ttl > 0 && self.ttl > self.max_ttl {
            return Err(bad("'token_ttl' cannot be greater than 'token_max_ttl'"));
        }
        Ok(())
    }

    fn shown(&self) -> Value {
        let mut shown = json!({
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
            shown["policies"] = json!(self.policies);
        }
        shown
    }
}

const LOGIN: Schema = &[("username", Kind::Text), ("password", Kind::Text)];

pub(super) fn log_in(
    state: &mut State,
    asked: &Asked,
    accessor: &str,
    name: &str,
    credentials: Option<&Credentials>,
) -> Result<Answer, Refusal> {
    let name = &*name.to_lowercase();
    let mut raw = asked.data.clone();
    let mut warnings = ignored(&raw, LOGIN);
    if raw.remove("username").is_some_and(|name| !name.is_null()) {
        let which = "the value of these parameters with the values captured from the endpoint's path";
        warnings.push(format!("Endpoint replaced {which}: [username]"));
    }
    // The server responds to invalid input with 500 here.
    let fault = |problem: &str| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, problem);
    let fields = Fields::new(raw, LOGIN).map_err(|refusal| fault(&refusal.errors.join("\n")))?;
    let password = fields.text("password");
    if password.is_empty() {
        return Err(fault("missing password"));
    }
    let user = state.auth.users.get(&(accessor.to_owned(), name.to_owned()));
    let user = user.filter(|user| user.password == password);
    let user = user.ok_or_else(|| bad("invalid username or password"))?;

    let path = asked.path.strip_prefix("auth/").unwrap_or(&asked.path);
    let mount = path.rsplit_once("/login/").map_or(path, |(mount, _)| mount).replace('/', "-");
    let grant = Grant {
        namespace: asked.namespace.clone(),
        path: asked.path.clone(),
        display_name: format!("{mount}-{name}"),
        policies: with_default(user.policies.clone(), !user.no_default_policy),
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
