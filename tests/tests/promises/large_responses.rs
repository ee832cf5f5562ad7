//! Responses that are too large.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use identity_tests::faulty::{Faulty, Response};
use vault_identity::Client;
use vault_identity::error::ErrorKind;
use vault_identity::transport::{HyperTransport, TransportErrorKind};

use crate::support::{ENTITY, client, client_with, eventually, server_and_client, single_attempt, timed};
#[cfg(target_os = "linux")]
use crate::support::{peak_memory, ran_in_subprocess};

const MIB: u64 = 1024 * 1024;
const LIMIT: u64 = 8 * MIB;

async fn error_kind(client: &Client) -> TransportErrorKind {
    client.entities().read("e1").await.unwrap_err().transport().unwrap().kind()
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_endless_body_is_cut_off_at_the_limit() {
    if ran_in_subprocess("large_responses::an_endless_body_is_cut_off_at_the_limit", &[]) {
        return;
    }
    let chunk = format!("{:x}\r\n{}\r\n", 16 * 1024, "x".repeat(16 * 1024));
    for (limit, response) in [
        (LIMIT, Response::status(200).header("Transfer-Encoding", "chunked").endless(chunk)),
        // A large limit takes too long to reach byte by byte.
        (MIB / 8, Response::status(200).header("Transfer-Encoding", "chunked").endless("1\r\nx\r\n")),
        (LIMIT, Response::raw("HTTP/1.1 200 OK\r\n\r\n").endless("x")),
    ] {
        let server = Faulty::always(response);
        let client = client_with(&server, single_attempt().response_limit(limit.try_into().unwrap()));
        assert_eq!(error_kind(&client).await, TransportErrorKind::ResponseTooLarge);
        // Plus the socket buffers and the chunk headers.
        assert!((limit..limit * 6 + 16 * MIB).contains(&server.sent()), "{} bytes", server.sent());
        eventually("the connection is closed", || server.open() == 0).await;
        assert_eq!(server.requests().len(), 1);
    }
    assert!(peak_memory() < 100 * MIB, "{} MiB", peak_memory() / MIB);
}

/// An error response keeps its status, however large it is.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn the_beginning_of_an_endless_error_response_is_read() {
    if ran_in_subprocess("large_responses::the_beginning_of_an_endless_error_response_is_read", &[]) {
        return;
    }
    let endless = |text: &str| Response::status(403).header("Connection", "close").endless(text.repeat(1000));
    let large = Response::status(403).header("Content-Length", &(u64::MAX / 2).to_string());
    for response in [
        endless(r#"{"errors":[{"":0},{"":0}]} "#),
        endless(r#"{"error":"e","x":[0]} "#),
        large.endless(format!(r#"{{"errors":["{}"#, "too large ".repeat(1000))),
    ] {
        let server = Faulty::always(response);
        let client = client_with(&server, single_attempt());
        let error = client.entities().read("e1").await.unwrap_err();
        assert_eq!(error.api().unwrap().status(), 403, "{error:#}");
        assert!(server.sent() < 32 * MIB, "{} bytes", server.sent());
        eventually("the connection is closed", || server.open() == 0).await;
    }
    assert!(peak_memory() < 60 * MIB, "{} MiB", peak_memory() / MIB);
}

#[tokio::test]
async fn a_content_length_above_the_limit_is_rejected_before_the_body_is_read() {
    for length in [65 * MIB, 1024 * 1024 * MIB, u64::MAX / 2] {
        let huge = Response::status(200).header("Content-Length", &length.to_string()).endless("x");
        let server = Faulty::always(huge);
        let client = Client::new(crate::support::target(&server), HyperTransport::new());
        let (kind, time) = timed(error_kind(&client)).await;
        assert_eq!(kind, TransportErrorKind::ResponseTooLarge);
        assert!(server.sent() < 32 * MIB, "{} bytes", server.sent());
        assert!(time < Duration::from_secs(2), "{time:?}");
        eventually("the connection is closed", || server.open() == 0).await;
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let body = format!("{ENTITY}{}", " ".repeat(1000 - ENTITY.len()));
    let (server, _) = server_and_client(Response::json(200, &body));
    client_with(&server, single_attempt().response_limit(1000)).entities().read("e1").await.unwrap();
    let error =
        client_with(&server, single_attempt().response_limit(999)).entities().read("e1").await.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::ResponseTooLarge);
}

/// Compresses a gigabyte of spaces and an entity to about a megabyte.
fn gzip_bomb() -> Vec<u8> {
    let zip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let mut bomb = zip(&vec![b' '; 1 << 20]).repeat(1024);
    bomb.extend(zip(ENTITY.as_bytes()));
    bomb
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_gzip_bomb_is_not_decompressed() {
    if ran_in_subprocess("large_responses::a_gzip_bomb_is_not_decompressed", &[]) {
        return;
    }
    for encoding in ["gzip", "x-gzip", "gzip, gzip"] {
        let (server, client) =
            server_and_client(Response::json(200, gzip_bomb()).header("Content-Encoding", encoding));
        let error = client.entities().read("e1").await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error:?}");
        assert!(
            server.requests()[0].headers("accept-encoding").is_empty(),
            "the client does not accept compressed responses"
        );
    }
    assert!(peak_memory() < 100 * MIB, "{} MiB", peak_memory() / MIB);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn header_floods_are_rejected() {
    if ran_in_subprocess("large_responses::header_floods_are_rejected", &[]) {
        return;
    }
    let head = "HTTP/1.1 200 OK\r\n";
    for (name, response) in [
        ("101 headers", Response::raw(format!("{head}{}\r\n", "X-Flood: x\r\n".repeat(101)))),
        ("100 000 headers", Response::raw(format!("{head}{}\r\n", "X-Flood: x\r\n".repeat(100_000)))),
        ("headers without end", Response::raw(head).endless("X-Flood: x\r\n")),
        ("a header of 8 MiB", Response::status(200).header("X-Flood", &"x".repeat(8 << 20))),
        ("a header without end", Response::raw(format!("{head}X-Flood: ")).endless("x")),
        ("a name without end", Response::raw(head).endless("x")),
        ("a reason without end", Response::raw("HTTP/1.1 200 ").endless("x")),
        (
            "a chunk's extension without end",
            Response::status(200).header("Transfer-Encoding", "chunked").endless("1;x=y"),
        ),
        (
            "trailers without end",
            Response::status(200)
                .header("Transfer-Encoding", "chunked")
                .body("0\r\n")
                .endless("X-Flood: x\r\n"),
        ),
    ] {
        let server = Faulty::always(response);
        let client = client_with(&server, single_attempt());
        let (result, time) = timed(client.entities().read("e1")).await;
        let error = result.expect_err(name);
        assert!(error.transport().is_some(), "{name}: {error:?}");
        assert!(time < Duration::from_secs(5), "{name}: {time:?}");
        assert!(server.sent() < 24 * MIB, "{name}: {} bytes", server.sent());
        assert_eq!(server.requests().len(), 1, "{name}");
        eventually("the connection is closed", || server.open() == 0).await;
    }
    assert!(peak_memory() < 100 * MIB, "{} MiB", peak_memory() / MIB);
}

#[tokio::test]
async fn ninety_headers_are_accepted() {
    let mut response = Response::json(200, ENTITY);
    for number in 0..90 {
        response = response.header(&format!("X-Header-{number}"), &"x".repeat(600));
    }
    let server = Faulty::always(response);
    client(&server).entities().read("e1").await.unwrap();
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_flood_of_interim_responses_ends_with_the_deadline() {
    if ran_in_subprocess("large_responses::a_flood_of_interim_responses_ends_with_the_deadline", &[]) {
        return;
    }
    let server = Faulty::always(Response::raw("").endless("HTTP/1.1 100 Continue\r\n\r\n"));
    let client = client_with(&server, single_attempt().timeout(Duration::from_millis(700)));
    let (read, time) = timed(client.entities().read("e1")).await;
    assert_eq!(read.unwrap_err().transport().unwrap().kind(), TransportErrorKind::Timeout);
    assert!(time < Duration::from_secs(3), "{time:?}, {} bytes", server.sent());
    assert!(peak_memory() < 100 << 20, "{} bytes", peak_memory());
}
