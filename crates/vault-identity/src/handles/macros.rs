/// Writes a handle twice: for [`Client`](crate::Client), with methods to await, and for
/// [`BlockingClient`](crate::BlockingClient), in a module `blocking`, with methods that block.
///
/// Each row is a method whose body gives a future of its result.
macro_rules! handle {
    (
        $(#[$doc:meta])*
        pub struct $handle:ident;

        $(
            $(#[$method_doc:meta])*
            fn $method:ident($self:ident $(, $arg:ident: $type:ty)*) -> $result:ty { $future:expr }
        )*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $handle<'c> {
            pub(crate) client: &'c crate::Client,
        }

        impl<'c> $handle<'c> {
            $(
                $(#[$method_doc])*
                pub async fn $method($self $(, $arg: $type)*) -> $result {
                    $future.await
                }
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
                    pub fn $method($self $(, $arg: $type)*) -> $result {
                        crate::block_on::block_on(super::$handle { client: $self.client }.$method($($arg),*))
                    }
                )*
            }
        }
    };
}

pub(crate) use handle;
