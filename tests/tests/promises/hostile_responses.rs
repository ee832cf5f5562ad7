//! Answers that no server should give.

use identity_tests::faulty::Answer;

pub(crate) const DEEP: usize = 200_000;

/// Bodies of 200 that hold no result of any call.
pub(crate) fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!(r#"{{"data":{}{}}}"#, "[".repeat(DEEP), "]".repeat(DEEP));
    let object = r#"{"a":"#.repeat(DEEP) + "1" + &"}".repeat(DEEP);
    let deep_objects =
        format!(r#"{{"data":{{"id":{object},"keys":{object}}},"issuer":{object},"sub":{object}}}"#);
    let digits = format!(r#"{{"data":{}}}"#, "9".repeat(100_000));
    let whole = r#"{"data":{"id":"e1","name":"n","keys":["k"]},"issuer":"i","sub":"s"}"#;
    vec![
        ("empty", Vec::new()),
        ("blank", b" \r\n\t ".to_vec()),
        ("text", b"ok".to_vec()),
        ("html", b"<!DOCTYPE html><html><body>canary-page</body></html>".to_vec()),
        ("byte order mark", [b"\xef\xbb\xbf", whole.as_bytes()].concat()),
        ("trailing bytes", format!("{whole} x").into_bytes()),
        ("trailing brace", format!("{whole}}}").into_bytes()),
        ("two documents", format!("{whole}\n{whole}").into_bytes()),
        ("half", whole.as_bytes()[..whole.len() / 2].to_vec()),
        ("no UTF-8", b"{\"data\":{\"id\":\"\xff\xfe\",\"keys\":[\"\xff\"]},\"issuer\":\"\xff\",\"sub\":\"\xc3\"}".to_vec()),
        ("UTF-16", whole.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("lone surrogate", br#"{"data":{"id":"\ud800","keys":["\udfff"]},"issuer":"\ud800","sub":"\ud800"}"#.to_vec()),
        ("raw NUL", b"{\"data\":{\"id\":\"\0\",\"keys\":[\"\0\"]},\"issuer\":\"\0\",\"sub\":\"\0\"}".to_vec()),
        ("deep arrays", deep.into_bytes()),
        ("deep objects", deep_objects.into_bytes()),
        ("many digits", digits.into_bytes()),
        ("array", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("number", b"5".to_vec()),
        ("infinity", b"1e999999".to_vec()),
        ("not JSON's NaN", b"NaN".to_vec()),
        ("data is a number", br#"{"data":5}"#.to_vec()),
        ("data is text", br#"{"data":"x"}"#.to_vec()),
        ("data is a list", br#"{"data":[{"id":"e1"}]}"#.to_vec()),
        ("wrong types", br#"{"data":{"id":5,"keys":[7]},"issuer":[],"sub":{}}"#.to_vec()),
        ("twice the same field", br#"{"data":{"id":"a","id":"b","keys":[],"keys":["k"]},"issuer":"a","issuer":"b","sub":"a","sub":"b"}"#.to_vec()),
    ]
}

/// What is no HTTP, or contradicts itself. The connection closes then.
pub(crate) fn protocol() -> Vec<(&'static str, Answer)> {
    let ok = |head: &str| Answer::raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{}}")).then_close();
    vec![
        ("garbage", Answer::raw("canary garbage\r\n\r\n").then_close()),
        ("SSH", Answer::raw("SSH-2.0-OpenSSH_9.6\r\n").then_close()),
        ("TLS alert", Answer::raw(b"\x15\x03\x03\x00\x02\x02\x46").then_close()),
        ("HTTP/0.9", Answer::raw(super::support::ENTITY).then_close()),
        ("HTTP/9.9", Answer::raw("HTTP/9.9 200 OK\r\n\r\n").then_close()),
        ("HTTP/2 in clear", Answer::raw(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00").then_close()),
        ("status of four digits", Answer::raw("HTTP/1.1 2000 OK\r\n\r\n").then_close()),
        ("status 0", Answer::raw("HTTP/1.1 000 OK\r\n\r\n").then_close()),
        ("no status", Answer::raw("HTTP/1.1\r\n\r\n").then_close()),
        ("no colon", ok("no colon")),
        ("NUL in a header", ok("X-Odd: a\0b")),
        ("CR in a header", ok("X-Odd: a\rb")),
        ("space in a header's name", ok("X Odd: a")),
        ("negative length", ok("Content-Length: -1")),
        ("length in hexadecimal", ok("Content-Length: 0x2")),
        ("two lengths", ok("Content-Length: 2\r\nContent-Length: 3")),
        ("length of 23 digits", ok("Content-Length: 99999999999999999999999")),
        (
            "bad chunk",
            Answer::status(200).header("Transfer-Encoding", "chunked").body("no size\r\n").then_close(),
        ),
        (
            "huge chunk",
            Answer::status(200)
                .header("Transfer-Encoding", "chunked")
                .body("fffffffffffffffff\r\n")
                .then_close(),
        ),
    ]
}

/// What breaks off.
pub(crate) fn broken_off() -> Vec<(&'static str, Answer)> {
    let whole = Answer::json(200, super::support::ENTITY);
    let chunked = Answer::status(200).chunked(super::support::ENTITY);
    vec![
        ("no answer", Answer::lost()),
        ("reset", Answer::reset()),
        ("half-closed without an answer", Answer::raw("").then_half_close()),
        ("one byte", whole.clone().cut(1)),
        ("status line", whole.clone().cut(17)),
        ("head", whole.clone().cut(40)),
        ("all but one byte", whole.clone().cut(whole.size() - 1)),
        ("all but one byte, reset", whole.clone().cut(whole.size() - 1).then_reset()),
        ("all but one byte, half-closed", whole.clone().cut(whole.size() - 1).then_half_close()),
        ("half a chunk", chunked.clone().cut(chunked.size() - 20)),
        ("no last chunk", chunked.clone().cut(chunked.size() - 5)),
        ("half a last chunk", chunked.clone().cut(chunked.size() - 2)),
        (
            "length too long",
            Answer::status(200).header("Content-Length", "100").body(super::support::ENTITY).then_close(),
        ),
        ("interim answer alone", Answer::raw("HTTP/1.1 100 Continue\r\n\r\n").then_close()),
    ]
}

/// Refusals whose bodies are odd.
pub(crate) fn refusals() -> Vec<(&'static str, Answer)> {
    let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
    let html = |status| {
        Answer::status(status)
            .header("Content-Type", "text/html")
            .body("<html>canary-page</html>".repeat(1000))
    };
    vec![
        ("HTML 403", html(403)),
        ("HTML 404", html(404)),
        ("HTML 502", html(502)),
        ("deep errors", Answer::json(400, format!(r#"{{"errors":{deep}}}"#))),
        ("deep error", Answer::json(500, format!(r#"{{"errors":["x",{deep}]}}"#))),
        ("errors are text", Answer::json(400, r#"{"errors":"x"}"#)),
        ("errors are numbers", Answer::json(404, r#"{"errors":[1,2]}"#)),
        ("error is no text", Answer::json(400, r#"{"error":[5]}"#)),
        ("no UTF-8", Answer::json(404, b"{\"errors\":[\"\xff\"]}")),
        ("empty 500", Answer::status(500)),
        ("status 599", Answer::status(599)),
        ("status 999", Answer::status(999)),
        ("redirect to nowhere", Answer::status(302)),
        ("not modified", Answer::status(304)),
    ]
}

/// All of them, as answers.
pub(crate) fn all() -> Vec<(&'static str, Answer)> {
    let bodies = bodies().into_iter().map(|(name, body)| (name, Answer::json(200, body)));
    bodies.chain(protocol()).chain(broken_off()).chain(refusals()).collect()
}
