//! Response wrapping: `X-Vault-Wrap-TTL` and `sys/wrapping`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use http::StatusCode;
use http::header::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::auth::Limits;
use super::duration;
use super::headers::WRAP_TTL;
use super::input::{Kind, Schema};
use super::request::{ParsedRequest, Verb, text};
use super::response::{ErrorResponse, ServerResponse, bad_request, forbidden};
use super::route::ignored;
use super::state::State;
use super::tokens::{self, Lease, Token};

const FIELDS: Schema = &[("token", Kind::Text)];

/// The policy of wrapping tokens.
const POLICY: &str = "response-wrapping";

/// The wrapped responses by their tokens.
#[derive(Default)]
pub(super) struct WrappedResponses {
    by_token: BTreeMap<String, Wrapped>,
    by_expiry: BTreeSet<(Timestamp, String)>,
}

struct Wrapped {
    response: ServerResponse,
    creation_path: String,
    created: Timestamp,
    ttl: Duration,
}

/// Returns the requested TTL of a wrapped response.
pub(super) fn ttl(headers: &HeaderMap) -> Result<Option<Duration>, ErrorResponse> {
    let header = text(headers, &WRAP_TTL);
    if header.is_empty() {
        return Ok(None);
    }
    let problem = |problem: &str| bad_request(format!("error parsing X-Vault-Wrap-TTL header: {problem}"));
    let (is_negative, ttl) = duration::parse(header).map_err(|error| problem(&error))?;
    if is_negative && !ttl.is_zero() {
        return Err(problem("requested wrap ttl cannot be negative"));
    }
    Ok(Some(ttl).filter(|ttl| !ttl.is_zero()))
}

/// What remains of a request whose response is to be wrapped.
pub(super) struct Wrap {
    ttl: Duration,
    namespace: String,
    path: String,
    is_list: bool,
}

impl Wrap {
    pub(super) fn new(ttl: Duration, parsed: &ParsedRequest) -> Self {
        let ParsedRequest { namespace, path, verb, .. } = parsed;
        Self { ttl, namespace: namespace.clone(), path: path.clone(), is_list: *verb == Verb::List }
    }
}

/// Wraps a response with data. Returns others unchanged, except an empty list.
pub(super) fn wrap(state: &mut State, wrap: Option<Wrap>, response: ServerResponse) -> ServerResponse {
    let Some(Wrap { ttl, namespace, path, is_list }) = wrap else { return response };
    let response = match response {
        // This includes OAuth errors.
        ServerResponse::Custom { status, body, .. } => {
            ServerResponse::Custom { status, body, headers: Vec::new() }
        }
        // The server drops the connection instead if a second factor is required.
        ServerResponse::Auth { auth, warnings } if auth["client_token"] != "" => {
            ServerResponse::Auth { auth, warnings }
        }
        ServerResponse::Data { .. } | ServerResponse::Raw(_) => response,
        ServerResponse::Error(error)
            if is_list && error.status == StatusCode::NOT_FOUND && error.errors.is_empty() =>
        {
            return ServerResponse::Error(ErrorResponse::new(StatusCode::NOT_FOUND, "unsupported path"));
        }
        other => return other,
    };
    let created = state.clock.now();
    store(state, &namespace, Wrapped { response, creation_path: path, created, ttl })
}

/// Stores a response and returns its wrapping token.
fn store(state: &mut State, namespace: &str, wrapped: Wrapped) -> ServerResponse {
    remove_expired(state);
    let of_namespace = match state.namespaces.get(namespace) {
        Some(at) if !namespace.is_empty() => format!(".{}", at.id),
        _ => String::new(),
    };
    let token = format!("s.{}{of_namespace}", state.random.alphanumeric(24));
    let accessor = format!("{}{of_namespace}", state.random.alphanumeric(24));
    let ttl = wrapped.ttl.as_secs();
    let mut info = json!({
        "token": token,
        "accessor": accessor,
        "ttl": ttl,
        "creation_time": wrapped.created.to_string(),
        "creation_path": wrapped.creation_path,
    });
    match &wrapped.response {
        ServerResponse::Auth { auth, .. } => info["wrapped_accessor"] = auth["accessor"].clone(),
        ServerResponse::Data { data, .. } if data["secret_id_accessor"].is_string() => {
            info["wrapped_accessor"] = data["secret_id_accessor"].clone();
        }
        _ => {}
    }
    let lifetime = SignedDuration::try_from(wrapped.ttl).unwrap_or(SignedDuration::MAX);
    let expiry = wrapped.created.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    let lease = Lease {
        expires: Some(expiry),
        limits: Limits { explicit_max_ttl: ttl, ..Limits::default() },
        all_uses: 1,
        uses: Some(1),
        path: wrapped.creation_path.clone(),
        renewable: false,
        ..Lease::new(POLICY, accessor, wrapped.created, ttl)
    };
    state.tokens.add(token.clone(), Token { namespace: namespace.to_owned(), ..Token::new(lease) });
    state.wrapped.by_expiry.insert((expiry, token.clone()));
    state.wrapped.by_token.insert(token, wrapped);
    ServerResponse::Wrapped(info)
}

/// Removes the responses that nobody has unwrapped in time.
fn remove_expired(state: &mut State) {
    let now = state.clock.now();
    while state.wrapped.by_expiry.first().is_some_and(|(expiry, _)| *expiry <= now) {
        if let Some((_, token)) = state.wrapped.by_expiry.pop_first() {
            state.wrapped.by_token.remove(&token);
        }
    }
}

/// Removes a response and its token.
fn take(state: &mut State, token: &str) -> Option<Wrapped> {
    let wrapped = state.wrapped.by_token.remove(token)?;
    state.tokens.revoke(token);
    Some(wrapped)
}

pub(super) fn is_wrapping(token: &Token) -> bool {
    token.lease.policies == [POLICY]
}

/// Returns `true` if a wrapping token of the namespace allows the request.
pub(super) fn allows(parsed: &ParsedRequest, namespace: &str) -> bool {
    match (&*parsed.path, parsed.verb) {
        ("cubbyhole/response", Verb::Read) => parsed.namespace == namespace,
        ("sys/wrapping/unwrap" | "auth/token/revoke-self", Verb::Write) => true,
        _ => false,
    }
}

/// Returns `true` for the paths that validate the wrapping token before the token of the request.
fn validates(path: &str) -> bool {
    ["sys/wrapping/lookup", "sys/wrapping/rewrap", "sys/wrapping/unwrap"].contains(&path)
}

/// Rejects an invalid wrapping token. Accepts requests without one.
pub(super) fn validate(
    state: &State,
    parsed: &ParsedRequest,
    headers: &HeaderMap,
) -> Result<(), ErrorResponse> {
    if !validates(&parsed.path) {
        return Ok(());
    }
    let problem = |problem: &str| Err(forbidden(format!("error validating wrapping token: {problem}")));
    let token = match parsed.data.get("token") {
        None | Some(Value::Null) => match tokens::from_headers(headers) {
            "" => return problem("token is empty"),
            token => token,
        },
        Some(Value::String(token)) if token.is_empty() => return problem("empty token in request body"),
        Some(Value::String(token)) => token,
        Some(_) => return problem("could not decode token in request body"),
    };
    if state.tokens.find_usable(token).is_some_and(is_wrapping) && state.wrapped.by_token.contains_key(token)
    {
        return Ok(());
    }
    Err(bad_request("wrapping token is not valid or does not exist"))
}

/// Returns the valid wrapping token of a request.
fn given<'a>(parsed: &'a ParsedRequest, header: &'a str) -> &'a str {
    parsed.data.get("token").and_then(Value::as_str).unwrap_or(header)
}

/// Handles `sys/wrapping/lookup`, which needs no token. Returns `None` for others.
pub(super) fn lookup(
    state: &State,
    parsed: &ParsedRequest,
    headers: &HeaderMap,
) -> Option<Result<ServerResponse, ErrorResponse>> {
    if parsed.path != "sys/wrapping/lookup" {
        return None;
    }
    if !matches!(parsed.verb, Verb::Read | Verb::Write) {
        return Some(Err(ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation")));
    }
    let wrapped = state.wrapped.by_token.get(given(parsed, tokens::from_headers(headers)))?;
    let data = json!({
        "creation_path": wrapped.creation_path,
        "creation_time": wrapped.created.to_string(),
        "creation_ttl": seconds(wrapped.ttl),
    });
    Some(Ok(ServerResponse::Data { data, warnings: ignored(&parsed.data, FIELDS) }))
}

/// Returns whole seconds as an integer, as Go prints them.
fn seconds(duration: Duration) -> Value {
    if duration.subsec_nanos() == 0 { duration.as_secs().into() } else { duration.as_secs_f64().into() }
}

/// Handles the other paths of `sys/wrapping`. `token` is the token of the request.
pub(super) fn run(
    state: &mut State,
    parsed: ParsedRequest,
    token: &str,
    is_wrapped: bool,
) -> Result<ServerResponse, ErrorResponse> {
    match (&*parsed.path, parsed.verb) {
        ("sys/wrapping/wrap", Verb::Write) if is_wrapped => {
            Ok(ServerResponse::Data { data: Value::Object(parsed.data), warnings: Vec::new() })
        }
        ("sys/wrapping/wrap", Verb::Write) => {
            Err(bad_request("endpoint requires response wrapping to be used"))
        }
        ("sys/wrapping/unwrap", Verb::Write) => match take(state, given(&parsed, token)) {
            Some(wrapped) => Ok(wrapped.response),
            None => Ok(ServerResponse::NoContent),
        },
        ("sys/wrapping/rewrap", Verb::Write) => rewrap(state, &parsed, token),
        ("sys/wrapping/wrap" | "sys/wrapping/unwrap" | "sys/wrapping/rewrap", _) => {
            Err(ErrorResponse::unsupported_operation())
        }
        _ => Err(ErrorResponse::unsupported_path()),
    }
}

fn rewrap(state: &mut State, parsed: &ParsedRequest, caller: &str) -> Result<ServerResponse, ErrorResponse> {
    let token = given(parsed, caller);
    let namespace = |token: &str| Some(state.tokens.find(token)?.namespace.clone());
    let (namespace, of_caller) = (namespace(token), namespace(caller));
    let wrapped = take(state, token).filter(|_| namespace == of_caller);
    let Some(wrapped) = wrapped else {
        // The server looks in the namespace of the caller's token.
        let problem = "no information found; wrapping token may be from a previous OpenBao version";
        return Err(bad_request(problem));
    };
    let wrapped = Wrapped { created: state.clock.now(), ..wrapped };
    Ok(store(state, &namespace.unwrap_or_default(), wrapped))
}

/// Handles `cubbyhole/response`, the former way to unwrap. Returns `None` for other paths and tokens.
pub(super) fn from_cubbyhole(state: &mut State, path: &str, token: &str) -> Option<ServerResponse> {
    if path != "cubbyhole/response" {
        return None;
    }
    let wrapped = take(state, token)?;
    let response = wrapped.response.into_response(state.random.uuid());
    let response = String::from_utf8_lossy(response.body()).into_owned();
    let warning = "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, \
                   as it provides additional security checks and other benefits.";
    Some(ServerResponse::Data { data: json!({ "response": response }), warnings: vec![warning.to_owned()] })
}
