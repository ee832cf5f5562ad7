/// Generates a handle twice: for [`Client`](crate::Client), with methods that return futures, and for
/// [`BlockingClient`](crate::BlockingClient), in a module `blocking`, with methods that block.
///
/// The braces of the struct contain the example for the first one. Each row is a method whose body returns a
/// future. The future is `'static`, so it borrows neither the client nor the arguments.
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
            #[allow(unused_imports, reason = "not every row needs every import")]
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

/// Generates the methods of both clients that return handles.
macro_rules! accessors {
    ($self:ident => $client:expr) => {
        /// Entities: the people and machines that log in.
        pub fn entities(&$self) -> Entities<'_> {
            Entities { client: $client }
        }

        /// Entity aliases: the names of entities at auth mounts.
        pub fn entity_aliases(&$self) -> EntityAliases<'_> {
            EntityAliases { client: $client }
        }

        /// Groups: entities and other groups that share policies.
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

        /// Auth mounts, and the accessors that aliases need.
        pub fn auth_mounts(&$self) -> AuthMounts<'_> {
            AuthMounts { client: $client }
        }

        /// ACL policies.
        pub fn policies(&$self) -> Policies<'_> {
            Policies { client: $client }
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
