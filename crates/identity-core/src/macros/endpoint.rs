/// Implements [`Endpoint`](crate::Endpoint) and [`EncodeResponse`](crate::test_response::EncodeResponse) for
/// a struct, in one line, like a row of the API's table:
///
/// `endpoint!(Type: VERB "path/{field}" [field] steps… -> kind(Output));`
///
/// * `VERB` is the HTTP method of the request, or `QUERY` for a `POST` that changes nothing.
/// * `[field]` fills in the path by
///   [`RequestBuilder::path_param`](crate::endpoint::RequestBuilder::path_param); `[field: path_name]` and
///   `[field: path_uuid]` call the method of that name.
/// * The steps are `without_token`, `checked` (calls the type's method `check`), `json` (sends the struct as
///   the body), `body` (sends the result of its method `body`), `idempotent`, `idempotent(|endpoint| …)` and
///   `creates`.
/// * `kind` is a method of [`ApiResponse`](crate::endpoint::ApiResponse) and a function of
///   [`test_response`](crate::test_response).
/// * `secret` at the end marks an output that is not `Serialize`, and has a method `exposed` for test
///   doubles.
/// * `, same name` after that verifies that the response has the same `name` as the request, see
///   `subject.rs`; `, checked_by method` calls that method of the request instead.
macro_rules! endpoint {
    ($type:ident: $verb:ident $path:literal $([$($field:ident $(: $rule:ident)?),*])? $($step:ident $(($argument:expr))?)* -> $kind:ident($output:ty) $($secret:ident)? $(, same $($same:ident)+)? $(, checked_by $check:ident)?) => {
        impl crate::Endpoint for $type {
            type Output = $output;
            const METHOD: crate::endpoint::Method = endpoint!(@verb $verb);
            const READ_ONLY: bool = endpoint!(@read_only $verb);
            const PATH: &'static str = $path;

            fn encode(&self, builder: crate::endpoint::RequestBuilder) -> Result<crate::endpoint::RequestBuilder, crate::error::RequestError> {
                // The compiler checks that placeholders and fields match.
                let _ = || { let _ = format_args!($path $($(, $field = self.$field)*)?); };
                $($(let builder = endpoint!(@param builder, self.$field, stringify!($field) $(, $rule)?);)*)?
                $(let builder = endpoint!(@$step builder, self $(, $argument)?);)*
                Ok(builder)
            }

            fn decode(response: crate::endpoint::ApiResponse<'_>) -> Result<$output, crate::error::ResponseError> {
                response.$kind()
            }

            $(fn verify(&self, output: &$output) -> Result<(), crate::error::DecodeError> {
                use crate::subject::{Requested as _, Subject as _, compare};
                $(compare(stringify!($same), self.$same.requested(), output.$same())?;)+
                Ok(())
            })?

            $(fn verify(&self, output: &$output) -> Result<(), crate::error::DecodeError> {
                self.$check(output)
            })?
        }

        impl crate::test_response::EncodeResponse for $type {
            fn encode_response(output: &$output) -> http::Response<bytes::Bytes> {
                crate::test_response::$kind(endpoint!(@output output $(, $secret)?))
            }
        }
    };

    (@verb GET) => { crate::endpoint::Method::Get };
    (@verb LIST) => { crate::endpoint::Method::List };
    (@verb POST) => { crate::endpoint::Method::Post };
    (@verb QUERY) => { crate::endpoint::Method::Post };
    (@verb DELETE) => { crate::endpoint::Method::Delete };

    (@read_only QUERY) => { true };
    (@read_only $verb:ident) => { endpoint!(@verb $verb).is_read() };

    (@param $builder:ident, $value:expr, $name:expr) => { $builder.path_param($name, $value.as_ref())? };
    (@param $builder:ident, $value:expr, $name:expr, $rule:ident) => { $builder.$rule($name, $value.as_ref())? };

    (@without_token $builder:ident, $self:ident) => { $builder.without_token() };
    (@checked $builder:ident, $self:ident) => {{ $self.check()?; $builder }};
    (@json $builder:ident, $self:ident) => { $builder.json($self)? };
    (@body $builder:ident, $self:ident) => { $builder.json(&$self.body())? };
    (@idempotent $builder:ident, $self:ident) => { $builder.idempotent(true) };
    (@idempotent $builder:ident, $self:ident, $when:expr) => {{
        let when: fn(&Self) -> bool = $when;
        $builder.idempotent(when($self))
    }};

    (@creates $builder:ident, $self:ident) => { $builder.creates() };

    (@output $output:ident) => { $output };
    (@output $output:ident, secret) => { &$output.exposed() };
}

pub(crate) use endpoint;
