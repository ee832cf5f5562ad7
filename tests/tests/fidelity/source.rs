//! Random operations on a small set of names and identifiers.

mod approle;
mod identity;
pub(crate) mod jwt;
mod kv;
mod mfa;
mod mounts;
mod oidc;
mod provider;
mod token;
mod userpass;

use serde_json::{Value, json};

use crate::operations::{Operation, Part};

/// Generates an operation of a family.
type Generate = fn(&mut Source) -> Operation;

/// The families of operations. There is none of `kubernetes`: its logins ask the API of a cluster, which a
/// real server would need, and the tests of `identity-fake` have recorded responses.
const FAMILIES: [(&str, Generate); 9] = [
    ("identity", Source::of_identity),
    ("oidc", Source::of_oidc),
    ("mfa", Source::of_mfa),
    ("token", Source::of_token),
    ("userpass", Source::of_userpass),
    ("approle", Source::of_approle),
    ("mounts", Source::of_mounts),
    ("jwt", Source::of_jwt),
    ("kv", Source::of_kv),
];

/// The number of families, from the first one, that runs of all families use. The others still have
/// differences.
const READY: usize = 3;

/// A source of operations. The same seed generates the same operations.
pub(crate) struct Source {
    state: u64,
    /// Most operations of some runs are of one family, so that its objects meet more often.
    family: Option<usize>,
    /// All operations are of the family.
    is_pure: bool,
}

impl Source {
    /// Creates a source of operations of one family, or of all.
    pub(crate) fn new(seed: u64, only: Option<&str>) -> Self {
        let named = |name: &str| {
            let family = FAMILIES.iter().position(|(family, _)| *family == name);
            family.unwrap_or_else(|| panic!("no family {name}"))
        };
        let of_seed = || (usize::try_from(seed).unwrap_or_default() % (READY + 1)).checked_sub(1);
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            family: only.map(named).or_else(of_seed),
            is_pure: only.is_some(),
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
        if self.chance(2) && !self.is_pure {
            return self.mount();
        }
        let is_of_run = self.is_pure || self.chance(70);
        let family = match self.family.filter(|_| is_of_run) {
            Some(family) => family,
            None => self.below(READY),
        };
        let operation = FAMILIES[family].1(self);
        if self.chance(6) { self.corrupted(operation) } else { operation }
    }

    /// Changes the method, removes the key, or adds an unknown field or a query parameter.
    fn corrupted(&mut self, mut operation: Operation) -> Operation {
        match self.below(5) {
            0 => operation.verb = self.one(&["GET", "LIST", "POST", "PUT", "PATCH", "DELETE"]),
            1 => operation.key = None,
            2 => operation.body.push(("colour", Part::Plain("red".into()))),
            // Generated accessors are in another order on each server.
            _ if operation.after == "secret-id" => {}
            _ => {
                let (name, value) =
                    self.one(&[("list", "true"), ("list", "x"), ("limit", "1"), ("after", "a")]);
                operation.query.push((name, Part::Plain(value.into())));
            }
        }
        operation
    }

    fn name(&mut self) -> Part {
        if self.chance(2) {
            let of = self.one(&["entity", "group"]);
            return self.id(of);
        }
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
        Part::List((0..count).map(|_| self.listed_id(of)).collect())
    }

    fn listed_id(&mut self, of: &'static str) -> Part {
        if self.chance(2) { self.plain(&[json!(""), json!(null)]) } else { Part::Id(of, self.below(12)) }
    }

    fn mount(&mut self) -> Operation {
        let verb = if self.chance(15) { "DELETE" } else { "GET" };
        let key = Some(Part::Plain(self.one(&["one", "two", "near", "none"]).into()));
        Operation { verb, noun: "sys/auth", key, ..Operation::default() }
    }
}
