//! The configuration of a mount: `config`.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::public_key::PublicKey;
use super::super::registered_claims::ALGORITHMS;
use super::super::roles::written;
use super::key_set;
use crate::input::{Fields, Kind, Schema};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::ignored;
use crate::state::State;

const FIELDS: Schema = &[
    ("oidc_discovery_url", Kind::Text),
    ("oidc_discovery_ca_pem", Kind::Text),
    ("oidc_client_id", Kind::Text),
    ("oidc_client_secret", Kind::Text),
    ("oidc_response_mode", Kind::Text),
    ("oidc_response_types", Kind::List),
    ("jwks_url", Kind::Text),
    ("jwks_ca_pem", Kind::Text),
    ("default_role", Kind::Text),
    ("jwt_validation_pubkeys", Kind::List),
    ("jwt_supported_algs", Kind::List),
    ("bound_issuer", Kind::Text),
    ("provider_config", Kind::Map),
    ("override_allowed_server_names", Kind::List),
    ("namespace_in_state", Kind::Flag),
    ("skip_jwks_validation", Kind::Flag),
];

/// The fields that reads return as they were written.
const SHOWN: [&str; 14] = [
    "oidc_discovery_url",
    "oidc_discovery_ca_pem",
    "oidc_client_id",
    "oidc_response_mode",
    "jwks_url",
    "jwks_ca_pem",
    "default_role",
    "bound_issuer",
    "oidc_response_types",
    "jwt_validation_pubkeys",
    "jwt_supported_algs",
    "override_allowed_server_names",
    "provider_config",
    "namespace_in_state",
];

pub(super) struct Config {
    shown: Map<String, Value>,
    pub(super) keys: Vec<PublicKey>,
    pub(super) jwks_url: String,
    pub(super) discovery_url: String,
    pub(super) default_role: String,
    pub(super) bound_issuer: String,
    pub(super) algorithms: Vec<String>,
}

pub(super) fn read(
    state: &mut State,
    parsed: &ParsedRequest,
    accessor: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let config = state.auth.jwt.get(accessor).and_then(|mount| mount.config.clone());
    let config = config.ok_or_else(|| ErrorResponse::without_message(StatusCode::NOT_FOUND))?;
    let mut data = config.shown.clone();
    let mut warnings = Vec::new();
    let status = match key_set::check(state, &config) {
        Ok(()) => "valid",
        Err(problem) => {
            warnings
                .push(format!("failed to construct JWK validator: keyset configuration error: {problem}"));
            "invalid"
        }
    };
    data.insert("status".to_owned(), json!(status));
    warnings.extend(ignored(&parsed.data, FIELDS));
    Ok(ServerResponse::Data { data: data.into(), warnings })
}

pub(super) fn write(
    state: &mut State,
    parsed: ParsedRequest,
    accessor: &str,
) -> Result<ServerResponse, ErrorResponse> {
    let ignored = ignored(&parsed.data, FIELDS);
    let fields = Fields::new(parsed.data, FIELDS)?;
    let [jwks_url, discovery_url] = ["jwks_url", "oidc_discovery_url"].map(|name| fields.text(name));
    let pems = fields.list("jwt_validation_pubkeys").unwrap_or_default();
    let sources = [!discovery_url.is_empty(), !pems.is_empty(), !jwks_url.is_empty()];
    if sources.into_iter().filter(|given| *given).count() != 1 {
        return Err(bad_request(
            "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or \
             'provider_config' must be set",
        ));
    }
    let [has_id, has_secret] =
        ["oidc_client_id", "oidc_client_secret"].map(|name| !fields.text(name).is_empty());
    if has_id != has_secret {
        return Err(bad_request("both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC"));
    }
    if has_id && discovery_url.is_empty() {
        return Err(bad_request("'oidc_discovery_url' must be set for OIDC"));
    }
    let mount = state.auth.jwt.entry(accessor.to_owned()).or_default();
    let before = mount.config.as_ref().map(|config| config.shown["namespace_in_state"] == true);
    let config = Config {
        shown: shown(&fields, before.unwrap_or(true)),
        keys: pems.iter().map(|pem| parse_key(pem)).collect::<Result<_, _>>()?,
        jwks_url,
        discovery_url,
        default_role: fields.text("default_role").to_lowercase(),
        bound_issuer: fields.text("bound_issuer"),
        algorithms: fields.list("jwt_supported_algs").unwrap_or_default(),
    };
    let mut warnings = Vec::new();
    if let Err(problem) = check_urls(state, &config, &fields) {
        let Some(warning) = problem.warning.filter(|_| fields.flag("skip_jwks_validation") == Some(true))
        else {
            return Err(bad_request(problem.error));
        };
        warnings.push(warning.to_owned());
    }
    check_values(&config, &fields)?;
    state.auth.jwt.entry(accessor.to_owned()).or_default().config = Some(Arc::new(config));
    Ok(written(warnings, ignored))
}

fn parse_key(pem: &str) -> Result<PublicKey, ErrorResponse> {
    PublicKey::from_pem(pem).map_err(|problem| bad_request(format!("error parsing public key: {problem}")))
}

/// A problem of a URL, and its warning if validation is skipped.
struct UrlProblem {
    error: String,
    warning: Option<&'static str>,
}

fn check_urls(state: &mut State, config: &Config, fields: &Fields) -> Result<(), UrlProblem> {
    let url = &config.discovery_url;
    if url.contains(".well-known/openid-configuration") {
        let error = "'oidc_discovery_url' contains '.well-known' component".to_owned();
        return Err(UrlProblem { error, warning: None });
    }
    if !url.is_empty() {
        let warning = "error checking oidc discovery URL";
        let is_flow = !fields.text("oidc_client_id").is_empty();
        let during = if is_flow {
            "error creating provider with given values: NewProvider: unable to create provider: "
        } else {
            ""
        };
        return key_set::check(state, config).map_err(|problem| UrlProblem {
            error: format!("{warning}: {during}{problem}"),
            warning: Some(warning),
        });
    }
    let ca = fields.text("jwks_ca_pem");
    if !config.jwks_url.is_empty() && !ca.is_empty() && PublicKey::from_pem(&ca).is_err() {
        return Err(UrlProblem { error: "error checking jwks_ca_pem".to_owned(), warning: None });
    }
    if !config.jwks_url.is_empty() && key_set::fetch(state, &config.jwks_url).is_err() {
        let warning = "error checking jwks URL";
        return Err(UrlProblem { error: warning.to_owned(), warning: Some(warning) });
    }
    Ok(())
}

fn check_values(config: &Config, fields: &Fields) -> Result<(), ErrorResponse> {
    if let Some(unknown) = config.algorithms.iter().find(|name| !ALGORITHMS.contains(&name.as_str())) {
        let problem = format!("unsupported signing algorithm {}", quoted(unknown));
        return Err(bad_request(format!("invalid jwt_supported_algs: {problem}")));
    }
    let types = fields.list("oidc_response_types").unwrap_or_default();
    if types.iter().any(|kind| kind != "code" && kind != "id_token") {
        let types = types.join(" ");
        return Err(bad_request(format!(
            "invalid response_types [{types}]. 'code' and 'id_token' are allowed"
        )));
    }
    match &*fields.text("oidc_response_mode") {
        "" | "query" if types.iter().any(|kind| kind == "id_token") => {
            return Err(bad_request("query response_mode may not be used with an id_token response_type"));
        }
        "" | "query" | "form_post" => {}
        mode => return Err(bad_request(format!("invalid response_mode: {}", quoted(mode)))),
    }
    let provider = fields.map("provider_config").flatten().unwrap_or_default();
    if provider.is_empty() {
        return Ok(());
    }
    let problem = match provider.get("provider").and_then(Value::as_str) {
        Some(name) => format!("provider {} not found in custom providers", quoted(name)),
        None => "'provider' field not found in provider_config".to_owned(),
    };
    Err(bad_request(format!("invalid provider_config: {problem}")))
}

fn shown(fields: &Fields, namespace_in_state: bool) -> Map<String, Value> {
    let value = |name: &str| match FIELDS.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind) {
        Some(Kind::List) => json!(fields.list(name).unwrap_or_default()),
        Some(Kind::Map) => json!(fields.map(name).flatten().unwrap_or_default()),
        Some(Kind::Flag) => json!(fields.flag(name).unwrap_or(namespace_in_state)),
        _ if name == "default_role" => json!(fields.text(name).to_lowercase()),
        _ => json!(fields.text(name)),
    };
    SHOWN.iter().map(|name| ((*name).to_owned(), value(name))).collect()
}
