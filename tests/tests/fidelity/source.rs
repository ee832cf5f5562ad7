//! Random operations over a small universe of names and identifiers.

mod identity;
mod mfa;
mod oidc;

use serde_json::Value;

use crate::operations::{Operation, Part};

/// Where operations come from: the same seed gives the same.
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn operation(&mut self) -> Operation {
        match self.below(100) {
            0..45 => self.of_identity(),
            45..75 => self.of_oidc(),
            75..98 => self.of_mfa(),
            _ => self.mount(),
        }
    }

    fn name(&mut self) -> Part {
        Part::Plain(self.one(&["a", "A", "b", "B", "c", "d", "a b", "é/É", "1"]).into())
    }

    fn id(&mut self, of: &'static str) -> Part {
        Part::Id(of, self.below(1000))
    }

    fn plain(&mut self, of: &[Value]) -> Part {
        Part::Plain(self.one(of))
    }

    /// Up to this many identifiers.
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
