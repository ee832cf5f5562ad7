use std::collections::BTreeSet;

use http::HeaderValue;
use serde_json::{Value, json};

use crate::call::{Call, WRAP_TTL};
use crate::mask::{is_secret, masked};

/// How `came` differs from `expected`, a line for each place. Headers that `expected` does not have do not
/// count, because targets and layers add some; but the one that has the answer wrapped does.
pub(crate) fn differences(expected: &Call, came: &Call) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", "", Some(&json!(expected.params)), Some(&json!(came.params)), &mut lines);
    compare("query", "", Some(&json!(expected.query)), Some(&json!(came.query)), &mut lines);
    for name in expected.headers.keys().filter(|name| **name != WRAP_TTL).chain([&WRAP_TTL]) {
        let (expected, came) = (expected.headers.get(name), came.headers.get(name));
        if expected != came {
            let is_secret = [expected, came].into_iter().flatten().any(HeaderValue::is_sensitive);
            let show = |value: &HeaderValue| format!("{value:?}");
            lines.push(line(&format!("header {name}"), is_secret, expected.map(show), came.map(show)));
        }
    }
    compare("body", "", present(&expected.body), present(&came.body), &mut lines);
    lines
}

fn present(body: &Value) -> Option<&Value> {
    (!body.is_null()).then_some(body)
}

/// `name` is that of the field at `path`, or of the field whose list it is in.
fn compare(path: &str, name: &str, expected: Option<&Value>, came: Option<&Value>, lines: &mut Vec<String>) {
    match (expected, came) {
        _ if expected == came => {}
        (Some(Value::Object(expected)), Some(Value::Object(came))) if !is_secret(name) => {
            for name in expected.keys().chain(came.keys()).collect::<BTreeSet<_>>() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, name, expected.get(name), came.get(name), lines);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(came))) if expected.len() == came.len() => {
            for (index, (expected, came)) in expected.iter().zip(came).enumerate() {
                compare(&format!("{path}[{index}]"), name, Some(expected), Some(came), lines);
            }
        }
        _ => {
            let show = |value: &Value| masked(name, value).to_string();
            lines.push(line(path, is_secret(name), expected.map(show), came.map(show)));
        }
    }
}

fn line(path: &str, is_secret: bool, expected: Option<String>, came: Option<String>) -> String {
    let nothing = || "nothing".to_owned();
    if !is_secret {
        let [expected, came] = [expected, came].map(|value| value.unwrap_or_else(nothing));
        return format!("{path}: expected {expected}, came {came}");
    }
    let outcome = match (expected, came) {
        (None, _) => "expected nothing, came a secret",
        (_, None) => "expected a secret, came nothing",
        _ => "expected a secret, came another",
    };
    format!("{path}: {outcome}")
}
