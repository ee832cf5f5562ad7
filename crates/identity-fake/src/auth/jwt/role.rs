//! Roles: `role/NAME`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::registered_claims::Leeways;
use super::super::roles::{self, DEPRECATED_FIELDS, check_period, set_token, written};
use super::super::token_parameters::{TOKEN_FIELDS, TokenParameters};
use super::claims::as_list;
use super::policy_template;
use crate::input::{Fields, Kind, Pairs, Schema, as_go_prints, joined};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, internal, quoted};
use crate::route::ignored;

#[derive(Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "the server has them")]
pub(super) struct Role {
    pub(super) token: TokenParameters,
    pub(super) is_oidc: bool,
    pub(super) leeways: Leeways,
    max_age: u64,
    pub(super) bound_audiences: Option<Vec<String>>,
    pub(super) bound_subject: String,
    pub(super) bound_claims: Option<Map<String, Value>>,
    pub(super) uses_globs: bool,
    pub(super) claim_mappings: Option<Pairs>,
    pub(super) user_claim: String,
    pub(super) user_claim_json_pointer: bool,
    pub(super) groups_claim: String,
    /// Whether the policies are templates.
    pub(super) has_templates: bool,
    oidc: OidcFlow,
}

/// The parameters of the OIDC flow, which is not supported.
#[derive(Clone, Default)]
struct OidcFlow {
    metadata: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    redirect_uris: Option<Vec<String>>,
    callback_mode: String,
    poll_interval: i64,
    verbose: bool,
    without_confirmation: bool,
}

const OWN_FIELDS: &[(&str, Kind); 22] = &[
    ("name", Kind::Text),
    ("role_type", Kind::Text),
    ("expiration_leeway", Kind::SignedDuration),
    ("not_before_leeway", Kind::SignedDuration),
    ("clock_skew_leeway", Kind::SignedDuration),
    ("bound_subject", Kind::Text),
    ("bound_audiences", Kind::List),
    ("bound_claims_type", Kind::Text),
    ("bound_claims", Kind::Map),
    ("claim_mappings", Kind::Pairs),
    ("oauth2_metadata", Kind::List),
    ("user_claim", Kind::Text),
    ("user_claim_json_pointer", Kind::Flag),
    ("groups_claim", Kind::Text),
    ("oidc_scopes", Kind::List),
    ("allowed_redirect_uris", Kind::List),
    ("callback_mode", Kind::Text),
    ("poll_interval", Kind::Number),
    ("verbose_oidc_logging", Kind::Flag),
    ("max_age", Kind::Duration),
    ("token_policies_template_claims", Kind::Flag),
    ("oidc_disable_confirmation", Kind::Flag),
];

const TOKEN: &[(&str, Kind); 16] = &joined(DEPRECATED_FIELDS, TOKEN_FIELDS);
pub(in crate::auth) const FIELDS: Schema = &joined::<22, 16, 38>(OWN_FIELDS, TOKEN);

/// Metadata that the server itself sets.
const RESERVED: [&str; 1] = ["role"];

const VERBOSE: &str = "verbose_oidc_logging has been enabled for this role. This is not recommended in \
                       production since sensitive information may be present in OIDC responses.";

pub(super) fn write(
    roles: &mut BTreeMap<String, Arc<Role>>,
    name: String,
    parsed: ParsedRequest,
) -> Result<ServerResponse, ErrorResponse> {
    let ignored = ignored(&parsed.data, FIELDS);
    let fields = Fields::new(parsed.data, FIELDS).map_err(ErrorResponse::without_prefix)?;
    let mut role = roles.get(&name).map(|role| Role::clone(role)).unwrap_or_default();
    role.set(&fields)?;
    let mut warnings = roles::warnings(&role.token, "token max ttl");
    if role.oidc.verbose {
        warnings.push(VERBOSE.to_owned());
    }
    for (index, policy) in role.token.policies.iter().enumerate().filter(|_| role.has_templates) {
        policy_template::check(policy)
            .map_err(|problem| internal(&format!("failed to parse template policy [{index}]: {problem}")))?;
    }
    roles.insert(name, Arc::new(role));
    Ok(written(warnings, ignored))
}

impl Role {
    fn set(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        self.is_oidc = match &*fields.text("role_type") {
            "" | "oidc" => true,
            "jwt" => false,
            other => return Err(bad_request(format!("invalid 'role_type': {other}"))),
        };
        set_token(&mut self.token, fields)?;
        check_period(&self.token, "'period'")?;
        let leeway = |leeway: &mut i64, name| *leeway = fields.signed_seconds(name).unwrap_or(*leeway);
        leeway(&mut self.leeways.expiration, "expiration_leeway");
        leeway(&mut self.leeways.not_before, "not_before_leeway");
        leeway(&mut self.leeways.clock_skew, "clock_skew_leeway");
        let list = |list: &mut Option<Vec<String>>, name| *list = fields.list(name).or_else(|| list.take());
        let text = |text: &mut String, name| {
            if let Some(given) = fields.given_text(name) {
                *text = given;
            }
        };
        let flag = |flag: &mut bool, name| *flag = fields.flag(name).unwrap_or(*flag);
        list(&mut self.bound_audiences, "bound_audiences");
        text(&mut self.bound_subject, "bound_subject");
        flag(&mut self.oidc.verbose, "verbose_oidc_logging");
        self.max_age = fields.seconds("max_age").unwrap_or(self.max_age);
        flag(&mut self.has_templates, "token_policies_template_claims");
        self.set_bound_claims(fields)?;
        self.set_claim_mappings(fields)?;
        list(&mut self.oidc.metadata, "oauth2_metadata");
        let is_unknown = |name: &&String| !["id_token", "refresh_token", "access_token"].contains(&&***name);
        if let Some(unknown) = self.oidc.metadata.iter().flatten().find(is_unknown) {
            return Err(bad_request(format!("Unrecognized oauth2 metadata name {unknown}")));
        }
        text(&mut self.user_claim, "user_claim");
        if self.user_claim.is_empty() {
            return Err(bad_request("a user claim must be defined on the role"));
        }
        flag(&mut self.user_claim_json_pointer, "user_claim_json_pointer");
        text(&mut self.groups_claim, "groups_claim");
        list(&mut self.oidc.scopes, "oidc_scopes");
        list(&mut self.oidc.redirect_uris, "allowed_redirect_uris");
        self.oidc.poll_interval = fields.number("poll_interval").unwrap_or(self.oidc.poll_interval);
        let mode = fields.given_text("callback_mode").unwrap_or_else(|| "client".to_owned());
        if !["client", "device", "direct"].contains(&&*mode) {
            return Err(bad_request(format!("invalid 'callback_mode': {mode}")));
        }
        self.oidc.callback_mode = mode;
        self.oidc.without_confirmation = fields.flag("oidc_disable_confirmation").unwrap_or_default();
        self.check()
    }

    fn set_bound_claims(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        self.uses_globs = match fields.given_text("bound_claims_type").as_deref() {
            None | Some("string") => false,
            Some("glob") => true,
            Some(other) => return Err(bad_request(format!("invalid 'bound_claims_type': {other}"))),
        };
        let Some(claims) = fields.map("bound_claims") else { return Ok(()) };
        self.bound_claims = claims;
        if !self.uses_globs {
            return Ok(());
        }
        for values in self.bound_claims.iter().flatten().map(|(_, values)| values) {
            let list = as_list(values).ok_or_else(|| {
                bad_request(format!("claim is not a string or list: {}", as_go_prints(values)))
            })?;
            if let Some(other) = list.iter().find(|value| !value.is_string()) {
                return Err(bad_request(format!("claim is not a string: {}", as_go_prints(other))));
            }
        }
        Ok(())
    }

    fn set_claim_mappings(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        let Some(mappings) = fields.pairs("claim_mappings") else { return Ok(()) };
        let mut targets = BTreeSet::new();
        for target in mappings.iter().flatten().map(|(_, target)| target) {
            let key = quoted(target);
            if RESERVED.contains(&&**target) {
                let problem = "is reserved and may not be a mapping destination";
                return Err(bad_request(format!("metadata key {key} {problem}")));
            }
            if !targets.insert(target) {
                return Err(bad_request(format!("multiple keys are mapped to metadata key {key}")));
            }
        }
        self.claim_mappings = mappings;
        Ok(())
    }

    fn check(&self) -> Result<(), ErrorResponse> {
        let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
        if self.is_oidc && is_empty(&self.oidc.redirect_uris) {
            return Err(bad_request(
                "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.",
            ));
        }
        let is_unbound = is_empty(&self.bound_audiences)
            && self.token.bound_cidrs.is_empty()
            && self.bound_subject.is_empty()
            && self.bound_claims.as_ref().is_none_or(Map::is_empty);
        if !self.is_oidc && is_unbound {
            return Err(bad_request("must have at least one bound constraint when creating/updating a role"));
        }
        if self.token.max_ttl > 0 && self.token.ttl > self.token.max_ttl {
            return Err(bad_request("ttl should not be greater than max ttl"));
        }
        Ok(())
    }

    pub(super) fn to_json(&self) -> Map<String, Value> {
        let mut role = self.token.to_json();
        let own = json!({
            "role_type": if self.is_oidc { "oidc" } else { "jwt" },
            "expiration_leeway": self.leeways.expiration,
            "not_before_leeway": self.leeways.not_before,
            "clock_skew_leeway": self.leeways.clock_skew,
            "bound_audiences": self.bound_audiences,
            "bound_subject": self.bound_subject,
            "bound_claims_type": if self.uses_globs { "glob" } else { "string" },
            "bound_claims": self.bound_claims,
            "claim_mappings": self.claim_mappings,
            "oauth2_metadata": self.oidc.metadata,
            "user_claim": self.user_claim,
            "user_claim_json_pointer": self.user_claim_json_pointer,
            "groups_claim": self.groups_claim,
            "allowed_redirect_uris": self.oidc.redirect_uris,
            "callback_mode": self.oidc.callback_mode,
            "oidc_scopes": self.oidc.scopes,
            "verbose_oidc_logging": self.oidc.verbose,
            "max_age": self.max_age,
            "token_policies_template_claims": self.has_templates,
            "oidc_disable_confirmation": self.oidc.without_confirmation,
        });
        role.extend(own.as_object().cloned().unwrap_or_default());
        if self.oidc.poll_interval > 0 {
            role.insert("poll_interval".to_owned(), self.oidc.poll_interval.into());
        }
        role
    }
}
