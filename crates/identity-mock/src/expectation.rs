use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{Response, StatusCode};
use identity_core::{
    error::ApiError, test_response, test_response::EncodeResponse, transport::TransportErrorKind,
};
use mockall::{Sequence, TimesRange};

use crate::matcher::Matcher;
use crate::mock::MockTransport;

/// Calls that are expected, and how often. The answer, given last, completes it.
#[must_use = "nothing is expected until the answer is given: `answer`, `absent`, `refuse`, `fail` or `respond`"]
pub struct Expectation<'a, E> {
    mock: &'a MockTransport,
    pub(crate) matcher: Matcher,
    pub(crate) times: TimesRange,
    pub(crate) sequence: Option<&'a mut Sequence>,
    endpoint: PhantomData<fn() -> E>,
}

impl<'a, E> Expectation<'a, E> {
    pub(crate) fn new(mock: &'a MockTransport, matcher: Matcher) -> Self {
        Self { mock, matcher, times: 1.into(), sequence: None, endpoint: PhantomData }
    }

    /// How many calls are expected, in place of exactly one: a number or a range, such as `2`, `1..`, `..=3`
    /// or `..`.
    pub fn times(mut self, times: impl Into<TimesRange>) -> Self {
        self.times = times.into();
        self
    }

    /// Expects the calls after those that were given the same sequence before. The expectations may be of
    /// several mocks.
    pub fn in_sequence(mut self, sequence: &'a mut Sequence) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// Answers what the endpoint returns.
    pub fn answer(self, output: &E::Output)
    where
        E: EncodeResponse,
    {
        self.respond(E::encode_response(output));
    }

    /// Answers that there is no such object, or that a list is empty: 404 without a message.
    ///
    /// That is how reads and lists say it. A lookup answers `None`, and a write to something that is not
    /// there is refused in words.
    pub fn not_found(self) {
        self.error(StatusCode::NOT_FOUND, [""; 0]);
    }

    /// Refuses, with the words of the server.
    pub fn error(self, status: StatusCode, errors: impl IntoIterator<Item = impl Into<String>>) {
        self.api_error(&ApiError::new(status, errors));
    }

    /// Refuses with all that a refusal can tell, such as conflicts, a time to come again, or the words of
    /// OAuth.
    pub fn api_error(self, error: &ApiError) {
        self.respond(test_response::api_error(error));
    }

    /// Brings no answer.
    pub fn transport_error(self, kind: TransportErrorKind) {
        self.mock.add(self, move || Err(kind.into()));
    }

    /// Answers with this response as it is, for an endpoint that is not [`EncodeResponse`] and for odd answers.
    pub fn respond(self, response: Response<impl Into<Bytes>>) {
        let response = response.map(Into::into);
        self.mock.add(self, move || Ok(response.clone()));
    }
}

impl<E> fmt::Debug for Expectation<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expectation({})", self.matcher)
    }
}
