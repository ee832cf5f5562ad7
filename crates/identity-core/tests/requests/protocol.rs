//! What applications send to the provider: queries, forms and `Authorization`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Request;
use identity_core::bytes::Bytes;
use identity_core::prelude::*;
use percent_encoding::percent_decode_str;

use crate::headers;

const URI: &str = "https://app.test/callback?x=1&y=a b";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The request of `endpoint`, whose target has a token and a namespace.
fn request<E: Endpoint>(endpoint: &E) -> Request<Bytes> {
    let target = Target::new("http://vault.test").and_then(|target| target.with_token("s.own"));
    let target = target.and_then(|target| target.with_namespace("team-a")).expect("a target");
    endpoint.request(&target).expect("a request")
}

/// The pairs of a query or a form, decoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned();
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decode(name), decode(value)));
    text.split('&').map(|text| pair(text).expect("a pair")).collect()
}

fn form(request: &Request<Bytes>) -> Vec<(String, String)> {
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    pairs(std::str::from_utf8(request.body()).expect("text"))
}

fn operation(request: &Request<Bytes>) -> (String, bool) {
    let operation = Operation::from_request(request).expect("an operation");
    (operation.to_string(), operation.idempotent)
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn authorize_by_query_and_by_form() {
    let least = AuthorizeOidc::without_code_challenge("web", "c1", URI);
    let s256 = AuthorizeOidc::new("web", "c1", URI, CodeChallenge::s256(CHALLENGE));
    let all = s256
        .clone()
        .scopes(["profile", "openid", "groups"])
        .state("s t")
        .nonce("n=1")
        .max_age(Duration::from_secs(60));
    let plain = AuthorizeOidc::new("web", "c1", URI, CodeChallenge::plain(CHALLENGE)).scopes(["a", "b"]);
    let one = [("client_id", "c1"), ("redirect_uri", URI), ("response_type", "code"), ("scope", "openid")];
    for (authorize, expected) in [
        (least, one.to_vec()),
        (s256, [&one[..], &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]].concat()),
        (
            all,
            vec![
                ("client_id", "c1"),
                ("redirect_uri", URI),
                ("response_type", "code"),
                ("scope", "openid profile groups"),
                ("state", "s t"),
                ("nonce", "n=1"),
                ("max_age", "60"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ],
        ),
        (
            plain,
            vec![
                ("client_id", "c1"),
                ("redirect_uri", URI),
                ("response_type", "code"),
                ("scope", "openid a b"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "plain"),
            ],
        ),
    ] {
        let own = [("x-vault-namespace", "team-a"), ("x-vault-request", "true"), ("x-vault-token", "s.own")];
        let get = request(&authorize);
        assert_eq!(get.method(), "GET");
        assert_eq!(get.uri().path(), "/v1/identity/oidc/provider/web/authorize");
        assert_eq!(pairs(get.uri().query().expect("a query")), owned(&expected));
        assert_eq!((headers(&get), get.body().len()), (own.to_vec(), 0));
        assert_eq!(operation(&get), ("GET identity/oidc/provider/{name}/authorize".to_owned(), false));

        let post = request(&AuthorizeOidcByPost(authorize));
        assert_eq!(post.method(), "POST");
        assert_eq!(post.uri(), "http://vault.test/v1/identity/oidc/provider/web/authorize");
        assert_eq!(form(&post), owned(&expected));
        assert_eq!(headers(&post)[1..], own);
        assert_eq!(operation(&post), ("POST identity/oidc/provider/{name}/authorize".to_owned(), false));
    }
}

/// `Basic` of `client%2F1:s%C3%A9cret%3A%20%26`.
const BASIC: &str = "Basic Y2xpZW50JTJGMTpzJUMzJUE5Y3JldCUzQSUyMCUyNg==";

#[test]
fn exchange_by_each_grant_and_each_client_authentication() {
    let (id, secret) = ("client/1", "sécret: &");
    let code = |client| ExchangeOidcToken::code("web", client, "the code", URI);
    let itself = |client| ExchangeOidcToken::client_credentials("web", client);
    let for_code = [("grant_type", "authorization_code"), ("code", "the code"), ("redirect_uri", URI)];
    let for_itself = [("grant_type", "client_credentials"), ("scope", "openid")];
    let in_body = [("client_id", id), ("client_secret", secret)];
    let verifier = [("code_verifier", "ver ifier")];
    for (exchange, authorization, expected) in [
        (code(ClientAuth::basic(id, secret)), Some(BASIC), for_code.to_vec()),
        (
            code(ClientAuth::basic(id, secret)).code_verifier("ver ifier"),
            Some(BASIC),
            [&for_code[..], &verifier].concat(),
        ),
        (code(ClientAuth::post(id, secret)), None, [&for_code[..], &in_body].concat()),
        (
            code(ClientAuth::post(id, secret)).code_verifier("ver ifier"),
            None,
            [&for_code[..], &verifier, &in_body].concat(),
        ),
        (
            code(ClientAuth::public(id, "ver ifier")),
            None,
            [&for_code[..], &[("client_id", id)], &verifier].concat(),
        ),
        (itself(ClientAuth::basic(id, secret)), Some(BASIC), for_itself.to_vec()),
        (itself(ClientAuth::post(id, secret)), None, [&for_itself[..], &in_body].concat()),
        // The client credentials flow has no verifier.
        (itself(ClientAuth::basic(id, secret)).code_verifier("x"), Some(BASIC), for_itself.to_vec()),
    ] {
        let request = request(&exchange);
        assert_eq!(request.method(), "POST", "{exchange:?}");
        assert_eq!(request.uri(), "http://vault.test/v1/identity/oidc/provider/web/token", "{exchange:?}");
        assert_eq!(form(&request), owned(&expected), "{exchange:?}");

        let mut own: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
        own.push(("content-type", "application/x-www-form-urlencoded"));
        own.extend([("x-vault-namespace", "team-a"), ("x-vault-request", "true")]);
        assert_eq!(headers(&request), own, "{exchange:?}");
        assert!(request.headers().get("authorization").is_none_or(http::HeaderValue::is_sensitive));
        assert_eq!(operation(&request), ("POST identity/oidc/provider/{name}/token".to_owned(), false));
    }
}

#[test]
fn basic_is_the_base64_of_encoded_identifier_and_secret() {
    let exchange = ExchangeOidcToken::client_credentials("web", ClientAuth::basic("client/1", "sécret: &"));
    let request = request(&exchange);
    let value = request.headers()["authorization"].to_str().unwrap();
    let decoded = BASE64.decode(value.strip_prefix("Basic ").unwrap()).unwrap();
    let decoded = String::from_utf8(decoded).unwrap();
    let (id, secret) = decoded.split_once(':').unwrap();
    assert_eq!((id, secret), ("client%2F1", "s%C3%A9cret%3A%20%26"));
    assert_eq!(percent_decode_str(id).decode_utf8().unwrap(), "client/1");
    assert_eq!(percent_decode_str(secret).decode_utf8().unwrap(), "sécret: &");
}

#[test]
fn user_info_sends_only_the_access_token() {
    let user_info = ReadUserInfo::new("web", "access");
    for (request, verb) in
        [(request(&user_info), "GET"), (request(&ReadUserInfoByPost(user_info.clone())), "POST")]
    {
        assert_eq!(request.method(), verb);
        assert_eq!(request.uri(), "http://vault.test/v1/identity/oidc/provider/web/userinfo");
        let own = [
            ("authorization", "Bearer access"),
            ("x-vault-namespace", "team-a"),
            ("x-vault-request", "true"),
        ];
        assert_eq!((headers(&request), request.body().len()), (own.to_vec(), 0), "{verb}");
        assert!(request.headers()["authorization"].is_sensitive());
        assert_eq!(operation(&request), (format!("{verb} identity/oidc/provider/{{name}}/userinfo"), true));
    }
}

#[test]
fn lookup_of_a_wrapping_token_sends_no_other_token() {
    let request = request(&LookupWrappingToken::new("s.wrapping"));
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/sys/wrapping/lookup"));
    let own =
        [("content-type", "application/json"), ("x-vault-namespace", "team-a"), ("x-vault-request", "true")];
    assert_eq!(headers(&request), own);
    assert_eq!(request.body(), r#"{"token":"s.wrapping"}"#);
    assert_eq!(operation(&request), ("POST sys/wrapping/lookup".to_owned(), true));
}
