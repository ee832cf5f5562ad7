/// Writes a handle twice: for [`Client`](crate::Client), with methods that return futures, and for
/// [`BlockingClient`](crate::BlockingClient), in a module `blocking`, with methods that block.
///
/// The braces of the struct hold the example of the first. Each row is a method whose body returns a future.
/// `+ 'static` makes it independent of the client and of borrowed arguments, so bodies own what they need.
macro_rules! handle {
    (
        $(#[$doc:meta])*
        pub struct $handle:ident { $(#[$example:meta])* }

        $(
            $(#[$method_doc:meta])*
            fn $method:ident($self:ident $(, $arg:ident: $type:ty)*) -> $result:ty $future:block
        )*
    ) => {
        $(#[$doc])*
        ///
        $(#[$example])*
        #[derive(Clone, Copy, Debug)]
        pub struct $handle<'c> {
            pub(crate) client: &'c crate::Client,
        }

        impl<'c> $handle<'c> {
            $(
                $(#[$method_doc])*
                ///
                /// # Errors
                ///
                /// Fails if an argument is invalid, the server rejects the call, or no response arrives: see
                /// [`ErrorKind`](crate::error::ErrorKind).
                pub fn $method($self $(, $arg: $type)*) -> impl Future<Output = $result> + Send + 'static $future
            )*
        }

        pub(crate) mod blocking {
            #[allow(unused_imports, reason = "whichever the rows name")]
            use super::*;

            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $handle<'c> {
                pub(crate) client: &'c crate::Client,
            }

            impl<'c> $handle<'c> {
                $(
                    $(#[$method_doc])*
                    ///
                    /// # Errors
                    ///
                    /// Fails if an argument is invalid, the server rejects the call, or no response arrives:
                    /// see [`ErrorKind`](crate::error::ErrorKind).
                    pub fn $method($self $(, $arg: $type)*) -> $result {
                        crate::block_on::block_on(super::$handle { client: $self.client }.$method($($arg),*))
                    }
                )*
            }
        }
    };
}

/// Writes the methods of both clients that return handles.
macro_rules! accessors {
    ($self:ident => $client:expr) => {
        /// Entities: the users and services that log in.
        pub fn entities(&$self) -> Entities<'_> {
            Entities { client: $client }
        }

        /// Entity aliases: the names of entities at auth mounts.
        pub fn entity_aliases(&$self) -> EntityAliases<'_> {
            EntityAliases { client: $client }
        }

        /// Groups of entities and of other groups.
        pub fn groups(&$self) -> Groups<'_> {
            Groups { client: $client }
        }

        /// Group aliases: the names of external groups at auth mounts.
        pub fn group_aliases(&$self) -> GroupAliases<'_> {
            GroupAliases { client: $client }
        }

        /// Lookup of entities and groups by name, identifier or alias.
        pub fn lookup(&$self) -> Lookup<'_> {
            Lookup { client: $client }
        }

        /// Identity tokens and the OpenID provider: JWTs that the server signs for entities.
        pub fn oidc(&$self) -> Oidc<'_> {
            Oidc { client: $client }
        }

        /// Multi-factor authentication (MFA) at login.
        pub fn mfa(&$self) -> Mfa<'_> {
            Mfa { client: $client }
        }
    };
}

/// Drops the result of a call, which a handle method does not return.
pub(crate) async fn without_output<T>(call: impl Future<Output = crate::Result<T>>) -> crate::Result<()> {
    call.await.map(drop)
}

pub(crate) use {accessors, handle};
