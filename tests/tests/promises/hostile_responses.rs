//! Invalid and malicious responses, for other tests.

use identity_tests::faulty::Response;

pub(crate) const DEEP: usize = 200_000;

/// Bodies of a 200 that are not the result of any call.
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
        ("duplicate field", br#"{"data":{"id":"a","id":"b","keys":[],"keys":["k"]},"issuer":"a","issuer":"b","sub":"a","sub":"b"}"#.to_vec()),
    ]
}

/// Invalid or contradictory HTTP. The connection closes afterwards.
pub(crate) fn invalid_http() -> Vec<(&'static str, Response)> {
    let ok = |head: &str| Response::raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{}}")).then_close();
    vec![
        ("garbage", Response::raw("canary garbage\r\n\r\n").then_close()),
        ("SSH", Response::raw("SSH-2.0-OpenSSH_9.6\r\n").then_close()),
        ("TLS alert", Response::raw(b"\x15\x03\x03\x00\x02\x02\x46").then_close()),
        ("HTTP/0.9", Response::raw(super::support::ENTITY).then_close()),
        ("HTTP/9.9", Response::raw("HTTP/9.9 200 OK\r\n\r\n").then_close()),
        ("HTTP/2 in clear", Response::raw(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00").then_close()),
        ("status of four digits", Response::raw("HTTP/1.1 2000 OK\r\n\r\n").then_close()),
        ("status 0", Response::raw("HTTP/1.1 000 OK\r\n\r\n").then_close()),
        ("no status", Response::raw("HTTP/1.1\r\n\r\n").then_close()),
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
            Response::status(200).header("Transfer-Encoding", "chunked").body("no size\r\n").then_close(),
        ),
        (
            "huge chunk",
            Response::status(200)
                .header("Transfer-Encoding", "chunked")
                .body("fffffffffffffffff\r\n")
                .then_close(),
        ),
    ]
}

/// Truncated responses.
pub(crate) fn truncated() -> Vec<(&'static str, Response)> {
    let whole = Response::json(200, super::support::ENTITY);
    let chunked = Response::status(200).chunked(super::support::ENTITY);
    vec![
        ("no response", Response::dropped()),
        ("reset", Response::reset()),
        ("half-closed without a response", Response::raw("").then_half_close()),
        ("one byte", whole.clone().truncate(1)),
        ("status line", whole.clone().truncate(17)),
        ("head", whole.clone().truncate(40)),
        ("all but one byte", whole.clone().truncate(whole.size() - 1)),
        ("all but one byte, reset", whole.clone().truncate(whole.size() - 1).then_reset()),
        ("all but one byte, half-closed", whole.clone().truncate(whole.size() - 1).then_half_close()),
        ("half a chunk", chunked.clone().truncate(chunked.size() - 20)),
        ("no last chunk", chunked.clone().truncate(chunked.size() - 5)),
        ("half a last chunk", chunked.clone().truncate(chunked.size() - 2)),
        (
            "length too long",
            Response::status(200).header("Content-Length", "100").body(super::support::ENTITY).then_close(),
        ),
        ("interim response only", Response::raw("HTTP/1.1 100 Continue\r\n\r\n").then_close()),
    ]
}

/// Error responses with unusual bodies.
pub(crate) fn errors() -> Vec<(&'static str, Response)> {
    let deep = "[".repeat(DEEP) + &"]".repeat(DEEP);
    let html = |status| {
        Response::status(status)
            .header("Content-Type", "text/html")
            .body("<html>canary-page</html>".repeat(1000))
    };
    vec![
        ("HTML 403", html(403)),
        ("HTML 404", html(404)),
        ("HTML 502", html(502)),
        ("deep errors", Response::json(400, format!(r#"{{"errors":{deep}}}"#))),
        ("deep error", Response::json(500, format!(r#"{{"errors":["x",{deep}]}}"#))),
        ("errors is a string", Response::json(400, r#"{"errors":"x"}"#)),
        ("errors are numbers", Response::json(404, r#"{"errors":[1,2]}"#)),
        ("error is not a string", Response::json(400, r#"{"error":[5]}"#)),
        ("no UTF-8", Response::json(404, b"{\"errors\":[\"\xff\"]}")),
        ("empty 500", Response::status(500)),
        ("status 599", Response::status(599)),
        ("status 999", Response::status(999)),
        ("redirect to nowhere", Response::status(302)),
        ("not modified", Response::status(304)),
    ]
}

/// Returns all of these responses, with their names.
pub(crate) fn all() -> Vec<(&'static str, Response)> {
    let bodies = bodies().into_iter().map(|(name, body)| (name, Response::json(200, body)));
    bodies.chain(invalid_http()).chain(truncated()).chain(errors()).collect()
}
