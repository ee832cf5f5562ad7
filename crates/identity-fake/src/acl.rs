//! ACL policies combined. Of all rules that match a path, only the most specific applies.

mod document;
mod hcl;
mod lexer;
mod limits;
mod template;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::auth::identity_policies;
use super::response::{ErrorResponse, bad_request};
use super::state::State;
use super::tokens::Token;

pub(super) use document::{Capabilities, Rule, read};
use limits::Limits;

pub(super) enum Acl {
    /// Grants everything in a namespace and below it.
    Root(String),
    /// Grants capabilities by path. Paths begin with the path of the namespace.
    Paths(BTreeMap<Pattern, Grant>),
}

/// What the rules with the same path grant together.
#[derive(Default)]
pub(super) struct Grant {
    capabilities: Capabilities,
    limits: Limits,
}

/// The kinds of paths. A match of the first kind takes precedence over all others.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    Exact(String),
    /// A path that ended in `*`, without it.
    Prefix(String),
    /// A path with `+` for any one segment and an optional `*` at the end.
    Segments(String),
}

impl Pattern {
    fn parse(path: String) -> Self {
        if path == "+" || path.starts_with("+/") || path.contains("/+") {
            return Self::Segments(path);
        }
        match path.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => Self::Exact(path),
        }
    }

    /// Returns the precedence of a matching pattern. The criteria are, in this order: a later first wildcard,
    /// no `*` at the end, fewer `+`, a longer pattern, alphabetical order.
    fn rank(&self, path: &str) -> Option<(usize, bool, Reverse<usize>, usize, &str)> {
        match self {
            Self::Exact(_) => None,
            Self::Prefix(prefix) => {
                path.starts_with(prefix).then_some((prefix.len(), false, Reverse(0), prefix.len(), prefix))
            }
            Self::Segments(pattern) => {
                let prefix = pattern.strip_suffix('*');
                let text = prefix.unwrap_or(pattern);
                let count = matches(text, path, prefix.is_some())?;
                let first = text.find('+').unwrap_or_default();
                Some((first, prefix.is_none(), Reverse(count), text.len(), text))
            }
        }
    }
}

/// Returns the number of `+` that matched, or `None` if the path does not match.
fn matches(pattern: &str, path: &str, is_prefix: bool) -> Option<usize> {
    let mut segments = path.split('/');
    let mut parts = pattern.split('/').peekable();
    let mut count = 0;
    while let Some(part) = parts.next() {
        let segment = segments.next()?;
        let is_last = parts.peek().is_none();
        if part == "+" {
            count += 1;
        } else if part != segment && !(is_prefix && is_last && segment.starts_with(part)) {
            return None;
        }
    }
    (is_prefix || segments.next().is_none()).then_some(count)
}

impl Acl {
    /// Combines the current policies of the token, of its entity, and of the entity's groups.
    pub(super) fn for_token(state: &State, token: &Token) -> Result<Self, ErrorResponse> {
        let namespace = &token.namespace;
        if token.lease.policies.iter().any(|policy| policy == "root") {
            return Ok(Self::Root(namespace.clone()));
        }
        let store = state.namespaces.get(namespace).map(|namespace| &namespace.store);
        let from_identity = store.zip(token.entity.as_ref());
        let from_identity =
            from_identity.map(|(store, entity)| identity_policies(store, entity)).unwrap_or_default();
        let subject = store.and_then(|store| Some((store, store.current_entity(token.entity.as_ref()?)?)));
        let now = state.clock.now();
        let mut paths: BTreeMap<Pattern, Grant> = BTreeMap::new();
        for name in token.lease.policies.iter().chain(&from_identity) {
            let Some(policy) = state.policies.get(namespace, name) else { continue };
            let forbidden = policy.forbidden();
            let is_in_force = |rule: &&Rule| rule.expiration.is_none_or(|expiration| now <= expiration);
            for rule in policy.rules.iter().filter(is_in_force) {
                let path = template::expand(&rule.path, subject, &forbidden)
                    .map_err(|()| bad_request("Forbidden"))?;
                let Some(path) = path else { continue };
                let granted = paths.entry(Pattern::parse(format!("{namespace}{path}"))).or_default();
                granted.limits.extend(&rule.limits);
                granted.capabilities.extend(&rule.capabilities);
                if granted.capabilities.contains("deny") {
                    granted.capabilities = Capabilities::from(["deny"]);
                }
            }
        }
        Ok(Self::Paths(paths))
    }

    pub(super) fn allows(&self, path: &str, capability: &str) -> bool {
        let granted = self.capabilities(path, matches!(capability, "list" | "scan"));
        granted.contains("root") || granted.contains(capability)
    }

    /// Returns whether the path or anything below it is granted.
    pub(super) fn reaches(&self, path: &str) -> bool {
        if !self.capabilities(path, true).contains("deny") {
            return true;
        }
        let Self::Paths(paths) = self else { return false };
        let is_granted =
            |granted: &Grant| !granted.capabilities.is_empty() && !granted.capabilities.contains("deny");
        paths.iter().any(|(pattern, granted)| {
            is_granted(granted)
                && match pattern {
                    Pattern::Exact(text) | Pattern::Prefix(text) => text.starts_with(path),
                    Pattern::Segments(text) => {
                        let mut parts = text.split('/');
                        let mut segments = path.trim_end_matches('/').split('/');
                        segments
                            .all(|segment| parts.next().is_some_and(|part| part == "+" || part == segment))
                    }
                }
        })
    }

    /// Returns the rules. Those with `+` are not shown.
    pub(super) fn to_json(&self) -> Value {
        let Self::Paths(paths) = self else { return json!({ "root": true }) };
        let (mut exact, mut glob) = (Map::new(), Map::new());
        for (pattern, granted) in paths {
            let denied = Capabilities::from(["deny"]);
            let rule = json!({ "capabilities": if granted.capabilities.is_empty() { &denied } else { &granted.capabilities } });
            match pattern {
                Pattern::Exact(path) => exact.insert(path.clone(), rule),
                Pattern::Prefix(path) => glob.insert(path.clone(), rule),
                Pattern::Segments(_) => None,
            };
        }
        json!({ "root": false, "exact_paths": exact, "glob_paths": glob })
    }

    /// Returns `true` if one rule grants both capabilities to a request with this data and wrapping TTL.
    /// Adjusts the length of a list.
    pub(super) fn allows_request(
        &self,
        (path, capability, guard): (&str, &str, &str),
        data: &mut Map<String, Value>,
        ttl: Option<Duration>,
    ) -> bool {
        let paths = match self {
            Self::Root(namespace) => return path.starts_with(namespace),
            Self::Paths(paths) => paths,
        };
        let granted = find(paths, path, matches!(capability, "list" | "scan"));
        granted.is_some_and(|granted| {
            [capability, guard].iter().all(|needed| granted.capabilities.contains(needed))
                && granted.limits.allow(capability, data, ttl)
        })
    }

    /// Returns the capabilities at a path, or `deny` if there are none.
    pub(super) fn capabilities(&self, path: &str, is_list: bool) -> Capabilities {
        let granted = match self {
            Self::Root(namespace) => {
                let word = if path.starts_with(namespace) { "root" } else { "deny" };
                return Capabilities::from([word]);
            }
            Self::Paths(paths) => find(paths, path, is_list).map(|granted| &granted.capabilities),
        };
        granted.filter(|granted| !granted.is_empty()).cloned().unwrap_or_else(|| Capabilities::from(["deny"]))
    }
}

/// Returns what the most specific match of a path grants. A list also matches paths without the trailing
/// slash.
fn find<'a>(paths: &'a BTreeMap<Pattern, Grant>, path: &str, is_list: bool) -> Option<&'a Grant> {
    let bare = path.strip_suffix('/').filter(|_| is_list);
    let exact = |path: &str| paths.get(&Pattern::Exact(path.to_owned()));
    let best = |path: &str| {
        let ranked = paths.iter().filter_map(|(pattern, granted)| Some((pattern.rank(path)?, granted)));
        ranked.max_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, granted)| granted)
    };
    let granted = exact(path).or_else(|| bare.and_then(exact));
    granted.or_else(|| best(path)).or_else(|| bare.and_then(best))
}
