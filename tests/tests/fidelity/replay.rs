//! Replays recorded requests to a real server on `FakeVault`, in their order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http::{Request, Response};
use identity_core::BlockingTransport;
use identity_core::bytes::Bytes;
use identity_fake::{FakeVault, Fault};
use serde::Deserialize;
use serde_json::Value;

use crate::mapping::{Mapping, comparable};

/// One line of the fixture: a request, and the response of OpenBao 2.7.2. Lines with a case are recordings;
/// the others are setup.
#[derive(Deserialize)]
pub(crate) struct Exchange {
    case: Option<String>,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: Option<String>,
    status: u16,
    response: Value,
    response_headers: BTreeMap<String, String>,
}

/// The addresses of the recorded server and of `FakeVault`, which issuers contain.
const RECORDED_ADDRESS: &str = "http://127.0.0.1:18391";
const FAKE_ADDRESS: &str = "http://fake.vault";

/// Recordings that a fault reproduces, because `FakeVault` has no quotas.
const RATE_LIMITED: [&str; 2] = ["transport/rate-limited", "transport/rate-limited-with-headers"];

#[derive(Default)]
pub(crate) struct Replay {
    pub(crate) fake: FakeVault,
    mapping: Mapping,
}

impl Replay {
    /// Maps an identifier of the real server.
    pub(crate) fn bind(&mut self, real: &str, fake: &str) {
        self.mapping.bind(real, fake);
    }

    pub(crate) fn send(&self, exchange: &Exchange) -> Response<Bytes> {
        let translated = |text: &str| self.mapping.translated(text);
        let mut request = Request::builder().method(&*exchange.method).uri(translated(&exchange.path));
        for (name, value) in &exchange.headers {
            request = request.header(name, translated(value));
        }
        let body = match exchange.body.as_deref() {
            Some("<big>") => format!("{{\"name\": \"{}\"}}", "a".repeat(33 << 20)),
            body => translated(body.unwrap_or_default()),
        };
        let request = request.body(Bytes::from(body)).expect("a request");
        BlockingTransport::send(&self.fake, request).expect("a response")
    }

    /// Returns the difference, if there is one.
    pub(crate) fn differences(&mut self, exchange: &Exchange) -> Vec<String> {
        if exchange.case.as_deref().is_some_and(|case| RATE_LIMITED.contains(&case)) {
            let retry_after = exchange.case.as_deref() == Some(RATE_LIMITED[1]);
            let retry_after = retry_after.then_some(std::time::Duration::from_secs(29));
            self.fake.fail_next(Fault::RateLimited { retry_after });
        }
        let response = self.send(exchange);
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        let mut differences = Vec::new();
        if response.status() != exchange.status {
            differences.push(format!("status {} instead of {}: {body}", response.status(), exchange.status));
        }
        self.mapping.learn(&exchange.response, &body);
        if exchange.case.is_none() {
            return differences;
        }
        let (real, fake) = (self.mapping.comparable(&exchange.response), comparable("", &body));
        if real != fake {
            differences.push(format!("body\n  real {real}\n  fake {fake}"));
        }
        for (name, real) in &exchange.response_headers {
            let fake = response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
            let is_left_to_http = exchange.status == 413 && name == "cache-control";
            if fake.as_deref() != Some(real) && !is_left_to_http {
                differences.push(format!("header {name}: {fake:?} instead of {real:?}"));
            }
        }
        differences
    }
}

#[test]
fn recorded_requests_have_the_recorded_responses() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/replay.jsonl");
    let text = fs::read_to_string(path).expect("the fixture");
    let text = text.replace(RECORDED_ADDRESS, FAKE_ADDRESS);
    let exchanges = text.lines().map(|line| serde_json::from_str::<Exchange>(line).expect("an exchange"));
    let mut replay = Replay::default();
    let mut recordings = 0;
    let mut failures = Vec::new();
    for exchange in exchanges {
        let case = exchange.case.as_deref();
        if case.is_none() && exchange.path.starts_with("/v1/sys/quotas/") {
            continue;
        }
        recordings += usize::from(case.is_some());
        for difference in replay.differences(&exchange) {
            let (case, method, path) = (case.unwrap_or("setup"), &exchange.method, &exchange.path);
            failures.push(format!("{case}: {method} {path} {:?}: {difference}", exchange.body));
        }
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(recordings, 502);
}
