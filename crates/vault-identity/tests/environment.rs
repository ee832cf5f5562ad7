//! Only `from_env` reads the environment. Each test reruns itself in a process with the variables set,
//! because a process cannot change its own environment safely.

#![cfg(feature = "hyper")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::{env, thread};

use vault_identity::env::{target_from_env, transport_from_env};
use vault_identity::transport::{BlockingAdapter, HyperTransport, Token};
use vault_identity::{BlockingClient, Client, Target};

/// Reruns a test in a process with `variables` set. Returns `None` in that process.
fn rerun_with(test: &str, variables: &[(&str, &str)]) -> Option<()> {
    if env::var_os("RERUN").is_some() {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("RERUN", "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let printed =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    Some(())
}

/// Serves an empty list for each request, and sends the lines of the request head to the channel.
fn server() -> (SocketAddr, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, heads) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> =
                lines.map(|line| line.unwrap()).take_while(|line| !line.is_empty()).collect();
            sender.send(head).unwrap();
            stream
                .write_all(
                    b"HTTP/1.1 404 No\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"errors\":[]}",
                )
                .unwrap();
        }
    });
    (address, heads)
}

fn header<'a>(head: &'a [String], name: &str) -> Option<&'a str> {
    head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn only_from_env_reads_the_environment() {
    let variables = [
        ("BAO_ADDR", "http://127.0.0.1:1"),
        ("VAULT_ADDR", "http://127.0.0.1:1"),
        ("BAO_AGENT_ADDR", "http://127.0.0.1:1"),
        ("BAO_TOKEN", "canary"),
        ("VAULT_TOKEN", "canary"),
        ("BAO_NAMESPACE", "canary"),
        ("BAO_CLIENT_TIMEOUT", "nonsense"),
        ("BAO_PROXY_ADDR", "http://127.0.0.1:1"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ];
    if rerun_with("only_from_env_reads_the_environment", &variables).is_some() {
        return;
    }
    let (address, heads) = server();
    let address = format!("http://{address}");
    let target = || Target::new(&address).unwrap();

    let client = Client::with_default_transport(target());
    assert!(client.entities().list().await.unwrap().keys.is_empty());
    let head = heads.recv().unwrap();
    assert_eq!((header(&head, "x-vault-token"), header(&head, "x-vault-namespace")), (None, None));

    let clone = client.clone().with_namespace("team").unwrap();
    clone.entities().list().await.unwrap();
    assert_eq!(header(&heads.recv().unwrap(), "x-vault-token"), None);
    let own = Client::with_address(&address, "s.own").unwrap();
    own.clone().entities().list().await.unwrap();
    assert_eq!(header(&heads.recv().unwrap(), "x-vault-token"), Some("s.own"));

    let blocking = BlockingClient::with_default_transport(target()).unwrap();
    blocking.entities().list().unwrap();
    assert_eq!(header(&heads.recv().unwrap(), "x-vault-token"), None);
}

#[tokio::test]
async fn from_env_reads_the_environment() {
    let (address, heads) = server();
    let address = format!("http://{address}");
    let variables = [
        ("BAO_ADDR", &*address),
        ("BAO_TOKEN", "s.of-the-environment"),
        ("VAULT_NAMESPACE", "team"),
        ("BAO_CLIENT_TIMEOUT", "10s"),
        // Loopback needs no proxy.
        ("BAO_PROXY_ADDR", "http://127.0.0.1:1"),
    ];
    if rerun_with("from_env_reads_the_environment", &variables).is_some() {
        for _ in 0..2 {
            let head = heads.recv().unwrap();
            assert_eq!(header(&head, "x-vault-token"), Some("s.of-the-environment"));
            assert_eq!(header(&head, "x-vault-namespace"), Some("team"));
        }
        return;
    }
    Client::from_env().unwrap().entities().list().await.unwrap();
    BlockingClient::from_env().unwrap().entities().list().unwrap();
}

#[tokio::test]
async fn an_invalid_variable_fails_the_constructor() {
    let variables = [("BAO_SKIP_VERIFY", "off"), ("BAO_ADDR", "https://vault.test")];
    if rerun_with("an_invalid_variable_fails_the_constructor", &variables).is_some() {
        return;
    }
    let error = Client::from_env().unwrap_err();
    assert_eq!(error.to_string(), "`BAO_SKIP_VERIFY` must be `true` or `false`");
    let error = BlockingClient::from_env().unwrap_err();
    assert_eq!(error.parameter(), "BAO_SKIP_VERIFY");
}

#[tokio::test]
async fn a_token_source_is_used_unless_the_target_has_a_token() {
    let (address, heads) = server();
    let target = || Target::new(&format!("http://{address}")).unwrap();
    let transport = HyperTransport::builder().token_source(Token::new("s.source").unwrap()).build();
    let token = async |client: Client| {
        client.entities().list().await.unwrap();
        header(&heads.recv().unwrap(), "x-vault-token").map(str::to_owned)
    };

    let client = Client::new(target(), transport.clone());
    assert_eq!(token(client.clone()).await.as_deref(), Some("s.source"));
    assert_eq!(token(client.with_namespace("team").unwrap()).await.as_deref(), Some("s.source"));
    assert_eq!(token(client.with_token("s.other").unwrap()).await.as_deref(), Some("s.other"));
    assert_eq!(token(client.with_target(target())).await, None);
    let own = Client::new(target().with_token("s.own").unwrap(), transport.clone());
    assert_eq!(token(own).await.as_deref(), Some("s.own"));

    let blocking = BlockingClient::new(target(), BlockingAdapter::new(transport.clone()).unwrap());
    blocking.entities().list().unwrap();
    assert_eq!(header(&heads.recv().unwrap(), "x-vault-token"), Some("s.source"));
}

/// The server may repeat a request in its error message.
#[tokio::test]
async fn the_token_of_a_source_is_redacted_in_error_messages() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while !lines.next().unwrap().unwrap().is_empty() {}
        let body = r#"{"errors":["what is the-canary?"]}"#;
        write!(stream, "HTTP/1.1 400 No\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let transport = HyperTransport::builder().token_source(Token::new("the-canary").unwrap()).build();
    let error = Client::new(target, transport).entities().list().await.unwrap_err();
    assert!(error.api().is_some() && !format!("{error:#} {error:?}").contains("canary"), "{error:#}");
}

#[test]
fn consistency_tokens_are_those_of_the_transport() {
    let target = || Target::new("http://vault.test").unwrap();
    let token = serde_json::json!([{ "address": "vault.test", "namespace": "", "index": "an index" }]);
    let tokens: Vec<vault_identity::transport::ConsistencyToken> = serde_json::from_value(token).unwrap();
    let transport = HyperTransport::new();
    let client = Client::new(target(), transport.clone());
    client.observe_tokens(tokens.clone());
    assert_eq!(client.clone().consistency_tokens(), tokens);
    let blocking = BlockingClient::new(target(), BlockingAdapter::new(transport).unwrap());
    assert_eq!(blocking.consistency_tokens(), tokens);
    let mock = Client::new(target(), identity_mock::MockTransport::new());
    mock.observe_tokens(tokens);
    assert!(mock.consistency_tokens().is_empty());
}

#[test]
fn a_transport_from_the_environment_can_be_configured_further() {
    let (address, heads) = server();
    let test = "a_transport_from_the_environment_can_be_configured_further";
    let variables =
        [("BAO_ADDR", format!("http://{address}")), ("BAO_TOKEN", "of-the-environment".to_owned())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    if rerun_with(test, &variables).is_some() {
        let head = heads.recv().unwrap();
        assert_eq!(header(&head, "x-vault-token"), Some("of-the-source"), "{head:?}");
        return;
    }
    let transport = transport_from_env().unwrap().token_source(Token::new("of-the-source").unwrap()).build();
    let target = target_from_env().unwrap().with_transport_token();
    let client = BlockingClient::new(target, BlockingAdapter::new(transport).unwrap());
    assert!(client.entities().list().unwrap().is_empty());
}

#[tokio::test]
async fn health_reports_each_address() {
    use vault_identity::transport::NodeState;

    let (address, heads) = server();
    let url = format!("http://{address}");
    let target = || Target::new(&url).unwrap();
    let transport = || HyperTransport::builder().addresses([&url]).unwrap().build();
    let client = Client::new(target(), transport());
    let blocking = BlockingClient::new(target(), BlockingAdapter::new(transport()).unwrap());
    for health in [
        client.with_token("another").unwrap().health().await,
        blocking.with_namespace("another").unwrap().health(),
    ] {
        // The server responds with 404.
        let [node] = &health[..] else { panic!("{health:?}") };
        assert_eq!((&*node.address, node.state), (&*address.to_string(), NodeState::Unknown));
        assert!(heads.recv().unwrap()[0].starts_with("GET /v1/sys/health "));
    }
    assert!(Client::with_default_transport(target()).health().await.is_empty());
    assert!(Client::new(target(), identity_mock::MockTransport::new()).health().await.is_empty());
    assert!(BlockingClient::new(target(), |_| panic!("nothing is sent")).health().is_empty());
}

/// The server counts its connections and keeps them open.
#[tokio::test]
async fn connections_are_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (sender, connections) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            sender.send(()).unwrap();
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                    if line.unwrap().is_empty() {
                        stream
                            .write_all(b"HTTP/1.1 404 No\r\nContent-Length: 13\r\n\r\n{\"errors\":[]}")
                            .unwrap();
                    }
                }
            });
        }
    });
    let client = Client::with_default_transport(target);
    for (reset, expected) in [(false, 1), (false, 0), (true, 1)] {
        if reset {
            client.reset_connections();
        }
        client.entities().list().await.unwrap();
        assert_eq!(connections.try_iter().count(), expected);
    }
}

#[test]
fn a_403_without_a_token_reports_that_none_was_sent() {
    let forbid = |_| {
        let mut response = http::Response::new(r#"{"errors":["permission denied"]}"#.into());
        *response.status_mut() = http::StatusCode::FORBIDDEN;
        Ok(response)
    };
    let client = BlockingClient::new(Target::new("http://vault.test").unwrap(), forbid);
    let error = client.entities().list().unwrap_err();
    assert!(
        format!("{error:#}").ends_with("failed: 403 permission denied: the client sent no token"),
        "{error:#}"
    );
    let error = client.with_token("s.unknown").unwrap().entities().list().unwrap_err();
    assert!(format!("{error:#}").ends_with("permission denied"), "{error:#}");
}

/// Whatever is around the default transport, if it forwards what that offers.
#[tokio::test]
async fn a_wrapped_transport_keeps_its_token_source_its_consistency_and_its_health() {
    use vault_identity::transport::{ConsistencyToken, ServiceTransport, TransportService};
    use vault_identity::{BlockingTransport, Transport};

    let (address, heads) = server();
    let url = format!("http://{address}");
    let target = || Target::new(&url).unwrap();
    let transport = || {
        let builder = HyperTransport::builder().addresses([&url]).unwrap();
        let transport = builder.token_source(Token::new("of-the-source").unwrap()).build();
        transport.observe_tokens(vec![ConsistencyToken::new("another", "", "an index")]);
        transport
    };
    let inner = transport();
    let service = ServiceTransport::new(TransportService::new(inner.clone())).around(inner);
    let dynamic: Box<dyn Transport> = Box::new(transport());
    for client in [
        Client::new(target(), Arc::new(transport())),
        Client::new(target(), dynamic),
        Client::new(target(), service),
    ] {
        client.entities().list().await.unwrap();
        assert_eq!(header(&heads.recv().unwrap(), "x-vault-token"), Some("of-the-source"));
        assert_eq!((client.consistency_tokens().len(), client.health().await.len()), (1, 1));
        heads.recv().unwrap();
    }
    let dynamic: Arc<dyn BlockingTransport> = Arc::new(BlockingAdapter::new(transport()).unwrap());
    for client in [
        BlockingClient::new(target(), dynamic),
        BlockingClient::new(target(), BlockingAdapter::new(Arc::new(transport())).unwrap()),
    ] {
        client.entities().list().unwrap();
        assert_eq!(header(&heads.recv().unwrap(), "x-vault-token"), Some("of-the-source"));
        assert_eq!((client.consistency_tokens().len(), client.health().len()), (1, 1));
        heads.recv().unwrap();
    }
}

#[test]
fn an_unreachable_default_address_reports_that_no_variable_is_set() {
    let unset = [
        ("BAO_AGENT_ADDR", ""),
        ("VAULT_AGENT_ADDR", ""),
        ("BAO_ADDR", ""),
        ("VAULT_ADDR", ""),
        ("VAULT_MAX_RETRIES", "0"),
        ("VAULT_TOKEN", "t"),
    ];
    if rerun_with("an_unreachable_default_address_reports_that_no_variable_is_set", &unset).is_some() {
        return;
    }
    let client = BlockingClient::from_env().unwrap();
    for client in [client.clone(), client.with_namespace("team").unwrap(), client.with_token("t2").unwrap()] {
        let error = client.entities().list().unwrap_err().to_string();
        assert!(error.starts_with("LIST identity/entity/id failed: the request was not sent: "), "{error}");
        assert!(
            error.ends_with(" (VAULT_ADDR is not set: the address is https://127.0.0.1:8200)"),
            "{error}"
        );
    }
    // An explicit address needs no hint.
    let elsewhere = client.with_target(Target::new("http://127.0.0.1:1").unwrap());
    let error = elsewhere.entities().list().unwrap_err().to_string();
    assert!(error.contains("the request was not sent") && !error.contains("VAULT_ADDR"), "{error}");
}

#[test]
fn one_result_type_fits_constructors_and_calls() {
    fn main() -> vault_identity::Result<()> {
        let client = BlockingClient::from_env()?;
        client.entities().list()?;
        Ok(())
    }
    let variables = [
        ("VAULT_ADDR", "vault.test:8200"),
        ("BAO_ADDR", ""),
        ("BAO_AGENT_ADDR", ""),
        ("VAULT_AGENT_ADDR", ""),
    ];
    if rerun_with("one_result_type_fits_constructors_and_calls", &variables).is_none() {
        let error = main().unwrap_err();
        assert!(format!("{error:?}").starts_with("`VAULT_ADDR` needs a scheme"), "{error:?}");
    }
}
