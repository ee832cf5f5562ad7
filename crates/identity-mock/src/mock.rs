use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    BlockingTransport, Endpoint, Target, Transport, endpoint::Operation, test_request::RecordedRequest,
    transport::TransportError,
};

use crate::expectation::Expectation;
use crate::expectations::Expectations;
use crate::matcher::{Condition, Matcher};

/// A transport that expects calls and returns the responses that the test has prepared.
///
/// It is a [`Transport`] and a [`BlockingTransport`]. Clones share their expectations, so a test can hand out
/// a clone and keep the original. An unexpected call panics, and dropping the last clone panics if an
/// expected call is missing.
///
/// ```
/// use identity_core::{
///     BlockingTransport, Endpoint, Target,
///     entity::{ListEntityNames, ReadEntityById},
///     transport::TransportErrorKind,
/// };
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
pub struct MockTransport(Arc<Mutex<Expectations>>);

impl MockTransport {
    /// Creates a mock that expects no calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects the request that `endpoint` makes: the same operation, parameters, query and body, and the
    /// headers that the endpoint sets, such as the TTL of [`Wrap`](identity_core::Wrap).
    ///
    /// Address, token, namespace and mount belong to the target and are ignored.
    ///
    /// # Panics
    ///
    /// Panics if the endpoint cannot make a request.
    #[track_caller]
    pub fn expect<E: Endpoint>(&self, endpoint: &E) -> Expectation<'_, E> {
        self.expectation(Condition::Equal(Arc::new(recorded(endpoint))))
    }

    /// Expects requests of `E` for which `predicate` returns `true`. The predicate may run more than once for
    /// each call.
    ///
    /// ```
    /// use identity_core::{BlockingTransport, Endpoint, Target, Upsert, entity::CreateEntity};
    /// use identity_mock::MockTransport;
    ///
    /// let mock = MockTransport::new();
    /// mock.expect_where::<CreateEntity>(|request| {
    ///     request.namespace == "team-a" && request.body["name"] == "alice"
    /// })
    /// .respond_with(&Upsert::Updated);
    ///
    /// let target = Target::new("http://vault.test")?.with_namespace("team-a")?;
    /// let request = CreateEntity::named("alice").policies(["dev"]).request(&target)?;
    /// assert_eq!(BlockingTransport::send(&mock, request)?.status(), 204);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn expect_where<E: Endpoint>(
        &self,
        predicate: impl Fn(&RecordedRequest) -> bool + Send + Sync + 'static,
    ) -> Expectation<'_, E> {
        self.expectation(Condition::Predicate(Arc::new(predicate)))
    }

    /// Expects requests of `E` with any content.
    #[track_caller]
    pub fn expect_any<E: Endpoint>(&self) -> Expectation<'_, E> {
        self.expectation(Condition::Any)
    }

    /// Verifies the expectations so far and removes them.
    ///
    /// # Panics
    ///
    /// Panics if an expected call is missing, or if an earlier call failed on another thread.
    pub fn checkpoint(&self) {
        self.expectations().checkpoint();
    }

    #[track_caller]
    fn expectation<E: Endpoint>(&self, condition: Condition) -> Expectation<'_, E> {
        let operation = Operation::for_endpoint::<E>();
        Expectation::new(&self.0, Matcher { operation, condition, location: Location::caller() })
    }

    fn respond_to(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let call = RecordedRequest::from_request(request);
        assert!(
            call.operation.is_some(),
            "MockTransport: {} {} has no `Operation` in its extensions: no `Endpoint` made it",
            call.method,
            request.uri().path()
        );
        self.expectations().respond_to(call)
    }

    fn expectations(&self) -> MutexGuard<'_, Expectations> {
        Expectations::lock(&self.0)
    }
}

#[async_trait]
impl Transport for MockTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.respond_to(&request)
    }
}

impl BlockingTransport for MockTransport {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.respond_to(&request)
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockTransport ")?;
        f.debug_list().entries(&self.expectations().matchers).finish()
    }
}

/// Returns the request that `endpoint` makes, with its own headers and without those of a target.
#[track_caller]
fn recorded<E: Endpoint>(endpoint: &E) -> RecordedRequest {
    let target = Target::new("http://vault.test").expect("the address is valid");
    let request = endpoint
        .request(&target)
        .unwrap_or_else(|error| panic!("MockTransport: this call cannot be expected: {error}"));
    let mut request = RecordedRequest::from_request(&request);
    request.headers.remove("x-vault-request");
    request
}
