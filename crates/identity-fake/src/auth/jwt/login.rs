//! Logs in with a JWT: `login`.

use std::sync::Arc;

use http::StatusCode;

use super::super::grant::Grant;
use super::super::login::{self, Login, denied, mount_name};
use super::super::registered_claims::{self, ALGORITHMS, Expected};
use super::super::token_parameters::TokenParameters;
use super::{claims, key_set, policy_template};
use crate::cidr::{self, REMOTE_ADDRESS};
use crate::input::{Kind, Schema};
use crate::mfa::Credentials;
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use crate::route::ignored;
use crate::state::State;

const FIELDS: Schema = &[("role", Kind::Text), ("jwt", Kind::Text)];

pub(crate) fn log_in(
    state: &mut State,
    parsed: &ParsedRequest,
    accessor: &str,
    credentials: Option<&Credentials>,
) -> Result<ServerResponse, ErrorResponse> {
    let warnings = ignored(&parsed.data, FIELDS);
    let fields = login::fields(state, parsed, accessor, FIELDS)?;
    let mount = state.auth.jwt.get(accessor);
    let config = mount.and_then(|mount| mount.config.clone());
    let config = config.ok_or_else(|| bad_request("could not load configuration"))?;
    let name = match &*fields.text("role") {
        "" => config.default_role.clone(),
        name => name.to_lowercase(),
    };
    if name.is_empty() {
        return Err(bad_request("missing role"));
    }
    let role = mount.and_then(|mount| mount.roles.get(&name)).map(Arc::clone);
    let role = role.ok_or_else(|| bad_request(format!("role {} could not be found", quoted(&name))))?;
    if role.is_oidc {
        return Err(bad_request("role with oidc role_type is not allowed"));
    }
    let token = fields.text("jwt");
    if token.is_empty() {
        return Err(bad_request("missing token"));
    }
    let networks = &role.token.bound_cidrs;
    if !networks.is_empty() && !cidr::contains(networks, REMOTE_ADDRESS) {
        return Err(denied());
    }

    key_set::check(state, &config).map_err(|problem| {
        bad_request(format!("error configuring token validator: keyset configuration error: {problem}"))
    })?;
    let invalid = |problem: String| bad_request(format!("error validating token: {problem}"));
    let (token, all) = key_set::verify(state, &config, &token)
        .map_err(|problem| invalid(format!("error verifying token signature: {problem}")))?;
    let algorithms: Vec<&str> = config.algorithms.iter().map(String::as_str).collect();
    let audiences = role.bound_audiences.as_deref().unwrap_or_default();
    let expected = Expected {
        issuer: &config.bound_issuer,
        subject: &role.bound_subject,
        audiences,
        algorithms: if algorithms.is_empty() { ALGORITHMS } else { &algorithms },
        leeways: role.leeways,
        allows_missing_times: false,
    };
    registered_claims::validate(&token, &all, &expected, state.clock.now()).map_err(invalid)?;
    if audiences.is_empty() && claims::has_audience(&all) {
        return Err(bad_request("audience claim found in JWT but no audiences bound to the role"));
    }
    let user = claims::user(&role, &all).map_err(bad_request)?;
    let mut metadata = claims::metadata(&role, &all).map_err(bad_request)?;
    metadata.insert("role".to_owned(), name);
    let groups = claims::groups(&role, &all).map_err(bad_request)?;
    claims::validate_bound(&role, &all)
        .map_err(|problem| bad_request(format!("error validating claims: {problem}")))?;

    let mut names = role.token.policies.clone();
    for (index, policy) in names.iter_mut().enumerate().filter(|_| role.has_templates) {
        *policy = policy_template::expand(policy, &all).map_err(|problem| {
            let problem = format!("failed to template policy [{index}]: {problem}");
            ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
        })?;
    }
    names.retain(|name| !name.is_empty());
    if user.is_empty() {
        return Err(ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, "missing name in alias"));
    }
    let grant = Grant {
        path: parsed.path.clone(),
        namespace: parsed.namespace.clone(),
        display_name: format!("{}-{user}", mount_name(parsed)),
        meta: Some(metadata.clone()),
        ..TokenParameters { policies: names, ..role.token.clone() }.grant()
    };
    let login = Login { accessor, alias: &user, metadata: Some(metadata), groups, grant };
    login::log_in(state, login, credentials, warnings)
}
