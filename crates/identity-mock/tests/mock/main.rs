//! How `MockTransport` matches calls and responds, and how tests fail.

#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod counts;
mod forms;
mod matching;
mod messages;
mod responses;
mod secrets;

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::StatusCode;
use identity_core::{BlockingTransport, Endpoint, Error, Target, endpoint::Operation};
use identity_mock::MockTransport;

fn target() -> Target {
    Target::new("http://vault.test").unwrap().with_token("s.target").unwrap()
}

fn call<E: Endpoint>(mock: &MockTransport, endpoint: &E) -> Result<E::Output, Error> {
    call_at(mock, &target(), endpoint)
}

fn call_at<E: Endpoint>(mock: &MockTransport, target: &Target, endpoint: &E) -> Result<E::Output, Error> {
    let response = BlockingTransport::send(mock, endpoint.request(target)?);
    E::parse_response(&response.map_err(|error| Error::new(Operation::for_endpoint::<E>(), error))?)
}

fn status<T>(result: &Result<T, Error>) -> Option<StatusCode> {
    Some(result.as_ref().err()?.api()?.status())
}

/// Returns the panic message of `test`.
fn failure(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it did not panic");
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned()))
        .unwrap()
}

/// Replaces each location in `file` by `HERE`, because lines and columns change with the tests.
fn without_locations(file: &str, message: &str) -> String {
    let prefix = format!("{file}:");
    let mut pieces = message.split(&prefix);
    let first = pieces.next().unwrap_or_default().to_owned();
    let after =
        |piece: &str| piece.trim_start_matches(|char: char| char.is_ascii_digit() || char == ':').to_owned();
    pieces.fold(first, |text, piece| text + "HERE" + &after(piece))
}
