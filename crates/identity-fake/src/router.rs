//! Finds the route of a request to the identity engine, and runs its handler.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::help::Page;
use super::input::Fields;
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse};
use super::route::{Handler, Route, is_slug, warnings};
use super::state::State;
use super::tokens::Caller;
use super::{alias, entity, group, group_alias, lookup, mfa, oidc};

/// All routes except those of `identity/oidc`.
const FAMILIES: &[&[Route]] = &[
    entity::ROUTES,
    alias::ROUTES,
    alias::LEGACY_ROUTES,
    group::ROUTES,
    group_alias::ROUTES,
    lookup::ROUTES,
    mfa::SECRETS,
    mfa::TOTP,
    mfa::OKTA,
    mfa::DUO,
    mfa::PINGID,
    mfa::ALL,
    mfa::ENFORCEMENTS,
];

fn families() -> impl Iterator<Item = &'static Route> {
    FAMILIES.iter().chain(oidc::FAMILIES).copied().flatten()
}

/// All routes with the same path.
struct PathPattern {
    before: &'static str,
    /// The name of the parameter and the text after it.
    parameter: Option<(&'static str, &'static str)>,
    slash: bool,
    routes: Vec<Route>,
}

impl PathPattern {
    fn new(path: &'static str) -> Self {
        let (before, parameter) = match path.split_once('{') {
            Some((before, rest)) => (before, rest.split_once('}')),
            None => (path, None),
        };
        Self { before, parameter, slash: false, routes: Vec::new() }
    }

    fn page(&self) -> Page {
        let (name, after) = self.parameter.unzip();
        let name = name.map(|name| format!("{{{name}}}")).unwrap_or_default();
        let before = self.before.strip_prefix("identity/").unwrap_or(self.before);
        let mut page = Page::new(format!("{before}{name}{}", after.unwrap_or_default()));
        for route in &self.routes {
            page.add([route.method.as_str()], route.fields);
        }
        page
    }

    /// Returns the parameter of a matching path, `""` if the pattern has none.
    fn captures<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.before)?;
        let Some((name, after)) = self.parameter else {
            return (rest.is_empty() || (self.slash && rest == "/")).then_some("");
        };
        let rest = if self.slash { rest.strip_suffix('/').unwrap_or(rest) } else { rest };
        let value = rest.strip_suffix(after)?;
        let fits = match name {
            "name" if self.before.ends_with("/name/") => !value.is_empty(),
            "method_id" => is_uuid(value),
            _ => is_slug(value),
        };
        fits.then_some(value)
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

fn patterns() -> &'static [PathPattern] {
    static PATTERNS: OnceLock<Vec<PathPattern>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let mut patterns: Vec<PathPattern> = Vec::new();
        for route in families() {
            let known = patterns
                .iter()
                .position(|pattern| pattern.routes.iter().any(|other| other.path == route.path));
            let index = known.unwrap_or_else(|| {
                patterns.push(PathPattern::new(route.path));
                patterns.len() - 1
            });
            patterns[index].slash |= route.slash;
            patterns[index].routes.push(*route);
        }
        patterns
    })
}

/// Describes the paths of the engine.
pub(super) fn pages() -> Vec<Page> {
    patterns().iter().map(PathPattern::page).collect()
}

/// Describes the route of a path.
pub(super) fn page(path: &str) -> Option<Page> {
    patterns().iter().find(|pattern| pattern.captures(path).is_some()).map(PathPattern::page)
}

/// Handles a request to the identity engine.
pub(super) fn run(state: &mut State, parsed: ParsedRequest, caller: Caller) -> ServerResponse {
    handle(state, parsed, caller).unwrap_or_else(ServerResponse::Error)
}

fn handle(state: &mut State, parsed: ParsedRequest, caller: Caller) -> Result<ServerResponse, ErrorResponse> {
    let path = &*parsed.path;
    let needs_no_token = oidc::needs_no_token(path);
    let found = patterns().iter().find_map(|pattern| Some((pattern, pattern.captures(path)?)));
    let (pattern, value) =
        found.ok_or_else(|| ErrorResponse::unsupported_path().without_wrapper_if(needs_no_token))?;
    let route = pattern
        .routes
        .iter()
        .find(|route| route.allows(parsed.verb) && (route.omitted.is_none() || !path.ends_with('/')));
    let route =
        route.ok_or_else(|| ErrorResponse::unsupported_operation().without_wrapper_if(needs_no_token))?;

    let mut raw = parsed.data;
    let in_path = pattern.parameter.map(|(name, _)| name).or(route.omitted);
    let warnings = warnings(&raw, route.fields, in_path.unwrap_or_default());
    if let Some(name) = in_path {
        raw.insert(name.to_owned(), value.into());
    }
    let fields = Fields::new(raw, route.fields);
    let fields =
        fields.map_err(|error| if route.looked_up_first { error.without_prefix() } else { error })?;
    let mut context = state.context(&parsed.namespace).ok_or_else(ErrorResponse::unsupported_path)?;
    context.caller = caller;
    let outcome = match route.run {
        Handler::Enveloped(run) => run(&mut context, &fields)?,
        Handler::Raw(run) => return run(&mut context, &fields),
    };
    let has_warnings = !context.warnings.is_empty();
    let warnings = [context.warnings, warnings].concat();
    match outcome {
        Some(data) => Ok(ServerResponse::Data { data, warnings }),
        // An empty list is a 404 unless there are warnings.
        None if parsed.verb == Verb::List && !warnings.is_empty() => {
            Ok(ServerResponse::Data { data: Value::Object(Map::new()), warnings })
        }
        None if matches!(parsed.verb, Verb::Read | Verb::List) => {
            Err(ErrorResponse::without_message(http::StatusCode::NOT_FOUND))
        }
        None if has_warnings => Ok(ServerResponse::Data { data: Value::Null, warnings }),
        None => Ok(ServerResponse::NoContent),
    }
}

#[cfg(test)]
mod tests {
    use identity_core::endpoint::ENDPOINTS;

    use super::families;

    #[test]
    fn no_operation_is_missing() {
        for endpoint in ENDPOINTS {
            let is_known =
                families().any(|route| (route.method, route.path) == (endpoint.method, endpoint.path));
            assert!(is_known, "{} {}", endpoint.method, endpoint.path);
        }
    }
}
