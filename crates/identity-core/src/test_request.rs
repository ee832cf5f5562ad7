//! Requests as test doubles receive them, with their parts decoded and their secrets redacted.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::endpoint::{self, Operation};

const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const FORM: &[u8] = b"application/x-www-form-urlencoded";
const REDACTED: &str = "***";

/// The headers whose values are secret.
const SECRET_HEADERS: [HeaderName; 3] =
    [AUTHORIZATION, HeaderName::from_static("x-vault-token"), HeaderName::from_static("x-vault-mfa")];

/// The ends of paths whose bodies are secret as a whole.
const SECRET_BODIES: [&str; 2] = ["sys/unseal", "sys/wrapping/wrap"];

/// The secret fields of all requests. `data` contains the secret that a write to a KV engine stores.
const SECRET_FIELDS: [&str; 20] = [
    "api_token",
    "client_secret",
    "client_token",
    "code",
    "code_verifier",
    "data",
    "integration_key",
    "jwt",
    "mfa_payload",
    "oidc_client_secret",
    "passcode",
    "password",
    "password_hash",
    "secret_id",
    "secret_key",
    "settings_file_base64",
    "token",
    "token_reviewer_jwt",
    "unseal_key",
    "wrapping_token",
];

/// A request that a test double received, with its parts decoded.
///
/// `MockTransport::expect_where` passes one with its secrets. `FakeVault::requests` replaces them by `***`.
/// `Display` and `Debug` redact them in either case.
///
/// ```
/// use identity_core::{Endpoint, Target, oidc::IntrospectIdToken, test_request::RecordedRequest};
///
/// let target = Target::new("http://vault.test")?;
/// let request = RecordedRequest::from_request(&IntrospectIdToken::new("eyJhbGci").request(&target)?);
/// assert_eq!(request.body["token"], "eyJhbGci");
/// assert_eq!(request.clone().redacted().body["token"], "***");
/// assert_eq!(request.to_string(), r#"POST identity/oidc/introspect with body {"token":"***"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The operation of the [`Endpoint`](crate::Endpoint) that made the request. `None` if none made it.
    pub operation: Option<Operation>,
    /// The method as sent: a list is `LIST`, or `GET` with `?list=true`.
    pub method: Method,
    /// The path as sent, without `/v1/` and without the query.
    pub path: String,
    /// The header `x-vault-namespace`, or `""` if the request has none.
    pub namespace: String,
    /// The parameters in the path by their names in [`Endpoint::PATH`](crate::Endpoint::PATH). Empty unless
    /// an endpoint made the request.
    pub params: BTreeMap<String, String>,
    /// The query, without the `list=true` that an endpoint adds to send a list as `GET`.
    pub query: BTreeMap<String, String>,
    /// All headers, including those of the target, such as `x-vault-token`.
    pub headers: HeaderMap,
    /// The body as JSON: a form is an object of strings, any other text a string, and an empty body `Null`. A
    /// form with a name without `=` counts as text.
    /// A JSON object sent as a form is read as JSON, as the server does.
    pub body: Value,
}

impl RecordedRequest {
    /// Decodes the parts of a request.
    pub fn from_request(request: &Request<Bytes>) -> Self {
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

    /// Replaces the secrets by `***`: secret fields of the body, the query and the path, the values that are
    /// written to the engine `kv`, the headers with tokens and passcodes, and a body that has no fields.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        for (name, value) in self.params.iter_mut().chain(&mut self.query) {
            if is_secret_field(name) {
                REDACTED.clone_into(value);
            }
        }
        for name in SECRET_HEADERS {
            if self.headers.contains_key(&name) {
                // Replaces all values of the header.
                self.headers.insert(name, HeaderValue::from_static(REDACTED));
            }
        }
        self.body = self.redacted_body();
        self
    }

    fn redacted_body(&self) -> Value {
        let is_secret = SECRET_BODIES.iter().any(|end| self.path.trim_end_matches('/').ends_with(end));
        // The identifier of a token is the token.
        let creates_token = self.path.contains("auth/token/create");
        let writes_kv = self.path.contains("/data/");
        match &self.body {
            Value::Null => Value::Null,
            Value::Object(fields) if !is_secret => {
                let redact = |(name, value): (&String, _)| {
                    let is_secret = (creates_token && name.eq_ignore_ascii_case("id"))
                        || (writes_kv && name.eq_ignore_ascii_case("data"));
                    (name.clone(), if is_secret { REDACTED.into() } else { redact_field(name, value) })
                };
                fields.iter().map(redact).collect()
            }
            // Its secrets cannot be told from the rest.
            _ => REDACTED.into(),
        }
    }
}

/// Returns `true` if the values of request fields with this name are secret. Ignores the case, because the
/// server ignores that of some fields.
pub fn is_secret_field(name: &str) -> bool {
    SECRET_FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))
}

/// Returns the value of a request field with its secrets replaced by `***`.
pub fn redact_field(name: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if is_secret_field(name) => REDACTED.into(),
        Value::Array(items) => items.iter().map(|item| redact_field(name, item)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), redact_field(name, value))).collect()
        }
        plain => plain.clone(),
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
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_form = content_type.get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM));
    // A form with a name alone may be any text, such as a secret that `curl -d` sends, unless an endpoint
    // made the request.
    let is_known = request.extensions().get::<Operation>().is_some();
    let has_values =
        is_known || bytes.split(|byte| *byte == b'&').all(|pair| pair.is_empty() || pair.contains(&b'='));
    if is_form && has_values && !matches!(bytes.trim_ascii_start(), [b'{' | b'[', ..]) {
        return pairs(&text()).into_iter().collect();
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| text().into())
}

impl fmt::Display for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redact = |name: &str, value: &str| redact_field(name, &value.into());
        let mut parts = Vec::new();
        parts.extend(self.params.iter().map(|(name, value)| format!("{name}={}", redact(name, value))));
        parts.extend(self.query.iter().map(|(name, value)| format!("query.{name}={}", redact(name, value))));
        parts.extend(self.headers.get(WRAP_TTL).map(|ttl| format!("{WRAP_TTL}={ttl:?}")));
        if !self.body.is_null() {
            parts.push(format!("body {}", self.redacted_body()));
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
