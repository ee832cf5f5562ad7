//! Handles a request from its arrival to the response.

use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Request, Response};
use identity_core::transport::TransportError;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, bad};
use super::fault::{self, Fault};
use super::request::{self, Asked, Verb};
use super::state::State;
use super::tokens::Caller;
use super::{auth, capabilities, mounts, namespaces, oidc, permission, policies, route, tokens, wrapping};

const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");

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

    let mut response = answer(state, request).into_response(request_id);
    if let Some(namespace) = request.headers().get(NAMESPACE).filter(|namespace| !namespace.is_empty()) {
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

fn answer(state: &mut State, request: &Request<Bytes>) -> Answer {
    let path = request.uri().path();
    if !request::is_readable(path) {
        return Answer::Nothing;
    }
    if let Some(mut path) = request::cleaned(path) {
        if let Some(query) = request.uri().query() {
            path.push('?');
            path.push_str(query);
        }
        return Answer::Redirect(path);
    }
    match Asked::of(request, &state.namespaces) {
        Ok(asked) => allowed(state, request, asked).unwrap_or_else(Answer::Refused),
        Err(refusal) => Answer::Refused(refusal),
    }
}

fn allowed(state: &mut State, request: &Request<Bytes>, asked: Asked) -> Result<Answer, Refusal> {
    let ttl = wrapping::ttl(request.headers())?;
    match (asked.verb, &*asked.path) {
        (Verb::Read, "sys/health") => return Ok(Answer::Raw(health(state))),
        (Verb::Read, "sys/seal-status") => return Ok(Answer::Raw(seal_status())),
        (Verb::Read | Verb::Write, "sys/wrapping/lookup") | (Verb::Write, "sys/wrapping/unwrap") => {
            return wrapping::run(state, &asked, request.headers());
        }
        _ => {}
    }
    let wrapped = ttl.map(|ttl| (ttl, (asked.path.clone(), asked.verb == Verb::List)));
    let mut answer = match auth::without_token(state, &asked, request.headers())? {
        Some(answer) => answer,
        None => with_token(state, request, asked, ttl.is_some())?,
    };
    if let Some((ttl, asked)) = wrapped {
        answer = wrapping::wrap(state, answer, ttl, asked);
    }
    Ok(answer)
}

fn with_token(
    state: &mut State,
    request: &Request<Bytes>,
    asked: Asked,
    is_wrapped: bool,
) -> Result<Answer, Refusal> {
    let caller = if oidc::is_open(&asked.path) {
        Caller::anybody(request.headers())
    } else {
        match permission::check(state, request.headers(), &asked) {
            Ok(caller) => caller,
            Err(refusal) => return oidc::not_allowed(&asked.path).ok_or(refusal),
        }
    };
    let token = tokens::of(request.headers());
    let answer = match asked.path.split('/').next().unwrap_or_default() {
        "identity" => route::run(state, asked, caller),
        "sys" => sys(state, asked, token, is_wrapped).unwrap_or_else(Answer::Refused),
        "auth" => auth::run(state, asked, token).unwrap_or_else(Answer::Refused),
        _ => {
            let path = &asked.path;
            let problem = format!("no handler for route \"{path}\". route entry not found.");
            Answer::Refused(Refusal::new(http::StatusCode::NOT_FOUND, problem))
        }
    };
    Ok(answer)
}

fn sys(state: &mut State, asked: Asked, token: &str, is_wrapped: bool) -> Result<Answer, Refusal> {
    let area = asked.path.split('/').nth(1).unwrap_or_default();
    match (area, asked.verb) {
        ("auth" | "mounts", _) => mounts::run(state, &asked),
        ("namespaces", _) => namespaces::run(state, &asked),
        ("policies" | "policy", _) => policies::run(state, &asked),
        ("capabilities" | "capabilities-self" | "capabilities-accessor", _) => {
            capabilities::run(state, asked, token)
        }
        ("wrapping", Verb::Write) if asked.path == "sys/wrapping/wrap" => {
            if !is_wrapped {
                return Err(bad("endpoint requires response wrapping to be used"));
            }
            Ok(Answer::Data { data: Value::Object(asked.data), warnings: Vec::new() })
        }
        _ => Err(Refusal::unsupported_path()),
    }
}

fn health(state: &State) -> Value {
    json!({
        "initialized": true,
        "sealed": false,
        "standby": false,
        "replication_performance_mode": "disabled",
        "replication_dr_mode": "disabled",
        "server_time_utc": state.clock.now().as_second(),
        "version": "2.7.2",
        "cluster_name": "fake-vault",
        "cluster_id": "00000000-0000-0000-0000-000000000000",
    })
}

fn seal_status() -> Value {
    json!({
        "type": "shamir",
        "initialized": true,
        "sealed": false,
        "t": 1,
        "n": 1,
        "progress": 0,
        "nonce": "",
        "recovery_seal": false,
        "version": "2.7.2",
        "commit_date": "2026-10-26T20:32:27Z",
        "migration": false,
        "cluster_name": "fake-vault",
        "cluster_id": "00000000-0000-0000-0000-000000000000",
        "storage_type": "inmem",
    })
}
