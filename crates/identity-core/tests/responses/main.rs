//! Unusual responses: decoding never panics, and never mistakes one for another.

mod api_errors;
mod documented;
mod large;
mod lenient;
mod mfa;
mod mismatch;
mod nulls;
mod provider;
mod retry;
mod undecodable;

use std::error::Error as StdError;

use http::Response;
use identity_core::{Endpoint, Error, error::ErrorKind};

fn response(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(body.into()).expect("an response")
}

/// Decodes a response of 200 with this `data`.
#[track_caller]
fn value<E: Endpoint>(data: &str) -> E::Output {
    match E::parse_response(&response(200, format!(r#"{{"data":{data}}}"#))) {
        Ok(value) => value,
        Err(error) => panic!("{data}: {}", chain(&error)),
    }
}

/// Returns `value`, or the stage that failed.
fn outcome<E: Endpoint>(response: &Response<Vec<u8>>) -> &'static str {
    match E::parse_response(response).as_ref().map_err(Error::kind) {
        Ok(_) => "value",
        Err(ErrorKind::Api(_)) => "api error",
        Err(ErrorKind::Decode(_)) => "undecodable",
        Err(_) => "other",
    }
}

/// Returns the error of a response.
#[track_caller]
fn error<E: Endpoint>(status: u16, body: impl Into<Vec<u8>>) -> Error {
    E::parse_response(&response(status, body)).err().expect("no value")
}

/// The text of an error and of its sources.
fn chain(error: &dyn StdError) -> String {
    let source = error.source().map(|source| format!(": {}", chain(source)));
    format!("{error}{}", source.unwrap_or_default())
}
