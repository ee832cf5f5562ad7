//! Addresses, tokens, namespaces and mounts.

use identity_core::Target;

use crate::target;

#[test]
fn addresses() {
    for address in [
        "",
        " ",
        "vault",
        "vault.test:8200",
        "127.0.0.1:8200",
        "//vault.test",
        "/vault",
        "*",
        "http:",
        "http://",
        "https:///v1",
        "http:vault.test",
        "ftp://vault.test",
        "unix:",
        "unix:/run/agent.sock",
        "unix://",
        "unix:///",
        "unix:///run/",
        "unix://run/agent.sock",
        "unix://localhost/run/agent.sock",
        "unix://root:hunter2@/run/agent.sock",
        "unix://./agent.sock",
        "unix:///run/agent.sock?x=1",
        "unix:///run/agent.sock#top",
        "unix:///run/agent%00.sock",
        "UNIX:///run/agent.sock",
        &format!("unix:///{}", "a".repeat(107)),
        "ws://vault.test",
        " http://vault.test",
        "http://vault.test ",
        "http://vault .test",
        "http://vault.test\n",
        "http://vault.test/\0",
        "http://[::1",
        "http://::1",
        "http://bücher.test",
        "http://vault.test:80:80",
        "http://vault.test:",
        "http://vault.test:65536",
        "http://vault.test:99999",
        "http://vault.test:-1",
        "http://vault.test:abc",
        "http://[::1]:",
        "http://[::1]:x",
        "http://[::1]:65536",
        "http://vault.test?x",
        "http://vault.test/?x=1",
        "http://vault.test/#top",
        "http://root@vault.test",
        "http://root:hunter2@vault.test",
        "http://@vault.test",
        "http://vault.test/..",
        "http://vault.test/a/../b",
        "http://vault.test/./a",
    ] {
        let error = Target::new(address).expect_err(address);
        assert_eq!(error.parameter(), "address", "{address:?}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        // An identifier is no way around a bad address.
        assert!(!error.to_string().contains("use the id"), "{error}");
    }
}

#[test]
fn tokens_namespaces_and_mounts() {
    for token in ["", " ", "a b", "a\nb", "s.x\r\n", "\0", "tökén", "\u{7f}"] {
        let error = target().with_token(token).expect_err(token);
        assert_eq!(error.parameter(), "token", "{token:?}");
    }
    for namespace in ["a\nb", "\n", "a\rb", "\0", "\u{7f}", "a\tb", "..", "a/../b", "./a", "/./"] {
        let error = target().with_namespace(namespace).expect_err(namespace);
        assert_eq!(error.parameter(), "namespace", "{namespace:?}");
    }
    // Over HTTP/1.1 they would be the root namespace, or another one.
    for namespace in
        [" ", "  ", "\t", "/ /", " / ", " root", "root ", " a", "a ", "/ a/", "a/ b", "a /b", "a/ /b"]
    {
        let error = target().with_namespace(namespace).expect_err(namespace);
        assert_eq!(error.parameter(), "namespace", "{namespace:?}");
    }
    assert!(target().with_namespace("team a/web 1").is_ok());
    for mount in ["", "/", "a\nb", "..", "a/../b", ".", " ", "identity ", " identity", "a/ b"] {
        let error = target().with_mount(mount).expect_err(mount);
        assert_eq!(error.parameter(), "mount", "{mount:?}");
    }
}

#[test]
fn parameter_by_another_name() {
    let error = target().with_token("").unwrap_err().of("VAULT_TOKEN");
    assert_eq!(error.parameter(), "VAULT_TOKEN");
    assert!(error.to_string().starts_with("`VAULT_TOKEN` must be "), "{error}");
}

#[test]
fn ports_that_there_are() {
    for address in ["http://vault.test:1", "http://vault.test:65535", "http://[::1]:8200", "http://[::1]"] {
        assert!(Target::new(address).is_ok(), "{address}");
    }
}
