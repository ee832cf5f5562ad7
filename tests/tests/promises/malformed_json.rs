//! Successful responses with malformed bodies.

use identity_tests::faulty::Response;
use vault_identity::entity::CreateEntity;
use vault_identity::error::ErrorKind;
use vault_identity::group::GroupType;
use vault_identity::oidc::OidcClientType;

use crate::hostile_responses;
use crate::support::{ENTITY, error_text, errors_of_all_calls, server_and_client};

#[tokio::test]
async fn a_malformed_body_is_a_decode_error() {
    for (name, body) in hostile_responses::bodies() {
        let html = name == "html";
        let (_server, client) = server_and_client(if html {
            Response::status(200).header("Content-Type", "text/html").body(&body)
        } else {
            Response::json(200, &body)
        });
        for (call, error) in errors_of_all_calls(&client).await {
            let error = error.unwrap_or_else(|| panic!("{call} accepted {name}"));
            assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{call}, {name}: {error:?}");
            assert!(!error.is_not_found() && !error.is_retryable(), "{call}, {name}: {error:?}");
            assert_eq!(error.may_have_been_applied(), call == "create", "{call}, {name}");
            let text = error_text(&error);
            assert!(!text.contains("canary") && text.len() < 5000, "{call}, {name}: {text}");
            assert!(!html || text.contains("not JSON (200 OK, text/html)"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_204_is_an_error_where_a_result_is_required() {
    let (_server, client) = server_and_client(Response::status(204));
    assert!(matches!(client.entities().read("e1").await.unwrap_err().kind(), ErrorKind::Decode(_)));
    assert!(matches!(client.entities().find("e1").await.unwrap_err().kind(), ErrorKind::Decode(_)));
    assert!(matches!(client.entities().list().await.unwrap_err().kind(), ErrorKind::Decode(_)));
    assert!(matches!(client.oidc().tokens().jwks().await.unwrap_err().kind(), ErrorKind::Decode(_)));
}

#[tokio::test]
async fn deep_nesting_in_an_error_response_is_an_error() {
    let deep = "[".repeat(hostile_responses::DEEP) + &"]".repeat(hostile_responses::DEEP);
    for body in [format!(r#"{{"errors":{deep}}}"#), format!(r#"{{"errors":["x",{deep}]}}"#), deep] {
        let (_server, client) = server_and_client(Response::json(400, body));
        for (_, error) in errors_of_all_calls(&client).await {
            assert_eq!(error.unwrap().api().unwrap().status(), 400);
        }
    }
}

/// Ignored fields may be nested deeply, and claims that are kept may not.
#[tokio::test]
async fn deep_nesting_in_an_unknown_field_is_ignored() {
    let deep = r#"{"a":"#.repeat(hostile_responses::DEEP) + "1" + &"}".repeat(hostile_responses::DEEP);
    let (_server, client) = server_and_client(Response::json(
        200,
        format!(r#"{{"data":{{"id":"e1","name":"n","new":{deep}}}}}"#),
    ));
    assert_eq!(client.entities().read("e1").await.unwrap().name, "n");
    let (_server, client) =
        server_and_client(Response::json(200, format!(r#"{{"sub":"s","claim":{deep}}}"#)));
    client.oidc().providers().user_info("web", "t").await.unwrap_err();
}

#[tokio::test]
async fn odd_text_is_kept_or_rejected() {
    for (json, text) in [
        (r"a\u0000b", "a\0b"),
        (r"\ud83d\ude00", "😀"),
        ("\u{feff}x", "\u{feff}x"),
        (r"\u202egpj.exe", "\u{202e}gpj.exe"),
        (r"\r\nSet-Cookie: x", "\r\nSet-Cookie: x"),
    ] {
        let (_server, client) =
            server_and_client(Response::json(200, format!(r#"{{"data":{{"id":"e1","name":"{json}"}}}}"#)));
        assert_eq!(client.entities().read("e1").await.unwrap().name, text);
    }
    for bad in [r"\ud800", r"\udc00\ud800", r"\u12", r"\x41", "\n", "\u{0}"] {
        let (_server, client) =
            server_and_client(Response::json(200, format!(r#"{{"data":{{"id":"e1","name":"{bad}"}}}}"#)));
        let error = client.entities().read("e1").await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{bad}: {error:?}");
    }
}

#[tokio::test]
async fn a_duplicate_field_is_an_error() {
    for fields in [
        r#""id":"a","id":"b","name":"n""#,
        r#""id":"a","name":"n","disabled":true,"disabled":false"#,
        r#""id":"a","name":"n","policies":["p"],"policies":["root"]"#,
    ] {
        let (_server, client) = server_and_client(Response::json(200, format!(r#"{{"data":{{{fields}}}}}"#)));
        let error = client.entities().read("e1").await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{fields}: {error:?}");
    }
    for body in [
        r#"{"data":{"id":"a","name":"n"},"data":{"id":"b","name":"n"}}"#,
        r#"{"active":false,"active":true}"#,
    ] {
        let (_server, client) = server_and_client(Response::json(200, body));
        client.entities().read("e1").await.unwrap_err();
        let introspect = vault_identity::oidc::IntrospectIdToken::new("t");
        client.oidc().tokens().introspect(&introspect).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_number_out_of_range_is_an_error() {
    for number in ["9".repeat(100_000), "1e400".to_owned(), "-1".to_owned(), "1.5".to_owned()] {
        let body = format!(r#"{{"data":{{"token":"t","client_id":"c","ttl":{number}}}}}"#);
        let (_server, client) = server_and_client(Response::json(200, body));
        let error = client.oidc().tokens().generate("web").await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error:?}");
    }
}

#[tokio::test]
async fn unknown_missing_and_null_fields_are_accepted() {
    let unknown = r#"{"data":{"id":"e1","name":"n","from_the_future":{"a":[1,null,{}]},"policies":null,"metadata":null,
        "aliases":null,"last_update_time":"","creation_time":null},"wrap_info":null,"new":5}"#;
    let (_server, client) = server_and_client(Response::json(200, unknown));
    let entity = client.entities().read("e1").await.unwrap();
    assert!(entity.policies.is_empty() && entity.metadata.is_empty() && entity.aliases.is_empty());
    let (_server, client) = server_and_client(Response::json(200, ENTITY));
    assert_eq!(client.entities().read("e1").await.unwrap().policies, entity.policies);

    let (_server, client) =
        server_and_client(Response::json(200, r#"{"data":{"id":"g1","name":"n","type":"quantum"}}"#));
    let group = client.groups().read("g1").await.unwrap();
    assert_eq!(group.group_type, GroupType::Other("quantum".into()));
    let client_body = r#"{"data":{"client_id":"c","client_type":"quantum"}}"#;
    let (_server, client) = server_and_client(Response::json(200, client_body));
    let app = client.oidc().clients().read("app").await.unwrap();
    assert_eq!(app.info.client_type, OidcClientType::Other("quantum".into()));
}

#[tokio::test]
async fn a_required_field_of_the_wrong_type_is_an_error_with_its_position() {
    for (field, value) in [
        ("id", "5"),
        ("id", "null"),
        ("name", "[]"),
        ("policies", "\"p\""),
        ("metadata", "[]"),
        ("disabled", "\"no\""),
    ] {
        let mut fields = vec![("id", r#""e1""#), ("name", r#""canary""#)];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        let (_server, client) =
            server_and_client(Response::json(200, format!(r#"{{"data":{{{}}}}}"#, fields.join(","))));
        let error = client.entities().read("e1").await.expect_err(field);
        let text = format!("{error:#}");
        assert!(matches!(error.kind(), ErrorKind::Decode(_)) && text.contains("line 1 column"), "{text}");
        assert!(!error_text(&error).contains("canary"), "{text}");
    }
}

/// A write whose response cannot be decoded has been applied.
#[tokio::test]
async fn an_unreadable_response_to_a_write_may_have_been_applied() {
    let (server, client) = server_and_client(Response::json(200, "<html>"));
    let error = client.entities().create(&CreateEntity::named("alice")).await.unwrap_err();
    assert!(error.may_have_been_applied() && !error.is_retryable());
    assert_eq!(server.requests().len(), 1);
}
