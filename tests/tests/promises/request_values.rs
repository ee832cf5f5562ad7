//! Values in requests: names, tokens and headers.

use identity_tests::faulty::{Faulty, Received, Response};
use percent_encoding::percent_decode_str;
use vault_identity::endpoint::{ApiResponse, Method, RequestBuilder};
use vault_identity::entity::WriteEntityByName;
use vault_identity::error::{RequestError, ResponseError};
use vault_identity::{Client, Endpoint};

use crate::support::{ENTITY, TOKEN, client, ran_in_subprocess, server_and_client};

/// Names that a path cannot carry, or that would lead to another path.
const INVALID_NAMES: [&str; 22] = [
    "",
    ".",
    "..",
    "../../../sys/seal-status",
    "a/../b",
    "a/..",
    "../a",
    "a/./b",
    "./a",
    "a/.",
    "a\r\nb",
    "a\rb",
    "a\nb",
    "\n",
    "a\0b",
    "\0",
    "a\tb",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "a\u{202e}b",
    "\u{feff}",
];

/// A response that is accepted for any name.
const NAMELESS: &str = r#"{"data":{"id":"e1"}}"#;

#[tokio::test]
async fn names_that_a_path_cannot_carry_are_rejected_before_sending() {
    let (server, client) = server_and_client(Response::json(200, ENTITY));
    for name in INVALID_NAMES {
        for error in [
            client.entities().read_by_name(name).await.unwrap_err(),
            client.entities().find_by_name(name).await.unwrap_err(),
            client.entities().delete_by_name(name).await.unwrap_err(),
            client.entities().write_by_name(&WriteEntityByName::new(name)).await.unwrap_err(),
            client.groups().read_by_name(name).await.unwrap_err(),
            client.entities().read(name).await.unwrap_err(),
            client.oidc().keys().read(name).await.unwrap_err(),
            client.oidc().tokens().generate(name).await.unwrap_err(),
            client.mfa().totp().delete(name).await.unwrap_err(),
        ] {
            let vault_identity::error::ErrorKind::Request(reason) = error.kind() else {
                panic!("{name:?}: {error:?}")
            };
            assert!(["name", "id", "role", "method_id"].contains(&reason.parameter()), "{reason}");
            assert!(!error.may_have_been_applied() && !error.is_retryable());
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn every_other_name_is_sent_as_one_segment() {
    let (server, client) = server_and_client(Response::json(200, NAMELESS));
    let names = [
        "a/b",
        "a%2fb",
        "a%2Fb",
        "a%252fb",
        "a b",
        "a+b",
        "a?b=c",
        "a#b",
        "a%",
        "%",
        "%zz",
        "%2e%2e",
        "..%2f",
        "...",
        "a..",
        "/a",
        "//",
        "a//b",
        "a\\b",
        "..\\b",
        "a;b=c",
        "a,b",
        "a:b@c",
        "{name}",
        "*",
        "'\"`",
        "<script>",
        "~-._",
        "zoë",
        "名前",
        "😀",
        "e\u{301}",
        "ﬁ",
        "UPPER",
        "a&list=true",
        "-",
        "_",
    ];
    for name in names {
        client.entities().read_by_name(name).await.unwrap();
    }
    let long = "x".repeat(5000);
    client.entities().read_by_name(&long).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), names.len() + 1);
    for (name, request) in names.into_iter().chain([long.as_str()]).zip(&requests) {
        let sent = request.path().strip_prefix("/v1/identity/entity/name/").unwrap();
        assert!(!sent.contains(['/', '?', '#', ' ', '+', '\\']), "{sent}");
        assert_eq!(percent_decode_str(sent).decode_utf8().unwrap(), name);
    }
    let mut paths: Vec<&str> = requests.iter().map(Received::path).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), requests.len(), "different names have different paths");
}

/// An endpoint that sets a header.
struct WithHeader(&'static str, &'static str);

impl Endpoint for WithHeader {
    type Output = ();
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/health";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.header(self.0.parse().unwrap(), self.1)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

#[tokio::test]
async fn invalid_characters_in_token_namespace_and_header_are_rejected() {
    let (server, client) = server_and_client(Response::status(204));
    for odd in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\u{7f}"] {
        client.with_token(odd).unwrap_err();
        client.with_namespace(odd).unwrap_err();
        client.target().clone().with_mount(odd).unwrap_err();
        client.call(&WithHeader("x-odd", odd)).await.unwrap_err();
    }
    for odd in ["", " ", "a b", "é", "\u{2028}", "\t"] {
        client.with_token(odd).unwrap_err();
        client.oidc().providers().user_info("web", odd).await.unwrap_err();
    }
    client.call(&WithHeader("x-odd", "é")).await.unwrap_err();
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_non_ascii_namespace_is_sent_unchanged() {
    let (server, client) = server_and_client(Response::status(204));
    let client = client.with_namespace("größe/名").unwrap();
    client.entities().delete("e1").await.unwrap();
    assert_eq!(server.requests()[0].header("x-vault-namespace"), Some("größe/名"));
}

#[tokio::test]
async fn a_token_with_surrounding_whitespace_is_rejected() {
    let (server, client) = server_and_client(Response::json(200, ENTITY));
    for token in ["s.token\n", "s.token\r\n", " s.token", "s.token "] {
        let error = client.with_token(token).unwrap_err();
        assert!(error.to_string().contains("`token`") && !error.to_string().contains("s.token"));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_token_file_is_trimmed() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".vault-token"), "\ns.from-file\r\n").unwrap();
    let server = Faulty::always(Response::json(200, ENTITY));
    let variables = [
        ("HOME", home.path().to_str().unwrap()),
        ("BAO_ADDR", &server.url()),
        ("BAO_TOKEN", ""),
        ("VAULT_TOKEN", ""),
    ];
    if ran_in_subprocess("request_values::a_token_file_is_trimmed", &variables) {
        assert_eq!(server.requests()[0].header("x-vault-token"), Some("s.from-file"));
        return;
    }
    Client::from_env().unwrap().entities().read("e1").await.unwrap();
}

#[tokio::test]
async fn an_endpoint_cannot_override_reserved_headers() {
    let (server, client) = server_and_client(Response::status(204));
    for name in [
        "x-vault-token",
        "X-VAULT-TOKEN",
        "x-vault-namespace",
        "x-vault-request",
        "authorization",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
    ] {
        let error = client.call(&WithHeader(name, "other")).await.unwrap_err();
        assert!(format!("{error:#}").contains("the request sets itself"), "{error:#}");
    }
    assert_eq!(server.connections(), 0);
    client.call(&WithHeader("x-own", "other")).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("x-own"), Some("other"));
    assert_eq!(request.header("x-vault-token"), Some(TOKEN));
}

#[tokio::test]
async fn a_path_in_the_address_is_kept_as_prefix() {
    let server = Faulty::always(Response::json(200, NAMELESS));
    let address = format!("{}/proxy/vault/", server.url());
    let target = vault_identity::Target::new(&address).unwrap();
    client(&server).with_target(target).entities().read_by_name("a/b").await.unwrap();
    assert_eq!(server.requests()[0].path(), "/proxy/vault/v1/identity/entity/name/a%2Fb");
}
