use bytes::Bytes;
use http::Request;
use identity_core::BlockingTransport;
use identity_fake::FakeVault;
use serde_json::Value;

/// Sends a request to a path below `/v1/`. Returns the status and the body of the response. Omits empty
/// headers.
pub(crate) fn exchange(
    vault: &FakeVault,
    headers: &[(&str, &str)],
    verb: &str,
    path: &str,
    body: &Value,
) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = Request::builder().method(verb).uri(format!("/v1/{path}"));
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::from(body)).expect("a request");
    let response = BlockingTransport::send(vault, request).expect("a response");
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}
