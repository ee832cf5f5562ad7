use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Server, read, request};

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn requests_in_flight_end_before_the_process() {
    for name in ["TERM", "INT"] {
        let mut server = Server::start(&["--delay-ms", "1000"]);
        let mut stream = server.connect();
        // A connection without a request does not delay the end.
        let _idle = server.connect();
        stream.write_all(request("GET", "sys/health", "").as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(300));
        signal(&server.child, name);
        thread::sleep(Duration::from_millis(200));
        assert!(TcpStream::connect(server.address()).is_err(), "it accepts connections after {name}");
        assert!(read(stream).starts_with("HTTP/1.1 200"));
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[test]
fn requests_that_last_too_long_are_not_awaited() {
    let mut server = Server::start(&["--delay-ms", "60000"]);
    let mut stream = server.connect();
    stream.write_all(request("GET", "sys/health", "").as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    signal(&server.child, "TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
    assert!((4..9).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut server = Server::start(&["--delay-ms", "60000"]);
    let mut stream = server.connect();
    stream.write_all(request("GET", "sys/health", "").as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    signal(&server.child, "INT");
    thread::sleep(Duration::from_millis(300));
    signal(&server.child, "INT");
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}
