//! Maps paths and verbs to handlers, using the constants of the endpoints.

use std::sync::OnceLock;

use identity_core::{Endpoint, endpoint::Method};
use serde_json::{Map, Value};

use super::answer::{Answer, Outcome, Refusal};
use super::input::{Fields, Schema};
use super::request::{Asked, Verb};
use super::state::{Context, State};
use super::tokens::Caller;
use super::{alias, entity, group, group_alias, lookup, mfa, oidc};

#[derive(Clone, Copy)]
pub(super) struct Route {
    method: Method,
    path: &'static str,
    fields: Schema,
    run: Run,
    /// Whether a trailing slash is tolerated.
    slash: bool,
    /// The parameter that the path omits.
    unnamed: Option<&'static str>,
    /// Whether the server looks up the object before it validates the fields, which changes its messages.
    looked_up_first: bool,
}

#[derive(Clone, Copy)]
enum Run {
    Enveloped(fn(&mut Context<'_>, &Fields) -> Outcome),
    Raw(fn(&mut Context<'_>, &Fields) -> Result<Answer, Refusal>),
}

/// The route of an endpoint.
pub(super) const fn route<E: Endpoint>(
    fields: Schema,
    run: fn(&mut Context<'_>, &Fields) -> Outcome,
) -> Route {
    at(E::METHOD, E::PATH, fields, run)
}

/// A route without an endpoint.
pub(super) const fn at(
    method: Method,
    path: &'static str,
    fields: Schema,
    run: fn(&mut Context<'_>, &Fields) -> Outcome,
) -> Route {
    Route::new(method, path, fields, Run::Enveloped(run))
}

/// The route of an endpoint whose response has no envelope.
pub(super) const fn raw_route<E: Endpoint>(
    fields: Schema,
    run: fn(&mut Context<'_>, &Fields) -> Result<Answer, Refusal>,
) -> Route {
    Route::new(E::METHOD, E::PATH, fields, Run::Raw(run))
}

impl Route {
    const fn new(method: Method, path: &'static str, fields: Schema, run: Run) -> Self {
        let slash = matches!(method, Method::List);
        Self { method, path, fields, run, slash, unnamed: None, looked_up_first: false }
    }

    pub(super) const fn with_slash(self) -> Self {
        Self { slash: true, ..self }
    }

    /// Omits a parameter from the path. The parameter is then empty, whatever the body contains.
    pub(super) const fn without(self, parameter: &'static str) -> Self {
        Self { unnamed: Some(parameter), ..self }
    }

    pub(super) const fn looked_up_first(self) -> Self {
        Self { looked_up_first: true, ..self }
    }

    fn allows(&self, verb: Verb) -> bool {
        match verb {
            Verb::Read => self.method == Method::Get,
            Verb::List => self.method == Method::List,
            Verb::Write => self.method == Method::Post,
            Verb::Delete => self.method == Method::Delete,
            Verb::Other => false,
        }
    }
}

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
struct Place {
    before: &'static str,
    /// The name of the parameter and the text after it.
    parameter: Option<(&'static str, &'static str)>,
    slash: bool,
    routes: Vec<Route>,
}

impl Place {
    fn of(path: &'static str) -> Self {
        let (before, parameter) = match path.split_once('{') {
            Some((before, rest)) => (before, rest.split_once('}')),
            None => (path, None),
        };
        Self { before, parameter, slash: false, routes: Vec::new() }
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

/// Returns `true` for letters, digits and `_`, with `-` and `.` in between.
pub(super) fn is_slug(text: &str) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    ends.into_iter().all(|end| end.is_some_and(word))
        && text.bytes().all(|byte| word(&byte) || b"-.".contains(&byte))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
}

fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let mut places: Vec<Place> = Vec::new();
        for route in families() {
            let known =
                places.iter().position(|place| place.routes.iter().any(|other| other.path == route.path));
            let index = known.unwrap_or_else(|| {
                places.push(Place::of(route.path));
                places.len() - 1
            });
            places[index].slash |= route.slash;
            places[index].routes.push(*route);
        }
        places
    })
}

/// Handles a request to the identity engine.
pub(super) fn run(state: &mut State, asked: Asked, caller: Caller) -> Answer {
    answer(state, asked, caller).unwrap_or_else(Answer::Refused)
}

fn answer(state: &mut State, asked: Asked, caller: Caller) -> Result<Answer, Refusal> {
    let path = &*asked.path;
    let is_open = oidc::is_open(path);
    let found = places().iter().find_map(|place| Some((place, place.captures(path)?)));
    let (place, value) = found.ok_or_else(|| Refusal::unsupported_path().plain_if(is_open))?;
    let route = place
        .routes
        .iter()
        .find(|route| route.allows(asked.verb) && (route.unnamed.is_none() || !path.ends_with('/')));
    let route = route.ok_or_else(|| Refusal::unsupported_operation().plain_if(is_open))?;

    let mut raw = asked.data;
    let mut warnings = ignored(&raw, route.fields);
    if let Some(name) = place.parameter.map(|(name, _)| name).or(route.unnamed) {
        if raw.insert(name.to_owned(), value.into()).is_some_and(|replaced| !replaced.is_null()) {
            let which = "the value of these parameters with the values captured from the endpoint's path";
            warnings.push(format!("Endpoint replaced {which}: [{name}]"));
        }
    }
    let fields = Fields::new(raw, route.fields);
    let fields =
        fields.map_err(|refusal| if route.looked_up_first { refusal.without_prefix() } else { refusal })?;
    let mut context = state.context(&asked.namespace).ok_or_else(Refusal::unsupported_path)?;
    context.caller = caller;
    let outcome = match route.run {
        Run::Enveloped(run) => run(&mut context, &fields)?,
        Run::Raw(run) => return run(&mut context, &fields),
    };
    let of_answer = !context.warnings.is_empty();
    let warnings = [context.warnings, warnings].concat();
    match outcome {
        Some(data) => Ok(Answer::Data { data, warnings }),
        // An empty list is a 404 unless there are warnings.
        None if asked.verb == Verb::List && !warnings.is_empty() => {
            Ok(Answer::Data { data: Value::Object(Map::new()), warnings })
        }
        None if matches!(asked.verb, Verb::Read | Verb::List) => {
            Err(Refusal::silent(http::StatusCode::NOT_FOUND))
        }
        None if of_answer => Ok(Answer::Data { data: Value::Null, warnings }),
        None => Ok(Answer::Done),
    }
}

/// Returns the warning about unknown fields.
pub(super) fn ignored(raw: &Map<String, Value>, fields: Schema) -> Vec<String> {
    let mut unknown: Vec<&str> = raw
        .keys()
        .map(String::as_str)
        .filter(|name| !fields.iter().any(|(field, _)| field == name))
        .collect();
    unknown.sort_unstable();
    if unknown.is_empty() {
        return Vec::new();
    }
    vec![format!("Endpoint ignored these unrecognized parameters: [{}]", unknown.join(" "))]
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
