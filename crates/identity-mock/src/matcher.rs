use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use identity_core::endpoint::Operation;

use crate::call::Call;
use crate::difference::differences;

/// Which calls an expectation is about.
#[derive(Clone)]
pub(crate) struct Matcher {
    pub(crate) operation: Operation,
    pub(crate) rule: Rule,
    /// Where the test expects it.
    pub(crate) place: &'static Location<'static>,
}

#[derive(Clone)]
pub(crate) enum Rule {
    Any,
    Same(Arc<Call>),
    Predicate(Arc<dyn Fn(&Call) -> bool + Send + Sync>),
}

impl Matcher {
    /// Whether the call is of the operation; all else is a matter of the rule.
    pub(crate) fn is_of(&self, operation: Operation) -> bool {
        (self.operation.method, self.operation.path) == (operation.method, operation.path)
    }

    pub(crate) fn accepts(&self, call: &Call) -> bool {
        self.is_of(call.operation) && self.objections(call).is_empty()
    }

    /// Why a call of the operation is not meant.
    pub(crate) fn objections(&self, call: &Call) -> Vec<String> {
        match &self.rule {
            Rule::Any => Vec::new(),
            Rule::Same(expected) => differences(expected, call),
            Rule::Predicate(holds) if holds(call) => Vec::new(),
            Rule::Predicate(_) => vec!["it does not hold".to_owned()],
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Any => self.operation.fmt(f)?,
            Rule::Same(call) => call.fmt(f)?,
            Rule::Predicate(_) => write!(f, "{} where a predicate holds", self.operation)?,
        }
        write!(f, ", expected at {}", self.place)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
