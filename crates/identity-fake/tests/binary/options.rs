use std::net::TcpListener;

use crate::support::{Server, command, failure, run};

#[test]
fn help_and_version_are_on_standard_output() {
    for option in ["--help", "-h"] {
        let output = run(&[option]);
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        for name in ["--listen", "--seed", "--tls-self-signed", "FAKE_VAULT_ROOT_TOKEN", "8200"] {
            assert!(help.contains(name), "{name} in {help}");
        }
    }
    let version = format!("fake-vault {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(run(&["--version"]).stdout).unwrap(), version);
}

#[test]
fn errors_name_the_option() {
    for (args, name) in [
        (&["--listen", "localhost"][..], "--listen"),
        (&["--listen=:8200"], "--listen"),
        (&["--listen", "127.0.0.1:99999"], "--listen"),
        (&["--delay-ms", "soon"], "--delay-ms"),
        (&["--read-timeout", "0"], "--read-timeout"),
        (&["--root-token", ""], "--root-token"),
        (&["--root-token", "a b"], "--root-token"),
        (&["--api-address", "vault.test"], "--api-address"),
        (&["--tls-cert", "a.pem"], "--tls-key"),
        (&["--tls-self-signed", "--tls-cert", "a.pem", "--tls-key", "b.pem"], "--tls-cert"),
        (&["--sed", "a.json"], "--seed"),
        (&["surplus"], "surplus"),
    ] {
        let problem = failure(args, 2);
        assert!(problem.contains(name), "{args:?}: {problem}");
    }
    for (args, name) in [
        (&["--listen", "192.0.2.1:0"][..], "--allow-non-loopback"),
        (&["--listen", "0.0.0.0:0"], "--allow-non-loopback"),
        (&["--listen", "[::]:0"], "--allow-non-loopback"),
        (&["--listen", "no-such-host.invalid:0"], "--listen no-such-host.invalid:0"),
        (&["--seed", "/missing.json"], "--seed /missing.json"),
        (&["--tls-cert", "/missing.pem", "--tls-key", "b.pem"], "--tls-cert /missing.pem"),
        (&["--tls-self-signed", "--tls-cert-out", "/missing/ca.pem"], "--tls-cert-out /missing/ca.pem"),
    ] {
        let problem = failure(args, 1);
        assert!(problem.contains(name), "{args:?}: {problem}");
    }
}

#[test]
fn variables_set_options_and_options_precede_them() {
    let mut invalid = command(&[]);
    let output = invalid.env("FAKE_VAULT_LISTEN", "nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.escape_ascii().to_string().contains("--listen"));

    let mut valid = command(&["--api-address", "http://option.test/"]);
    valid.env("FAKE_VAULT_API_ADDRESS", "http://variable.test").env("FAKE_VAULT_ROOT_TOKEN", "other");
    let server = Server::start_command(valid);
    assert!(server.call("GET", "identity/entity/id/e1", "").starts_with("HTTP/1.1 403"));
    let discovery = server.call("GET", "identity/oidc/.well-known/openid-configuration", "");
    assert!(discovery.contains(r#""issuer":"http://option.test/v1/identity/oidc""#), "{discovery}");
}

#[test]
fn hosts_can_be_names_and_addresses_of_both_families() {
    for (listen, start) in [
        ("--listen=localhost:0", "http://127.0.0.1:"),
        ("-l127.0.0.1:0", "http://127.0.0.1:"),
        ("--listen=[::1]:0", "http://[::1]:"),
    ] {
        let server = Server::start(&[listen]);
        assert!(server.url.starts_with(start), "{}", server.url);
        assert!(server.call("GET", "sys/health", "").starts_with("HTTP/1.1 200"));
    }
    let server = Server::start(&["--listen", "0.0.0.0:0", "--allow-non-loopback"]);
    assert!(server.call("GET", "sys/health", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn an_address_in_use_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let problem = failure(&["--listen", &address], 1);
    assert!(problem.contains(&address) && problem.to_lowercase().contains("address"), "{problem}");
}

#[test]
fn requests_are_logged_without_their_query() {
    let server = Server::start(&["-v", "--delay-ms", "5"]);
    server.call("GET", "auth/token/lookup?token=the-canary", "");
    server.call("POST", "identity/entity", r#"{"name":"the-canary"}"#);
    let log = server.into_stderr();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[1].contains(" POST /v1/identity/entity 200 ") && lines[1].ends_with("ms"), "{log}");
    assert!(!log.contains("the-canary"), "{log}");
}
