//! Roles: `role/NAME`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::roles::{self, DEPRECATED_FIELDS, check_period, set_token, written};
use super::super::token_parameters::{TOKEN_FIELDS, TokenParameters};
use crate::input::{Fields, Kind, Schema, joined};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request};
use crate::route::ignored;

#[derive(Clone, Default)]
pub(super) struct Role {
    pub(super) token: TokenParameters,
    pub(super) names: Vec<String>,
    pub(super) namespaces: Option<Vec<String>>,
    /// A label selector. The cluster has no labels, so it selects nothing.
    pub(super) namespace_selector: String,
    pub(super) audience: String,
    alias_name_source: String,
}

const OWN_FIELDS: &[(&str, Kind); 6] = &[
    ("name", Kind::Text),
    ("bound_service_account_names", Kind::List),
    ("bound_service_account_namespaces", Kind::List),
    ("bound_service_account_namespace_selector", Kind::Text),
    ("audience", Kind::Text),
    ("alias_name_source", Kind::Text),
];

const TOKEN: &[(&str, Kind); 16] = &joined(DEPRECATED_FIELDS, TOKEN_FIELDS);
pub(in crate::auth) const FIELDS: Schema = &joined::<6, 16, 22>(OWN_FIELDS, TOKEN);

const BY_UID: &str = "serviceaccount_uid";
const BY_NAME: &str = "serviceaccount_name";

pub(super) fn write(
    roles: &mut BTreeMap<String, Arc<Role>>,
    name: String,
    parsed: ParsedRequest,
) -> Result<ServerResponse, ErrorResponse> {
    let ignored = ignored(&parsed.data, FIELDS);
    let fields = Fields::new(parsed.data, FIELDS).map_err(ErrorResponse::without_prefix)?;
    let mut role = roles.get(&name).map(|role| Role::clone(role)).unwrap_or_default();
    role.set(&fields)?;
    let warnings = roles::warnings(&role.token, "max_ttl");
    roles.insert(name, Arc::new(role));
    Ok(written(warnings, ignored))
}

impl Role {
    fn set(&mut self, fields: &Fields) -> Result<(), ErrorResponse> {
        set_token(&mut self.token, fields)?;
        check_period(&self.token, "token period")?;
        if self.token.max_ttl > 0 && self.token.ttl > self.token.max_ttl {
            return Err(bad_request("token ttl should not be greater than token max ttl"));
        }
        if let Some(names) = fields.list("bound_service_account_names") {
            self.names = names;
        }
        if self.names.is_empty() {
            return Err(bad_request("\"bound_service_account_names\" can not be empty"));
        }
        check_wildcard(&self.names)?;
        self.namespaces = fields.list("bound_service_account_namespaces").or_else(|| self.namespaces.take());
        self.namespace_selector = fields.text("bound_service_account_namespace_selector");
        let namespaces = self.namespaces.as_deref().unwrap_or_default();
        if namespaces.is_empty() && self.namespace_selector.is_empty() {
            return Err(bad_request(
                "\"bound_service_account_namespaces\" can not be empty if \
                 \"bound_service_account_namespace_selector\" is not set",
            ));
        }
        if !self.namespace_selector.is_empty() && !is_selector(&self.namespace_selector) {
            return Err(bad_request("invalid \"bound_service_account_namespace_selector\" configured"));
        }
        check_wildcard(namespaces)?;
        self.audience = fields.given_text("audience").unwrap_or_else(|| self.audience.clone());
        match fields.given_text("alias_name_source") {
            Some(source) if !source.is_empty() || !self.alias_name_source.is_empty() => {
                self.alias_name_source = source;
            }
            _ if self.alias_name_source.is_empty() => BY_UID.clone_into(&mut self.alias_name_source),
            _ => {}
        }
        if ![BY_UID, BY_NAME].contains(&&*self.alias_name_source) {
            let sources = format!("{BY_UID}, {BY_NAME}");
            return Err(bad_request(format!("invalid alias_name_source, must be one of: {sources}")));
        }
        Ok(())
    }

    /// Whether aliases are named after the namespace and the name of the service account.
    pub(super) fn names_aliases_by_name(&self) -> bool {
        self.alias_name_source == BY_NAME
    }

    pub(super) fn to_json(&self) -> Map<String, Value> {
        let mut role = self.token.to_json();
        let own = json!({
            "bound_service_account_names": self.names,
            "bound_service_account_namespaces": self.namespaces,
            "bound_service_account_namespace_selector": self.namespace_selector,
            "alias_name_source": self.alias_name_source,
        });
        role.extend(own.as_object().cloned().unwrap_or_default());
        if !self.audience.is_empty() {
            role.insert("audience".to_owned(), json!(self.audience));
        }
        role
    }
}

fn check_wildcard(list: &[String]) -> Result<(), ErrorResponse> {
    if list.len() > 1 && list.iter().any(|item| item == "*") {
        return Err(bad_request("can not mix \"*\" with values"));
    }
    Ok(())
}

/// Returns `true` for JSON objects with the parts of a label selector, and for what may be YAML.
fn is_selector(text: &str) -> bool {
    if !text.trim_start().starts_with('{') {
        return text.contains(':');
    }
    serde_json::from_str(text).is_ok_and(|selector: Map<String, Value>| {
        selector.get("matchLabels").is_none_or(Value::is_object)
            && selector.get("matchExpressions").is_none_or(Value::is_array)
    })
}
