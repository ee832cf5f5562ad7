//! Roles: `role/NAME`.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Roles, check_networks};
use crate::auth::token_parameters::{TOKEN_FIELDS, TokenParameters};
use crate::duration;
use crate::input::{Fields, Kind, Schema, joined};
use crate::random::Random;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, quoted};
use crate::route::warnings;

#[derive(Clone)]
pub(in crate::auth) struct Role {
    /// In lower case.
    pub(super) name: String,
    pub(super) id: String,
    /// Whether logins need a secret identifier.
    pub(super) bind_secret_id: bool,
    /// The networks that may log in. `None` if they were never set.
    pub(super) bound_cidrs: Option<Vec<String>>,
    /// How often a secret identifier can be used. 0 means unlimited.
    pub(super) uses: u64,
    /// The TTL of secret identifiers in seconds. 0 means that they do not expire.
    pub(super) ttl: u64,
    pub(super) local: bool,
    /// Whether `token_bound_cidrs` was set. If not, the path of this field shows `null`.
    pub(super) has_token_cidrs: bool,
    pub(in crate::auth) token: TokenParameters,
}

pub(in crate::auth) const FIELDS: Schema = &joined::<10, { TOKEN_FIELDS.len() }, { 10 + TOKEN_FIELDS.len() }>(
    &[
        ("role_name", Kind::Text),
        ("role_id", Kind::Text),
        ("bind_secret_id", Kind::Flag),
        ("secret_id_bound_cidrs", Kind::List),
        ("bound_cidr_list", Kind::List),
        ("secret_id_num_uses", Kind::Number),
        ("secret_id_ttl", Kind::Duration),
        ("local_secret_ids", Kind::Flag),
        ("policies", Kind::List),
        ("period", Kind::Duration),
    ],
    TOKEN_FIELDS,
);

pub(super) fn run(
    roles: &mut Roles,
    name: &str,
    parsed: ParsedRequest,
    random: &mut Random,
    max_ttl: u64,
) -> Result<ServerResponse, ErrorResponse> {
    match parsed.verb {
        Verb::Read => match roles.get(name) {
            Some(role) => Ok(ServerResponse::Data {
                data: role.to_json(),
                warnings: warnings(&parsed.data, FIELDS, "role_name"),
            }),
            None => Err(ErrorResponse::without_message(StatusCode::NOT_FOUND)),
        },
        Verb::Write => write(roles, name, parsed, random, max_ttl),
        Verb::Delete => {
            roles.remove(name);
            Ok(ServerResponse::NoContent)
        }
        _ => Err(ErrorResponse::unsupported_operation()),
    }
}

fn write(
    roles: &mut Roles,
    name: &str,
    mut parsed: ParsedRequest,
    random: &mut Random,
    max_ttl: u64,
) -> Result<ServerResponse, ErrorResponse> {
    let mut problems = Vec::new();
    for kind in ["service", "batch"] {
        let default = format!("default-{kind}");
        if parsed.data.get("token_type").is_some_and(|given| *given == json!(default)) {
            problems.push(format!("{default} has no useful meaning; adjusting to {kind}"));
            parsed.data.insert("token_type".to_owned(), kind.into());
        }
    }
    let ignored = warnings(&parsed.data, FIELDS, "role_name");
    let fields = Fields::new(parsed.data, FIELDS).map_err(ErrorResponse::without_prefix)?;
    let known = roles.get(name).cloned();
    let is_new = known.is_none();
    let mut role = known.unwrap_or_else(|| Role {
        name: name.to_lowercase(),
        id: random.uuid(),
        bind_secret_id: true,
        bound_cidrs: None,
        uses: 0,
        ttl: 0,
        local: false,
        has_token_cidrs: false,
        token: TokenParameters::default(),
    });
    role.token.set(&fields)?;
    role.has_token_cidrs |= fields.is_given("token_bound_cidrs");
    if let Some(local) = fields.flag("local_secret_ids") {
        if !is_new {
            return Err(bad_request("local_secret_ids can only be modified during role creation"));
        }
        role.local = local;
    }
    role.id = fields.given_text("role_id").unwrap_or(role.id);
    if role.id.is_empty() {
        return Err(bad_request("invalid role_id supplied, or failed to generate a role_id"));
    }
    role.bind_secret_id = fields.flag("bind_secret_id").unwrap_or(role.bind_secret_id);
    let cidrs = fields.list("secret_id_bound_cidrs").or_else(|| fields.list("bound_cidr_list"));
    role.bound_cidrs = cidrs.or(role.bound_cidrs);
    check_networks(role.networks()).map_err(|problem| internal(&format!("failed to validate {problem}")))?;
    role.set_uses(&fields)?;
    role.ttl = fields.seconds("secret_id_ttl").unwrap_or(role.ttl);
    role.token.set_deprecated(&fields, &["policies", "period"])?;
    if role.old_period() > max_ttl {
        return Err(role.too_long(max_ttl));
    }
    if role.token.max_ttl > max_ttl {
        problems.push(
            "token_max_ttl is greater than the backend mount's maximum TTL value; issued tokens' max TTL value will \
             be truncated"
                .to_owned(),
        );
    }
    roles.put(role).map_err(|mut error| {
        // An error with warnings has another status.
        if !problems.is_empty() {
            error.status = StatusCode::BAD_REQUEST;
        }
        error
    })?;
    if problems.is_empty() {
        return Ok(ServerResponse::NoContent);
    }
    problems.extend(ignored);
    Ok(ServerResponse::Data { data: Value::Null, warnings: problems })
}

impl Role {
    pub(super) fn networks(&self) -> &[String] {
        self.bound_cidrs.as_deref().unwrap_or_default()
    }

    pub(super) fn has_constraint(&self) -> bool {
        self.bind_secret_id || !self.networks().is_empty() || !self.token.bound_cidrs.is_empty()
    }

    pub(super) fn set_uses(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        if let Some(uses) = fields.number("secret_id_num_uses") {
            self.uses =
                u64::try_from(uses).map_err(|_| bad_request("secret_id_num_uses cannot be negative"))?;
        }
        Ok(())
    }

    /// Returns the period that was set through its deprecated name.
    fn old_period(&self) -> u64 {
        if self.token.deprecated.contains("period") { self.token.period } else { 0 }
    }

    pub(super) fn too_long(&self, max_ttl: u64) -> ErrorResponse {
        let [period, max] = [self.old_period(), max_ttl].map(|seconds| quoted(&duration::format(seconds)));
        bad_request(format!("period of {period} is greater than the backend's maximum lease TTL of {max}"))
    }

    fn to_json(&self) -> Value {
        let mut object = Value::Object(self.token.to_json());
        object["bind_secret_id"] = json!(self.bind_secret_id);
        object["secret_id_bound_cidrs"] = json!(self.bound_cidrs);
        object["secret_id_num_uses"] = json!(self.uses);
        object["secret_id_ttl"] = json!(self.ttl);
        object["local_secret_ids"] = json!(self.local);
        object
    }
}
