//! Counts calls and enforces sequences, through mockall.

use std::fmt;

use bytes::Bytes;
use http::Response;
use identity_core::transport::TransportError;
use mockall::Predicate;
use predicates_core::reflection::PredicateReflection;

use crate::matcher::Matcher;
use identity_core::test_request::RecordedRequest;

mockall::mock! {
    pub(crate) Transport {
        pub(crate) fn send(&self, call: &MatchedCall) -> Result<Response<Bytes>, TransportError>;
    }
}

/// A call that matches an expectation. mockall can then only reject it for the number of calls or the
/// sequence, and its message contains the `Debug` output of this type.
pub(crate) struct MatchedCall(pub(crate) RecordedRequest);

impl fmt::Debug for MatchedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, called too often or out of sequence", self.0)
    }
}

impl Predicate<MatchedCall> for Matcher {
    fn eval(&self, call: &MatchedCall) -> bool {
        self.matches(&call.0)
    }
}

impl PredicateReflection for Matcher {}
