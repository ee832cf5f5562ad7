use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use identity_core::endpoint::Operation;

use crate::difference::differences;
use identity_core::test_request::RecordedRequest;

/// Selects the calls of an expectation.
#[derive(Clone)]
pub(crate) struct Matcher {
    pub(crate) operation: Operation,
    pub(crate) condition: Condition,
    /// The line of the test that expects the call.
    pub(crate) location: &'static Location<'static>,
}

#[derive(Clone)]
pub(crate) enum Condition {
    Any,
    Equal(Arc<RecordedRequest>),
    Predicate(Arc<dyn Fn(&RecordedRequest) -> bool + Send + Sync>),
}

impl Matcher {
    pub(crate) fn is_same_operation(&self, call: &RecordedRequest) -> bool {
        call.operation.is_some_and(|operation| {
            (self.operation.method, self.operation.path) == (operation.method, operation.path)
        })
    }

    pub(crate) fn matches(&self, call: &RecordedRequest) -> bool {
        self.is_same_operation(call) && self.mismatches(call).is_empty()
    }

    /// Explains why a call of the same operation does not match; empty if it does.
    pub(crate) fn mismatches(&self, call: &RecordedRequest) -> Vec<String> {
        match &self.condition {
            Condition::Any => Vec::new(),
            Condition::Equal(expected) => differences(expected, call),
            Condition::Predicate(predicate) if predicate(call) => Vec::new(),
            Condition::Predicate(_) => vec!["the predicate returned `false`".to_owned()],
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.condition {
            Condition::Any => self.operation.fmt(f)?,
            Condition::Equal(call) => call.fmt(f)?,
            Condition::Predicate(_) => write!(f, "{} matching a predicate", self.operation)?,
        }
        write!(f, ", expected at {}", self.location)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
