//! OIDC providers: `identity/oidc/provider`.

use std::collections::BTreeMap;

use identity_core::oidc::{DeleteOidcProvider, ListOidcProviders, ReadOidcProvider, WriteOidcProvider};
use serde_json::{Map, Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::limits::distinct;
use super::super::response::{ErrorResponse, HandlerResult, bad_request, internal, key_list, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::{DEFAULT, allows, issuer, template};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("issuer", Kind::Text),
    ("allowed_client_ids", Kind::List),
    ("scopes_supported", Kind::List),
];

const LIST_FIELDS: Schema = &[("allowed_client_id", Kind::Text)];

pub(super) const ROUTES: &[Route] = &[
    route::<WriteOidcProvider>(FIELDS, write).looked_up_first(),
    route::<ReadOidcProvider>(FIELDS, read),
    route::<DeleteOidcProvider>(FIELDS, delete),
    route::<ListOidcProviders>(LIST_FIELDS, list),
];

#[derive(Clone, Default)]
pub(super) struct Provider {
    issuer: String,
    allowed_client_ids: Vec<String>,
    pub(super) scopes_supported: Vec<String>,
}

impl Provider {
    pub(super) fn built_in() -> Self {
        Self { allowed_client_ids: vec!["*".to_owned()], ..Self::default() }
    }

    pub(super) fn allows(&self, client_id: &str) -> bool {
        allows(&self.allowed_client_ids, client_id)
    }
}

/// Returns the `iss` of the provider's tokens.
pub(super) fn effective_issuer(context: &Context<'_>, name: &str, provider: &Provider) -> String {
    let address = if provider.issuer.is_empty() { context.address } else { &provider.issuer };
    format!("{address}/v1/{}identity/oidc/provider/{name}", context.namespace)
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    let mut provider = context.store.oidc.providers.get(&name).cloned().unwrap_or_default();
    provider.issuer = fields.given_text("issuer").unwrap_or(provider.issuer);
    provider.allowed_client_ids =
        distinct(fields.list("allowed_client_ids").unwrap_or(provider.allowed_client_ids));
    provider.scopes_supported =
        distinct(fields.list("scopes_supported").unwrap_or(provider.scopes_supported));
    if !provider.issuer.is_empty() {
        issuer::check(&provider.issuer)?;
        context.warnings.push(issuer::WARNING.to_owned());
    }
    let conflicts = check_scopes(context, &provider.scopes_supported)?;
    context.warnings.extend(conflicts);
    context.store.oidc.providers.insert(name, provider);
    Ok(None)
}

/// Fails if a scope does not exist or has an invalid template. Returns warnings about scopes that add the
/// same claim.
fn check_scopes(context: &Context<'_>, names: &[String]) -> Result<Vec<String>, ErrorResponse> {
    let mut warnings = Vec::new();
    let mut made_by: BTreeMap<String, &String> = BTreeMap::new();
    for name in names {
        let scope = context.store.oidc.scopes.get(name);
        let scope = scope.ok_or_else(|| bad_request(format!("scope {} does not exist", quoted(name))))?;
        let claims = template::names(&scope.template, context.now).map_err(|problem| internal(&problem))?;
        for claim in claims.keys() {
            if let Some(other) = made_by.insert(claim.clone(), name) {
                let [claim, name, other] = [claim, name, other].map(|text| quoted(text));
                warnings.push(format!(
                    "Found scope templates with conflicting top-level keys: conflict {claim} in scopes {name}, {other}. \
                     This may result in an error if the scopes are requested in an OIDC Authentication Request."
                ));
            }
        }
    }
    Ok(warnings)
}

fn to_json(context: &Context<'_>, name: &str, provider: &Provider) -> Value {
    json!({
        "issuer": effective_issuer(context, name, provider),
        "allowed_client_ids": provider.allowed_client_ids,
        "scopes_supported": provider.scopes_supported,
    })
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    let provider = context.store.oidc.providers.get(&name);
    Ok(provider.map(|provider| to_json(context, &name, provider)))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    if name == DEFAULT {
        return Err(bad_request("deletion of OIDC provider \"default\" not allowed"));
    }
    context.store.oidc.providers.remove(&name);
    Ok(None)
}

fn list(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let client_id = fields.text("allowed_client_id");
    let providers = context.store.oidc.providers.iter();
    let infos: Map<String, Value> = providers
        .filter(|(_, provider)| client_id.is_empty() || provider.allows(&client_id))
        .map(|(name, provider)| (name.clone(), to_json(context, name, provider)))
        .collect();
    Ok(key_list(&infos.keys().cloned().collect::<Vec<_>>(), Some(infos)))
}
