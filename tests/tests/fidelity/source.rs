//! Random operations on a small set of names and identifiers.

mod identity;
mod mfa;
mod oidc;
mod provider;

use serde_json::Value;

use crate::operations::{Operation, Part};

/// A source of operations. The same seed generates the same operations.
pub(crate) struct Source {
    state: u64,
    family: usize,
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            family: usize::try_from(seed % 4).unwrap_or_default(),
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or_default() % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn operation(&mut self) -> Operation {
        let operation = match self.below(100) {
            98.. => return self.mount(),
            // Some runs use one family only, so that its objects meet more often.
            0..70 if self.family > 0 => self.of_family(self.family),
            _ => {
                let family = 1 + self.below(3);
                self.of_family(family)
            }
        };
        if self.chance(6) { self.corrupted(operation) } else { operation }
    }

    fn of_family(&mut self, family: usize) -> Operation {
        match family {
            1 => self.of_identity(),
            2 => self.of_oidc(),
            _ => self.of_mfa(),
        }
    }

    /// Changes the method, removes the key, or adds an unknown field or a query parameter.
    fn corrupted(&mut self, mut operation: Operation) -> Operation {
        match self.below(5) {
            0 => operation.verb = self.one(&["GET", "LIST", "POST", "PUT", "PATCH", "DELETE"]),
            1 => operation.key = None,
            2 => operation.body.push(("colour", Part::Plain("red".into()))),
            _ => {
                let (name, value) =
                    self.one(&[("list", "true"), ("list", "x"), ("limit", "1"), ("after", "a")]);
                operation.query.push((name, Part::Plain(value.into())));
            }
        }
        operation
    }

    fn name(&mut self) -> Part {
        Part::Plain(self.one(&["a", "A", "b", "B", "c", "d", "a b", "é/É", "1"]).into())
    }

    fn id(&mut self, of: &'static str) -> Part {
        Part::Id(of, self.below(1000))
    }

    /// Returns one of these values; the first ones are more likely.
    fn plain(&mut self, of: &[Value]) -> Part {
        let which = self.below(of.len()).min(self.below(of.len()));
        Part::Plain(of[which].clone())
    }

    /// Returns up to this many identifiers.
    fn ids(&mut self, of: &'static str, most: usize) -> Part {
        let count = self.below(most + 1);
        Part::List((0..count).map(|_| Part::Id(of, self.below(12))).collect())
    }

    fn mount(&mut self) -> Operation {
        let verb = if self.chance(15) { "DELETE" } else { "GET" };
        let key = Some(Part::Plain(self.one(&["one", "two", "near", "none"]).into()));
        Operation { verb, noun: "sys/auth", key, ..Operation::default() }
    }
}
