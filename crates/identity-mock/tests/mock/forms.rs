use std::time::Duration;

use bytes::Bytes;
use identity_core::{
    BlockingTransport, Endpoint, ExposeSecret,
    oidc::{
        AuthorizationCode, AuthorizeOidc, AuthorizeOidcByPost, ClientAuth, ExchangeOidcToken, ProviderTokens,
    },
};
use identity_mock::{MockTransport, RecordedRequest};
use serde_json::json;

use super::matching::accepts;
use super::{call, failure, target, without_locations};

const REDIRECT: &str = "https://app.test/cb?a=1&b=ü +%";

fn exchange(client: ClientAuth, code: &str) -> ExchangeOidcToken {
    ExchangeOidcToken::code("default", client, code, REDIRECT)
}

fn clients() -> [ClientAuth; 3] {
    [ClientAuth::basic("app", "s-1"), ClientAuth::post("app", "s-1"), ClientAuth::public("app", "v-1")]
}

fn tokens() -> ProviderTokens {
    ProviderTokens::new("b.access", None, Duration::from_secs(60))
}

#[test]
fn a_form_is_an_object_of_strings() {
    let grant = json!({"grant_type": "authorization_code", "code": "c-1", "redirect_uri": REDIRECT});
    let client = [
        json!({}),
        json!({"client_id": "app", "client_secret": "s-1"}),
        json!({"client_id": "app", "code_verifier": "v-1"}),
    ];
    for (auth, client) in clients().into_iter().zip(client) {
        let mut expected = grant.clone();
        expected.as_object_mut().unwrap().extend(client.as_object().unwrap().clone());
        let mock = MockTransport::new();
        mock.expect_where::<ExchangeOidcToken>(move |call| call.body == expected).respond_with(&tokens());
        let actual = call(&mock, &exchange(auth, "c-1")).unwrap();
        assert_eq!(actual.access_token.expose_secret(), "b.access");
    }
}

#[test]
fn a_plus_is_a_space() {
    let mock = MockTransport::new();
    let decoded = json!({"scope": "openid e-mail", "state": "1+1=2", "nonce": ""});
    mock.expect_where::<AuthorizeOidcByPost>(move |call| call.body == decoded)
        .respond_with(&AuthorizationCode::new("c-1", None));
    let authorize = AuthorizeOidc::without_code_challenge("default", "app", REDIRECT);
    let mut request = AuthorizeOidcByPost(authorize).request(&target()).unwrap();
    *request.body_mut() = Bytes::from_static(b"scope=openid+e-mail&state=1%2B1%3d2&nonce");
    assert_eq!(BlockingTransport::send(&mock, request).unwrap().status(), 200);
}

#[test]
fn every_field_of_a_form_is_compared() {
    for (index, expected) in clients().into_iter().enumerate() {
        let expected = exchange(expected, "c-1");
        for (other, actual) in clients().into_iter().enumerate() {
            assert_eq!(accepts(&expected, &exchange(actual.clone(), "c-1")), index == other);
            assert!(!accepts(&expected, &exchange(actual, "c-2")));
        }
    }
}

#[test]
fn each_different_field_has_a_line() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect(&exchange(ClientAuth::post("app", "s-1"), "c-1")).respond_with(&tokens());
        mock.expect(&exchange(ClientAuth::basic("app", "s-1"), "c-2")).respond_with(&tokens());
        drop(call(&mock, &exchange(ClientAuth::basic("app", "s-2"), "c-2").code_verifier("v-1")));
    });
    assert_eq!(
        without_locations(file!(), &message),
        r#"MockTransport: unexpected call POST identity/oidc/provider/{name}/token with name="default", body {"code":"***","code_verifier":"***","grant_type":"authorization_code","redirect_uri":"https://app.test/cb?a=1&b=ü +%"}
It differs from the expected calls:
  POST identity/oidc/provider/{name}/token with name="default", body {"client_id":"app","client_secret":"***","code":"***","grant_type":"authorization_code","redirect_uri":"https://app.test/cb?a=1&b=ü +%"}, expected at HERE
    body.client_id: expected "app", got nothing
    body.client_secret: expected a secret, got nothing
    body.code: expected a secret, got a different one
    body.code_verifier: expected nothing, got a secret
  POST identity/oidc/provider/{name}/token with name="default", body {"code":"***","grant_type":"authorization_code","redirect_uri":"https://app.test/cb?a=1&b=ü +%"}, expected at HERE
    header authorization: expected a secret, got a different one
    body.code_verifier: expected nothing, got a secret"#
    );
}

#[test]
fn authorizations_by_post_are_compared() {
    let authorize = || AuthorizeOidc::without_code_challenge("default", "app", REDIRECT);
    let mock = MockTransport::new();
    let by_post = AuthorizeOidcByPost(authorize().state("st").scopes(["groups"]));
    mock.expect(&by_post).respond_with(&AuthorizationCode::new("c-1", Some("st".to_owned())));
    let message = failure(|| drop(call(&mock, &AuthorizeOidcByPost(authorize().state("st")))));
    assert!(message.ends_with("\n    body.scope: expected \"openid groups\", got \"openid\""), "{message}");

    let code = call(&mock, &by_post).unwrap();
    assert_eq!((code.code.expose_secret(), code.state.as_deref()), ("c-1", Some("st")));
    failure(|| drop(mock));
}

#[test]
fn secrets_in_forms_are_redacted() {
    let mock = MockTransport::new();
    let hidden = |call: &RecordedRequest| {
        let expected = r#"POST identity/oidc/provider/{name}/token with name="default", body {"client_id":"app","client_secret":"***","grant_type":"client_credentials","scope":"openid"}"#;
        assert_eq!(call.to_string(), expected);
        true
    };
    mock.expect_where::<ExchangeOidcToken>(hidden).respond_with(&tokens());
    let auth = ClientAuth::post("app", "s-1");
    call(&mock, &ExchangeOidcToken::client_credentials("default", auth)).unwrap();
}
