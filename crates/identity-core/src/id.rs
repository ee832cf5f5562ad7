//! Identifiers that the server generates, each with its own type.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::Requested;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// It can be any text. In a namespace it has a suffix such as `.498jXM`, so it is not always a UUID.
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Creates an identifier from text, without validation.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Requested for $name {
            fn requested(&self) -> Option<&str> {
                Some(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id! {
    /// The identifier of an entity. Other objects call it `canonical_id`.
    EntityId
}
id! {
    /// The identifier of an entity alias.
    EntityAliasId
}
id! {
    /// The identifier of a group.
    GroupId
}
id! {
    /// The identifier of a group alias.
    GroupAliasId
}
id! {
    /// The accessor of an auth mount, such as `auth_userpass_6b81bdea`. `GET sys/auth` returns it.
    MountAccessor
}
id! {
    /// The `client_id` of a role or an OIDC client, which is the audience of its tokens.
    ClientId
}
id! {
    /// The identifier of an MFA method. It is a lowercase UUID, in every namespace.
    MfaMethodId
}
