use std::collections::VecDeque;

use bytes::Bytes;
use http::Request;

use identity_core::test_request::RecordedRequest;

const MAX_REQUESTS: usize = 10_000;
/// The limit of the bodies together.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The latest requests that the server received. They are decoded only when a test reads them.
pub(super) struct Journal {
    requests: VecDeque<Request<Bytes>>,
    body_bytes: usize,
    pub(super) is_enabled: bool,
}

impl Default for Journal {
    fn default() -> Self {
        Self { requests: VecDeque::new(), body_bytes: 0, is_enabled: true }
    }
}

impl Journal {
    pub(super) fn record(&mut self, request: Request<Bytes>) {
        if !self.is_enabled {
            return;
        }
        self.body_bytes += request.body().len();
        self.requests.push_back(request);
        while self.requests.len() > MAX_REQUESTS || self.body_bytes > MAX_BODY_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.body_bytes -= oldest.body().len();
        }
    }

    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.body_bytes = 0;
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.iter().map(|request| RecordedRequest::from_request(request).redacted()).collect()
    }
}
