//! Custom endpoints.

use identity_core::prelude::*;

use crate::rejected;

/// A custom endpoint with a mistake.
struct Mistaken(fn(RequestBuilder) -> Result<RequestBuilder, RequestError>);

impl Endpoint for Mistaken {
    type Output = ();
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "kv/{mount}/{path}";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        (self.0)(builder)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

#[test]
fn custom_endpoints_are_validated_too() {
    fn filled(builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("mount", "m")?.path_name("path", "p")
    }
    fn header(
        builder: RequestBuilder,
        name: &'static str,
        value: &str,
    ) -> Result<RequestBuilder, RequestError> {
        filled(builder)?.header(http::HeaderName::from_static(name), value)
    }
    rejected! {
        Mistaken(filled) => "(none)";
        Mistaken(Ok) => "mount";
        Mistaken(|builder| builder.path_param("mount", "m")) => "path";
        Mistaken(|builder| builder.path_param("path", "p")) => "path";
        Mistaken(|builder| builder.path_param("mount", "{path}")) => "path";
        Mistaken(|builder| builder.path_param("name", "x")) => "name";
        Mistaken(|builder| builder.path_name("pat", "x")) => "pat";
        Mistaken(|builder| filled(builder)?.path_param("path", "again")) => "path";
        Mistaken(|builder| builder.path_param("mount", "")) => "mount";
        Mistaken(|builder| builder.path_name("mount", "a/b")) => "mount";
        Mistaken(|builder| filled(builder)?.json(&map_with_list_keys())) => "body";
        Mistaken(|builder| filled(builder)?.token(&SecretString::from(""))) => "token";
        Mistaken(|builder| filled(builder)?.bearer_auth(&SecretString::from("a\nb"))) => "token";
        // Headers that the request sets itself.
        Mistaken(|builder| header(builder, "x-vault-token", "s.x")) => "x-vault-token";
        Mistaken(|builder| header(builder, "x-vault-namespace", "team-a")) => "x-vault-namespace";
        Mistaken(|builder| header(builder, "x-vault-request", "false")) => "x-vault-request";
        Mistaken(|builder| header(builder, "authorization", "Bearer x")) => "authorization";
        Mistaken(|builder| header(builder, "host", "x")) => "host";
        Mistaken(|builder| header(builder, "content-length", "0")) => "content-length";
        Mistaken(|builder| header(builder, "transfer-encoding", "chunked")) => "transfer-encoding";
        Mistaken(|builder| header(builder, "connection", "close")) => "connection";
        Mistaken(|builder| header(builder, "x-mine", "a\nb")) => "x-mine";
        Mistaken(|builder| header(builder, "x-mine", "ü\0")) => "x-mine";
        Mistaken(|builder| header(builder, "x-mine", "ü")) => "x-mine";
        Mistaken(|builder| header(builder, "x-mine", " a")) => "x-mine";
        Mistaken(|builder| header(builder, "x-mine", "a\t")) => "x-mine";
        Mistaken(|builder| header(builder, "x-mine", "a b")) => "(none)";
    }
}

/// A map that JSON has no form for.
fn map_with_list_keys() -> std::collections::BTreeMap<Vec<u8>, u8> {
    std::collections::BTreeMap::from([(vec![1], 1)])
}
