//! What each operation sends: verb, path, headers and body. Nothing is sent anywhere.

mod entity;
mod group;
mod ids;
mod legacy;
mod lookup;
mod mfa;
mod oidc;
mod protocol;
mod provider;
mod system;
mod target;
mod wrapping;

use identity_core::{Endpoint, Target, endpoint::Operation};
use serde_json::Value;

/// A table of requests, by operation: `value => path below /v1/, idempotent or not, JSON body if it has one;`
macro_rules! requests {
    ($($verb:ident $template:literal { $($endpoint:expr => $path:literal $retry:ident $({ $($body:tt)* })?;)* })*) => {
        $($(crate::sends(
            stringify!($endpoint),
            &$endpoint,
            (stringify!($verb), $template, crate::requests!(@ $retry)),
            $path,
            [$(serde_json::json!({ $($body)* }))?].first(),
        );)*)*
    };
    (@ not_idempotent) => { false };
    (@ idempotent) => { true };
}

use requests;

fn sends<E: Endpoint>(
    row: &str,
    endpoint: &E,
    (verb, template, idempotent): (&str, &str, bool),
    path: &str,
    body: Option<&Value>,
) {
    let target = Target::new("http://vault.test:8200").expect(row);
    let request = endpoint.request(&target).expect(row);

    assert_eq!(request.method(), verb, "{row}");
    assert_eq!(request.uri().to_string(), format!("http://vault.test:8200/v1/{path}"), "{row}");

    let text = std::str::from_utf8(request.body()).expect(row);
    assert!(!text.contains("null"), "{row}: {text}");
    let sent: Option<Value> = (!text.is_empty()).then(|| serde_json::from_str(text).expect(row));
    assert_eq!(sent.as_ref(), body, "{row}");

    let content_type = body.map(|_| ("content-type", "application/json"));
    let expected = content_type.into_iter().chain([("x-vault-request", "true")]);
    assert_eq!(headers(&request), expected.collect::<Vec<_>>(), "{row}");

    let operation = Operation::from_request(&request).expect(row);
    assert_eq!((operation.method.as_str(), operation.path), (verb, template), "{row}");
    assert_eq!(operation.to_string(), format!("{verb} {template}"), "{row}");
    assert_eq!(operation.idempotent, idempotent, "{row}");
}

/// All headers, sorted.
fn headers<B>(request: &http::Request<B>) -> Vec<(&str, &str)> {
    let mut headers = Vec::new();
    for (name, value) in request.headers() {
        headers.push((name.as_str(), value.to_str().expect("an ASCII header")));
    }
    headers.sort_unstable();
    headers
}
