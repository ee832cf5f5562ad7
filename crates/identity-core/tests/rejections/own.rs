//! Operations of someone else.

use identity_core::prelude::*;

use crate::rejected;

/// An operation of someone else, who made a mistake.
struct Mistaken(fn(RequestBuilder) -> Result<RequestBuilder, RequestError>);

impl Endpoint for Mistaken {
    type Output = ();
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "kv/{mount}/{path}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        (self.0)(draft)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

#[test]
fn own_endpoints_are_checked_too() {
    fn filled(draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("mount", "m")?.path_name("path", "p")
    }
    fn header(
        draft: RequestBuilder,
        name: &'static str,
        value: &str,
    ) -> Result<RequestBuilder, RequestError> {
        filled(draft)?.header(http::HeaderName::from_static(name), value)
    }
    rejected! {
        Mistaken(filled) => "(none)";
        Mistaken(Ok) => "mount";
        Mistaken(|draft| draft.path_param("mount", "m")) => "path";
        Mistaken(|draft| draft.path_param("path", "p")) => "path";
        Mistaken(|draft| draft.path_param("mount", "{path}")) => "path";
        Mistaken(|draft| draft.path_param("name", "x")) => "name";
        Mistaken(|draft| draft.path_name("pat", "x")) => "pat";
        Mistaken(|draft| filled(draft)?.path_param("path", "again")) => "path";
        Mistaken(|draft| draft.path_param("mount", "")) => "mount";
        Mistaken(|draft| draft.path_name("mount", "a/b")) => "mount";
        Mistaken(|draft| filled(draft)?.json(&map_with_list_keys())) => "body";
        Mistaken(|draft| filled(draft)?.token(&SecretString::from(""))) => "token";
        Mistaken(|draft| filled(draft)?.bearer_auth(&SecretString::from("a\nb"))) => "token";
        // Headers that the request sets itself.
        Mistaken(|draft| header(draft, "x-vault-token", "s.x")) => "x-vault-token";
        Mistaken(|draft| header(draft, "x-vault-namespace", "team-a")) => "x-vault-namespace";
        Mistaken(|draft| header(draft, "x-vault-request", "false")) => "x-vault-request";
        Mistaken(|draft| header(draft, "authorization", "Bearer x")) => "authorization";
        Mistaken(|draft| header(draft, "host", "x")) => "host";
        Mistaken(|draft| header(draft, "content-length", "0")) => "content-length";
        Mistaken(|draft| header(draft, "transfer-encoding", "chunked")) => "transfer-encoding";
        Mistaken(|draft| header(draft, "connection", "close")) => "connection";
        Mistaken(|draft| header(draft, "x-mine", "a\nb")) => "x-mine";
        Mistaken(|draft| header(draft, "x-mine", "ü\0")) => "x-mine";
        Mistaken(|draft| header(draft, "x-mine", "ü")) => "x-mine";
        Mistaken(|draft| header(draft, "x-mine", " a")) => "x-mine";
        Mistaken(|draft| header(draft, "x-mine", "a\t")) => "x-mine";
        Mistaken(|draft| header(draft, "x-mine", "a b")) => "(none)";
    }
}

/// A map that JSON has no form for.
fn map_with_list_keys() -> std::collections::BTreeMap<Vec<u8>, u8> {
    std::collections::BTreeMap::from([(vec![1], 1)])
}
