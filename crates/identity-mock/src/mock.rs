use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use identity_core::{BlockingTransport, Endpoint, Transport, endpoint::Operation, transport::TransportError};

use crate::call::Call;
use crate::double::{self, ExpectedCall};
use crate::expectation::Expectation;
use crate::failure::unexpected;
use crate::matcher::{Matcher, Rule};

/// A transport that expects calls and answers them as the test says. It is a [`Transport`] and a
/// [`BlockingTransport`].
///
/// Clones are the same mock, so a test can give one away and keep another. When the last is dropped, it
/// panics if an expectation was not met.
///
/// ```
/// use identity_core::{BlockingTransport, Endpoint, Target, entity::{ListEntityNames, ReadEntityById}, transport::TransportErrorKind};
/// use identity_mock::MockTransport;
///
/// let mock = MockTransport::new();
/// mock.expect_any::<ListEntityNames>().times(..).not_found();
/// mock.expect(&ReadEntityById::new("e1")).transport_error(TransportErrorKind::Timeout);
///
/// let request = ReadEntityById::new("e1").request(&Target::new("http://vault.test")?)?;
/// let error = BlockingTransport::send(&mock, request).unwrap_err();
/// assert_eq!(error.kind(), TransportErrorKind::Timeout);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MockTransport(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    double: double::MockTransport,
    /// The expectations of `double`, which does not give them out.
    expectations: Vec<Matcher>,
    /// The calls that panicked.
    failed: Vec<String>,
}

impl MockTransport {
    /// A mock that expects no calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects the request that `endpoint` makes: the same operation, parameters, query and body, and the
    /// headers that the endpoint adds, such as the time to live of [`Wrap`](identity_core::Wrap).
    /// Address, token, namespace and mount are the target's, and any will do.
    ///
    /// # Panics
    ///
    /// If the endpoint refuses to make a request.
    #[track_caller]
    pub fn expect<E: Endpoint>(&self, endpoint: &E) -> Expectation<'_, E> {
        self.expectation(Rule::Same(Arc::new(Call::by(endpoint))))
    }

    /// Expects requests of `E` for which `predicate` holds. It may be asked more than once for each call.
    #[track_caller]
    pub fn expect_where<E: Endpoint>(
        &self,
        predicate: impl Fn(&Call) -> bool + Send + Sync + 'static,
    ) -> Expectation<'_, E> {
        self.expectation(Rule::Predicate(Arc::new(predicate)))
    }

    /// Expects requests of `E`, whatever is in them.
    #[track_caller]
    pub fn expect_any<E: Endpoint>(&self) -> Expectation<'_, E> {
        self.expectation(Rule::Any)
    }

    /// Verifies what has been expected up to now, and then expects it no longer.
    ///
    /// # Panics
    ///
    /// If an expectation was not met, or a call has failed.
    pub fn checkpoint(&self) {
        let mut state = self.state();
        state.verify_calls();
        state.expectations.clear();
        state.double.checkpoint();
    }

    #[track_caller]
    fn expectation<E: Endpoint>(&self, rule: Rule) -> Expectation<'_, E> {
        Expectation::new(
            self,
            Matcher { operation: Operation::for_endpoint::<E>(), rule, place: Location::caller() },
        )
    }

    pub(crate) fn add<E>(
        &self,
        expectation: Expectation<'_, E>,
        mut answer: impl FnMut() -> Result<Response<Bytes>, TransportError> + Send + 'static,
    ) {
        let Expectation { matcher, times, sequence, .. } = expectation;
        let mut state = self.state();
        state.expectations.push(matcher.clone());
        let expected = state.double.expect_send().with(matcher).times(times).returning(move |_| answer());
        if let Some(sequence) = sequence {
            expected.in_sequence(sequence);
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let call = Call::of(request);
        let mut state = self.state();
        state.failed.push(call.to_string());
        let is_expected = state.expectations.iter().any(|matcher| matcher.accepts(&call));
        assert!(is_expected, "{}", unexpected(&call, &state.expectations));
        let answer = state.double.send(&ExpectedCall(call));
        state.failed.pop();
        answer
    }

    /// A call that fails panics with the lock held, and leaves the state as it should be.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn verify_calls(&mut self) {
        if let Some(call) = self.failed.drain(..).next() {
            panic!("MockTransport: an earlier call failed, and its panic did not reach the test: {call}");
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.verify_calls();
        }
    }
}

#[async_trait]
impl Transport for MockTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.answer(&request)
    }
}

impl BlockingTransport for MockTransport {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.answer(&request)
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockTransport ")?;
        f.debug_list().entries(&self.state().expectations).finish()
    }
}
