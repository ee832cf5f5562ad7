/// Implements the methods of a transport for a pointer to one, except those that are `async` in one of the
/// traits.
macro_rules! forward {
    ($trait:ident) => {
        fn supplies_token(&self) -> bool {
            (**self).supplies_token()
        }

        fn timeout(&self) -> Option<Duration> {
            (**self).timeout()
        }

        fn reset_connections(&self) {
            (**self).reset_connections();
        }

        fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
            (**self).consistency_tokens()
        }

        fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
            (**self).observe_tokens(tokens);
        }

        fn inner(&self) -> Option<&dyn $trait> {
            (**self).inner()
        }
    };
}

pub(crate) use forward;
