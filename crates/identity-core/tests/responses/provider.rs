//! Responses of the OpenID provider: tokens, claims, and OAuth errors.

use std::time::Duration;

use identity_core::prelude::*;

use crate::{chain, error, outcome, response, value};

#[test]
fn client_with_and_without_secret() {
    let all = r#"{"client_id":"c1","client_secret":"hvo_secret_x","client_type":"confidential","key":"default",
        "redirect_uris":["https://app.test/callback"],"assignments":["allow_all"],"id_token_ttl":86400,"access_token_ttl":3600,
        "authorization_code":true,"client_credentials":false}"#;
    let client = value::<ReadOidcClient>(all);
    assert_eq!(client.client_secret.as_ref().map(ExposeSecret::expose_secret), Some("hvo_secret_x"));
    assert_eq!((client.info.client_id.as_str(), client.info.key.as_str()), ("c1", "default"));
    assert_eq!(client.info.client_type, OidcClientType::Confidential);
    assert_eq!(client.info.redirect_uris, ["https://app.test/callback"]);
    assert_eq!(client.info.assignments, ["allow_all"]);
    let hour = Duration::from_secs(3600);
    assert_eq!((client.info.id_token_ttl, client.info.access_token_ttl), (hour * 24, hour));
    assert_eq!((client.info.authorization_code, client.info.client_credentials), (Some(true), Some(false)));

    // A public client has no secret, and HashiCorp Vault returns no flows.
    let public = value::<ReadOidcClient>(r#"{"client_id":"c1","client_type":"public","id_token_ttl":"24h"}"#);
    assert!(public.client_secret.is_none());
    assert_eq!(public.info.client_type, OidcClientType::Public);
    assert_eq!(public.info.id_token_ttl, hour * 24);
    assert_eq!((public.info.authorization_code, public.info.client_credentials), (None, None));

    let unknown = value::<ReadOidcClient>(r#"{"client_type":"native","new":{}}"#);
    assert_eq!(unknown.info.client_type, OidcClientType::Other("native".to_owned()));

    let list = value::<ListOidcClients>(r#"{"keys":["app"],"key_info":{"app":{"client_id":"c1"}}}"#);
    assert_eq!(list.key_info["app"].client_id.as_str(), "c1");
}

#[test]
fn code_with_and_without_state() {
    for (body, state) in [
        (r#"{"code":"x","state":"s t"}"#, Some("s t")),
        (r#"{"code":"x","state":""}"#, None),
        (r#"{"code":"x","state":null}"#, None),
        (r#"{"code":"x"}"#, None),
    ] {
        for code in [
            AuthorizeOidc::parse_response(&response(200, body)).unwrap(),
            AuthorizeOidcByPost::parse_response(&response(200, body)).unwrap(),
        ] {
            assert_eq!((code.code.expose_secret(), code.state.as_deref()), ("x", state), "{body}");
        }
    }
    for body in ["", "{}", r#"{"code":null}"#, r#"{"code":["x"]}"#, r#"{"data":{"code":"x"}}"#, "<html>"] {
        assert_eq!(outcome::<AuthorizeOidc>(&response(200, body)), "undecodable", "{body}");
        assert_eq!(outcome::<AuthorizeOidcByPost>(&response(200, body)), "undecodable", "{body}");
    }
}

#[test]
fn tokens_with_and_without_id_token() {
    let tokens = |body: &str| ExchangeOidcToken::parse_response(&response(200, body)).unwrap();
    let both = tokens(r#"{"access_token":"a","expires_in":3600,"id_token":"e.y.J","token_type":"Bearer"}"#);
    assert_eq!(both.access_token.expose_secret(), "a");
    assert_eq!(both.id_token.as_ref().map(ExposeSecret::expose_secret), Some("e.y.J"));
    assert_eq!((both.token_type.as_str(), both.expires_in), ("Bearer", Duration::from_secs(3600)));

    let itself = tokens(r#"{"access_token":"a","expires_in":60,"token_type":"Bearer"}"#);
    assert!(itself.id_token.is_none());
    assert_eq!(itself.expires_in, Duration::from_secs(60));
    for body in [
        "{}",
        r#"{"id_token":"e.y.J"}"#,
        r#"{"access_token":5}"#,
        r#"{"access_token":"a","expires_in":"soon"}"#,
    ] {
        assert_eq!(outcome::<ExchangeOidcToken>(&response(200, body)), "undecodable", "{body}");
    }
}

#[test]
fn user_info_has_whatever_claims() {
    let body = r#"{"sub":"e1","groups":["ops"],"contact":{"email":"al@app.test"},"age":5,"iss":null}"#;
    for info in [
        ReadUserInfo::parse_response(&response(200, body)).unwrap(),
        ReadUserInfoByPost::parse_response(&response(200, body)).unwrap(),
    ] {
        assert_eq!(info.sub.as_str(), "e1");
        assert_eq!(info.claims.keys().collect::<Vec<_>>(), ["age", "contact", "groups", "iss"]);
        assert_eq!(info.claims["contact"]["email"], "al@app.test");
        assert_eq!(info.claims["groups"], serde_json::json!(["ops"]));
        assert!(info.claims["iss"].is_null());
    }
    assert!(ReadUserInfo::parse_response(&response(200, r#"{"sub":"e1"}"#)).unwrap().claims.is_empty());
    for body in ["", "{}", "[]", r#"{"sub":null}"#, r#"{"sub":5}"#, "e.y.J"] {
        assert_eq!(outcome::<ReadUserInfo>(&response(200, body)), "undecodable", "{body}");
    }
}

#[test]
fn errors_are_of_oauth_or_of_vault() {
    use OAuthErrorCode::*;

    let other = |code: &str| Other(code.to_owned());
    for (status, body, oauth, messages) in [
        (
            401,
            r#"{"error":"invalid_client","error_description":"client failed to authenticate"}"#,
            Some((InvalidClient, "client failed to authenticate", None)),
            vec![],
        ),
        (
            400,
            r#"{"error":"invalid_client_id","error_description":"client_id parameter is required","state":"s t"}"#,
            Some((InvalidClientId, "client_id parameter is required", Some("s t"))),
            vec![],
        ),
        (
            400,
            r#"{"error":"max_age_violation","error_description":"x","state":""}"#,
            Some((MaxAgeViolation, "x", None)),
            vec![],
        ),
        (403, r#"{"error":"access_denied"}"#, Some((AccessDenied, "", None)), vec![]),
        (
            401,
            r#"{"error":"invalid_token","error_description":null,"state":null}"#,
            Some((InvalidToken, "", None)),
            vec![],
        ),
        (400, r#"{"error":"slow_down"}"#, Some((other("slow_down"), "", None)), vec![]),
        (403, r#"{"errors":["permission denied"]}"#, None, vec!["permission denied"]),
        (405, r#"{"errors":["unsupported operation"]}"#, None, vec!["unsupported operation"]),
        (400, r#"{"error":5,"errors":["x"]}"#, None, vec!["x"]),
        (400, r#"{"error":null}"#, None, vec![]),
        (502, "<html>", None, vec![]),
    ] {
        for error in [
            error::<AuthorizeOidc>(status, body),
            error::<AuthorizeOidcByPost>(status, body),
            error::<ExchangeOidcToken>(status, body),
            error::<ReadUserInfo>(status, body),
            error::<ReadUserInfoByPost>(status, body),
        ] {
            let api = error.api().expect(body);
            assert_eq!(api.status(), status, "{body}");
            let said = api
                .oauth()
                .map(|oauth| (oauth.error.clone(), oauth.error_description.as_str(), oauth.state.as_deref()));
            assert_eq!(said, oauth, "{body}");
            assert_eq!(api.errors(), messages, "{body}");
            assert_eq!(error.is_permission_denied(), status == 403, "{body}");
            assert!(!error.is_not_found(), "{body}");
        }
    }
}

#[test]
fn text_of_an_error_contains_the_oauth_error() {
    let failed = error::<ExchangeOidcToken>(
        401,
        r#"{"error":"invalid_client","error_description":"client failed to authenticate"}"#,
    );
    assert_eq!(
        chain(&failed),
        "POST identity/oidc/provider/{name}/token failed: 401 invalid_client: client failed to authenticate"
    );
    let long = format!(r#"{{"error":"server_error","error_description":"{}"}}"#, "é".repeat(100_000));
    let long = error::<ReadUserInfo>(500, long);
    assert_eq!(long.api().unwrap().oauth().unwrap().error_description.len(), 4096 + 3);
}

#[test]
fn absent_provider_is_not_found() {
    let absent = response(404, r#"{"errors":[]}"#);
    assert_eq!(outcome::<Maybe<ReadOidcProvider>>(&absent), "value");
    assert_eq!(outcome::<Maybe<ReadProviderDiscovery>>(&absent), "value");
    assert_eq!(outcome::<ReadProviderJwks>(&absent), "api error");
    assert!(ListOidcProviders::parse_response(&absent).unwrap().is_empty());
    assert!(ListOidcClients::parse_response(&absent).unwrap().is_empty());
}
