use std::collections::BTreeSet;

use http::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use identity_core::test_request::{RecordedRequest, is_secret_field, redact_field};

const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");

/// Describes each difference in a line. Headers that only `actual` has are ignored, because targets and
/// layers add some, except the one that requests response wrapping.
pub(crate) fn differences(expected: &RecordedRequest, actual: &RecordedRequest) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", "", Some(&json!(expected.params)), Some(&json!(actual.params)), &mut lines);
    compare("query", "", Some(&json!(expected.query)), Some(&json!(actual.query)), &mut lines);
    for name in expected.headers.keys().filter(|name| **name != WRAP_TTL).chain([&WRAP_TTL]) {
        let (expected, actual) = (expected.headers.get(name), actual.headers.get(name));
        if expected != actual {
            let is_secret = [expected, actual].into_iter().flatten().any(HeaderValue::is_sensitive);
            let show = |value: &HeaderValue| format!("{value:?}");
            lines.push(line(&format!("header {name}"), is_secret, expected.map(show), actual.map(show)));
        }
    }
    compare("body", "", present(&expected.body), present(&actual.body), &mut lines);
    lines
}

fn present(body: &Value) -> Option<&Value> {
    (!body.is_null()).then_some(body)
}

/// `name` is the name of the field at `path`, or of the list that contains it.
fn compare(
    path: &str,
    name: &str,
    expected: Option<&Value>,
    actual: Option<&Value>,
    lines: &mut Vec<String>,
) {
    match (expected, actual) {
        _ if expected == actual => {}
        (Some(Value::Object(expected)), Some(Value::Object(actual))) if !is_secret_field(name) => {
            for name in expected.keys().chain(actual.keys()).collect::<BTreeSet<_>>() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, name, expected.get(name), actual.get(name), lines);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(actual))) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(&format!("{path}[{index}]"), name, Some(expected), Some(actual), lines);
            }
        }
        _ => {
            let show = |value: &Value| redact_field(name, value).to_string();
            lines.push(line(path, is_secret_field(name), expected.map(show), actual.map(show)));
        }
    }
}

fn line(path: &str, is_secret: bool, expected: Option<String>, actual: Option<String>) -> String {
    let nothing = || "nothing".to_owned();
    if !is_secret {
        let [expected, actual] = [expected, actual].map(|value| value.unwrap_or_else(nothing));
        return format!("{path}: expected {expected}, got {actual}");
    }
    let difference = match (expected, actual) {
        (None, _) => "expected nothing, got a secret",
        (_, None) => "expected a secret, got nothing",
        _ => "expected a secret, got a different one",
    };
    format!("{path}: {difference}")
}
