//! The development server itself: it starts, serves requests, and always ends.

use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::Duration;

use identity_tests::{DevServer, live};

/// Set in the process that `this_program_with` starts.
const CHILD: &str = "DEV_SERVER_TEST_CHILD";

fn accepts_connections(address: &str) -> bool {
    TcpStream::connect(address.trim_start_matches("http://")).is_ok()
}

/// Runs one test of this program in a child process.
fn this_program_with(test: &str) -> Command {
    let program = std::env::current_exe().expect("a test has a program");
    let mut command = Command::new(program);
    command.args(["--exact", "--nocapture", test]).env(CHILD, "1");
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn starts_responds_and_stops_on_drop() {
    if !live() {
        return;
    }
    let server = DevServer::start().unwrap();
    let address = server.address().to_owned();

    let (status, body) = server.request("GET", "/v1/sys/health", None, None, None).unwrap();
    assert_eq!(status, 200);
    assert!(body.contains(r#""sealed":false"#), "{body}");
    let lookup = "/v1/auth/token/lookup-self";
    let (status, body) = server.request("GET", lookup, Some(server.token()), None, None).unwrap();
    assert_eq!(status, 200, "{body}");

    drop(server);
    assert!(!accepts_connections(&address));
}

#[test]
fn servers_do_not_share_state() {
    let Some(shared) = DevServer::shared_or_skip() else { return };
    let own = DevServer::start().unwrap();
    assert_ne!(shared.address(), own.address());
    shared.enable_userpass("only-here");
    own.enable_userpass("only-here");
}

#[test]
fn shared_server_is_started_once() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    assert_eq!(server.address(), DevServer::shared().unwrap().address());
}

#[test]
fn userpass_login_returns_a_token() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    let accessor = server.enable_userpass("people");
    assert!(accessor.starts_with("auth_userpass_"), "{accessor}");
    server.userpass_user("people", "ada", "correct horse");
    let token = server.userpass_login("people", "ada", "correct horse");

    let lookup = "/v1/auth/token/lookup-self";
    let (status, body) = server.request("GET", lookup, Some(&token), None, None).unwrap();
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(r#""username":"ada""#), "{body}");
}

#[test]
fn namespace_is_created_and_reached() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    server.create_namespace("team");
    let token = Some(server.token());
    let (status, body) = server.request("LIST", "/v1/identity/entity/id", token, Some("team"), None).unwrap();
    assert_eq!(status, 404, "an empty list and no error: {body}");
    let (status, body) = server.request("GET", "/v1/sys/auth", token, Some("team"), None).unwrap();
    assert_eq!(status, 200, "{body}");
}

#[test]
#[should_panic(expected = "sys/auth/twice: status 400")]
fn rejected_setup_panics_with_the_response() {
    let Some(server) = DevServer::shared_or_skip() else {
        panic!("sys/auth/twice: status 400, had it not been skipped");
    };
    server.enable_userpass("twice");
    server.enable_userpass("twice");
}

/// The child process of the tests below.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let Some(server) = DevServer::shared_or_skip() else { return };
    println!("\n{}", server.address());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn unusable_configured_program_is_named() {
    let output = this_program_with("child")
        .env("VAULT_IDENTITY_LIVE", "run")
        .env("VAULT_IDENTITY_SERVER", "no-such-program")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("VAULT_IDENTITY_SERVER is \"no-such-program\""), "{output:?}");
}

#[test]
fn skipping_is_reported_and_succeeds() {
    let output = this_program_with("child").env("VAULT_IDENTITY_LIVE", "skip").output().unwrap();
    assert!(output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr.matches("skipped: VAULT_IDENTITY_LIVE=skip").count(), 1, "{stderr}");
}

#[test]
fn invalid_gate_fails() {
    let output = this_program_with("child").env("VAULT_IDENTITY_LIVE", "off").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("VAULT_IDENTITY_LIVE is \"off\""), "{output:?}");
}

#[cfg(unix)]
#[test]
fn the_shared_server_ends_with_a_killed_process() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    use std::time::Instant;

    if !live() {
        return;
    }
    let mut child = this_program_with("child").stdout(Stdio::piped()).spawn().unwrap();
    let address = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find(|line| line.starts_with("http://"))
        .expect("the child prints its server's address");
    assert!(accepts_connections(&address));

    child.kill().unwrap();
    child.wait().unwrap();

    let deadline = Instant::now() + Duration::from_secs(10);
    while accepts_connections(&address) {
        assert!(Instant::now() < deadline, "the server outlived the process");
        std::thread::sleep(Duration::from_millis(20));
    }
}
