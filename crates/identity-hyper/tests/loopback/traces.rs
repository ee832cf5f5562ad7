//! Spans and events for `tracing`, and secrets that no log may contain.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use identity_core::{
    Endpoint, Target, Transport,
    entity::{ListEntities, ReadEntityById, ReadEntityByName, WriteEntityByName},
    mfa::{AdminGenerateTotpSecret, CreateOktaMethod, OktaParams},
    oidc::{ClientAuth, ExchangeOidcToken, GenerateIdToken, IntrospectIdToken, ReadOidcClient, ReadUserInfo},
    wrapping::UnwrapResponse,
};
use identity_hyper::{
    HyperTransport, Proxy, RedirectPolicy, RetryPolicy, ServiceTransport, TokenFile, TransportService,
};
use tempfile::NamedTempFile;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{NO_CONTENT, Server, ok, patient, request};
use crate::tls::Ca;

/// The log of this thread, as text.
struct Log {
    file: NamedTempFile,
    _guard: DefaultGuard,
}

impl Log {
    fn start(level: LevelFilter) -> Self {
        // rustls and others use `log`. Another test may have installed the logger already.
        let _ = tracing_log::LogTracer::init();
        let file = NamedTempFile::new().unwrap();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .without_time()
            .with_writer(Arc::new(file.reopen().unwrap()))
            .finish();
        Self { file, _guard: tracing::subscriber::set_default(subscriber) }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file.path()).unwrap()
    }

    /// Returns the lines of this crate, without the durations of spans.
    fn lines(&self) -> Vec<String> {
        let text = self.text();
        let ours = text.lines().filter(|line| line.contains(" vault_identity: "));
        let without_times =
            |line: &str| line.split(" time.busy").next().unwrap_or_default().trim().to_owned();
        ours.map(without_times).collect()
    }

    /// Returns the fields of the only span. Failed attempts have an event before it.
    fn span(&self) -> String {
        let mut lines = self.lines();
        lines.retain(|line| !line.starts_with("WARN") || !line.contains("the call is retried"));
        let [line] = &lines[..] else { panic!("{lines:#?}") };
        let fields =
            line.strip_prefix("INFO vault{").and_then(|line| line.strip_suffix("}: vault_identity: close"));
        fields.unwrap_or_else(|| panic!("{line}")).to_owned()
    }
}

fn target(server: &Server) -> Target {
    Target::new(&server.url("")).unwrap().with_token("s.example").unwrap()
}

fn error_response(status: &str, body: &str) -> String {
    ok(body).replace("200 OK", status)
}

/// Reads an entity and returns the fields of the span.
async fn fields(transport: &impl Transport, server: &Server) -> String {
    let log = Log::start(LevelFilter::INFO);
    let _ = transport.send(ReadEntityById::new("7fbd40c1").request(&target(server)).unwrap()).await;
    log.span()
}

const METHOD: &str = r#"otel.kind="client" otel.name=GET identity/entity/id/{id} http.request.method="GET""#;

fn begins(server: &Server) -> String {
    let port = server.address.port();
    format!(
        r#"{METHOD} url.template="identity/entity/id/{{id}}" server.address="127.0.0.1" server.port={port}"#
    )
}

#[tokio::test]
async fn a_call_is_a_span_with_the_names_of_open_telemetry() {
    let server = Server::responding(ok(r#"{"request_id":"1d3f","data":{},"warnings":null}"#));
    let begins = begins(&server);
    let expected = format!(r#"{begins} http.response.status_code=200 vault.request_id="1d3f""#);
    assert_eq!(fields(&patient().build(), &server).await, expected);

    let layered = tower::ServiceBuilder::new().layer(patient().into_layer()).service(TransportService::new(
        ServiceTransport::new(TransportService::new(NoTraces(patient().build()))),
    ));
    assert_eq!(fields(&ServiceTransport::new(layered), &server).await, expected);

    let log = Log::start(LevelFilter::INFO);
    let team = target(&server).with_namespace("team-a").unwrap();
    patient().build().send(ListEntities::new().request(&team).unwrap()).await.unwrap();
    assert!(log.span().contains(r#"http.request.method="LIST""#), "{}", log.span());
    assert!(log.span().contains(r#"vault.namespace="team-a""#), "{}", log.span());
    drop(log);

    let log = Log::start(LevelFilter::INFO);
    patient().build().send(server.get("/v1/secret/alice")).await.unwrap();
    let port = server.address.port();
    let of_no_operation = format!(
        r#"otel.kind="client" http.request.method="GET" server.address="127.0.0.1" server.port={port} http.response.status_code=200 vault.request_id="1d3f""#
    );
    assert_eq!(log.span(), of_no_operation);
}

/// A transport whose own spans are discarded.
struct NoTraces(HyperTransport);

#[identity_core::transport::async_trait]
impl Transport for NoTraces {
    async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, identity_core::transport::TransportError> {
        let transport = self.0.clone();
        let silent = tracing::subscriber::NoSubscriber::new();
        tracing::instrument::WithSubscriber::with_subscriber(
            async move { transport.send(request).await },
            silent,
        )
        .await
    }
}

#[tokio::test]
async fn a_span_has_the_type_of_the_error() {
    let denied = r#"{"errors":["1 error occurred: permission denied"]}"#;
    let failed = |kind: &str| format!(r#"error.type="{kind}" otel.status_code="ERROR""#);
    for (raw, rest) in [
        (error_response("403 Forbidden", denied), format!("http.response.status_code=403 {}", failed("403"))),
        (error_response("500 Oops", "no JSON"), format!("http.response.status_code=500 {}", failed("500"))),
        // A missing object is not an error, but a missing path is.
        (error_response("404 Not Found", r#"{"errors":[]}"#), "http.response.status_code=404".to_owned()),
        (error_response("404 Not Found", denied), format!("http.response.status_code=404 {}", failed("404"))),
        (NO_CONTENT.to_owned(), "http.response.status_code=204".to_owned()),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".to_owned() + &"x".repeat(3), failed("timeout")),
        (ok("x".repeat(5000)), failed("too_large")),
        ("nonsense\r\n\r\n".to_owned(), failed("other")),
    ] {
        let server = Server::responding(raw);
        let transport = patient().response_limit(1000).timeout(std::time::Duration::from_secs(1)).build();
        assert_eq!(fields(&transport, &server).await, format!("{} {rest}", begins(&server)));
    }
}

#[tokio::test]
async fn a_retry_is_counted_and_logged() {
    let server = Server::start(|mut peer| async move {
        let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        for raw in [busy, busy, NO_CONTENT] {
            peer.request().await;
            peer.write(raw).await;
        }
    });
    let log = Log::start(LevelFilter::DEBUG);
    let transport = patient().retry_policy(RetryPolicy::new()).build();
    transport.send(ReadEntityById::new("7fbd40c1").request(&target(&server)).unwrap()).await.unwrap();
    let lines = log.lines();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let expected = format!(
        r#"vault_identity: the call is retried node="{}" outcome="503 Service Unavailable" wait="#,
        server.address
    );
    for (line, level) in lines.iter().zip(["WARN", "DEBUG"]) {
        assert!(line.starts_with(&format!("{level} vault{{")) && line.contains(&expected), "{line}");
    }
    assert!(lines[2].contains(" http.request.resend_count=2 http.response.status_code=204}"), "{}", lines[2]);
    drop(log);

    let busy = error_response("503 Service Unavailable", "");
    let transport = patient().retry_policy(RetryPolicy::new().max_retries(1)).build();
    let server = Server::responding(busy);
    let all_failed = "http.request.resend_count=1 http.response.status_code=503 error.type=\"503\"";
    let fields = fields(&transport, &server).await;
    assert!(fields.contains(all_failed), "{fields}");
}

#[tokio::test]
async fn warnings_of_the_server_are_logged_once() {
    let warning =
        r#"{"request_id":"1d3f","data":null,"warnings":["Endpoint ignored these: [\"x\"]\n","again"]}"#;
    let server = Server::responding(ok(warning));
    for (level, expected) in [
        (LevelFilter::TRACE, true),
        (LevelFilter::INFO, true),
        (LevelFilter::WARN, true),
        (LevelFilter::ERROR, false),
        (LevelFilter::OFF, false),
    ] {
        let log = Log::start(level);
        patient().build().send(server.get("/v1")).await.unwrap();
        let lines = log.lines();
        let warned = lines.iter().filter(|line| line.starts_with("WARN")).collect::<Vec<_>>();
        assert_eq!(warned.len(), usize::from(expected), "{lines:#?}");
        let warnings = r#"the server warns warnings=["Endpoint ignored these: [\"x\"]\n", "again"]"#;
        assert!(warned.iter().all(|line| line.ends_with(warnings)), "{lines:#?}");
        if level == LevelFilter::INFO {
            assert!(warned[0].contains(r#"vault.request_id="1d3f""#), "{warned:#?}");
        }
    }
}

#[tokio::test]
async fn a_token_in_a_response_is_redacted_in_logs_and_errors() {
    let warnings =
        format!(r#"{{"request_id":"{CANARY}-token","data":null,"warnings":["of {CANARY}-token"]}}"#);
    let elsewhere =
        format!("307 Temporary Redirect\r\nLocation: http://{CANARY}-token.test/v1/identity/entity/id");
    let off = "403 Forbidden\r\nContent-Type: text/".to_owned() + CANARY + "-token";
    for (raw, expected) in [
        (ok(warnings), "of <redacted>"),
        (error_response(&elsewhere, ""), "http://<redacted>.test"),
        (error_response(&elsewhere.replace("/v1", "/elsewhere"), ""), "http://<redacted>.test"),
        (error_response(&off, "<html>"), "error.type=\"403\""),
    ] {
        let server = Server::responding(raw);
        let log = Log::start(LevelFilter::TRACE);
        let target = target(&server).with_token(format!("{CANARY}-token")).unwrap();
        let transport =
            patient().redirect_policy(RedirectPolicy::Nodes).retry_policy(RetryPolicy::off()).build();
        let result = transport.send(ListEntities::new().request(&target).unwrap()).await;
        let text = log.lines().join("\n");
        assert!(text.contains(expected), "{text}");
        assert_no_canary(&text);
        assert_no_canary(&match result {
            Ok(response) => format!("{:?}", ListEntities::parse_response(&response).err()),
            Err(error) => format!("{error:#} {error:?}"),
        });
    }
}

#[tokio::test]
async fn a_rejected_redirect_is_logged_without_its_path() {
    let elsewhere = "307 Temporary Redirect\r\nLocation: http://127.0.0.9:8200/v1/alice";
    let server = Server::responding(error_response(elsewhere, ""));
    let log = Log::start(LevelFilter::WARN);
    let transport = patient().redirect_policy(RedirectPolicy::Nodes).build();
    transport.send(server.get("/v1/alice")).await.unwrap_err();
    let expected = format!(
        r#"WARN vault_identity: a redirect is not followed from="http://{}" to="http://127.0.0.9:8200" problem="that is not one of the configured addresses""#,
        server.address
    );
    assert_eq!(log.lines(), [expected]);
}

#[tokio::test]
async fn a_failed_node_is_logged_and_the_span_has_the_next_one() {
    let healthy = Server::responding(NO_CONTENT);
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let log = Log::start(LevelFilter::INFO);
    let transport = patient().addresses([format!("http://{gone}"), healthy.url("")]).unwrap().build();
    let call = request("GET", &format!("http://{gone}/v1"), "");
    transport.send(call).await.unwrap();
    let lines = log.lines();
    let failed = format!("a node has failed node={gone}");
    assert!(lines.iter().any(|line| line.starts_with("INFO") && line.ends_with(&failed)), "{lines:#?}");
    let span = lines.iter().find(|line| line.ends_with(": close")).unwrap();
    assert!(span.contains(&format!(" server.port={} ", healthy.address.port())), "{span}");
    assert!(span.contains(" http.request.resend_count=1 "), "{span}");
}

/// Part of all secrets and identifiers below.
const CANARY: &str = "canary-0f5e";

/// Returns requests with secrets in every place where the API has them.
fn secret_calls(address: &str) -> Vec<Request<Bytes>> {
    let secret = |what: &str| format!("{CANARY}-{what}");
    let target = Target::new(address).unwrap().with_token(secret("token")).unwrap();
    let client = || ClientAuth::basic(secret("client"), secret("client-secret"));
    let write = WriteEntityByName::new(secret("name")).metadata([("key", secret("metadata"))]);
    let okta = OktaParams::new("org", secret("api-token"));
    let code = ExchangeOidcToken::code("p", client(), secret("code"), "https://app.example.com");
    let post = ExchangeOidcToken::client_credentials("p", ClientAuth::post(secret("client"), secret("post")));
    [
        write.request(&target),
        ReadEntityByName::new(secret("name")).request(&target),
        CreateOktaMethod::new(okta).request(&target),
        AdminGenerateTotpSecret::new("method", secret("entity")).request(&target),
        code.request(&target),
        post.request(&target),
        ReadUserInfo::new("p", secret("access-token")).request(&target),
        IntrospectIdToken::new(secret("id-token")).request(&target),
        GenerateIdToken::new(secret("role")).request(&target),
        ReadOidcClient::new(secret("client")).request(&target),
        UnwrapResponse::<ReadOidcClient>::new(secret("wrapping-token")).request(&target),
    ]
    .map(|request| request.unwrap())
    .into()
}

fn secret_response() -> String {
    let secrets = ["client_secret", "token", "url", "barcode", "name"]
        .map(|key| format!(r#""{key}":"{CANARY}-{key}""#));
    format!(
        r#"{{"request_id":"1d3f","data":{{{}}},"auth":{{"client_token":"{CANARY}"}}}}"#,
        secrets.join(",")
    )
}

/// Fails if the log contains a secret: in plain text, in Basic authentication, or as bytes.
fn assert_no_canary(log: &str) {
    let numbers = |bytes: &[u8]| bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let basic = BASE64.encode(format!("{CANARY}-client:{CANARY}-client-secret"));
    for form in
        [CANARY.to_owned(), basic[..24].to_owned(), numbers(CANARY.as_bytes()), hex(CANARY.as_bytes())]
    {
        if let Some(at) = log.find(&form) {
            let line = log[..at].rfind('\n').map_or(0, |newline| newline + 1);
            panic!("{}", log[line..].lines().next().unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn no_log_of_http_1_holds_a_secret() {
    let (log, secret) = (Log::start(LevelFilter::TRACE), secret_response());
    let denied = format!(r#"{{"errors":["{CANARY}"]}}"#);
    let responses = [
        ok(&secret),
        error_response("403 Forbidden", &denied),
        error_response("503 Service Unavailable", &denied),
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://u:{CANARY}@127.0.0.1/{CANARY}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nX-Vault-Index: {CANARY}\r\nContent-Length: 0\r\n\r\n"),
        format!("{CANARY} is no HTTP\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{CANARY}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{CANARY}"),
        String::new(),
    ];
    for (number, raw) in responses.into_iter().enumerate() {
        let server = Server::start(move |mut peer| {
            let raw = raw.clone();
            async move {
                peer.request().await;
                peer.write(raw).await;
            }
        });
        let transport = patient()
            .redirect_policy(RedirectPolicy::Nodes)
            .retry_policy(RetryPolicy::new().max_retries(1))
            .build();
        for call in secret_calls(&server.url("")) {
            let result = transport.send(call).await;
            assert_eq!(result.is_ok(), [0, 1, 2, 4].contains(&number), "{number}: {result:?}");
        }
    }
    // Also with the password of a proxy, which rejects connections for TLS.
    let server = Server::start(move |mut peer| {
        let raw = ok(&secret);
        async move {
            while let Some(request) = peer.request().await {
                let raw = match request.split_once(' ') {
                    Some(("CONNECT", to)) if to.starts_with("vault.example.com:80 ") => {
                        "HTTP/1.1 200 OK\r\n\r\n"
                    }
                    Some(("CONNECT", _)) => &error_response("407 Proxy Authentication Required", CANARY),
                    _ => &raw,
                };
                peer.write(raw).await;
            }
        }
    });
    let proxy =
        Proxy::all(&format!("http://{CANARY}-client:{CANARY}-client-secret@{}", server.address)).unwrap();
    for address in ["http://vault.example.com", "https://vault.example.com"] {
        for call in secret_calls(address) {
            let result = patient().proxy(proxy.clone()).build().send(call).await;
            assert_eq!(result.is_ok(), address.starts_with("http:"), "{result:?}");
        }
    }
    let mut to_proxy = server.seen().requests;
    to_proxy.retain(|request| request.starts_with("CONNECT "));
    assert!(
        to_proxy.len() > 1
            && to_proxy
                .iter()
                .all(|request| request.to_lowercase().contains("\r\nproxy-authorization: basic "))
    );
    let text = log.text();
    assert!(text.contains("vault_identity: "), "{text}");
    assert_no_canary(&text);
}

#[tokio::test]
async fn no_log_of_http_2_and_tls_holds_a_secret() {
    let log = Log::start(LevelFilter::TRACE);
    let ca = Ca::new();
    let acceptor = ca.acceptor(&["h2"]);
    let server = Server::start(move |peer| {
        let acceptor = acceptor.clone();
        async move {
            let Some(peer) = peer.secure(&acceptor).await else { return };
            let respond = service_fn(|request: Request<hyper::body::Incoming>| async move {
                let mut response = Response::new(Full::new(Bytes::from(secret_response())));
                response.headers_mut().insert("x-secret", CANARY.parse().unwrap());
                match request.uri().path() {
                    path if path.ends_with("userinfo") => *response.status_mut() = StatusCode::FORBIDDEN,
                    path if path.ends_with("introspect") => return Err(io::Error::other(CANARY)),
                    _ => {}
                }
                Ok(response)
            });
            let _ = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(peer.stream), respond)
                .await;
        }
    });
    let transport = patient().tls(ca.client()).build();
    for call in secret_calls(&format!("https://{}", server.address)) {
        let fails = call.uri().path().ends_with("introspect");
        match transport.send(call).await {
            Ok(response) => assert!(!fails && response.version() == Version::HTTP_2),
            Err(error) => assert!(fails, "{error:?}"),
        }
    }
    let text = log.text();
    for source in
        ["vault_identity: ", "h2::codec::framed_write: ", "h2::hpack::decoder: ", "rustls::client::hs"]
    {
        assert!(text.contains(source), "{source}");
    }
    assert_no_canary(&text);
}

#[test]
fn a_secret_in_a_log_is_detected() {
    let log = Log::start(LevelFilter::TRACE);
    tracing::trace!(secret = ?Bytes::from(CANARY), "a frame");
    let text = log.text();
    std::panic::catch_unwind(|| assert_no_canary(&text)).unwrap_err();
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_file_that_others_can_read_causes_one_warning() {
    use std::os::unix::fs::PermissionsExt;

    let server = Server::responding(NO_CONTENT);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let warning =
        format!("all users of the machine can read or write the token file path={}", path.display());
    for (mode, expected) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o602, 1)] {
        let log = Log::start(LevelFilter::WARN);
        fs::write(&path, "s.canary").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let transport = patient().token_source(TokenFile::new(&path)).build();
        for _ in 0..3 {
            transport.send(crate::token::list(&server)).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        }
        assert_eq!(log.text().matches(&warning).count(), expected, "{mode:o}: {}", log.text());
        assert!(!log.text().contains("canary"));
    }
}

#[tokio::test]
async fn a_call_to_another_address_causes_one_warning() {
    let log = Log::start(LevelFilter::WARN);
    let server = Server::responding(NO_CONTENT);
    let transport = patient().addresses(["http://a.invalid", "http://b.invalid"]).unwrap().build();
    for _ in 0..2 {
        transport.send(server.get("/v1/x")).await.unwrap();
    }
    let expected = format!(
        "WARN vault_identity: the address is not one of the configured addresses server={}",
        server.address
    );
    assert_eq!(log.lines(), [expected]);
}
