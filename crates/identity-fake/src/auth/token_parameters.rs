//! The `token_` parameters, which roles and users of all auth methods share.

use serde_json::{Map, Value, json};

use super::grant::{Grant, with_default_policy};
use super::ttl::Limits;
use crate::cidr;
use crate::input::{Fields, Kind};
use crate::limits::policies;
use crate::response::{ErrorResponse, bad_request, quoted};

/// The properties of the tokens that a role or a user gets.
#[derive(Clone, Default)]
pub(super) struct TokenParameters {
    pub(super) policies: Vec<String>,
    pub(super) bound_cidrs: Vec<String>,
    /// In seconds, as all durations here. 0 means that none is set.
    pub(super) ttl: u64,
    pub(super) max_ttl: u64,
    pub(super) explicit_max_ttl: u64,
    pub(super) period: u64,
    pub(super) uses: u64,
    pub(super) no_default_policy: bool,
    pub(super) strictly_bind_ip: bool,
    pub(super) kind: String,
}

pub(super) const TOKEN_FIELDS: &[(&str, Kind); 10] = &[
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

impl TokenParameters {
    /// Sets the given parameters except the policies, which have a deprecated name too.
    pub(super) fn set_limits(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        let take = |field: &mut u64, name| *field = fields.seconds(name).unwrap_or(*field);
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
        if let Some(cidrs) = fields.list("token_bound_cidrs") {
            self.bound_cidrs = cidr::normalize(cidrs)?;
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

    /// Sets the given parameters, including the policies.
    #[expect(dead_code, reason = "for the auth methods to come")]
    pub(super) fn set(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        if let Some(names) = fields.list("token_policies") {
            self.policies = policies(names);
        }
        self.set_limits(fields)
    }

    pub(super) fn to_json(&self) -> Map<String, Value> {
        let object = json!({
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
        match object {
            Value::Object(object) => object,
            _ => Map::new(),
        }
    }

    /// Returns the properties of a token with these parameters, as a login creates it.
    pub(super) fn grant(&self) -> Grant {
        let Self { ttl, max_ttl, explicit_max_ttl, period, .. } = *self;
        Grant {
            policies: with_default_policy(self.policies.clone(), !self.no_default_policy),
            limits: Limits { ttl, max_ttl, explicit_max_ttl, period },
            uses: self.uses,
            is_batch: self.kind.ends_with("batch"),
            renewable: true,
            bound_cidrs: self.bound_cidrs.clone(),
            ..Grant::default()
        }
    }
}

/// Removes the prefix from errors about the `token_` fields. The server parses these fields elsewhere.
pub(super) fn without_token_prefix(mut error: ErrorResponse) -> ErrorResponse {
    for error in &mut error.errors {
        if error.contains("field \"token_") {
            *error = error.trim_start_matches("Field validation failed: ").to_owned();
        }
    }
    error
}
