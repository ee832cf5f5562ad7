//! Endpoints outside the identity engine that scenarios need.

use identity_core::{
    Endpoint,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
};
use serde_json::{Value, json};

macro_rules! endpoint {
    ($type:ident { $($field:ident),* } $method:ident $path:literal $(, $body:expr)? => $kind:ident($output:ty)) => {
        pub(super) struct $type {
            $(pub(super) $field: String,)*
        }

        impl Endpoint for $type {
            type Output = $output;
            const METHOD: Method = Method::$method;
            const PATH: &'static str = $path;

            fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
                let builder = endpoint!(@first builder, self, $($field),*);
                $(let body: fn(&Self) -> Value = $body; let builder = builder.json(&body(self))?;)?
                Ok(builder)
            }

            fn decode(response: ApiResponse<'_>) -> Result<$output, ResponseError> {
                response.$kind()
            }
        }
    };
    (@first $builder:ident, $self:ident,) => {
        $builder
    };
    (@first $builder:ident, $self:ident, $field:ident $(, $more:ident)*) => {
        $builder.path_param(stringify!($field), &$self.$field)?
    };
}

endpoint!(CreateNamespace { name } Post "sys/namespaces/{name}", |_| json!({}) => data(Value));
endpoint!(DeleteNamespace { name } Delete "sys/namespaces/{name}" => data(Value));
endpoint!(EnableAuth { path, kind } Post "sys/auth/{path}", |mount| json!({ "type": mount.kind }) => no_content(()));
endpoint!(ReadAuth { path } Get "sys/auth/{path}" => data(Value));
endpoint!(ListAuth {} Get "sys/auth" => data(Value));
endpoint!(DisableAuth { path } Delete "sys/auth/{path}" => no_content(()));
