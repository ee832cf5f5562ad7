//! Logs in with the token of a service account: `login`.

use std::sync::Arc;

use http::StatusCode;

use super::super::grant::Grant;
use super::super::login::{self, Login, denied, mount_name};
use super::super::registered_claims::{self, Expected, Leeways};
use super::super::signed_token::SignedToken;
use super::config::Config;
use super::role::Role;
use super::service_account::ServiceAccount;
use crate::cidr::{self, REMOTE_ADDRESS};
use crate::glob;
use crate::input::{Kind, Pairs, Schema};
use crate::mfa::Credentials;
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, ServerResponse, bad_request, forbidden, quoted};
use crate::route::ignored;
use crate::state::State;

const FIELDS: Schema = &[("role", Kind::Text), ("jwt", Kind::Text)];

const ALGORITHMS: &[&str] = &["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

pub(crate) fn log_in(
    state: &mut State,
    parsed: &ParsedRequest,
    accessor: &str,
    credentials: Option<&Credentials>,
) -> Result<ServerResponse, ErrorResponse> {
    let warnings = ignored(&parsed.data, FIELDS);
    let fields = login::fields(state, parsed, accessor, FIELDS)?;
    let [name, token] = ["role", "jwt"].map(|name| fields.text(name));
    for (field, text) in [("role", &name), ("jwt", &token)] {
        if text.is_empty() {
            return Err(bad_request(format!("missing {field}")));
        }
    }
    let mount = state.auth.kubernetes.get(accessor);
    let role = mount.and_then(|mount| mount.roles.get(&name.to_lowercase())).map(Arc::clone);
    let role = role.ok_or_else(|| bad_request(format!("invalid role name {}", quoted(&name))))?;
    let networks = &role.token.bound_cidrs;
    if !networks.is_empty() && !cidr::contains(networks, REMOTE_ADDRESS) {
        return Err(denied());
    }
    let config = mount.and_then(|mount| mount.config.clone());
    let config = config.ok_or_else(|| fault("could not load backend configuration"))?;

    let account = authenticate(state, &config, &role, &token)?;
    let alias = if role.names_aliases_by_name() {
        if account.namespace.is_empty() || account.name.is_empty() {
            return Err(fault("service account namespace and name must be set"));
        }
        format!("{}/{}", account.namespace, account.name)
    } else {
        account.uid.clone()
    };
    let is_known = !config.keys.is_empty()
        || SignedToken::parse(&token).is_ok_and(|token| state.auth.cluster.knows(&token));
    if !is_known || account.uid.is_empty() {
        return Err(denied());
    }

    let display_name = format!("{}-{}-{}", mount_name(parsed), account.namespace, account.name);
    let metadata = Pairs::from(
        [
            ("service_account_uid", account.uid),
            ("service_account_name", account.name),
            ("service_account_namespace", account.namespace),
            ("service_account_secret_name", account.secret_name),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    let mut meta = metadata.clone();
    meta.insert("role".to_owned(), name);
    let grant = Grant {
        path: parsed.path.clone(),
        namespace: parsed.namespace.clone(),
        display_name,
        meta: Some(meta),
        ..role.token.grant()
    };
    let login = Login { accessor, alias: &alias, metadata: Some(metadata), groups: Vec::new(), grant };
    login::log_in(state, login, credentials, warnings)
}

/// The server responds to some invalid input with 500 here.
fn fault(problem: &str) -> ErrorResponse {
    ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, problem)
}

/// Returns the service account of a token that the role accepts. Without keys the signature is not verified.
fn authenticate(
    state: &State,
    config: &Config,
    role: &Role,
    token: &str,
) -> Result<ServiceAccount, ErrorResponse> {
    let token = SignedToken::parse(token).map_err(|_| denied())?;
    if !config.keys.is_empty() && !config.keys.iter().any(|key| token.is_signed_by(key)) {
        return Err(denied());
    }
    let claims = token.claims().ok_or_else(denied)?;
    let audience = [role.audience.clone()];
    let expected = Expected {
        issuer: if config.ignores_issuer { "" } else { &config.issuer },
        subject: "",
        audiences: if role.audience.is_empty() { &[] } else { &audience },
        algorithms: ALGORITHMS,
        leeways: Leeways::default(),
        allows_missing_times: true,
    };
    registered_claims::validate(&token, &claims, &expected, state.clock.now()).map_err(forbidden)?;
    let account = ServiceAccount::from_claims(&claims).map_err(|problem| fault(&problem))?;
    let matches =
        |patterns: &[String], text: &str| patterns.iter().any(|pattern| glob::matches(pattern, text));
    if !matches(&role.names, &account.name) {
        return Err(forbidden("service account name not authorized"));
    }
    if matches(role.namespaces.as_deref().unwrap_or_default(), &account.namespace) {
        return Ok(account);
    }
    let problem = "namespace not authorized";
    if role.namespace_selector.is_empty() || config.has_reviewer {
        return Err(forbidden(problem));
    }
    let lookup =
        "namespace lookup failed: TokenReviewer JWT needs to be configured to use namespace selectors";
    Err(forbidden(format!("{problem} err={lookup}")))
}
