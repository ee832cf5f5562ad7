//! The part that mockall plays: it counts, keeps sequences, and verifies.

use std::fmt;

use bytes::Bytes;
use http::Response;
use identity_core::transport::TransportError;
use mockall::Predicate;
use predicates_core::reflection::PredicateReflection;

use crate::call::Call;
use crate::matcher::Matcher;

mockall::mock! {
    pub(crate) Transport {
        pub(crate) fn send(&self, call: &ExpectedCall) -> Result<Response<Bytes>, TransportError>;
    }
}

/// A call that an expectation is about. What mockall may still have against it is that there were enough of
/// them, or that it is too early; it shows `Debug` then.
pub(crate) struct ExpectedCall(pub(crate) Call);

impl fmt::Debug for ExpectedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, of which no more are expected, or none yet", self.0)
    }
}

impl Predicate<ExpectedCall> for Matcher {
    fn eval(&self, call: &ExpectedCall) -> bool {
        self.accepts(&call.0)
    }
}

impl PredicateReflection for Matcher {}
