use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Server, read, request};

const PATIENCE: Duration = Duration::from_secs(15);

#[test]
fn half_a_request_is_not_awaited_for_long() {
    let server = Server::start(&["--read-timeout", "1"]);
    let whole = request("POST", "identity/entity", r#"{"name":"alice"}"#);
    let head = whole.find("\r\n\r\n").unwrap();
    for (sent, response) in
        [("", ""), (&whole[..head], ""), (&whole[..head + 8], "HTTP/1.1 408 Request Timeout\r\n")]
    {
        let mut stream = server.connect();
        stream.write_all(sent.as_bytes()).unwrap();
        let start = Instant::now();
        let read = read(stream);
        assert!(read.starts_with(response) && read.is_empty() == response.is_empty(), "{sent}: {read}");
        assert!(start.elapsed() < PATIENCE);
    }
    assert!(server.call("GET", "identity/entity/name/alice", "").starts_with("HTTP/1.1 404"));
}

#[test]
fn connections_are_reused_until_they_are_idle_for_long() {
    let server = Server::start(&["--read-timeout", "1"]);
    let mut stream = server.connect();
    let get = "GET /v1/sys/health HTTP/1.1\r\nhost: fake.vault\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(get.as_bytes()).unwrap();
        let mut response = [0; 4096];
        let len = stream.read(&mut response).unwrap();
        assert!(response[..len].starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(read(stream), "");
}

#[test]
fn bodies_above_the_limit_are_rejected() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    let head = "POST /v1/identity/entity HTTP/1.1\r\nhost: fake.vault\r\ncontent-length: 33554434\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let response = thread::spawn(move || {
        let mut response = [0; 4096];
        let len = reader.read(&mut response).unwrap();
        response[..len].escape_ascii().to_string()
    });
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(&vec![b' '; 33_554_434]);
    let response = response.join().unwrap();
    assert!(
        response.starts_with("HTTP/1.1 413") && response.contains("request body too large"),
        "{response}"
    );
}

/// The server accepts connections again once descriptors are free.
#[cfg(unix)]
#[test]
fn it_survives_running_out_of_descriptors() {
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 24; exec \"$0\" --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_fake-vault")]);
    let server = Server::start_command(limited);
    let connections: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
    let mut refused = connections.last().unwrap();
    refused.write_all(request("GET", "sys/health", "").as_bytes()).unwrap();
    refused.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(refused.read(&mut [0; 1]).is_err(), "40 connections were accepted with 24 descriptors");
    drop(connections);
    assert!(server.call("GET", "sys/health", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn many_clients_are_served_at_once() {
    let server = Server::start(&["--delay-ms", "300"]);
    let start = Instant::now();
    thread::scope(|scope| {
        for client in 0..64 {
            let server = &server;
            scope.spawn(move || {
                let response =
                    server.call("POST", "identity/entity", &format!(r#"{{"name":"client-{client}"}}"#));
                assert!(response.starts_with("HTTP/1.1 200"), "{response}");
            });
        }
    });
    assert!(start.elapsed() < Duration::from_secs(64 * 3 / 10), "one after the other");
}
