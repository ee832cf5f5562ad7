//! Bad input is an error that names the parameter, before anything is sent.

mod custom;
mod engine;
mod mfa;
mod paths;
mod provider;
mod system;
mod target;

use std::time::Duration;

use identity_core::{Endpoint, Target, error::ErrorKind};

/// Expects that endpoints are rejected: `endpoint => "the parameter that the error names";`
macro_rules! rejected {
    ($($endpoint:expr => $parameter:literal;)*) => {
        $(assert_eq!(crate::parameter(&$endpoint), $parameter, "{}", stringify!($endpoint));)*
    };
}

use rejected;

const SECOND: Duration = Duration::from_secs(1);
const FRACTION: Duration = Duration::from_millis(1500);

fn target() -> Target {
    Target::new("http://vault.test").expect("an address")
}

/// Returns the parameter that the error names, or `(none)` if the endpoint is accepted.
fn parameter<E: Endpoint>(endpoint: &E) -> String {
    let Err(error) = endpoint.request(&target()) else { return "(none)".to_owned() };
    assert!(!error.is_retryable() && !error.may_have_been_applied());
    let ErrorKind::Request(rejection) = error.kind() else { panic!("{error:?}") };
    let parameter = rejection.parameter();
    let text = format!("{} {} failed: `{parameter}` ", E::METHOD, E::PATH);
    assert!(error.to_string().starts_with(&text), "{error}");
    parameter.to_owned()
}
