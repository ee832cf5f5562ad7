//! The `token_` parameters, which roles and users of all auth methods share.

use std::collections::BTreeSet;

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
    /// Whether the policies were set, even to none.
    pub(super) has_policies: bool,
    pub(super) bound_cidrs: Vec<String>,
    /// In seconds, as all durations here. 0 means that none is set.
    pub(super) ttl: u64,
    pub(super) max_ttl: u64,
    pub(super) explicit_max_ttl: u64,
    pub(super) period: u64,
    /// Negative if `AppRole` was told so: tokens are used up at once.
    pub(super) uses: i64,
    pub(super) no_default_policy: bool,
    pub(super) strictly_bind_ip: bool,
    pub(super) kind: String,
    /// The deprecated names that reads return too.
    pub(super) deprecated: BTreeSet<&'static str>,
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
    /// Sets the given parameters.
    pub(super) fn set(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        if let Some(names) = fields.list("token_policies") {
            self.policies = names;
            self.has_policies = true;
        }
        self.set_limits(fields)
    }

    /// Sets the given parameters except the policies.
    pub(super) fn set_limits(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        if let Some(cidrs) = fields.list("token_bound_cidrs") {
            self.bound_cidrs = cidr::normalize(cidrs)?;
        }
        let take = |field: &mut u64, name| *field = fields.seconds(name).unwrap_or(*field);
        take(&mut self.explicit_max_ttl, "token_explicit_max_ttl");
        take(&mut self.max_ttl, "token_max_ttl");
        self.no_default_policy = fields.flag("token_no_default_policy").unwrap_or(self.no_default_policy);
        take(&mut self.period, "token_period");
        if let Some(kind) = fields.given_text("token_type") {
            if !["", "default", "service", "batch"].contains(&&*kind) {
                return Err(bad_request(format!("invalid 'token_type' value {}", quoted(&kind))));
            }
            self.kind = kind;
        }
        self.uses = fields.number("token_num_uses").unwrap_or(self.uses);
        if self.uses < 0 {
            return Err(bad_request("'token_num_uses' cannot be negative"));
        }
        if self.kind == "batch" {
            let cannot_be = "'token_type' cannot be 'batch' or 'default_batch' when set to generate";
            if self.period > 0 {
                return Err(bad_request(format!("{cannot_be} periodic tokens")));
            }
            if self.uses > 0 {
                return Err(bad_request(format!("{cannot_be} tokens with limited use count")));
            }
        }
        take(&mut self.ttl, "token_ttl");
        if self.max_ttl > 0 && self.ttl > self.max_ttl {
            return Err(bad_request("'token_ttl' cannot be greater than 'token_max_ttl'"));
        }
        self.strictly_bind_ip = fields.flag("token_strictly_bind_ip").unwrap_or(self.strictly_bind_ip);
        if self.strictly_bind_ip && !self.bound_cidrs.is_empty() {
            return Err(bad_request(
                "'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one",
            ));
        }
        Ok(())
    }

    /// Sets parameters through their deprecated names, such as `ttl` for `token_ttl`. A new name takes
    /// precedence. Reads return a deprecated name if the last write that set the parameter gave it.
    pub(super) fn set_deprecated(
        &mut self,
        fields: &Fields,
        names: &[&'static str],
    ) -> Result<(), ErrorResponse> {
        for name in names.iter().copied() {
            let is_given = fields.is_given(name);
            if fields.is_given(&format!("token_{name}")) {
                self.deprecated.remove(name);
            } else if is_given {
                match name {
                    "policies" => {
                        self.policies = policies(fields.list(name).unwrap_or_default());
                        self.has_policies = true;
                    }
                    "bound_cidrs" => {
                        self.bound_cidrs = cidr::normalize(fields.list(name).unwrap_or_default())?;
                    }
                    "num_uses" => {
                        self.uses = fields.number(name).unwrap_or_default();
                        if self.uses < 0 {
                            return Err(bad_request("'num_uses' cannot be negative"));
                        }
                    }
                    "ttl" => self.ttl = fields.seconds(name).unwrap_or_default(),
                    "max_ttl" => self.max_ttl = fields.seconds(name).unwrap_or_default(),
                    _ => self.period = fields.seconds(name).unwrap_or_default(),
                }
            }
            if is_given {
                self.deprecated.insert(name);
            }
        }
        Ok(())
    }

    /// Sets the policies through either name, in lower case.
    pub(super) fn set_policies(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        if let Some(names) = fields.list("token_policies") {
            self.policies = policies(names);
            self.has_policies = true;
        }
        self.set_deprecated(fields, &["policies"])
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
        let Value::Object(mut object) = object else { return Map::new() };
        for name in &self.deprecated {
            let value = object.get(&format!("token_{name}")).cloned().unwrap_or_default();
            if value != json!(0) && value != json!([]) {
                object.insert((*name).to_owned(), value);
            }
        }
        object
    }

    /// Returns the properties of a token with these parameters, as a login creates it.
    pub(super) fn grant(&self) -> Grant {
        let Self { ttl, max_ttl, explicit_max_ttl, period, .. } = *self;
        Grant {
            policies: with_default_policy(self.policies.clone(), !self.no_default_policy),
            limits: Limits { ttl, max_ttl, explicit_max_ttl, period },
            uses: self.uses,
            is_batch: self.kind == "batch",
            is_service: self.kind == "service",
            bound_cidrs: if self.strictly_bind_ip {
                vec![cidr::REMOTE_ADDRESS.to_string()]
            } else {
                self.bound_cidrs.clone()
            },
            renewable: true,
            ..Grant::default()
        }
    }
}
