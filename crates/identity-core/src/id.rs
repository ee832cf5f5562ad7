//! Identifiers that the server generates, each with a type of its own.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::Asked;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Any text: in a namespace an identifier ends in a suffix such as `.498jXM`, so it need not be a UUID.
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the server decides whether such a thing exists.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Asked for $name {
            fn asked(&self) -> Option<&str> {
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
    /// The identifier of an entity; other objects call it `canonical_id`.
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
    /// The accessor of a mounted auth method, such as `auth_userpass_6b81bdea`, as `sys/auth` tells it.
    MountAccessor
}
id! {
    /// The audience of identity tokens: the `client_id` of a role, or of an OIDC client.
    ClientId
}
id! {
    /// The identifier of an MFA method: a UUID in lower case, in every namespace.
    MfaMethodId
}
