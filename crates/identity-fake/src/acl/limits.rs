//! The limits of a path: on parameters, on the TTL of response wrapping, and on the length of lists.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

/// The values of parameters by their names in lower case. `*` is any name, and no values are any value.
pub(super) type Parameters = BTreeMap<String, Vec<Value>>;

#[derive(Clone, Default)]
pub(super) struct Limits {
    pub(super) required: Vec<String>,
    pub(super) allowed: Parameters,
    pub(super) denied: Parameters,
    /// A TTL of zero is no limit.
    pub(super) min_wrapping_ttl: Duration,
    pub(super) max_wrapping_ttl: Duration,
    /// The number of entries of a list. No limit unless it is positive.
    pub(super) pagination: i64,
}

impl Limits {
    /// Combines the limits of two rules with the same path.
    pub(super) fn extend(&mut self, other: &Self) {
        for name in &other.required {
            if !self.required.contains(name) {
                self.required.push(name.clone());
            }
        }
        extend(&mut self.allowed, &other.allowed);
        extend(&mut self.denied, &other.denied);
        lower(&mut self.min_wrapping_ttl, other.min_wrapping_ttl, Duration::ZERO);
        lower(&mut self.max_wrapping_ttl, other.max_wrapping_ttl, Duration::ZERO);
        lower(&mut self.pagination, other.pagination, 0);
    }

    /// Returns `true` if a request with this data and wrapping TTL is allowed. Adjusts the length of a list.
    pub(super) fn allow(
        &self,
        capability: &str,
        data: &mut Map<String, Value>,
        ttl: Option<Duration>,
    ) -> bool {
        let (min, max) = (self.min_wrapping_ttl, self.max_wrapping_ttl);
        let is_limited = !max.is_zero() || !min.is_zero();
        let is_within = |ttl| min <= ttl && (max.is_zero() || ttl <= max);
        if is_limited && !(ttl.is_some_and(is_within) && (max.is_zero() || min <= max)) {
            return false;
        }
        match capability {
            "create" | "patch" | "read" | "update" => self.allow_parameters(data),
            "list" | "scan" => self.allow_list(data),
            _ => true,
        }
    }

    fn allow_parameters(&self, data: &Map<String, Value>) -> bool {
        if !self.required.iter().all(|name| data.contains_key(&name.to_lowercase())) {
            return false;
        }
        if data.is_empty() {
            return true;
        }
        let is_denied = |(name, value): (&String, &Value)| {
            self.denied.get(&name.to_lowercase()).is_some_and(|values| contains(values, value))
        };
        if self.denied.contains_key("*") || data.iter().any(is_denied) {
            return false;
        }
        let allows_all = self.allowed.is_empty() || self.allowed.contains_key("*");
        data.iter().all(|(name, value)| match self.allowed.get(&name.to_lowercase()) {
            Some(values) => contains(values, value),
            None => allows_all,
        })
    }

    fn allow_list(&self, data: &mut Map<String, Value>) -> bool {
        const LIMIT: &str = "limit";
        let text =
            data.get(LIMIT).map(|limit| limit.as_str().map_or_else(|| limit.to_string(), str::to_owned));
        if self.pagination <= 0 {
            if text.as_deref() == Some("max") {
                data.insert(LIMIT.to_owned(), "0".into());
            }
            return true;
        }
        let is_required = self.required.iter().any(|name| name.to_lowercase() == LIMIT);
        let limit = match text.as_deref() {
            None if is_required => return false,
            None | Some("max") => 0,
            Some(text) => match text.parse::<i64>() {
                Ok(limit) if (0..=self.pagination).contains(&limit) => limit,
                _ => return false,
            },
        };
        if limit == 0 {
            data.insert(LIMIT.to_owned(), self.pagination.to_string().into());
        }
        true
    }
}

fn extend(parameters: &mut Parameters, others: &Parameters) {
    for (name, values) in others {
        match parameters.get_mut(name) {
            None => {
                parameters.insert(name.clone(), values.clone());
            }
            Some(known) if known.is_empty() || values.is_empty() => known.clear(),
            Some(known) => known.extend(values.iter().cloned()),
        }
    }
}

/// Replaces a limit by another one that is lower. Values up to `none` are no limits.
fn lower<T: PartialOrd + Copy>(limit: &mut T, other: T, none: T) {
    if other > none && (*limit <= none || other < *limit) {
        *limit = other;
    }
}

fn contains(values: &[Value], given: &Value) -> bool {
    let equal = |value: &Value| match (value, given) {
        (Value::String(pattern), Value::String(text)) => is_match(pattern, text),
        // The server compares numbers of different types, which are never equal.
        (Value::Number(_), _) => false,
        _ => value == given,
    };
    values.is_empty() || values.iter().any(equal)
}

/// Matches a text with a pattern that may begin and end in `*`.
fn is_match(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return text == "*";
    }
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(suffix), None) => text.ends_with(suffix),
        (None, Some(prefix)) => text.starts_with(prefix),
        (None, None) => text == pattern,
    }
}
