//! Replays recorded requests and responses of a real server about `identity/oidc`, including their setup.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Request, Response};
use identity_core::BlockingTransport;
use identity_core::bytes::Bytes;
use identity_fake::FakeVault;
use serde_json::{Map, Value};

/// Requests, with the responses of `OpenBao` 2.7.2. Exchanges with a case are compared; the others are setup.
const EXCHANGES: &str = include_str!("fixtures/oidc.jsonl");

/// Exchanges before which time passed in the recording.
const WAITS: [(&str, u64); 3] = [
    ("oidc-authorize/err-max-age-violation", 3),
    ("oidc-introspect/active-within-leeway-after-expiry", 2),
    ("oidc-introspect/inactive-expired", 61),
];

/// Fields with generated values.
const GENERATED_FIELDS: [&str; 9] = [
    "id",
    "token",
    "client_id",
    "client_secret",
    "code",
    "access_token",
    "id_token",
    "client_token",
    "accessor",
];

#[derive(Default)]
struct Replay {
    vault: FakeVault,
    /// The recorded generated values and their counterparts.
    known: BTreeMap<String, String>,
}

impl Replay {
    fn send(&self, exchange: &Value) -> Response<Bytes> {
        let text = |name: &str| exchange[name].as_str().unwrap_or_default();
        let mut request = Request::builder().method(text("method")).uri(self.translate(text("path")));
        for (name, value) in exchange["headers"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            request = request.header(
                name,
                match value.strip_prefix("Basic ") {
                    Some(basic) => {
                        let plain = String::from_utf8(BASE64_STANDARD.decode(basic).unwrap()).unwrap();
                        format!("Basic {}", BASE64_STANDARD.encode(self.translate(&plain)))
                    }
                    None => self.translate(value),
                },
            );
        }
        let request = request.body(Bytes::from(self.translate(text("body")))).unwrap();
        BlockingTransport::send(&self.vault, request).unwrap()
    }

    fn learn(&mut self, name: &str, real: &Value, fake: &Value) {
        match (real, fake) {
            (Value::String(real), Value::String(fake))
                if GENERATED_FIELDS.contains(&name) && real != fake =>
            {
                self.known.insert(real.clone(), fake.clone());
                self.known.insert(real.to_uppercase(), fake.to_uppercase());
            }
            (Value::Object(real), Value::Object(fake)) => {
                for (name, real) in real {
                    self.learn(name, real, fake.get(name).unwrap_or(&Value::Null));
                }
            }
            _ => {}
        }
    }

    /// Replaces recorded values in a text by their counterparts.
    fn translate(&self, text: &str) -> String {
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        let mut translate = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            translate.push_str(self.known.get(part).map_or(part, String::as_str));
            let next = after.find(is_part).unwrap_or(after.len());
            translate.push_str(&after[..next]);
            rest = &after[next..];
        }
        translate.replace("http://127.0.0.1:8310", "http://fake.vault")
    }

    fn mapped(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.translate(text).into(),
            Value::Array(items) => items.iter().map(|item| self.mapped(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (self.translate(name), self.mapped(value))).collect()
            }
            other => other.clone(),
        }
    }
}

const INVALID_JSON: &str = "failed to decode JSON input: ";

/// Removes the parts that differ each time: request identifiers, public keys and random orders.
fn comparable(name: &str, value: &Value) -> Value {
    match value {
        Value::String(_) if ["request_id", "kid", "n", "x", "y"].contains(&name) => "generated".into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| comparable(name, item)).collect();
            if ["keys", "allowed_client_ids"].contains(&name) {
                items.sort_by_key(Value::to_string);
            }
            items.into()
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), comparable(name, value)));
            fields.collect::<Map<_, _>>().into()
        }
        // The words about a syntax error differ.
        Value::String(text) if text.starts_with(INVALID_JSON) => INVALID_JSON.into(),
        Value::String(text) => unordered(text).into(),
        other => other.clone(),
    }
}

/// Removes the order of two scopes from a message.
fn unordered(text: &str) -> String {
    match text.split_once("in scopes ") {
        Some((before, after)) => {
            let mut parts: Vec<&str> = after.split(['"', ',', ' ', '.']).collect();
            parts.sort_unstable();
            format!("{before}{}", parts.concat())
        }
        None => text.to_owned(),
    }
}

#[test]
fn recorded_requests_get_the_recorded_responses() {
    let mut replay = Replay::default();
    let (mut recordings, mut errors) = (0, 0);
    let mut failures = Vec::new();
    for line in EXCHANGES.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let case = exchange["case"].as_str();
        if let Some((_, seconds)) = WAITS.iter().find(|(name, _)| case == Some(name)) {
            replay.vault.advance(Duration::from_secs(*seconds));
        }
        let response = replay.send(&exchange);
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        replay.learn("", &exchange["response"], &body);
        let Some(case) = case else { continue };

        recordings += 1;
        let status = response.status().as_u16();
        errors += usize::from(status >= 400);
        if u64::from(status) != exchange["status"] {
            failures.push(format!("{case}: status {status} instead of {}: {body}", exchange["status"]));
        }
        let (real, fake) = (comparable("", &replay.mapped(&exchange["response"])), comparable("", &body));
        if real != fake {
            failures.push(format!("{case}:\n  real {real}\n  fake {fake}"));
        }
        for (name, real) in exchange["response_headers"].as_object().into_iter().flatten() {
            let fake = response.headers().get(name).map(|value| value.to_str().unwrap());
            if fake != real.as_str() {
                failures.push(format!("{case}: header {name}: {fake:?} instead of {real}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
    assert_eq!((recordings, errors), (276, 124));
}
