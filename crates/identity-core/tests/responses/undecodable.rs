//! Successful responses without the content of the operation.

use identity_core::prelude::*;

use crate::{chain, error, outcome, response};

#[test]
fn other_responses_are_no_value() {
    let html = "<html><body>Welcome to the coffee shop</body></html>";
    let cut = r#"{"request_id":"r1","data":{"id":"e1","keys":["e1"],"na"#;
    let not_utf8 = b"{\"data\":{\"id\":\"\xff\xfe\",\"name\":\"\xff\",\"keys\":[\"\xff\"]}}";
    let only_warnings = r#"{"request_id":"r1","data":null,"warnings":["careful"]}"#;
    for (status, body, [read, list, create, lookup, raw, delete]) in [
        (200, html.as_bytes(), ["undecodable"; 6]),
        (200, b"", ["undecodable"; 6]),
        (200, b"\0", ["undecodable"; 6]),
        (200, cut.as_bytes(), ["undecodable"; 6]),
        // Nothing is to be read of it after a deletion.
        (200, not_utf8, ["undecodable", "undecodable", "undecodable", "undecodable", "undecodable", "value"]),
        (200, b"null", ["undecodable"; 6]),
        (200, b"[]", ["undecodable"; 6]),
        (200, b"\"text\"", ["undecodable"; 6]),
        (200, b"5", ["undecodable"; 6]),
        (200, b"[{\"id\":\"e1\"}]", ["undecodable"; 6]),
        (200, b" \n[{\"id\":\"e1\",\"issuer\":\"i\"}]", ["undecodable"; 6]),
        (200, b"[{\"id\":\"e1\",\"name\":\"n\"},null,null]", ["undecodable"; 6]),
        (
            204,
            html.as_bytes(),
            ["undecodable", "undecodable", "value", "value", "undecodable", "undecodable"],
        ),
        (
            200,
            b"{\"data\":5}",
            ["undecodable", "undecodable", "undecodable", "undecodable", "undecodable", "value"],
        ),
        // Nothing but warnings is fine after a write, and where there may be nothing.
        (
            200,
            only_warnings.as_bytes(),
            ["undecodable", "undecodable", "value", "value", "undecodable", "value"],
        ),
        (204, b"", ["undecodable", "undecodable", "value", "value", "undecodable", "value"]),
        (301, html.as_bytes(), ["api error"; 6]),
        (404, html.as_bytes(), ["api error"; 6]),
        (500, cut.as_bytes(), ["api error"; 6]),
        (500, not_utf8, ["api error"; 6]),
        (502, html.as_bytes(), ["api error"; 6]),
        (502, b"", ["api error"; 6]),
    ] {
        let response = response(status, body);
        let text = String::from_utf8_lossy(body);
        assert_eq!(outcome::<ReadEntityById>(&response), read, "read {status} {text}");
        assert_eq!(outcome::<ListEntities>(&response), list, "list {status} {text}");
        assert_eq!(outcome::<CreateEntity>(&response), create, "create {status} {text}");
        assert_eq!(outcome::<LookupEntity>(&response), lookup, "lookup {status} {text}");
        assert_eq!(outcome::<ReadDiscovery>(&response), raw, "raw {status} {text}");
        assert_eq!(outcome::<DeleteEntityById>(&response), delete, "delete {status} {text}");
        assert_eq!(outcome::<MergeEntities>(&response), delete, "merge {status} {text}");
        assert_eq!(outcome::<WriteOidcRole>(&response), delete, "write {status} {text}");
    }
}

#[test]
fn needed_fields_are_there_and_of_their_type() {
    for id in ["", r#""id":5"#, r#""id":null"#, r#""id":["e1"]"#, r#""id":{}"#, r#""id":true"#] {
        let body = format!(r#"{{"data":{{{id}}}}}"#);
        assert_eq!(outcome::<ReadEntityById>(&response(200, &*body)), "undecodable", "{body}");
        assert_eq!(outcome::<ReadEntityAliasById>(&response(200, &*body)), "undecodable", "{body}");
        assert_eq!(outcome::<ReadGroupById>(&response(200, &*body)), "undecodable", "{body}");
        assert_eq!(outcome::<CreateEntity>(&response(200, &*body)), "undecodable", "{body}");
        assert_eq!(outcome::<CreateGroup>(&response(200, &*body)), "undecodable", "{body}");
        assert_eq!(outcome::<CreateEntityAlias>(&response(200, &*body)), "undecodable", "{body}");
    }
    for body in [r#"{"data":{}}"#, r#"{"data":{"token":null}}"#, r#"{"data":{"token":5}}"#] {
        assert_eq!(outcome::<GenerateIdToken>(&response(200, body)), "undecodable", "{body}");
    }
    for data in ["{}", r#"{"algorithm":null}"#, r#"{"key":5}"#, r#"{"issuer":["i"]}"#, "[]"] {
        let body = response(200, format!(r#"{{"data":{data}}}"#));
        assert_eq!(outcome::<ReadOidcRole>(&body), "undecodable", "{data}");
        assert_eq!(outcome::<ReadOidcKey>(&body), "undecodable", "{data}");
        assert_eq!(outcome::<ReadOidcConfig>(&body), "undecodable", "{data}");
    }
    for body in ["{}", r#"{"key":[]}"#, r#"{"keys":{}}"#, r#"{"keys":"none"}"#, r#"{"data":{"keys":[]}}"#] {
        assert_eq!(outcome::<ReadJwks>(&response(200, body)), "undecodable", "{body}");
        assert_eq!(outcome::<ReadProviderJwks>(&response(200, body)), "undecodable", "{body}");
    }
    for body in ["{}", r#"{"active":null}"#, r#"{"active":"yes"}"#, r#"{"data":{"active":true}}"#] {
        assert_eq!(outcome::<IntrospectIdToken>(&response(200, body)), "undecodable", "{body}");
    }
    for data in [
        r#"{"id":"e1","policies":"dev"}"#,
        r#"{"id":"e1","policies":[5]}"#,
        r#"{"id":"e1","metadata":{"a":5}}"#,
        r#"{"id":"e1","disabled":"no"}"#,
        r#"{"id":"e1","creation_time":"yesterday"}"#,
        r#"{"id":"e1","creation_time":1700000000}"#,
        r#"{"id":"e1","aliases":{"id":"a1"}}"#,
    ] {
        let body = format!(r#"{{"data":{data}}}"#);
        assert_eq!(outcome::<ReadEntityById>(&response(200, body)), "undecodable", "{data}");
    }
}

#[test]
fn odd_wrap_info_is_neither_a_token_nor_nothing() {
    // The server keeps the response, whose identifier stands nowhere else.
    for info in [
        r#"{"token":"s.w","ttl":60,"creation_time":"then"}"#,
        r#"{"token":"s.w","ttl":"soon"}"#,
        r#"{"token":"s.w","accessor":5}"#,
        r#"{"token":null}"#,
        r#"{"ttl":60}"#,
        "{}",
        "5",
        r#""s.w""#,
    ] {
        let odd = response(200, format!(r#"{{"data":null,"wrap_info":{info}}}"#));
        assert_eq!(outcome::<Wrap<CreateEntity>>(&odd), "undecodable", "{info}");
        assert_eq!(outcome::<Wrap<DeleteEntityById>>(&odd), "undecodable", "{info}");
        assert_eq!(outcome::<Wrap<LookupGroup>>(&odd), "undecodable", "{info}");
    }
}

#[test]
fn decode_errors_say_where_but_not_what() {
    for (body, text) in [
        ("", "the response is empty (200 OK)"),
        (r#"{"data":null}"#, "the response has no data"),
        ("canary", "the response is not JSON (200 OK, application/json): line 1 column 1 of 6 bytes"),
        (
            r#"{"data":{"id":"e1","#,
            "the response is not JSON (200 OK, application/json): line 1 column 19 of 19 bytes",
        ),
        (
            "{\n\"data\":{\"id\":5}}",
            "a field is missing or of another type before line 2 column 14 of 18 bytes",
        ),
    ] {
        assert_eq!(
            chain(&error::<ReadEntityById>(200, body)),
            format!("GET identity/entity/id/{{id}} failed: the response cannot be decoded: {text}")
        );
    }
    for body in [
        "canary",
        "<canary>",
        r#"{"canary"#,
        r#"{"data":"canary"}"#,
        r#"{"data":{"canary":1}}"#,
        r#"{"data":{"id":["canary"]}}"#,
        r#"{"data":{"id":"canary","disabled":"canary"}}"#,
        r#"{"data":{"id":"canary","creation_time":"canary"}}"#,
        r#"{"data":{"id":"e1","metadata":{"canary":5}}}"#,
        r#"{"data":{"id":"e1","aliases":[{"canary":5}]}}"#,
        r#"{"data":{"id":"e1"},"data":"canary"}"#,
        r#"{"data":{"id":"canary\x"}}"#,
    ] {
        let error = error::<ReadEntityById>(200, body);
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{body}");
        assert!(!format!("{} {error:?}", chain(&error)).contains("canary"), "{body}: {error:?}");
    }
    for body in [r#"{"data":{"ttl":"canary"}}"#, r#"{"data":{"key":["canary"]}}"#] {
        let error = error::<ReadOidcRole>(200, body);
        assert!(!format!("{} {error:?}", chain(&error)).contains("canary"), "{body}: {error:?}");
    }
}

#[test]
fn no_content_type_is_said() {
    let response = http::Response::new("<html>");
    let error = ReadOidcConfig::parse_response(&response).unwrap_err();
    assert!(chain(&error).ends_with("is not JSON (200 OK, no content type): line 1 column 1 of 6 bytes"));
}
