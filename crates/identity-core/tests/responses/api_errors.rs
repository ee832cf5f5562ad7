//! Error responses, and the predicates of their errors.

use std::time::Duration;

use http::Response;
use identity_core::prelude::*;
use serde_json::json;

use crate::{chain, error, outcome, response};

#[test]
fn absence_is_a_404_with_errors_of_which_there_is_none() {
    for (body, list, read, maybe) in [
        (r#"{"errors":[]}"#, "value", "api error", "value"),
        (r#"{"request_id":"r1","errors":[]}"#, "value", "api error", "value"),
        (r#"{"errors":["namespace not found"]}"#, "api error", "api error", "api error"),
        (
            r#"{"errors":["no handler for route \"people/entity/id\". route entry not found."]}"#,
            "api error",
            "api error",
            "api error",
        ),
        (
            r#"{"errors":["1 error occurred:\n\t* unsupported path\n\n"]}"#,
            "api error",
            "api error",
            "api error",
        ),
        (r#"{"errors":["unsupported path"]}"#, "api error", "api error", "api error"),
        (r#"{"errors":[""]}"#, "api error", "api error", "api error"),
        (r#"{"errors":[null]}"#, "api error", "api error", "api error"),
        (r#"{"errors":null}"#, "value", "api error", "value"),
        (r#"{"errors":null,"warnings":["w"]}"#, "value", "api error", "value"),
        (r#"{"errors":{}}"#, "api error", "api error", "api error"),
        (r#"{"data":{"keys":[]}}"#, "api error", "api error", "api error"),
        ("{}", "api error", "api error", "api error"),
        ("[]", "api error", "api error", "api error"),
        ("", "api error", "api error", "api error"),
        ("<html>Not Found</html>", "api error", "api error", "api error"),
    ] {
        let response = response(404, body);
        assert_eq!(outcome::<ListEntities>(&response), list, "{body}");
        assert_eq!(outcome::<ListOidcRoles>(&response), list, "{body}");
        assert_eq!(outcome::<ReadEntityById>(&response), read, "{body}");
        assert_eq!(outcome::<Maybe<ReadEntityById>>(&response), maybe, "{body}");
        assert_eq!(outcome::<DeleteEntityById>(&response), "api error", "{body}");
        let error = ReadEntityById::parse_response(&response).unwrap_err();
        assert_eq!(error.is_not_found(), maybe == "value", "{body}");
    }
    // Only with 404.
    for status in [400, 403, 405, 410, 500, 503] {
        let response = response(status, r#"{"errors":[]}"#);
        assert_eq!(outcome::<ListEntities>(&response), "api error", "{status}");
        assert_eq!(outcome::<Maybe<ReadEntityById>>(&response), "api error", "{status}");
    }
}

#[test]
fn predicates_distinguish_errors() {
    for (status, messages, expected) in [
        (400, r#"["entity not found from id"]"#, ""),
        (401, r#"["invalid_token"]"#, ""),
        (403, r#"["permission denied"]"#, "denied"),
        (403, r#"["1 error occurred:\n\t* permission denied\n\n"]"#, "denied"),
        (403, "[]", "denied"),
        (403, "5", ""),
        (404, "[]", "not found"),
        (404, r#"["namespace not found"]"#, ""),
        (405, "[]", ""),
        (412, r#"["required index state not present"]"#, "not consistent yet"),
        (412, "[]", "not consistent yet"),
        (413, r#"["http: request body too large"]"#, ""),
        (429, r#"["request path \"x\": rate limit quota exceeded"]"#, "rate limited"),
        (429, "[]", "not consistent yet"),
        (500, r#"["invalid entity ID \"e1\""]"#, ""),
        (500, r#"["the vault is sealed"]"#, ""),
        (502, "[]", ""),
        (503, r#"["Vault is sealed"]"#, "sealed"),
        (503, r#"["OpenBao is sealed"]"#, "sealed"),
        (503, r#"["no healthy upstream"]"#, ""),
        (503, "[]", ""),
    ] {
        let error = error::<ReadEntityById>(status, format!(r#"{{"errors":{messages}}}"#));
        let all = [
            ("not found", error.is_not_found()),
            ("denied", error.is_permission_denied()),
            ("sealed", error.is_sealed()),
            ("rate limited", error.is_rate_limited()),
            ("not consistent yet", error.is_not_yet_consistent()),
        ];
        let true_ones: Vec<_> = all.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
        assert_eq!(true_ones.join(", "), expected, "{status} {messages}");
        assert_eq!(error.api().expect("an API error").status(), status, "{messages}");
    }
}

#[test]
fn words_and_request_id_are_kept() {
    for (body, messages, id) in [
        (r#"{"errors":["one"]}"#, vec!["one"], None),
        (r#"{"errors":["one\n","two"],"request_id":"r1"}"#, vec!["one\n", "two"], Some("r1")),
        (r#"{"errors":[5,"two",null,{}],"request_id":""}"#, vec!["two"], None),
        (r#"{"errors":"text","request_id":5}"#, vec![], None),
        (r#"{"errors":[],"data":"odd"}"#, vec![], None),
        ("<html>", vec![], None),
        ("", vec![], None),
    ] {
        let error = error::<DeleteEntityById>(500, body);
        let api = error.api().expect("an API error");
        assert_eq!(
            (api.errors(), api.request_id()),
            (&messages.iter().map(|message| (*message).to_owned()).collect::<Vec<_>>()[..], id),
            "{body}"
        );
    }
}

#[test]
fn long_words_are_cut_between_characters() {
    for (errors, lengths) in [
        (vec!["a".repeat(4096)], vec![4096]),
        (vec!["a".repeat(4097)], vec![4096 + 3]),
        (vec!["é".repeat(3000)], vec![4096 + 3]),
        (vec!["€".repeat(3000)], vec![4095 + 3]),
        (vec![format!("a{}", "😀".repeat(3000))], vec![4093 + 3]),
        (vec!["a".repeat(3000), "b".repeat(3000), "c".repeat(3000)], vec![3000, 1096 + 3]),
        (vec!["a".repeat(1_000_000)], vec![4096 + 3]),
    ] {
        let body = serde_json::json!({ "errors": errors }).to_string();
        let error = error::<DeleteEntityById>(400, body);
        let messages = error.api().expect("an API error").errors();
        assert_eq!(messages.iter().map(String::len).collect::<Vec<_>>(), lengths);
        for (message, whole) in messages.iter().zip(&errors) {
            assert!(whole.starts_with(message.trim_end_matches('…')));
            assert_eq!(message.ends_with('…'), message.len() != whole.len());
        }
        assert!(chain(&error).len() < 4300);
    }
}

/// A standby or a proxy may repeat a large request in its message, and the transport reads only its
/// beginning.
#[test]
fn of_a_message_without_end_the_beginning_is_read() {
    for end in ["", "\\", "\\\\", "\\u", "\\u00e", "\\ud83d\\ude0", "é", "{\\\"k\\\":\\\"v"] {
        let error =
            error::<DeleteEntityById>(500, format!(r#"{{"errors":["too large: {}{end}"#, "x".repeat(5000)));
        let messages = error.api().expect("an API error").errors();
        assert!(messages.len() == 1 && messages[0].starts_with("too large: xxx"), "{end}: {messages:?}");
    }
    let cut = [&br#"{"errors":["of a "#[..], &"é".as_bytes()[..1]].concat();
    assert_eq!(error::<DeleteEntityById>(500, cut).api().expect("an API error").errors(), ["of a "]);
    let list = error::<ListEntities>(404, r#"{"errors":["#);
    assert!(!list.is_not_found(), "it is not known whether the list is empty");
}

/// Whatever is the server's text is redacted, and before it is cut.
#[test]
fn no_part_of_an_error_repeats_a_secret() {
    const TOKEN: &str = "hvs.canary-0123456789";
    let token = http::HeaderValue::from_static(TOKEN);
    let texts = |error: &Error| format!("{error} {error:#} {error:?} {} {:?}", chain(error), error.api());
    for field in ["errors", "error", "error_description", "state", "request_id", "data"] {
        for room in 0..TOKEN.len() + 3 {
            let text = format!("{}{TOKEN}{}", "y".repeat(4096 - room), "z".repeat(30));
            let body = match field {
                "errors" => json!({"errors": [text, TOKEN]}),
                "data" => {
                    json!({"errors": [], "data": [{"alias": text, "entity": text, "entity_id": text, "mount": text, "mount_path": text}]})
                }
                field => json!({"error": "x", field: text}),
            };
            let error = error::<ReadEntityById>(400, body.to_string()).redact([&token]);
            let text = texts(&error);
            assert!(text.contains("yyy") && !text.contains("canary"), "{field} {room}: {text}");
        }
    }
    for status in [200, 502] {
        let html =
            Response::builder().status(status).header("content-type", format!("text/{TOKEN}")).body("<html>");
        let error = ReadEntityById::parse_response(&html.unwrap()).unwrap_err().redact([&token]);
        assert!(
            texts(&error).contains("text/<redacted>") && !texts(&error).contains("canary"),
            "{}",
            texts(&error)
        );
        let long = format!("text/{}{TOKEN}", "x".repeat(120));
        let html = Response::builder().status(status).header("content-type", long).body("<html>").unwrap();
        let error = ReadEntityById::parse_response(&html).unwrap_err().redact([&token]);
        assert!(!texts(&error).contains("hvs"), "{}", texts(&error));
    }
}

#[test]
fn no_part_of_an_error_forges_a_line_of_a_log() {
    let forged = "x\nINFO all is well\u{1b}[2K\u{202e}\u{2028}";
    for body in [
        json!({"errors": [forged, forged]}),
        json!({"error": forged, "error_description": forged, "state": forged, "request_id": forged}),
    ] {
        let error = error::<ReadEntityById>(400, body.to_string());
        for text in [error.to_string(), format!("{error:#}"), format!("{error:?}"), chain(&error)] {
            assert!(!text.contains(['\n', '\u{1b}', '\u{202e}', '\u{2028}']), "{text:?}");
        }
        assert!(chain(&error).contains(r"x\nINFO all is well"), "{}", chain(&error));
    }
}

#[test]
fn retry_after_in_its_forms() {
    let after = |seconds| Some(RetryAfter::Delay(Duration::from_secs(seconds)));
    let at = |time: &str| Some(RetryAfter::At(time.parse().expect("a time")));
    for (header, expected) in [
        ("29", after(29)),
        ("0", after(0)),
        (" 5 ", after(5)),
        ("Wed, 21 Oct 2026 07:28:00 GMT", at("2026-10-21T07:28:00Z")),
        ("Thu, 01 Jan 1970 00:00:00 GMT", at("1970-01-01T00:00:00Z")),
        ("-5", None),
        ("1.5", None),
        ("1h", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999", None),
        ("2026-10-21T07:28:00Z", None),
        ("tomorrow \u{e9}", None),
    ] {
        let value = http::HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let response = Response::builder().status(429).header("retry-after", value).body("").unwrap();
        let error = ReadEntityById::parse_response(&response).unwrap_err();
        assert_eq!(error.api().and_then(ApiError::retry_after), expected, "{header:?}");
    }
    assert_eq!(error::<ReadEntityById>(429, "").api().and_then(ApiError::retry_after), None);
}

#[test]
fn merge_conflicts_are_read() {
    let row = r#"{"alias":"alice","entity":"one","entity_id":"e1","mount":"userpass","mount_path":"auth/userpass/","new":1}"#;
    for (data, expected) in [
        (format!("[{row},{row}]"), 2),
        ("[{}]".to_owned(), 1),
        ("[]".to_owned(), 0),
        ("null".to_owned(), 0),
        ("\"odd\"".to_owned(), 0),
        (format!("[{row},5]"), 1),
    ] {
        let body = format!(r#"{{"errors":["2 errors occurred"],"data":{data}}}"#);
        let error = error::<MergeEntities>(400, body);
        let api = error.api().expect("an API error");
        assert_eq!(api.conflicts().len(), expected, "{data}");
        assert_eq!(api.errors(), ["2 errors occurred"], "{data}");
    }
    let body = format!(r#"{{"errors":["x"],"data":[{row}]}}"#);
    let error = error::<MergeEntities>(400, body);
    let conflict = &error.api().unwrap().conflicts()[0];
    assert_eq!(
        [
            &conflict.alias,
            &conflict.entity,
            conflict.entity_id.as_str(),
            &conflict.mount,
            &conflict.mount_path
        ],
        ["alice", "one", "e1", "userpass", "auth/userpass/"]
    );
}

#[test]
fn text_names_operation_then_reason() {
    for (status, body, text) in [
        (403, r#"{"errors":["permission denied"]}"#, "failed: 403 permission denied"),
        (
            400,
            r#"{"errors":["1 error occurred:\n\t* bad\n\n","more"]}"#,
            "failed: 400 1 error occurred:\\n\\t* bad; more",
        ),
        (404, r#"{"errors":[]}"#, "failed: 404 Not Found"),
        (400, "", "failed: 400 Bad Request"),
        (502, "<html>", "failed: 502 Bad Gateway: the response is not from Vault (application/json)"),
        (
            400,
            "Client sent an HTTP request to an HTTPS server.\n",
            "failed: 400 Bad Request: the response is not from Vault (application/json): Client sent an HTTP request \
             to an HTTPS server.",
        ),
        (799, "{}", "failed: 799 <unknown status code>"),
    ] {
        let error = error::<ReadEntityById>(status, body);
        assert_eq!(chain(&error), format!("GET identity/entity/id/{{id}} {text}"));
    }
    let html = Response::builder().status(502).header("content-type", "text/html").body("<html>").unwrap();
    let error = ReadEntityById::parse_response(&html).unwrap_err();
    assert!(chain(&error).ends_with("502 Bad Gateway: the response is not from Vault (text/html)"));
}
