//! Verification that a response is about the requested object.
//!
//! A proxy may encode a path twice, and a connection may deliver the response to an earlier request.

mod nouns;

use crate::error::decode_error::DecodeError;
use crate::upsert::Upsert;

/// The identifier or name of the object in a request.
pub(crate) trait Requested {
    fn requested(&self) -> Option<&str>;
}

impl Requested for String {
    fn requested(&self) -> Option<&str> {
        Some(self)
    }
}

impl<T: Requested> Requested for Option<T> {
    fn requested(&self) -> Option<&str> {
        self.as_ref().and_then(T::requested)
    }
}

/// The identifiers and the name of the object in a response. `None` if the response does not contain them.
pub(crate) trait Subject {
    fn id(&self) -> Option<&str> {
        None
    }

    fn method_id(&self) -> Option<&str> {
        self.id()
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn canonical_id(&self) -> Option<&str> {
        None
    }
}

impl<T: Subject> Subject for Option<T> {
    fn id(&self) -> Option<&str> {
        self.as_ref().and_then(T::id)
    }

    fn name(&self) -> Option<&str> {
        self.as_ref().and_then(T::name)
    }
}

impl<T: Subject> Subject for Upsert<T> {
    fn id(&self) -> Option<&str> {
        self.as_created().and_then(T::id)
    }

    fn name(&self) -> Option<&str> {
        self.as_created().and_then(T::name)
    }
}

impl<T> Upsert<T> {
    fn as_created(&self) -> Option<&T> {
        match self {
            Self::Created(created) => Some(created),
            Self::Updated => None,
        }
    }
}

/// Fails if a response is about an object other than the requested one.
#[inline]
pub(crate) fn compare(
    field: &'static str,
    requested: Option<&str>,
    received: Option<&str>,
) -> Result<(), DecodeError> {
    match (requested, received) {
        (Some(requested), Some(received)) if !received.is_empty() && !is_same(requested, received) => {
            Err(DecodeError::mismatch(field, requested, received))
        }
        _ => Ok(()),
    }
}

/// Compares as the server does, which folds the case of each character.
pub(crate) fn is_same(left: &str, right: &str) -> bool {
    let folded = |text: &str| -> String {
        text.chars().map(|char| char.to_lowercase().next().unwrap_or(char)).collect()
    };
    left == right || folded(left) == folded(right)
}

#[cfg(test)]
mod tests {
    use super::is_same;

    /// A server finds an entity by the name `ix` that was created as `İx`.
    #[test]
    fn names_are_the_same_in_any_case() {
        for (left, right) in
            [("alice", "ALICE"), ("Ünï", "ünÏ"), ("İx", "ix"), ("ΟΔΟΣ", "οδοσ"), ("a/b", "A/B")]
        {
            assert!(is_same(left, right), "{left} {right}");
        }
        for (left, right) in [("a", "b"), ("a", "aa"), ("team/x", "team%2Fx"), ("ß", "ss"), ("a", "")] {
            assert!(!is_same(left, right), "{left} {right}");
        }
    }
}
