use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use bytes::Bytes;
use http::Response;
use identity_core::transport::TransportError;
use mockall::{Sequence, TimesRange};

use crate::counter::{self, MatchedCall};
use crate::failure::unexpected_call;
use crate::matcher::Matcher;
use identity_core::test_request::RecordedRequest;

#[derive(Default)]
pub(crate) struct Expectations {
    counter: counter::MockTransport,
    /// The matchers in `counter`, which does not expose them.
    pub(crate) matchers: Vec<Matcher>,
    /// The calls that panicked.
    failed: Vec<String>,
}

impl Expectations {
    /// Ignores poisoning: a call that fails panics while it holds the lock, but leaves the state valid.
    pub(crate) fn lock(expectations: &Mutex<Self>) -> MutexGuard<'_, Self> {
        expectations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(
        &mut self,
        matcher: Matcher,
        times: TimesRange,
        sequence: Option<&mut Sequence>,
        mut respond: impl FnMut() -> Result<Response<Bytes>, TransportError> + Send + 'static,
    ) {
        self.matchers.push(matcher.clone());
        let expected = self.counter.expect_send().with(matcher).times(times).returning(move |_| respond());
        if let Some(sequence) = sequence {
            expected.in_sequence(sequence);
        }
    }

    pub(crate) fn respond_to(&mut self, call: RecordedRequest) -> Result<Response<Bytes>, TransportError> {
        self.failed.push(call.to_string());
        let is_expected = self.matchers.iter().any(|matcher| matcher.matches(&call));
        assert!(is_expected, "{}", unexpected_call(&call, &self.matchers));
        let response = self.counter.send(&MatchedCall(call));
        self.failed.pop();
        response
    }

    pub(crate) fn checkpoint(&mut self) {
        self.verify_calls();
        self.matchers.clear();
        self.counter.checkpoint();
    }

    fn verify_calls(&mut self) {
        if let Some(call) = self.failed.drain(..).next() {
            panic!("MockTransport: an earlier call failed, and its panic did not reach the test: {call}");
        }
    }
}

impl Drop for Expectations {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.verify_calls();
        }
    }
}
