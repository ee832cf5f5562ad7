use std::fmt;

/// What a transport that repeats calls has tried, in order.
///
/// Such a transport puts it into the [`http::Extensions`] of a response, or into its
/// [`TransportError`](crate::transport::TransportError); [`Error::attempts`](crate::Error::attempts) gives it out.
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
    /// The host and port that was asked.
    pub node: String,
    /// How it ended, without the words of the server.
    pub outcome: String,
}

impl Attempts {
    /// Adds an attempt: the host and port, and how it ended. Leave paths, and what the server says, out.
    pub fn push(&mut self, node: impl Into<String>, outcome: impl Into<String>) {
        self.list.push(Attempt { node: node.into(), outcome: outcome.into() });
    }

    /// Notes that the server may have carried out the last attempt all the same.
    pub fn mark_in_doubt(&mut self) {
        self.in_doubt = true;
    }

    /// Whether the server may have carried out an attempt that is told as a failure.
    pub fn any_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Records whether the last node was told not to forward the request. A standby that fails it has then
    /// certainly not had it carried out by the leader.
    pub fn set_not_forwarded(&mut self, not_forwarded: bool) {
        self.not_forwarded = not_forwarded;
    }

    /// Returns `true` if the last node was told not to forward the request.
    pub fn is_not_forwarded(&self) -> bool {
        self.not_forwarded
    }

    /// The attempts, in order.
    pub fn as_slice(&self) -> &[Attempt] {
        &self.list
    }
}

/// In order of their first one, those that ended alike only once.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alike = |attempt: &&Attempt| self.list.iter().filter(|other| other == attempt).count();
        let is_first = |(index, attempt): &(usize, &Attempt)| !self.list[..*index].contains(attempt);
        let different = self.list.iter().enumerate().filter(is_first).map(|(_, attempt)| attempt);
        for (index, attempt) in different.enumerate() {
            let Attempt { node, outcome } = attempt;
            write!(f, "{}{node}: {outcome}", if index == 0 { "" } else { "; " })?;
            match alike(&attempt) {
                1 => {}
                times => write!(f, ", {times} times")?,
            }
        }
        Ok(())
    }
}

/// As `Display`, since there can be many.
impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_that_ended_alike_are_told_once() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.to_string(), "");
        for (node, outcome) in [("a:1", "no"), ("b:1", "no"), ("a:1", "no"), ("a:1", "yes"), ("a:1", "no")] {
            attempts.push(node, outcome);
        }
        assert_eq!(attempts.to_string(), "a:1: no, 3 times; b:1: no; a:1: yes");
        assert_eq!(attempts.as_slice().len(), 5);
    }
}
