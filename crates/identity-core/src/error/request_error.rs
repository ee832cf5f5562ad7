use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// An invalid parameter, rejected before a request was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    parameter: Cow<'static, str>,
    problem: Cow<'static, str>,
}

impl RequestError {
    /// Creates an error from the name of a parameter and its problem, such as `name` and `must not be empty`.
    /// The problem must not contain the value.
    pub fn new(parameter: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { parameter: parameter.into(), problem: problem.into() }
    }

    /// Replaces the name of the parameter.
    #[must_use]
    pub fn of(self, parameter: impl Into<Cow<'static, str>>) -> Self {
        Self { parameter: parameter.into(), ..self }
    }

    /// The name of the parameter.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.parameter, self.problem)
    }
}

impl StdError for RequestError {}
