//! What was asked.

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::request::text;
use crate::mask::masked;

/// A request that came, for a test to look at. Secrets in it are replaced by `***`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The verb as it was sent.
    pub method: String,
    /// The path with its query, as it was sent, without `/v1/`.
    pub path: String,
    /// The namespace of the header, empty if there is none.
    pub namespace: String,
    /// The body; `Null` if there is none. One that is not JSON is a text.
    pub body: Value,
}

#[derive(Default)]
pub(super) struct Journal(Vec<Entry>);

struct Entry {
    method: http::Method,
    uri: http::Uri,
    namespace: String,
    body: Bytes,
}

impl Journal {
    pub(super) fn note(&mut self, request: &Request<Bytes>) {
        self.0.push(Entry {
            method: request.method().clone(),
            uri: request.uri().clone(),
            namespace: text(request.headers(), "x-vault-namespace").to_owned(),
            body: request.body().clone(),
        });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.0.iter().map(Entry::shown).collect()
    }
}

impl Entry {
    fn shown(&self) -> RecordedRequest {
        let path = self.uri.path_and_query().map_or("", |path| path.as_str());
        let text = || String::from_utf8_lossy(&self.body).into_owned().into();
        let body = match &*self.body {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).unwrap_or_else(|_| text()),
        };
        RecordedRequest {
            method: self.method.to_string(),
            path: path.strip_prefix("/v1/").unwrap_or(path).to_owned(),
            namespace: self.namespace.clone(),
            body: masked("", &body),
        }
    }
}
