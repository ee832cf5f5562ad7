//! The paths of single fields: `role/NAME/policies`, `role/NAME/token-ttl` and so on.

use http::StatusCode;
use serde_json::{Value, json};

use super::role::Role;
use super::{Roles, check_networks, missing};
use crate::cidr;
use crate::input::{Fields, Kind, Schema};
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request};
use crate::route::warnings;

type Write = fn(&mut Role, &Fields) -> Result<(), ErrorResponse>;

struct Field {
    path: &'static str,
    schema: Schema,
    read: fn(&Role) -> Value,
    write: Option<Write>,
    reset: Option<fn(&mut Role)>,
}

const ROLE: (&str, Kind) = ("role_name", Kind::Text);

const ALL: &[Field] = &[
    Field {
        path: "policies",
        schema: &[ROLE, ("policies", Kind::List), ("token_policies", Kind::List)],
        read: |role| some(role, &["policies", "token_policies"]),
        write: Some(|role, fields| {
            require(fields, &["token_policies", "policies"])?;
            role.token.set_policies(fields)
        }),
        reset: Some(|role| role.token.policies.clear()),
    },
    // The server validates this field, and responds with "unsupported path".
    Field {
        path: "bind-secret-id",
        schema: &[ROLE, ("bind_secret_id", Kind::Flag)],
        read: |_| Value::Null,
        write: None,
        reset: None,
    },
    Field {
        path: "bound-cidr-list",
        schema: &[ROLE, ("bound_cidr_list", Kind::List)],
        read: |_| json!({ "bound_cidr_list": null }),
        write: Some(|role, fields| set_networks(role, fields.list("bound_cidr_list"))),
        reset: Some(|_| {}),
    },
    Field {
        path: "secret-id-bound-cidrs",
        schema: &[ROLE, ("secret_id_bound_cidrs", Kind::List)],
        read: |role| json!({ "secret_id_bound_cidrs": role.bound_cidrs }),
        write: Some(|role, fields| set_networks(role, fields.list("secret_id_bound_cidrs"))),
        reset: Some(|role| role.bound_cidrs = None),
    },
    Field {
        path: "token-bound-cidrs",
        schema: &[ROLE, ("token_bound_cidrs", Kind::List)],
        read: |role| {
            let cidrs = Some(&role.token.bound_cidrs).filter(|_| role.has_token_cidrs);
            json!({ "token_bound_cidrs": cidrs })
        },
        write: Some(|role, fields| {
            if let Some(cidrs) = fields.list("token_bound_cidrs") {
                role.has_token_cidrs = true;
                role.token.bound_cidrs = cidr::normalize(cidrs).map_err(|mut error| {
                    error.errors =
                        vec![format!("failed to parse token_bound_cidrs: {}", error.errors.join("\n"))];
                    error
                })?;
            }
            Ok(())
        }),
        reset: Some(|role| {
            role.token.bound_cidrs.clear();
            role.has_token_cidrs = false;
        }),
    },
    Field {
        path: "secret-id-num-uses",
        schema: &[ROLE, ("secret_id_num_uses", Kind::Number)],
        read: |role| json!({ "secret_id_num_uses": role.uses }),
        write: Some(|role, fields| {
            require(fields, &["secret_id_num_uses"])?;
            role.set_uses(fields)
        }),
        reset: Some(|role| role.uses = 0),
    },
    Field {
        path: "secret-id-ttl",
        schema: &[ROLE, ("secret_id_ttl", Kind::Duration)],
        read: |role| json!({ "secret_id_ttl": role.ttl }),
        write: Some(|role, fields| {
            role.ttl = fields.seconds("secret_id_ttl").ok_or_else(|| missing("secret_id_ttl"))?;
            Ok(())
        }),
        reset: Some(|role| role.ttl = 0),
    },
    Field {
        path: "period",
        schema: &[ROLE, ("period", Kind::Duration), ("token_period", Kind::Duration)],
        read: |role| some(role, &["period", "token_period"]),
        write: Some(|role, fields| {
            require(fields, &["token_period", "period"]).map_err(|_| missing("period"))?;
            role.token.period = fields.seconds("token_period").unwrap_or(role.token.period);
            role.token.set_deprecated(fields, &["period"])
        }),
        reset: Some(|role| role.token.period = 0),
    },
    Field {
        path: "token-num-uses",
        schema: &[ROLE, ("token_num_uses", Kind::Number)],
        read: |role| json!({ "token_num_uses": role.token.uses }),
        write: Some(|role, fields| {
            role.token.uses = fields.number("token_num_uses").ok_or_else(|| missing("token_num_uses"))?;
            Ok(())
        }),
        reset: Some(|role| role.token.uses = 0),
    },
    Field {
        path: "token-ttl",
        schema: &[ROLE, ("token_ttl", Kind::Duration)],
        read: |role| json!({ "token_ttl": role.token.ttl }),
        write: Some(|role, fields| {
            role.token.ttl = fields.seconds("token_ttl").ok_or_else(|| missing("token_ttl"))?;
            check_ttl(role, "token_ttl should not be greater than token_max_ttl")
        }),
        reset: Some(|role| role.token.ttl = 0),
    },
    Field {
        path: "token-max-ttl",
        schema: &[ROLE, ("token_max_ttl", Kind::Duration)],
        read: |role| json!({ "token_max_ttl": role.token.max_ttl }),
        write: Some(|role, fields| {
            role.token.max_ttl = fields.seconds("token_max_ttl").ok_or_else(|| missing("token_max_ttl"))?;
            check_ttl(role, "token_max_ttl should be greater than or equal to token_ttl")
        }),
        reset: Some(|role| role.token.max_ttl = 0),
    },
    Field {
        path: "role-id",
        schema: &[ROLE, ("role_id", Kind::Text)],
        read: |role| json!({ "role_id": role.id }),
        write: Some(|role, fields| {
            role.id = fields.text("role_id");
            if role.id.is_empty() { Err(missing("role_id")) } else { Ok(()) }
        }),
        reset: None,
    },
    Field {
        path: "local-secret-ids",
        schema: &[ROLE],
        read: |role| json!({ "local_secret_ids": role.local }),
        write: None,
        reset: None,
    },
];

pub(super) fn run(
    roles: &mut Roles,
    name: &str,
    path: &str,
    parsed: ParsedRequest,
    max_ttl: u64,
) -> Result<ServerResponse, ErrorResponse> {
    let field = ALL.iter().find(|field| field.path == path).ok_or_else(ErrorResponse::unsupported_path)?;
    let mut warnings = warnings(&parsed.data, field.schema, "role_name");
    let fields = Fields::new(parsed.data, field.schema)?;
    if path == "bind-secret-id" {
        return Err(ErrorResponse::unsupported_path());
    }
    let role = roles.get(name).cloned();
    match (parsed.verb, field.write, field.reset) {
        (Verb::Read, ..) => {
            let role = role.ok_or_else(|| ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
            if path == "bound-cidr-list" {
                let advice = "Please use \"secret_id_bound_cidrs\" instead.";
                let problem = "The \"bound_cidr_list\" field is deprecated and will be removed.";
                warnings.insert(0, format!("{problem} {advice}"));
            }
            return Ok(ServerResponse::Data { data: (field.read)(&role), warnings });
        }
        (Verb::Write, Some(write), _) => {
            let mut role = role.ok_or_else(ErrorResponse::unsupported_path)?;
            write(&mut role, &fields)?;
            if path == "period" && role.token.period > max_ttl {
                return Err(role.too_long(max_ttl));
            }
            roles.put(role)?;
        }
        (Verb::Delete, _, Some(reset)) => {
            if let Some(mut role) = role {
                reset(&mut role);
                roles.put(role)?;
            }
        }
        _ => return Err(ErrorResponse::unsupported_operation()),
    }
    Ok(ServerResponse::NoContent)
}

/// Returns the token parameters of these names that reads of the role return.
fn some(role: &Role, names: &[&str]) -> Value {
    let mut all = role.token.to_json();
    all.retain(|name, _| names.contains(&&**name));
    Value::Object(all)
}

/// Fails unless one of the fields is given.
fn require(fields: &Fields, names: &[&str]) -> Result<(), ErrorResponse> {
    match names.first() {
        Some(first) if !names.iter().any(|name| fields.is_given(name)) => Err(missing(first)),
        _ => Ok(()),
    }
}

fn check_ttl(role: &Role, problem: &str) -> Result<(), ErrorResponse> {
    let is_too_long = role.token.max_ttl > 0 && role.token.ttl > role.token.max_ttl;
    if is_too_long { Err(bad_request(problem)) } else { Ok(()) }
}

fn set_networks(role: &mut Role, networks: Option<Vec<String>>) -> Result<(), ErrorResponse> {
    let Some(networks) = networks else { return Ok(()) };
    if networks.is_empty() {
        return Err(missing("bound_cidr_list"));
    }
    check_networks(&networks).map_err(|problem| bad_request(format!("failed to validate {problem}")))?;
    role.bound_cidrs = Some(networks);
    Ok(())
}
