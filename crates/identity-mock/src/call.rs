use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use identity_core::{
    Endpoint, Target,
    endpoint::{Method, Operation},
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::mask::masked;

pub(crate) const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");
const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// A request that came, taken apart for the predicate of [`MockTransport::expect_where`](crate::MockTransport::expect_where).
///
/// Its `Display` and `Debug` hide the fields that are secret in the API.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    pub(crate) operation: Operation,
    /// The parameters of the path by their names in [`Endpoint::PATH`], decoded.
    pub params: BTreeMap<String, String>,
    /// The query, decoded. That a list is sent as `GET` is not in it.
    pub query: BTreeMap<String, String>,
    /// The headers, those of the target among them: `x-vault-token`, `x-vault-namespace`.
    pub headers: HeaderMap,
    /// The body. `Null` if there is none; a form is an object of strings.
    pub body: Value,
}

impl Call {
    #[track_caller]
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        let Some(&operation) = request.extensions().get::<Operation>() else {
            let (method, path) = (request.method(), request.uri().path());
            panic!(
                "MockTransport: {method} {path} has no `Operation` in its extensions: no `Endpoint` made it"
            );
        };
        let mut query = pairs(request.uri().query().unwrap_or_default());
        if operation.method == Method::List && request.method() == http::Method::GET {
            query.remove("list");
        }
        Self {
            operation,
            params: params(operation.path, request.uri().path()),
            query,
            headers: request.headers().clone(),
            body: body(request),
        }
    }

    /// The call that `endpoint` makes, with its own headers and none of a target.
    #[track_caller]
    pub(crate) fn by<E: Endpoint>(endpoint: &E) -> Self {
        let target = Target::new("http://vault.test").expect("it is an address");
        let request = endpoint
            .request(&target)
            .unwrap_or_else(|error| panic!("MockTransport: this call cannot be expected: {error}"));
        let mut call = Self::of(&request);
        call.headers.remove(REQUEST);
        call
    }
}

/// Takes the parameters from the end of the path, because what comes before the template differs: base path,
/// mount.
fn params(template: &str, path: &str) -> BTreeMap<String, String> {
    let name = |segment: &str| Some(segment.strip_prefix('{')?.strip_suffix('}')?.to_owned());
    let segments = template.rsplit('/').zip(path.rsplit('/'));
    segments.filter_map(|(segment, value)| Some((name(segment)?, decoded(value)))).collect()
}

/// The pairs of a query or a form.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let text = text.replace('+', " ");
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(a, b)| (decoded(a), decoded(b)))
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

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str, value: &str| masked(name, &value.into());
        let mut parts = Vec::new();
        parts.extend(self.params.iter().map(|(name, value)| format!("{name}={}", shown(name, value))));
        parts.extend(self.query.iter().map(|(name, value)| format!("query.{name}={}", shown(name, value))));
        parts.extend(self.headers.get(WRAP_TTL).map(|ttl| format!("{WRAP_TTL}={ttl:?}")));
        if !self.body.is_null() {
            parts.push(format!("body {}", masked("", &self.body)));
        }
        self.operation.fmt(f)?;
        if !parts.is_empty() {
            write!(f, " with {}", parts.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({self})")
    }
}
