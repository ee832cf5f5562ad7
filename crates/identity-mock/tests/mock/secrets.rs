use identity_core::{
    Endpoint,
    entity::ListEntities,
    mfa::{
        CreateDuoMethod, CreateOktaMethod, CreatePingIdMethod, DuoParams, OktaParams, PingIdParams,
        UpdateDuoMethod, UpdateOktaMethod, UpdatePingIdMethod,
    },
    oidc::{ClientAuth, ExchangeOidcToken, IntrospectIdToken, ReadUserInfo},
    wrapping::{LookupWrappingToken, UnwrapResponse},
};
use identity_mock::{MockTransport, RecordedRequest};

use super::{call, failure, target, without_locations};

#[test]
fn secrets_are_redacted() {
    let messages = [
        failure(|| {
            let mock = MockTransport::new();
            mock.expect(&IntrospectIdToken::new("s.one").client_id("x")).not_found();
            drop(call(&mock, &IntrospectIdToken::new("s.two").client_id("y")));
        }),
        failure(|| {
            let mock = MockTransport::new();
            mock.expect(&UnwrapResponse::<ListEntities>::new("s.one")).not_found();
            drop(call(&mock, &UnwrapResponse::<ListEntities>::new("s.two")));
        }),
    ];
    assert_eq!(
        without_locations(file!(), &messages[0]),
        r#"MockTransport: unexpected call POST identity/oidc/introspect with body {"client_id":"y","token":"***"}
It differs from the expected calls:
  POST identity/oidc/introspect with body {"client_id":"x","token":"***"}, expected at HERE
    body.client_id: expected "x", got "y"
    body.token: expected a secret, got a different one"#
    );
    assert_eq!(
        without_locations(file!(), &messages[1]),
        "MockTransport: unexpected call POST sys/wrapping/unwrap\n\
         It differs from the expected calls:\n\
         \x20 POST sys/wrapping/unwrap, expected at HERE\n\
         \x20   header x-vault-token: expected a secret, got a different one"
    );
    let mock = MockTransport::new();
    let hidden = |call: &RecordedRequest| {
        assert_eq!(
            format!("{call:?}"),
            r#"RecordedRequest(POST identity/oidc/introspect with body {"token":"***"})"#
        );
        true
    };
    mock.expect_where::<IntrospectIdToken>(hidden).not_found();
    drop(call(&mock, &IntrospectIdToken::new("s.one")));
}

/// Two secrets, and the beginning of both in the base64 of `Basic`, where they follow `id:`.
const CANARIES: [&str; 2] = ["canary-1", "canary-2"];
const ENCODED: &str = "Y2FuYXJ5";

/// Asserts that no message contains the secret of an endpoint.
fn assert_hidden<E: Endpoint>(with: impl Fn(&str) -> E) {
    let [one, two] = CANARIES.map(with);
    let expecting = |times: usize| {
        let mock = MockTransport::new();
        mock.expect(&one).times(times).not_found();
        mock
    };
    let other = failure(|| drop(call(&expecting(1), &two)));
    assert!(other.contains("expected a secret, got a different one"), "{other}");
    let messages = [
        other,
        failure(|| drop(call(&MockTransport::new(), &one))),
        failure(|| drop(expecting(1))),
        failure(|| drop(call(&expecting(0), &one))),
        failure(|| {
            let mock = MockTransport::new();
            mock.expect_where::<E>(|call| panic!("{call} {call:?}")).not_found();
            drop(call(&mock, &one));
        }),
        failure(|| {
            let mock = MockTransport::new();
            failure(|| drop(call(&mock, &one)));
            mock.checkpoint();
        }),
        format!("{:?}", expecting(0)),
    ];
    for message in messages {
        assert!(message.contains(E::PATH), "{message}");
        assert!(!message.contains("canary") && !message.contains(ENCODED), "{message}");
    }

    // The request itself contains the secret.
    let request = one.request(&target()).unwrap();
    let headers = request.headers().values().map(|value| value.to_str().unwrap());
    let sent = headers.chain([std::str::from_utf8(request.body()).unwrap()]).collect::<String>();
    assert!(sent.contains("canary-1") || sent.contains(ENCODED), "{}", E::PATH);
}

#[test]
fn no_message_contains_a_secret() {
    assert_hidden(|secret| CreateDuoMethod::new(DuoParams::new(secret, "ikey", "duo.test")));
    assert_hidden(|secret| CreateDuoMethod::new(DuoParams::new("skey", secret, "duo.test")));
    assert_hidden(|secret| {
        UpdateDuoMethod::new(
            "7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b",
            DuoParams::new(secret, secret, "duo.test"),
        )
    });
    assert_hidden(|secret| CreateOktaMethod::new(OktaParams::new("acme", secret)));
    assert_hidden(|secret| {
        UpdateOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", OktaParams::new("acme", secret))
    });
    assert_hidden(|secret| CreatePingIdMethod::new(PingIdParams::new(secret)));
    assert_hidden(|secret| {
        UpdatePingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", PingIdParams::new(secret))
    });

    let exchange = |client, code: &str| ExchangeOidcToken::code("default", client, code, "https://app.test");
    assert_hidden(|secret| exchange(ClientAuth::basic("id", secret), "c"));
    assert_hidden(|secret| exchange(ClientAuth::post("id", secret), "c"));
    assert_hidden(|secret| exchange(ClientAuth::public("id", secret), "c"));
    assert_hidden(|secret| exchange(ClientAuth::basic("id", "s"), secret));
    assert_hidden(|secret| exchange(ClientAuth::basic("id", "s"), "c").code_verifier(secret));
    assert_hidden(|secret| ExchangeOidcToken::client_credentials("default", ClientAuth::post("id", secret)));
    assert_hidden(|secret| ReadUserInfo::new("default", secret));
    assert_hidden(|secret| IntrospectIdToken::new(secret));

    assert_hidden(|secret| LookupWrappingToken::new(secret));
    assert_hidden(|secret| UnwrapResponse::<ListEntities>::new(secret));
}
