//! Connections through HTTP, HTTPS and SOCKS 5 proxies.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use identity_core::{
    Transport,
    transport::{TransportError, TransportErrorKind},
};
use identity_hyper::rustls::crypto::ring::default_provider;
use identity_hyper::rustls::server::WebPkiClientVerifier;
use identity_hyper::rustls::{ClientConfig, ServerConfig};
use identity_hyper::{Proxy, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::support::{Peer, Server, head, patient, request};
use crate::tls::{Ca, HELLO, acceptor, server, story};

/// Connects to `server`, whatever the requested address.
async fn relay(peer: &mut (impl AsyncRead + AsyncWrite + Unpin), server: SocketAddr) {
    let mut onward = TcpStream::connect(server).await.unwrap();
    let _ = copy_bidirectional(peer, &mut onward).await;
}

/// A proxy that responds to `CONNECT` with `response`, and opens the tunnel after a 200.
fn http_proxy(server: SocketAddr, response: &'static str, tls: Option<TlsAcceptor>) -> Server {
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut peer: Peer<S>, server: SocketAddr, response: &str) {
        peer.request().await;
        peer.write(response).await;
        if response.starts_with("HTTP/1.1 200 ") {
            relay(&mut peer.stream, server).await;
        }
    }
    Server::start(move |peer| {
        let tls = tls.clone();
        async move {
            match tls {
                None => serve(peer, server, response).await,
                Some(tls) => {
                    if let Some(peer) = peer.secure(&tls).await {
                        serve(peer, server, response).await;
                    }
                }
            }
        }
    })
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

async fn call(proxy: Proxy, tls: Tls, url: &str) -> Result<String, TransportError> {
    let transport = patient().proxy(proxy).tls(tls).build();
    let response = transport.send(request("GET", url, "")).await?;
    Ok(String::from_utf8_lossy(response.body()).into_owned())
}

#[tokio::test]
async fn an_http_proxy_tunnels_http_and_https() {
    let ca = Ca::new();
    let tls = Tls::new().ca_pem(ca.pem()).unwrap();
    let secure = server(acceptor(ca.issue("vault.test", |_| {}), &["http/1.1"]), HELLO);
    let plain = Server::responding(HELLO);
    for (server, url, authority) in [
        (&secure, "https://vault.test:8200/v1/a", "vault.test:8200"),
        (&secure, "https://vault.test/v1/a", "vault.test:443"),
        (&plain, "http://vault.test:8200/v1/a", "vault.test:8200"),
        (&plain, "http://vault.test/v1/a", "vault.test:80"),
        (&plain, "http://[2001:db8::1]/v1/a", "[2001:db8::1]:80"),
    ] {
        let proxy = http_proxy(server.address, ESTABLISHED, None);
        let settings = Proxy::all(&format!("http://{}", proxy.address)).unwrap();
        assert_eq!(call(settings, tls.clone(), url).await.unwrap(), "hello", "{url}");
        let expected = [format!("CONNECT {authority} HTTP/1.1"), format!("Host: {authority}")];
        assert_eq!(head(&proxy.seen().requests[0]), expected);
        assert!(server.seen().requests.last().unwrap().starts_with("GET /v1/a HTTP/1.1\r\n"));
    }
}

#[tokio::test]
async fn an_http_proxy_receives_the_credentials() {
    let server = Server::responding(HELLO);
    let proxy = http_proxy(server.address, ESTABLISHED, None);
    let settings = Proxy::all(&format!("http://alice:hunter%402@{}", proxy.address)).unwrap();
    assert_eq!(call(settings, Tls::new(), "http://vault.test/").await.unwrap(), "hello");
    // alice:hunter@2
    let credentials = "Proxy-Authorization: Basic YWxpY2U6aHVudGVyQDI=";
    assert!(head(&proxy.seen().requests[0]).contains(&credentials), "{:?}", proxy.seen());
    assert!(!server.seen().requests[0].to_lowercase().contains("proxy"), "{:?}", server.seen());
}

#[tokio::test]
async fn a_rejecting_proxy_means_that_the_request_was_not_sent() {
    let server = Server::responding(HELLO);
    for (response, why) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy authorization required"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "unsuccessful"),
        ("garbage\r\n\r\n", "unsuccessful"),
        ("", "end of file"),
    ] {
        let proxy = http_proxy(server.address, response, None);
        let settings = Proxy::all(&format!("http://alice:hunter2@{}", proxy.address)).unwrap();
        let error = call(settings, Tls::new(), "http://vault.test/").await.expect_err(why);
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
        assert!(story(&error).contains(why), "{}", story(&error));
        assert!(story(&error).contains(&format!("through the proxy {}", proxy.address)), "{}", story(&error));
        let shown = format!("{error:?} {}", story(&error));
        assert!(!shown.contains("hunter2") && !shown.contains("YWxpY2U6"), "{shown}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https", "socks5", "socks5h"] {
        let settings = Proxy::all(&format!("{scheme}://{closed}")).unwrap();
        let error = call(settings, Tls::new(), "http://vault.test/").await.expect_err(scheme);
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
        assert!(story(&error).contains("refused"), "{}", story(&error));
        assert!(story(&error).contains(&format!("through the proxy {closed}")), "{}", story(&error));
    }
    assert_eq!(server.seen().connections, 0);
}

#[tokio::test]
async fn a_proxy_may_use_tls() {
    let ca = Ca::new();
    let tls = Tls::new().ca_pem(ca.pem()).unwrap().server_name("vault.test").unwrap();
    let secure = server(acceptor(ca.issue("vault.test", |_| {}), &["http/1.1"]), HELLO);
    let plain = Server::responding(HELLO);
    for (server, url) in [(&plain, "http://vault.test/"), (&secure, "https://10.1.2.3/")] {
        let proxy = http_proxy(server.address, ESTABLISHED, Some(ca.acceptor(&["http/1.1"])));
        let settings = Proxy::all(&format!("https://{}", proxy.address)).unwrap();
        assert_eq!(call(settings.clone(), tls.clone(), url).await.unwrap(), "hello", "{url}");
        assert_eq!((proxy.seen().requests.len(), server.seen().requests.len()), (1, 1), "{url}");
        let untrusted = call(settings, Tls::new().ca_pem(Ca::new().pem()).unwrap(), url).await.unwrap_err();
        assert!(story(&untrusted).contains("not issued by a trusted CA"), "{}", story(&untrusted));
    }
}

#[tokio::test]
async fn a_proxy_does_not_receive_the_client_certificate() {
    let ca = Ca::new();
    let (certificate, key) = ca.client_cert_pem();
    let given = Tls::new().ca_pem(ca.pem()).unwrap().client_cert_pem(certificate, key).unwrap();
    let provider = Arc::new(default_provider());
    let (chain, key) = ca.issue("client", |_| {});
    let own = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(ca.roots())
        .with_client_auth_cert(chain, key)
        .unwrap();
    let asks = WebPkiClientVerifier::builder_with_provider(ca.roots(), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .unwrap();
    let (chain, key) = ca.issue("127.0.0.1", |_| {});
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks)
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::responding(HELLO);
    let address = server.address;
    let proxy = Server::start(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let mut peer = peer.secure(&acceptor).await.unwrap();
            peer.request().await;
            if peer.stream.get_ref().1.peer_certificates().is_none() {
                peer.write(ESTABLISHED).await;
                relay(&mut peer.stream, address).await;
            }
        }
    });
    let settings = Proxy::all(&format!("https://{}", proxy.address)).unwrap();
    for tls in [given, own.into()] {
        assert_eq!(call(settings.clone(), tls, "http://vault.test/").await.unwrap(), "hello");
    }
}

/// A SOCKS 5 proxy that records the received bytes.
fn socks_proxy(server: SocketAddr, credentials: Option<&'static str>, response: u8) -> (Server, Received) {
    let received = Received::default();
    let record = received.clone();
    let proxy = Server::start(move |mut peer| {
        let record = record.clone();
        async move {
            let method = if credentials.is_some() { 2 } else { 0 };
            let mut greeting = [0; 3];
            peer.stream.read_exact(&mut greeting).await.unwrap();
            assert_eq!(greeting, [5, 1, method]);
            peer.write([5, method]).await;
            if let Some(credentials) = credentials {
                let mut given = vec![0; credentials.len() + 2];
                peer.stream.read_exact(&mut given).await.unwrap();
                let (user, password) = credentials.split_once(':').unwrap();
                let length = |text: &str| u8::try_from(text.len()).unwrap();
                let expected =
                    [&[1, length(user)], user.as_bytes(), &[length(password)], password.as_bytes()].concat();
                let is_known = given[..expected.len()] == expected[..];
                peer.write([1, u8::from(!is_known)]).await;
                if !is_known {
                    return;
                }
            }
            let mut authority = [0; 5];
            peer.stream.read_exact(&mut authority).await.unwrap();
            let rest = match authority[3] {
                1 => 3 + 2,
                3 => usize::from(authority[4]) + 2,
                _ => 15 + 2,
            };
            let mut whole = authority.to_vec();
            whole.resize(5 + rest, 0);
            peer.stream.read_exact(&mut whole[5..]).await.unwrap();
            record.lock().unwrap().push(whole);
            peer.write([5, response, 0, 1, 0, 0, 0, 0, 0, 0]).await;
            if response == 0 {
                relay(&mut peer.stream, server).await;
            }
        }
    });
    (proxy, received)
}

type Received = Arc<Mutex<Vec<Vec<u8>>>>;

#[tokio::test]
async fn socks5h_resolves_the_name_at_the_proxy() {
    let ca = Ca::new();
    let tls = Tls::new().ca_pem(ca.pem()).unwrap();
    let secure = server(acceptor(ca.issue("vault.test", |_| {}), &["http/1.1"]), HELLO);
    let plain = Server::responding(HELLO);
    let name: &[u8] = b"\x05\x01\x00\x03\x0avault.test";
    for (server, scheme, url, authority) in [
        (&secure, "socks5h", "https://vault.test:8200/", [name, &[0x20, 0x08]].concat()),
        (&plain, "socks5h", "http://vault.test/", [name, &[0, 80]].concat()),
        (&plain, "socks5", "http://10.1.2.3:8200/", vec![5, 1, 0, 1, 10, 1, 2, 3, 0x20, 0x08]),
    ] {
        let (proxy, received) = socks_proxy(server.address, None, 0);
        let settings = Proxy::all(&format!("{scheme}://{}", proxy.address)).unwrap();
        assert_eq!(call(settings, tls.clone(), url).await.unwrap(), "hello", "{url}");
        assert_eq!(*received.lock().unwrap(), [authority]);
    }
    let (proxy, received) = socks_proxy(plain.address, None, 0);
    let settings = Proxy::all(&format!("socks5://{}", proxy.address)).unwrap();
    let error = call(settings, tls, "http://name.invalid/").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_socks_proxy_receives_and_may_reject_the_credentials() {
    let server = Server::responding(HELLO);
    let call = |url: String| call(Proxy::all(&url).unwrap(), Tls::new(), "http://vault.test/");
    let (proxy, _) = socks_proxy(server.address, Some("alice:hunter@2"), 0);
    assert_eq!(call(format!("socks5h://alice:hunter%402@{}", proxy.address)).await.unwrap(), "hello");
    let rejected = |error: TransportError, why: &str| {
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error:?}");
        assert!(story(&error).contains(why), "{}", story(&error));
        assert!(!format!("{error:?} {}", story(&error)).contains("hunter"), "{error:?}");
    };
    let wrong = call(format!("socks5h://alice:hunter%403@{}", proxy.address)).await;
    rejected(wrong.unwrap_err(), "credentials not accepted");
    let (proxy, _) = socks_proxy(server.address, None, 5);
    rejected(call(format!("socks5h://{}", proxy.address)).await.unwrap_err(), "SOCKS");
    assert_eq!(server.seen().connections, 1);
}

#[tokio::test]
async fn loopback_addresses_and_no_proxy_servers_bypass_the_proxy() {
    let server = Server::responding(HELLO);
    let proxy = http_proxy(server.address, ESTABLISHED, None);
    let all = Proxy::all(&format!("http://{}", proxy.address)).unwrap();
    assert_eq!(call(all.clone(), Tls::new(), &server.url("/")).await.unwrap(), "hello");
    let local = format!("http://localhost:{}/", server.address.port());
    assert_eq!(call(all.clone(), Tls::new(), &local).await.unwrap(), "hello");
    assert_eq!(proxy.seen().connections, 0);
    // The name does not exist, and the proxy is not used.
    let excepted = all.clone().no_proxy("example.com, vault.invalid");
    let error = call(excepted, Tls::new(), "http://a.vault.invalid/").await.unwrap_err();
    assert_eq!((error.kind(), proxy.seen().connections), (TransportErrorKind::NotSent, 0));
    assert_eq!(call(all, Tls::new(), "http://a.vault.invalid/").await.unwrap(), "hello");
    assert_eq!(proxy.seen().connections, 1);
}
