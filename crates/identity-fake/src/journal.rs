use bytes::Bytes;
use http::Request;

use identity_core::test_request::RecordedRequest;

/// The requests that the server received. They are decoded only when a test reads them.
#[derive(Default)]
pub(super) struct Journal(Vec<Request<Bytes>>);

impl Journal {
    pub(super) fn record(&mut self, request: Request<Bytes>) {
        self.0.push(request);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.0.iter().map(|request| RecordedRequest::from_request(request).redacted()).collect()
    }
}
