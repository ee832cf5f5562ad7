use std::fmt;

/// The attempts of a call, in order.
///
/// A transport that retries calls stores them in the [`http::Extensions`] of the response, or in its
/// [`TransportError`](crate::transport::TransportError). [`Error::attempts`](crate::Error::attempts) returns
/// them.
///
/// ```
/// use identity_core::transport::Attempts;
///
/// let mut attempts = Attempts::default();
/// attempts.push("10.0.0.1:8200", "503 Service Unavailable");
/// attempts.push("10.0.0.2:8200", "timed out");
/// assert_eq!(attempts.to_string(), "10.0.0.1:8200: 503 Service Unavailable; 10.0.0.2:8200: timed out");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attempts {
    list: Vec<Attempt>,
    in_doubt: bool,
    not_forwarded: bool,
}

/// One attempt of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The host and port of the node.
    pub node: String,
    /// The outcome, without messages of the server.
    pub outcome: String,
}

impl Attempts {
    /// Adds an attempt: the host and port, and the outcome. The outcome must not contain paths or messages of
    /// the server.
    pub fn push(&mut self, node: impl Into<String>, outcome: impl Into<String>) {
        self.list.push(Attempt { node: node.into(), outcome: outcome.into() });
    }

    /// Marks the call as in doubt: the server may have applied a failed attempt.
    pub fn mark_in_doubt(&mut self) {
        self.in_doubt = true;
    }

    /// Returns `true` if the server may have applied a failed attempt.
    pub fn any_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Sets whether the last request forbade forwarding. A standby that fails such a request has certainly
    /// not forwarded it to the leader.
    pub fn set_not_forwarded(&mut self, not_forwarded: bool) {
        self.not_forwarded = not_forwarded;
    }

    /// Returns `true` if the last request forbade forwarding.
    pub fn is_not_forwarded(&self) -> bool {
        self.not_forwarded
    }

    /// The attempts, in order.
    pub fn as_slice(&self) -> &[Attempt] {
        &self.list
    }
}

/// Shows attempts with the same outcome once, with their number.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |attempt: &&Attempt| self.list.iter().filter(|other| other == attempt).count();
        let is_first = |(index, attempt): &(usize, &Attempt)| !self.list[..*index].contains(attempt);
        let distinct = self.list.iter().enumerate().filter(is_first).map(|(_, attempt)| attempt);
        for (index, attempt) in distinct.enumerate() {
            let Attempt { node, outcome } = attempt;
            write!(f, "{}{node}: {outcome}", if index == 0 { "" } else { "; " })?;
            match count(&attempt) {
                1 => {}
                times => write!(f, ", {times} times")?,
            }
        }
        Ok(())
    }
}

/// The same as `Display`, because there can be many attempts.
impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_with_the_same_outcome_are_shown_once() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.to_string(), "");
        for (node, outcome) in [("a:1", "no"), ("b:1", "no"), ("a:1", "no"), ("a:1", "yes"), ("a:1", "no")] {
            attempts.push(node, outcome);
        }
        assert_eq!(attempts.to_string(), "a:1: no, 3 times; b:1: no; a:1: yes");
        assert_eq!(attempts.as_slice().len(), 5);
    }
}
