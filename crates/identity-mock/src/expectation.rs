use std::fmt;
use std::marker::PhantomData;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Response, StatusCode};
use identity_core::{
    error::ApiError,
    test_response,
    test_response::EncodeResponse,
    transport::{TransportError, TransportErrorKind},
};
use mockall::{Sequence, TimesRange};

use crate::expectations::Expectations;
use crate::matcher::Matcher;

/// Calls that a [`MockTransport`](crate::MockTransport) expects, and the response to them.
///
/// Each call is expected exactly once, in any order; [`times`](Self::times) and
/// [`in_sequence`](Self::in_sequence) change that. The method that sets the response comes last and registers
/// the expectation.
///
/// ```
/// use identity_core::{
///     BlockingTransport, Endpoint, Target,
///     entity::{CreateEntity, DeleteEntityById, ReadEntityById},
///     http::StatusCode,
/// };
/// use identity_mock::{MockTransport, Sequence};
///
/// let mock = MockTransport::new();
/// let mut sequence = Sequence::new();
/// let read = ReadEntityById::new("e1");
/// let delete = DeleteEntityById::new("e1");
/// mock.expect(&delete).in_sequence(&mut sequence).respond_with(&());
/// mock.expect(&read).in_sequence(&mut sequence).times(2).not_found();
/// mock.expect_any::<CreateEntity>().times(..).error(StatusCode::FORBIDDEN, ["permission denied"]);
///
/// let target = Target::new("http://vault.test")?;
/// assert_eq!(BlockingTransport::send(&mock, delete.request(&target)?)?.status(), 204);
/// assert_eq!(BlockingTransport::send(&mock, read.request(&target)?)?.status(), 404);
/// assert_eq!(BlockingTransport::send(&mock, read.request(&target)?)?.status(), 404);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a call is expected only once its response is set, for example with `respond_with` or `error`"]
pub struct Expectation<'a, E> {
    expectations: &'a Mutex<Expectations>,
    matcher: Matcher,
    times: TimesRange,
    sequence: Option<&'a mut Sequence>,
    endpoint: PhantomData<fn() -> E>,
}

impl<'a, E> Expectation<'a, E> {
    pub(crate) fn new(expectations: &'a Mutex<Expectations>, matcher: Matcher) -> Self {
        Self { expectations, matcher, times: 1.into(), sequence: None, endpoint: PhantomData }
    }

    /// Sets how many calls are expected: a number or a range, such as `2`, `1..`, `..=3` or `..`.
    ///
    /// Defaults to 1.
    pub fn times(mut self, times: impl Into<TimesRange>) -> Self {
        self.times = times.into();
        self
    }

    /// Expects the calls after all calls that were added to the same sequence before. A sequence can span
    /// several mocks.
    pub fn in_sequence(mut self, sequence: &'a mut Sequence) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// Responds with the typed output of the endpoint.
    pub fn respond_with(self, output: &E::Output)
    where
        E: EncodeResponse,
    {
        self.respond_with_raw(E::encode_response(output));
    }

    /// Responds with 404 and no message: the object does not exist, or the list is empty.
    ///
    /// Reads and lists use it. On a real server a lookup without a result returns `None`
    /// ([`respond_with`](Self::respond_with)), and a write to a missing object fails with a message
    /// ([`error`](Self::error)).
    pub fn not_found(self) {
        self.error(StatusCode::NOT_FOUND, [""; 0]);
    }

    /// Responds with an API error that has this status and these messages.
    pub fn error(self, status: StatusCode, errors: impl IntoIterator<Item = impl Into<String>>) {
        self.api_error(&ApiError::new(status, errors));
    }

    /// Responds with an API error that has more than status and messages, such as merge conflicts, a
    /// `Retry-After` header or an OAuth error.
    pub fn api_error(self, error: &ApiError) {
        self.respond_with_raw(test_response::api_error(error));
    }

    /// Fails without a response.
    pub fn transport_error(self, kind: TransportErrorKind) {
        self.register(move || Err(kind.into()));
    }

    /// Responds with an HTTP response as it is, for malformed responses and for endpoints that do not
    /// implement [`EncodeResponse`].
    pub fn respond_with_raw(self, response: Response<impl Into<Bytes>>) {
        let response = response.map(Into::into);
        self.register(move || Ok(response.clone()));
    }

    fn register(self, respond: impl FnMut() -> Result<Response<Bytes>, TransportError> + Send + 'static) {
        Expectations::lock(self.expectations).add(self.matcher, self.times, self.sequence, respond);
    }
}

impl<E> fmt::Debug for Expectation<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expectation({})", self.matcher)
    }
}
