//! Handles a request from its arrival to the response.

use std::time::Duration;

use bytes::Bytes;
use http::header::STRICT_TRANSPORT_SECURITY;
use http::{Request, Response, StatusCode};
use identity_core::transport::TransportError;

use super::fault::{self, Fault};
use super::headers::NAMESPACE;
use super::request::{self, Accepted, Operation, ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse};
use super::state::State;
use super::tokens::Caller;
use super::wrapping::Wrap;
use super::{auth, help, kv, oidc, permission, router, sys, tokens, wrapping};

/// The delay of a response, and the response.
pub(super) type Served = (Duration, Result<Response<Bytes>, TransportError>);

pub(super) fn serve(state: &mut State, request: &Request<Bytes>) -> Served {
    let path = request.uri().path();
    let path = path.strip_prefix("/v1/").unwrap_or(path);
    let fault = fault::take(&mut state.faults, request.method().as_str(), path);
    let request_id = state.random.uuid();
    if let Some(response) = fault.and_then(|fault| fault.without_effect(path, &request_id)) {
        return (Duration::ZERO, response);
    }

    let mut response = respond(state, request).into_response(request_id);
    // Requests that the HTTP layer rejects have neither header.
    let is_served = response.headers().contains_key(STRICT_TRANSPORT_SECURITY);
    let namespace = request.headers().get(NAMESPACE).filter(|namespace| is_served && !namespace.is_empty());
    if let Some(namespace) = namespace {
        response.headers_mut().insert(NAMESPACE, namespace.clone());
    }
    if request.method() == http::Method::HEAD {
        response.body_mut().clear();
    }
    match fault {
        Some(Fault::Delay(delay)) => (delay, Ok(response)),
        Some(fault) => (Duration::ZERO, fault.corrupt(response)),
        None => (Duration::ZERO, Ok(response)),
    }
}

pub(super) fn respond(state: &mut State, request: &Request<Bytes>) -> ServerResponse {
    match request::accept(request) {
        Ok(accepted) => {
            let response = sys::status(state, request).unwrap_or_else(|| handle(state, request, accepted));
            response.unwrap_or_else(ServerResponse::Error)
        }
        Err(response) => response,
    }
}

fn handle(
    state: &mut State,
    request: &Request<Bytes>,
    accepted: Accepted,
) -> Result<ServerResponse, ErrorResponse> {
    state.tokens.expire(state.clock.now());
    let operation = Operation::read(request, accepted)?;
    let ttl = wrapping::ttl(request.headers())?;
    if state.is_sealed {
        return Err(sys::sealed());
    }
    let credentials = auth::credentials(request.headers())?;
    let parsed = operation.resolve(request, &state.namespaces)?;
    state.policies.expire(state.clock.now());
    sys::requires_root_namespace(&parsed.namespace, &parsed.path)?;
    if let Some(problem) = tokens::malformed(tokens::from_headers(request.headers())) {
        let problem = format!("error performing token check: {problem}");
        return Err(ErrorResponse::new(StatusCode::INTERNAL_SERVER_ERROR, problem));
    }
    if parsed.verb == Verb::Help {
        return help(state, request, parsed);
    }
    wrapping::validate(state, &parsed, request.headers())?;
    auth::check_named_token(&parsed)?;
    if let Err(error) = permission::check_entity(state, request.headers()) {
        return oidc::not_allowed(&parsed.path).ok_or(error);
    }
    let wrap = ttl.map(|ttl| Wrap::new(ttl, &parsed));
    let without_token = match wrapping::lookup(state, &parsed, request.headers()) {
        Some(response) => Some(response?),
        None => match auth::without_token(state, &parsed, credentials.as_ref())? {
            Some(response) => Some(response),
            None => sys::without_token(state, &parsed, request.headers())?,
        },
    };
    match without_token {
        Some(response) => Ok(wrapping::wrap(state, wrap, response)),
        None => dispatch(state, request, parsed, wrap),
    }
}

fn help(
    state: &mut State,
    request: &Request<Bytes>,
    mut parsed: ParsedRequest,
) -> Result<ServerResponse, ErrorResponse> {
    if !oidc::needs_no_token(&parsed.path) {
        permission::check_entity(state, request.headers())?;
        permission::check(state, request.headers(), &mut parsed)?;
    }
    help::run(state, &parsed)
}

fn dispatch(
    state: &mut State,
    request: &Request<Bytes>,
    mut parsed: ParsedRequest,
    wrap: Option<Wrap>,
) -> Result<ServerResponse, ErrorResponse> {
    let caller = if oidc::needs_no_token(&parsed.path) {
        Caller::unauthenticated(request.headers())
    } else {
        match permission::check(state, request.headers(), &mut parsed) {
            Ok(caller) => caller,
            // A rejected request is not wrapped.
            Err(error) => return oidc::not_allowed(&parsed.path).ok_or(error),
        }
    };
    let token = tokens::from_headers(request.headers());
    let response = match parsed.path.split('/').next().unwrap_or_default() {
        "identity" => router::run(state, parsed, caller),
        "sys" => sys::run(state, parsed, request.headers(), token, wrap.is_some())
            .unwrap_or_else(ServerResponse::Error),
        "auth" => auth::run(state, parsed, token).unwrap_or_else(ServerResponse::Error),
        _ => wrapping::from_cubbyhole(state, &parsed.path, token)
            .unwrap_or_else(|| kv::run(state, parsed).unwrap_or_else(ServerResponse::Error)),
    };
    state.tokens.revoke_if_used_up(token);
    let response = wrapping::wrap(state, wrap, response);
    Ok(if sys::copies_data(request.uri().path()) { response.with_copied_data() } else { response })
}
