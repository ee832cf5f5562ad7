use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use http::{Method, Request};
use identity_core::{
    Endpoint, Target,
    endpoint::{self, Operation},
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::redact::redacted;

pub(crate) const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");
const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// A request that a test double received, with its parts decoded.
///
/// The predicate of [`MockTransport::expect_where`](crate::MockTransport::expect_where) sees the secrets in
/// it. `FakeVault::requests` replaces them by `***`. `Display` and `Debug` redact them in either case.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    pub(crate) operation: Option<Operation>,
    /// The method as sent: a list is `LIST`, or `GET` with `?list=true`.
    pub method: Method,
    /// The path as sent, without `/v1/` and without the query.
    pub path: String,
    /// The header `x-vault-namespace`, or `""` if the request has none.
    pub namespace: String,
    /// The parameters in the path by their names in [`Endpoint::PATH`]. Empty unless an [`Endpoint`] made the
    /// request.
    pub params: BTreeMap<String, String>,
    /// The query, without the `list=true` that an [`Endpoint`] adds to send a list as `GET`.
    pub query: BTreeMap<String, String>,
    /// All headers, including those of the target, such as `x-vault-token`.
    pub headers: HeaderMap,
    /// The body as JSON: a form is an object of strings, any other text a string, and an empty body `Null`.
    pub body: Value,
}

impl RecordedRequest {
    pub(crate) fn from_request(request: &Request<Bytes>) -> Self {
        let operation = request.extensions().get::<Operation>().copied();
        let path = request.uri().path();
        let mut query = pairs(request.uri().query().unwrap_or_default());
        if operation.is_some_and(|operation| operation.method == endpoint::Method::List)
            && request.method() == Method::GET
        {
            query.remove("list");
        }
        let namespace = request.headers().get(NAMESPACE).and_then(|namespace| namespace.to_str().ok());
        Self {
            operation,
            method: request.method().clone(),
            path: path.strip_prefix("/v1/").unwrap_or(path).to_owned(),
            namespace: namespace.unwrap_or_default().to_owned(),
            params: operation.map_or_else(BTreeMap::new, |operation| params(operation.path, path)),
            query,
            headers: request.headers().clone(),
            body: body(request),
        }
    }

    /// Returns the request that `endpoint` makes, with its own headers and without those of a target.
    #[track_caller]
    pub(crate) fn for_endpoint<E: Endpoint>(endpoint: &E) -> Self {
        let target = Target::new("http://vault.test").expect("the address is valid");
        let request = endpoint
            .request(&target)
            .unwrap_or_else(|error| panic!("MockTransport: this call cannot be expected: {error}"));
        let mut request = Self::from_request(&request);
        request.headers.remove(REQUEST);
        request
    }

    #[cfg(feature = "fake")]
    pub(crate) fn redacted(mut self) -> Self {
        use http::header::{AUTHORIZATION, HeaderValue};

        use crate::redact::{REDACTED, is_secret};

        for (name, value) in self.params.iter_mut().chain(&mut self.query) {
            if is_secret(name) {
                REDACTED.clone_into(value);
            }
        }
        for (name, value) in &mut self.headers {
            if name == AUTHORIZATION || name == "x-vault-token" {
                *value = HeaderValue::from_static(REDACTED);
            }
        }
        self.body = redacted("", &self.body);
        self
    }
}

/// Matches the template from the end of the path, because base path and mount before it differ.
fn params(template: &str, path: &str) -> BTreeMap<String, String> {
    let name = |segment: &str| Some(segment.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    let segments = template.rsplit('/').zip(path.rsplit('/'));
    segments.filter_map(|(segment, value)| Some((name(segment)?, decoded(value)))).collect()
}

/// Parses a query or a form.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let text = text.replace('+', " ");
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn body(request: &Request<Bytes>) -> Value {
    let bytes = request.body();
    if bytes.is_empty() {
        return Value::Null;
    }
    let text = || String::from_utf8_lossy(bytes);
    if request.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(FORM)) {
        return pairs(&text()).into_iter().collect();
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| text().into())
}

impl fmt::Display for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redact = |name: &str, value: &str| redacted(name, &value.into());
        let mut parts = Vec::new();
        parts.extend(self.params.iter().map(|(name, value)| format!("{name}={}", redact(name, value))));
        parts.extend(self.query.iter().map(|(name, value)| format!("query.{name}={}", redact(name, value))));
        parts.extend(self.headers.get(WRAP_TTL).map(|ttl| format!("{WRAP_TTL}={ttl:?}")));
        if !self.body.is_null() {
            parts.push(format!("body {}", redacted("", &self.body)));
        }
        match self.operation {
            Some(operation) => operation.fmt(f)?,
            None => write!(f, "{} {}", self.method, self.path)?,
        }
        if !parts.is_empty() {
            write!(f, " with {}", parts.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedRequest({self})")
    }
}
