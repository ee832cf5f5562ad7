//! What becomes of odd answers: nothing panics, nothing is taken for what it is not.

mod another;
mod documented;
mod large;
mod lenient;
mod mfa;
mod nulls;
mod provider;
mod refused;
mod retry;
mod unreadable;

use std::error::Error as StdError;

use http::Response;
use identity_core::{Endpoint, Error, error::ErrorKind};

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(body.into()).expect("an answer")
}

/// The value in an answer of 200 with this `data`.
#[track_caller]
fn value<E: Endpoint>(data: &str) -> E::Output {
    match E::parse_response(&answer(200, format!(r#"{{"data":{data}}}"#))) {
        Ok(value) => value,
        Err(error) => panic!("{data}: {}", chain(&error)),
    }
}

/// In a word: `value`, or the stage that failed.
fn outcome<E: Endpoint>(response: &Response<Vec<u8>>) -> &'static str {
    match E::parse_response(response).as_ref().map_err(Error::kind) {
        Ok(_) => "value",
        Err(ErrorKind::Api(_)) => "refused",
        Err(ErrorKind::Decode(_)) => "unreadable",
        Err(_) => "other",
    }
}

/// The refusal or decode error in an answer.
#[track_caller]
fn error<E: Endpoint>(status: u16, body: impl Into<Vec<u8>>) -> Error {
    E::parse_response(&answer(status, body)).err().expect("no value")
}

/// The text of an error and of its sources.
fn chain(error: &dyn StdError) -> String {
    let source = error.source().map(|source| format!(": {}", chain(source)));
    format!("{error}{}", source.unwrap_or_default())
}
