//! Several clusters: tokens, nodes and indexes of one are not used for another.

use std::time::Duration;

use identity_tests::faulty::{Faulty, Received, Response};
use vault_identity::entity::CreateEntity;
use vault_identity::transport::{HyperTransport, RetryPolicy, Token, TransportErrorKind};
use vault_identity::{Client, Target, Transport as _};

use crate::support::{ENTITY, TOKEN, client_with, retrying, target};

const SEALED: &str = "Vault is sealed";

fn at(url: &str) -> Target {
    Target::new(url).unwrap().with_token(TOKEN).unwrap()
}

/// Returns the paths of the requests, without health probes.
fn requested_paths(server: &Faulty) -> Vec<String> {
    let requests = server.requests();
    let calls = requests.iter().filter(|request| !request.path().ends_with("sys/health"));
    calls.map(|request| request.path().to_owned()).collect()
}

#[tokio::test]
async fn another_server_cannot_redirect_its_token_to_the_nodes() {
    for count in [1, 2] {
        let nodes = [(); 2].map(|()| Faulty::always(Response::json(200, ENTITY)));
        let url = nodes[0].url();
        let other =
            Faulty::start(move |_, request| Response::redirect(307, &format!("{url}{}", request.path())));
        let transport = retrying().retry_policy(RetryPolicy::new().max_retries(2));
        let transport = transport.addresses(nodes.iter().take(count).map(Faulty::url)).unwrap();
        let client = client_with(&nodes[0], transport).with_target(target(&other));
        let error = client.entities().read("e1").await.unwrap_err();
        assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::Redirect);
        assert!(!other.requests().is_empty());
        assert_eq!(requested_paths(&nodes[0]).len(), 0);
    }
}

#[tokio::test]
async fn a_token_source_serves_only_the_targets_that_require_it() {
    let [server, other] = [(); 2].map(|()| Faulty::always(Response::json(200, ENTITY)));
    let transport = retrying().token_source(Token::new("s.of-transport").unwrap()).build();
    let client = Client::new(Target::new(&server.url()).unwrap(), transport);
    let elsewhere = Target::new(&other.url()).unwrap();
    client.entities().read("e1").await.unwrap();
    client.with_target(elsewhere.clone()).entities().read("e1").await.unwrap();
    client.with_target(elsewhere.with_token("s.own").unwrap()).entities().read("e1").await.unwrap();
    client.with_namespace("team").unwrap().entities().read("e1").await.unwrap();
    let tokens = |server: &Faulty| {
        let token = |request: &Received| request.header("x-vault-token").map(ToOwned::to_owned);
        server.requests().iter().map(token).collect::<Vec<_>>()
    };
    assert_eq!(tokens(&server), [Some("s.of-transport".to_owned()), Some("s.of-transport".to_owned())]);
    assert_eq!(tokens(&other), [None, Some("s.own".to_owned())]);
}

/// A node with another path is another server, even at the same host and port.
#[tokio::test]
async fn node_addresses_may_have_paths() {
    let sealed = |path: &'static str| {
        move |_: usize, request: &Received| match request.path() {
            path_of if path_of.starts_with(path) => Response::error(503, SEALED),
            _ => Response::json(200, ENTITY),
        }
    };
    let [first, second] = ["/", "/none"].map(|path| Faulty::start(sealed(path)));
    let addresses = [format!("{}/a", first.url()), format!("{}/deep/b/", second.url())];
    let transport = retrying().timeout(Duration::from_secs(1)).addresses(&addresses).unwrap();
    let client = Client::new(at(&addresses[0]), transport.build());
    client.entities().create(&CreateEntity::unnamed()).await.unwrap().created().unwrap();
    assert_eq!(requested_paths(&second), ["/deep/b/v1/identity/entity"]);
    // Another cluster at the same host is sealed; its calls do not go to these nodes.
    for other in ["", "/other", "/ab", "/a/b"] {
        let other = client.with_target(at(&format!("{}{other}", first.url())));
        assert!(other.entities().read("e1").await.unwrap_err().is_sealed());
    }
    assert_eq!(requested_paths(&second).len(), 1);

    // Two nodes at one host.
    let gateway = Faulty::start(sealed("/a/"));
    let addresses = ["/a", "/b"].map(|path| format!("{}{path}", gateway.url()));
    let client = Client::new(at(&addresses[0]), retrying().addresses(&addresses).unwrap().build());
    client.entities().read("e1").await.unwrap();
    assert_eq!(requested_paths(&gateway).last().unwrap(), "/b/v1/identity/entity/id/e1");
}

#[tokio::test]
async fn an_index_is_not_sent_to_another_cluster_behind_the_same_host() {
    let gateway = Faulty::always(Response::json(200, ENTITY).header("X-Vault-Index", "AAAA"));
    let client = Client::new(at(&format!("{}/a", gateway.url())), HyperTransport::new());
    let other = client.with_target(at(&format!("{}/b", gateway.url())));
    for client in [&client, &other, &client, &other] {
        client.entities().read("e1").await.unwrap();
    }
    let requests = gateway.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.header("x-vault-index")).collect();
    assert_eq!(sent, [None, None, Some("AAAA"), Some("AAAA")]);
    let addresses: Vec<_> = client.consistency_tokens().into_iter().map(|token| token.address).collect();
    assert_eq!(addresses, ["/a", "/b"].map(|path| format!("{}{path}", gateway.address())));
}

/// The index is sent to each node.
#[tokio::test]
async fn nodes_with_paths_share_their_index() {
    let first = Faulty::start(|n, _| match n {
        0 => Response::json(200, ENTITY).header("X-Vault-Index", "AAAA"),
        _ => Response::error(503, SEALED),
    });
    let second = Faulty::always(Response::json(200, ENTITY));
    let addresses = [format!("{}/a", first.url()), format!("{}/b", second.url())];
    // Uses a separate client, because a transport that knows several nodes also probes them.
    let alone = Client::new(at(&addresses[0]), HyperTransport::new());
    alone.entities().read("e1").await.unwrap();
    let tokens = alone.consistency_tokens();
    let transport = retrying().addresses(&addresses).unwrap().build();
    transport.observe_tokens(tokens);
    Client::new(at(&addresses[1]), transport).entities().read("e1").await.unwrap();
    let call = second.requests().into_iter().find(|request| request.path().contains("entity")).unwrap();
    assert_eq!(call.header("x-vault-index"), Some("AAAA"));
}

#[tokio::test]
async fn node_addresses_are_normalized() {
    let sealed = Faulty::always(Response::error(503, SEALED));
    let well = Faulty::always(Response::json(200, ENTITY));
    let port = sealed.address().port();
    let addresses = [format!("HTTP://LocalHost:{port}/"), well.url(), well.url()];
    let transport = retrying().addresses(&addresses).unwrap();
    let client = Client::new(at(&format!("http://localhost:{port}")), transport.build());
    client.entities().read("e1").await.unwrap();
    assert_eq!(requested_paths(&well).len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_can_be_a_node() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (heads, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, heads) = (stream.unwrap(), heads.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(len @ 1..) = stream.read(&mut buffer) {
                    let head = String::from_utf8_lossy(&buffer[..len]).into_owned();
                    let _ = heads.send(head);
                    let sealed = r#"{"errors":["Vault is sealed"]}"#;
                    let _ =
                        write!(stream, "HTTP/1.1 503 S\r\nContent-Length: {}\r\n\r\n{sealed}", sealed.len());
                }
            });
        }
    });
    let well = Faulty::always(Response::json(200, ENTITY));
    let addresses = [format!("unix://{}", path.display()), format!("{}/deep", well.url())];
    let transport = retrying().addresses(&addresses).unwrap().build();
    for address in &addresses {
        let client = Client::new(at(address), transport.clone());
        client.entities().read("e1").await.unwrap();
    }
    let head = received.iter().find(|head| head.contains("identity/entity")).unwrap();
    assert!(head.to_lowercase().contains("\r\nhost: localhost\r\n"), "{head}");
    let requests = well.requests();
    let calls: Vec<_> = requests.iter().filter(|request| request.path().contains("entity")).collect();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call.path(), "/deep/v1/identity/entity/id/e1");
        assert_eq!(call.header("host"), Some(well.address().to_string().as_str()));
        assert_eq!(call.header("x-vault-token"), Some(TOKEN));
    }
}
