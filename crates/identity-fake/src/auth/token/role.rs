//! Roles that tokens are created with: `auth/token/roles`.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::ttl;
use crate::cidr;
use crate::input::{Fields, Kind, Schema};
use crate::limits::policies;
use crate::request::{ParsedRequest, Verb};
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::warnings;
use crate::state::State;

/// A role of `auth/token`. Durations are in seconds, and 0 means that none is set.
#[derive(Clone)]
pub(in super::super) struct Role {
    pub(super) name: String,
    pub(super) allowed_policies: Vec<String>,
    pub(super) allowed_policies_glob: Vec<String>,
    pub(super) disallowed_policies: Vec<String>,
    pub(super) disallowed_policies_glob: Vec<String>,
    pub(super) entity_aliases: Option<Vec<String>>,
    pub(super) orphan: bool,
    pub(super) renewable: bool,
    pub(super) path_suffix: String,
    pub(super) no_default_policy: bool,
    pub(super) uses: i64,
    pub(super) kind: String,
    pub(super) bound_cidrs: Vec<String>,
    pub(super) explicit_max_ttl: u64,
    pub(super) period: u64,
    /// The values that were set through the deprecated names.
    old: Old,
}

#[derive(Clone, Default)]
struct Old {
    bound_cidrs: Vec<String>,
    explicit_max_ttl: u64,
    period: u64,
}

pub(in super::super) const FIELDS: Schema = &[
    ("role_name", Kind::Text),
    ("allowed_policies", Kind::List),
    ("allowed_policies_glob", Kind::List),
    ("disallowed_policies", Kind::List),
    ("disallowed_policies_glob", Kind::List),
    ("allowed_entity_aliases", Kind::List),
    ("orphan", Kind::Flag),
    ("renewable", Kind::Flag),
    ("path_suffix", Kind::Text),
    ("token_no_default_policy", Kind::Flag),
    ("token_num_uses", Kind::Number),
    ("token_type", Kind::Text),
    ("token_bound_cidrs", Kind::List),
    ("token_explicit_max_ttl", Kind::Duration),
    ("token_period", Kind::Duration),
    ("bound_cidrs", Kind::List),
    ("explicit_max_ttl", Kind::Duration),
    ("period", Kind::Duration),
];

pub(super) fn run(
    state: &mut State,
    mut parsed: ParsedRequest,
    mount: &str,
    name: String,
) -> Result<ServerResponse, ErrorResponse> {
    let roles = &mut state.auth.token_roles;
    let key = (mount.to_owned(), name.clone());
    match parsed.verb {
        Verb::Read => match roles.get(&key) {
            Some(role) => Ok(ServerResponse::Data {
                data: role.to_json(),
                warnings: warnings(&parsed.data, FIELDS, "role_name"),
            }),
            None => Err(ErrorResponse::without_message(StatusCode::NOT_FOUND)),
        },
        Verb::Delete => {
            roles.remove(&key);
            Ok(ServerResponse::NoContent)
        }
        Verb::Write => {
            let ignored = warnings(&parsed.data, FIELDS, "role_name");
            let has_null_type = parsed.data.get("token_type").is_some_and(Value::is_null);
            parsed.data.remove("role_name");
            let fields = Fields::new(parsed.data, FIELDS)?;
            let mut role = roles.get(&key).cloned().unwrap_or_else(|| Role::new(name));
            role.set(&fields, has_null_type)?;
            let mut warnings = role.set_deprecated(&fields)?;
            let max = ttl::maximum(state.mounts.with_ttls_of(mount));
            let explicit = if fields.seconds("token_explicit_max_ttl").is_some() {
                role.explicit_max_ttl
            } else {
                role.old.explicit_max_ttl
            };
            if explicit > max {
                warnings.push(format!(
                    "Given explicit max TTL of {explicit} is greater than system/mount allowed value of {max} seconds; \
                     until this is fixed attempting to create tokens against this role will result in an error"
                ));
            }
            role.check_batch()?;
            if let Some(aliases) = fields.list("allowed_entity_aliases") {
                role.entity_aliases = Some(policies(aliases));
            }
            state.auth.token_roles.insert(key, role);
            if warnings.is_empty() {
                return Ok(ServerResponse::NoContent);
            }
            warnings.extend(ignored);
            Ok(ServerResponse::Data { data: Value::Null, warnings })
        }
        _ => Err(ErrorResponse::unsupported_operation()),
    }
}

impl Role {
    fn new(name: String) -> Self {
        Self {
            name,
            allowed_policies: Vec::new(),
            allowed_policies_glob: Vec::new(),
            disallowed_policies: Vec::new(),
            disallowed_policies_glob: Vec::new(),
            entity_aliases: None,
            orphan: false,
            renewable: true,
            path_suffix: String::new(),
            no_default_policy: false,
            uses: 0,
            kind: "default-service".to_owned(),
            bound_cidrs: Vec::new(),
            explicit_max_ttl: 0,
            period: 0,
            old: Old::default(),
        }
    }

    /// Returns `true` if the role selects policies by itself.
    pub(super) fn restricts_policies(&self) -> bool {
        let lists = [
            &self.allowed_policies,
            &self.allowed_policies_glob,
            &self.disallowed_policies,
            &self.disallowed_policies_glob,
        ];
        lists.iter().any(|list| !list.is_empty())
    }

    fn set(&mut self, fields: &Fields, has_null_type: bool) -> Result<(), ErrorResponse> {
        self.orphan = fields.flag("orphan").unwrap_or(self.orphan);
        self.renewable = fields.flag("renewable").unwrap_or(self.renewable);
        if let Some(suffix) = fields.given_text("path_suffix") {
            if !suffix.is_empty() && !has_valid_part(&suffix) {
                let problem = "given role path suffix contains invalid characters; must match";
                return Err(bad_request(format!(r"{problem} \w[\w-.]+\w")));
            }
            self.path_suffix = suffix;
        }
        if self.path_suffix.contains("..") {
            return Err(bad_request("error registering path suffix: path cannot contain parent references"));
        }
        for (list, name) in [
            (&mut self.allowed_policies, "allowed_policies"),
            (&mut self.allowed_policies_glob, "allowed_policies_glob"),
            (&mut self.disallowed_policies, "disallowed_policies"),
            (&mut self.disallowed_policies_glob, "disallowed_policies_glob"),
        ] {
            if let Some(names) = fields.list(name) {
                *list = policies(names);
            }
        }
        if has_null_type {
            return Err(bad_request("Invalid 'token_type' value: null"));
        }
        let in_role = |error| prefixed(error, "error parsing role fields: ");
        if let Some(cidrs) = fields.list("token_bound_cidrs") {
            self.bound_cidrs = cidr::normalize(cidrs).map_err(in_role)?;
        }
        self.explicit_max_ttl = fields.seconds("token_explicit_max_ttl").unwrap_or(self.explicit_max_ttl);
        self.no_default_policy = fields.flag("token_no_default_policy").unwrap_or(self.no_default_policy);
        self.period = fields.seconds("token_period").unwrap_or(self.period);
        self.uses = fields.number("token_num_uses").unwrap_or(self.uses);
        if self.uses < 0 {
            return Err(in_role(bad_request("'token_num_uses' cannot be negative")));
        }
        // The server checks the batch tokens of a role twice, and here only if the type stays.
        if !fields.has("token_type") && self.kind.ends_with("batch") {
            let cannot_be = "'token_type' cannot be 'batch' or 'default_batch' when set to generate";
            if self.period > 0 {
                return Err(in_role(bad_request(format!("{cannot_be} periodic tokens"))));
            }
            if self.uses > 0 {
                return Err(in_role(bad_request(format!("{cannot_be} tokens with limited use count"))));
            }
        }
        if let Some(kind) = fields.given_text("token_type") {
            if !["service", "batch", "default-service", "default-batch"].contains(&&*kind) {
                return Err(bad_request(format!("invalid 'token_type' value {}", quoted(&kind))));
            }
            self.kind = kind;
        }
        Ok(())
    }

    /// Sets fields through their deprecated names. Returns warnings about fields that have both names.
    fn set_deprecated(&mut self, fields: &Fields) -> Result<Vec<String>, ErrorResponse> {
        let mut warnings = Vec::new();
        let mut is_new = |name: &str, is_given: bool, has_old: bool| {
            if is_given && has_old {
                let problem = format!("Both 'token_{name}' and deprecated '{name}' value supplied");
                warnings.push(format!("{problem}, ignoring the deprecated value"));
            }
            is_given
        };
        let seconds = |name: &str| fields.seconds(name);
        if is_new("period", seconds("token_period").is_some(), seconds("period").is_some()) {
            self.old.period = 0;
        } else if let Some(period) = seconds("period") {
            (self.period, self.old.period) = (period, period);
        }
        if is_new("bound_cidrs", fields.has("token_bound_cidrs"), fields.has("bound_cidrs")) {
            self.old.bound_cidrs.clear();
        } else if let Some(cidrs) = fields.list("bound_cidrs") {
            let cidrs =
                cidr::normalize(cidrs).map_err(|error| prefixed(error, "error parsing bound_cidrs: "))?;
            (self.bound_cidrs, self.old.bound_cidrs) = (cidrs.clone(), cidrs);
        }
        let [new, old] = [seconds("token_explicit_max_ttl"), seconds("explicit_max_ttl")];
        if is_new("explicit_max_ttl", new.is_some(), old.is_some()) {
            self.old.explicit_max_ttl = 0;
        } else if let Some(ttl) = old {
            (self.explicit_max_ttl, self.old.explicit_max_ttl) = (ttl, ttl);
        }
        Ok(warnings)
    }

    /// Fails if the role creates batch tokens with properties that they cannot have.
    fn check_batch(&self) -> Result<(), ErrorResponse> {
        if self.kind != "batch" {
            return Ok(());
        }
        let unfit = [
            (!self.orphan, "non-orphan tokens"),
            (self.period > 0, "periodic tokens"),
            (self.renewable, "renewable tokens"),
            (self.explicit_max_ttl > 0, "tokens with an explicit max TTL"),
        ];
        match unfit.into_iter().find(|(is_unfit, _)| *is_unfit) {
            Some((_, what)) => Err(bad_request(format!(
                "'token_type' cannot be 'batch' when role is set to generate {what}"
            ))),
            None => Ok(()),
        }
    }

    fn to_json(&self) -> Value {
        let mut object = json!({
            "allowed_entity_aliases": self.entity_aliases,
            "allowed_policies": self.allowed_policies,
            "allowed_policies_glob": self.allowed_policies_glob,
            "disallowed_policies": self.disallowed_policies,
            "disallowed_policies_glob": self.disallowed_policies_glob,
            "explicit_max_ttl": self.old.explicit_max_ttl,
            "name": self.name,
            "orphan": self.orphan,
            "path_suffix": self.path_suffix,
            "period": self.old.period,
            "renewable": self.renewable,
            "token_explicit_max_ttl": self.explicit_max_ttl,
            "token_no_default_policy": self.no_default_policy,
            "token_period": self.period,
            "token_type": self.kind,
        });
        for (name, cidrs) in
            [("token_bound_cidrs", &self.bound_cidrs), ("bound_cidrs", &self.old.bound_cidrs)]
        {
            if !cidrs.is_empty() {
                object[name] = json!(cidrs);
            }
        }
        if self.uses > 0 {
            object["token_num_uses"] = json!(self.uses);
        }
        object
    }
}

fn prefixed(mut error: ErrorResponse, prefix: &str) -> ErrorResponse {
    for error in &mut error.errors {
        error.insert_str(0, prefix);
    }
    error
}

/// Returns `true` if a part of the text matches `\w[\w-.]+\w`.
fn has_valid_part(text: &str) -> bool {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.split(|char: char| !is_word(char) && char != '-' && char != '.')
        .any(|part| part.trim_matches(|char: char| !is_word(char)).len() >= 3)
}
