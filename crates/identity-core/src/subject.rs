//! Whether a response is about the object that was asked for.
//!
//! A proxy may encode a path twice, and a connection may deliver the response to an earlier request.

use std::fmt;

use crate::error::DecodeError;
use crate::text::{self, Printable};
use crate::{
    Upsert,
    alias::{Alias, AliasWrite},
    entity::{CreatedEntity, Entity},
    group::{CreatedGroup, Group},
    mfa::{DuoMethod, LoginEnforcement, MfaMethod, OktaMethod, PingIdMethod, TotpMethod},
    oidc::{OidcProvider, ProviderDiscovery},
};

/// The identifier or name of the object that a request is about.
pub(crate) trait Asked {
    fn asked(&self) -> Option<&str>;
}

impl Asked for String {
    fn asked(&self) -> Option<&str> {
        Some(self)
    }
}

impl<T: Asked> Asked for Option<T> {
    fn asked(&self) -> Option<&str> {
        self.as_ref().and_then(T::asked)
    }
}

/// The identifiers and the name of the object that a response is about. `None` if the response has none.
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

macro_rules! subject {
    ($([$($generic:ident)*] $type:ty { $($field:ident: $($path:ident).+),+ })*) => {
        $(impl<$($generic: AsRef<str>),*> Subject for $type {
            $(fn $field(&self) -> Option<&str> {
                Some(self.$($path).+.as_ref())
            })+
        })*
    };
}

subject! {
    [] Entity { id: id, name: name }
    [] CreatedEntity { id: id, name: name }
    [] Group { id: id, name: name }
    [] CreatedGroup { id: id, name: name }
    [I C] Alias<I, C> { id: id }
    [] LoginEnforcement { name: name }
    [] TotpMethod { id: info.id }
    [] OktaMethod { id: info.id }
    [] DuoMethod { id: info.id }
    [] PingIdMethod { id: info.id }
}

impl Subject for MfaMethod {
    fn id(&self) -> Option<&str> {
        Some(self.info().id.as_str())
    }
}

impl Subject for OidcProvider {
    fn name(&self) -> Option<&str> {
        provider_name(&self.issuer)
    }
}

impl Subject for ProviderDiscovery {
    fn name(&self) -> Option<&str> {
        provider_name(&self.issuer)
    }
}

/// The name at the end of the path that the server appends to an issuer.
fn provider_name(issuer: &str) -> Option<&str> {
    issuer.rsplit_once("/identity/oidc/provider/").map(|(_, name)| name)
}

impl<T: Subject> Subject for Option<T> {
    fn id(&self) -> Option<&str> {
        self.as_ref().and_then(T::id)
    }

    fn name(&self) -> Option<&str> {
        self.as_ref().and_then(T::name)
    }
}

impl<I: AsRef<str>, C: AsRef<str>> Subject for AliasWrite<I, C> {
    fn id(&self) -> Option<&str> {
        match self {
            Self::Written(ids) => Some(ids.id.as_ref()),
            Self::Unchanged => None,
        }
    }

    fn canonical_id(&self) -> Option<&str> {
        match self {
            Self::Written(ids) => Some(ids.canonical_id.as_ref()),
            Self::Unchanged => None,
        }
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

/// Refuses a response about another object than was asked for.
#[inline]
pub(crate) fn compare(
    field: &'static str,
    asked: Option<&str>,
    answered: Option<&str>,
) -> Result<(), DecodeError> {
    match (asked, answered) {
        (Some(asked), Some(answered)) if !answered.is_empty() && !same(asked, answered) => {
            Err(Mismatch::error(field, asked, answered))
        }
        _ => Ok(()),
    }
}

/// Compares as the server does, which folds case character by character.
pub(crate) fn same(left: &str, right: &str) -> bool {
    let folded = |text: &str| -> String {
        text.chars().map(|char| char.to_lowercase().next().unwrap_or(char)).collect()
    };
    left == right || folded(left) == folded(right)
}

/// The source of a [`DecodeError`]: unlike other errors it shows identifiers, which are all that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    field: &'static str,
    asked: String,
    pub(crate) answered: String,
}

impl Mismatch {
    pub(crate) fn error(field: &'static str, asked: &str, answered: &str) -> DecodeError {
        let mut mismatch = Self { field, asked: asked.to_owned(), answered: answered.to_owned() };
        text::truncate(&mut mismatch.asked, text::MAX_LEN);
        text::truncate(&mut mismatch.answered, text::MAX_LEN);
        DecodeError::about_another(mismatch)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, asked, answered } = self;
        write!(f, "`{field}` is `{}` instead of `{}`", Printable(answered), Printable(asked))
    }
}

impl std::error::Error for Mismatch {}

#[cfg(test)]
mod tests {
    use super::same;

    /// Seen of a server: an entity that was created as `İx` is found as `ix`.
    #[test]
    fn names_are_the_same_in_any_case() {
        for (left, right) in
            [("alice", "ALICE"), ("Ünï", "ünÏ"), ("İx", "ix"), ("ΟΔΟΣ", "οδοσ"), ("a/b", "A/B")]
        {
            assert!(same(left, right), "{left} {right}");
        }
        for (left, right) in [("a", "b"), ("a", "aa"), ("team/x", "team%2Fx"), ("ß", "ss"), ("a", "")] {
            assert!(!same(left, right), "{left} {right}");
        }
    }
}
