//! Requests and responses on the wire.

use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use identity_core::{
    Endpoint, Target, Transport,
    entity::{CreateEntity, DeleteEntityByName, ListEntityNames},
    lookup::LookupEntity,
    wrapping::UnwrapResponse,
};
use identity_hyper::HyperTransport;

use crate::support::{NO_CONTENT, Server, head, ok, patient, request};

#[tokio::test]
async fn a_list_arrives_as_the_core_encoded_it() {
    let server = Server::responding(ok(r#"{"data":{"keys":["alice"]}}"#));
    let target = Target::new(&server.url("")).unwrap().with_token("s.example").unwrap();
    let target = target.with_namespace("team-a").unwrap();

    let response = patient().build().send(ListEntityNames::new().request(&target).unwrap()).await.unwrap();

    assert_eq!(ListEntityNames::parse_response(&response).unwrap().keys, ["alice"]);
    let requests = server.seen().requests;
    assert_eq!(requests.len(), 1);
    assert_eq!(
        head(&requests[0]),
        [
            "LIST /v1/identity/entity/name HTTP/1.1",
            &format!("host: {}", server.address),
            "x-vault-namespace: team-a",
            "x-vault-request: true",
            "x-vault-token: s.example",
        ]
    );
}

#[tokio::test]
async fn a_post_arrives_with_its_body_and_one_length() {
    let server = Server::responding(NO_CONTENT);
    let target = Target::new(&server.url("/proxy")).unwrap();
    let create = CreateEntity::named("alice").policies(["dev"]);

    patient().build().send(create.request(&target).unwrap()).await.unwrap();

    let requests = server.seen().requests;
    assert_eq!(
        head(&requests[0]),
        [
            "POST /proxy/v1/identity/entity HTTP/1.1",
            "content-length: 35",
            "content-type: application/json",
            &format!("host: {}", server.address),
            "x-vault-request: true",
        ]
    );
    assert!(requests[0].ends_with("\r\n\r\n{\"name\":\"alice\",\"policies\":[\"dev\"]}"));
}

#[tokio::test]
async fn a_post_without_a_body_has_a_length_of_zero() {
    let server = Server::responding(NO_CONTENT);
    let target = Target::new(&server.url("")).unwrap();
    let unwrap = UnwrapResponse::<LookupEntity>::new("s.wrapped").request(&target).unwrap();

    patient().build().send(unwrap).await.unwrap();

    let requests = server.seen().requests;
    assert!(head(&requests[0]).contains(&"content-length: 0"), "{}", requests[0]);
}

#[tokio::test]
async fn a_request_without_a_body_has_no_framing() {
    let server = Server::responding(NO_CONTENT);
    let transport = patient().build();
    for method in ["GET", "LIST", "DELETE", "HEAD"] {
        transport.send(request(method, &server.url("/v1"), "")).await.unwrap();
    }
    for request in server.seen().requests {
        assert_eq!(head(&request).len(), 2, "{request}");
    }
}

#[tokio::test]
async fn encoded_paths_arrive_as_they_are() {
    let server = Server::responding(NO_CONTENT);
    let target = Target::new(&server.url("")).unwrap();
    let delete = DeleteEntityByName::new("Zoë/a b%2F?#").request(&target).unwrap();

    patient().build().send(delete).await.unwrap();

    let requests = server.seen().requests;
    assert_eq!(head(&requests[0])[0], "DELETE /v1/identity/entity/name/Zo%C3%AB%2Fa%20b%252F%3F%23 HTTP/1.1");
}

#[tokio::test]
async fn every_status_is_a_response() {
    let transport = patient().build();
    for status in [200, 201, 300, 400, 403, 404, 405, 412, 429, 472, 473, 500, 502, 503, 599, 999] {
        let server = Server::responding(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}"));
        let response = transport.send(server.post("/v1", "{}")).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.body(), "{}");
        assert_eq!(server.seen().requests.len(), 1);
    }
}

#[tokio::test]
async fn redirects_are_returned() {
    let elsewhere = Server::responding(NO_CONTENT);
    let transport = patient().build();
    for status in [301, 302, 303, 307, 308] {
        let location = elsewhere.url("/v1");
        let raw = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let response = transport.send(Server::responding(raw).get("/v1")).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["location"], location);
    }
    assert_eq!(elsewhere.seen().connections, 0);
}

#[tokio::test]
async fn headers_and_bytes_are_returned() {
    let mut raw =
        b"HTTP/1.1 200 OK\r\nRetry-After: 7\r\nWarning: a\r\nWARNING: b\r\nContent-Length: 4\r\n\r\n"
            .to_vec();
    raw.extend([0, 0xff, b'\r', b'\n']);
    let response = patient().build().send(Server::responding(raw).get("/v1")).await.unwrap();
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers().get_all("warning").iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(response.body()[..], [0, 0xff, b'\r', b'\n']);
}

#[tokio::test]
async fn every_framing_of_a_response_is_decoded() {
    let transport = patient().build();
    for (raw, body) in [
        ("HTTP/1.1 200 OK\r\ncontent-length:   5 \r\n\r\nhello", "hello"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: r\r\n\r\n",
            "hello",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", "hello"),
        ("HTTP/1.0 200 OK\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello", ""),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "hello",
        ),
    ] {
        let server = Server::start(move |mut peer| async move {
            peer.request().await;
            peer.write(raw).await;
        });
        let response = transport.send(server.get("/v1")).await.expect(raw);
        assert_eq!(response.body(), body, "{raw}");
    }
}

#[tokio::test]
async fn a_response_to_head_has_no_body_whatever_its_length() {
    let server = Server::responding("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    let transport = patient().response_limit(10).build();
    for _ in 0..2 {
        let response = transport.send(request("HEAD", &server.url("/v1"), "")).await.unwrap();
        assert!(response.body().is_empty());
    }
    assert_eq!(server.seen().connections, 1);
}

#[tokio::test]
async fn megabytes_can_be_sent_and_received() {
    let server = Server::start(|mut peer| async move {
        while let Some(request) = peer.request().await {
            peer.write(ok(request.split("\r\n\r\n").nth(1).unwrap())).await;
        }
    });
    let body: Bytes = (0..3_000_000_u64).map(|i| b"0123456789abcdef"[((i * i) >> 7) as usize % 16]).collect();
    let response = patient().build().send(server.post("/v1", body.clone())).await.unwrap();
    assert!(*response.body() == body, "the body changed on the way");
}

#[tokio::test]
async fn the_host_header_is_that_of_the_address() {
    let server = Server::responding(NO_CONTENT);
    let port = server.address.port();
    let transport = HyperTransport::new();
    for host in ["localhost", "LOCALHOST", "127.0.0.1"] {
        transport.send(request("GET", &format!("http://{host}:{port}/v1"), "")).await.unwrap();
        let host = format!("host: {host}:{port}");
        assert!(server.seen().requests.last().unwrap().contains(&host), "{:?}", server.seen());
    }
    let mut named = server.get("/v1");
    named.headers_mut().insert(HOST, HeaderValue::from_static("vault.example.com"));
    transport.send(named).await.unwrap();
    let last = server.seen().requests.pop().unwrap();
    assert!(last.contains("host: vault.example.com") && last.matches("host: ").count() == 1, "{last}");
}
