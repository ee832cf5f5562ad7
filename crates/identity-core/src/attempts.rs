use std::fmt;

/// What a transport that repeats calls has tried, in order.
///
/// Such a transport puts it into the [`http::Extensions`] of a response, or into its
/// [`TransportError`](crate::TransportError); [`Error::attempts`](crate::Error::attempts) gives it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts(Vec<Attempt>);

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
        self.0.push(Attempt { node: node.into(), outcome: outcome.into() });
    }

    /// The attempts, in order.
    pub fn as_slice(&self) -> &[Attempt] {
        &self.0
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Attempt { node, outcome }) in self.0.iter().enumerate() {
            write!(f, "{}{node}: {outcome}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
