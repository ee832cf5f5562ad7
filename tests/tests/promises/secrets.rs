//! Secrets do not leak.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity_tests::faulty::{Authority, Faulty, Response};
use serde::Serialize;
use vault_identity::entity::ReadEntityById;
use vault_identity::mfa::{TotpEnrollment, TotpSecret};
use vault_identity::oidc::{
    AuthorizationCode, ClientAuth, ExchangeOidcToken, IdToken, OidcClient, ProviderTokens, ReadJwks,
    ReadUserInfo,
};
use vault_identity::wrapping::{UnwrapResponse, WrapInfo};
use vault_identity::{BlockingClient, Client, Endpoint, SecretString, Target, Wrap};

use crate::support::{
    ENTITY, TOKEN, client, client_with, ran_in_subprocess, server_and_client, single_attempt, target,
};

#[test]
fn debug_output_contains_no_token() {
    let server = Faulty::always(Response::dropped());
    let client = client(&server);
    let builder = single_attempt();
    let transport = builder.clone().build();
    let blocking = BlockingClient::with_address(&server.url(), TOKEN).unwrap();
    let request = ReadEntityById::new("e1").request(client.target()).unwrap();
    let draft = ReadEntityById::new("e1").request(&target(&server).with_namespace("team").unwrap()).unwrap();
    for text in [
        format!("{client:?} {client:#?} {:?}", client.entities()),
        format!("{blocking:?} {blocking:#?} {:?}", blocking.entities()),
        format!("{:?} {:#?}", client.target(), client.target()),
        format!("{builder:?} {transport:?}"),
        format!("{request:?} {:#?}", draft.headers()),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(format!("{:?}", client.target()).contains("Sensitive"), "the output shows that there is a token");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Uses HTTP/1.1 and HTTP/2 with TLS, and the logs of all dependencies.
#[test]
fn trace_logs_contain_no_secret() {
    if ran_in_subprocess("secrets::trace_logs_contain_no_secret", &[]) {
        return;
    }
    let log = Log::default();
    let writer = log.clone();
    // rustls logs with `log`.
    tracing_log::LogTracer::init().unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let body = r#"{"data":{"client_id":"c1","client_secret":"canary-response"}}"#;
    let [h1, h2] = [Authority::new(), Authority::new().alpn(&["h2"])];
    // An HTTP/2 response to the first request: SETTINGS, its acknowledgement, and the headers `:status: 204`.
    let frames = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0\0\0\x01\x01\x05\0\0\0\x01\x89";
    let frames = Response::raw(frames).after(Duration::from_millis(300)).then_hold();
    let servers = [
        (Faulty::secure(&h1, move |_, _| Response::json(200, body)), h1),
        (Faulty::secure(&h2, move |_, _| frames.clone()), h2),
    ];
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        for (server, authority) in &servers {
            let client = client_with(server, single_attempt().tls(authority.client()));
            let auth = ClientAuth::basic("c1", "canary-client-secret");
            let code = ExchangeOidcToken::code("web", auth, "canary-code", "http://app.test");
            if server.url() == servers[0].0.url() {
                let secret = client.oidc().clients().read("app").await.unwrap().client_secret;
                assert!(secret.is_some());
                client.oidc().providers().exchange(&code).await.unwrap_err();
            } else {
                client.call(&vault_identity::entity::DeleteEntityById::new("e1")).await.unwrap();
            }
        }
    });
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("rustls") && log.contains("h2::"), "the log is complete: {log}");
    for secret in ["canary", &base64("c1:canary-client-secret")] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

fn base64(text: &str) -> String {
    let auth = ClientAuth::basic("c1", text.strip_prefix("c1:").unwrap());
    let target = Target::new("http://vault.test").unwrap();
    let request = ExchangeOidcToken::client_credentials("web", auth).request(&target).unwrap();
    let header = request.headers()["authorization"].to_str().unwrap();
    header.strip_prefix("Basic ").unwrap().to_owned()
}

#[test]
fn headers_with_secrets_are_marked_sensitive() {
    let target = Target::new("http://vault.test").unwrap().with_token(TOKEN).unwrap();
    let basic = ClientAuth::basic("c1", "canary");
    for (name, request) in [
        ("x-vault-token", ReadEntityById::new("e1").request(&target)),
        ("x-vault-token", Wrap::new(ReadJwks::new(), Duration::from_secs(60)).request(&target)),
        ("x-vault-token", UnwrapResponse::<ReadJwks>::new("canary").request(&target)),
        ("authorization", ReadUserInfo::new("web", "canary").request(&target)),
        ("authorization", ExchangeOidcToken::client_credentials("web", basic).request(&target)),
    ] {
        assert!(request.unwrap().headers()[name].is_sensitive(), "{name}");
    }
}

#[tokio::test]
async fn debug_output_of_results_contains_no_secret() {
    async fn debug_output<E: Endpoint<Output: std::fmt::Debug>>(endpoint: E, response: &str) -> String {
        let (_server, client) = server_and_client(Response::json(200, response));
        let output = client.call(&endpoint).await.unwrap();
        format!("{output:?} {output:#?}")
    }
    let tokens = r#"{"access_token":"canary","id_token":"canary","expires_in":60,"token_type":"Bearer"}"#;
    let wrap = r#"{"wrap_info":{"token":"canary","accessor":"a","ttl":60,"creation_path":"p"}}"#;
    let totp = r#"{"data":{"url":"otpauth://totp/x?secret=canary","barcode":"Y2FuYXJ5"}}"#;
    let secret = r#"{"data":{"client_id":"c1","client_secret":"canary"}}"#;
    let auth = ClientAuth::post("c1", "s");
    for text in [
        debug_output(vault_identity::oidc::ReadOidcClient::new("app"), secret).await,
        debug_output(
            vault_identity::oidc::GenerateIdToken::new("r"),
            r#"{"data":{"token":"canary","client_id":"c"}}"#,
        )
        .await,
        debug_output(ExchangeOidcToken::client_credentials("web", auth), tokens).await,
        debug_output(vault_identity::mfa::GenerateTotpSecret::new("m"), totp).await,
        debug_output(Wrap::new(ReadJwks::new(), Duration::from_secs(60)), wrap).await,
    ] {
        assert!(!text.contains("canary") && !text.contains("99, 97, 110"), "{text}");
    }
}

/// Compiles only if none of the types implements the trait: an implementation makes the call ambiguous.
macro_rules! none_is {
    ($trait:path: $($type:ty),+) => {
        {
            trait Ambiguous<A> {
                fn none() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct HasIt;
            impl<T: ?Sized + $trait> Ambiguous<HasIt> for T {}
            $(<$type as Ambiguous<_>>::none();)+
        }
    };
}

#[test]
fn secrets_do_not_implement_serialize() {
    none_is!(Serialize: SecretString, IdToken, OidcClient, ProviderTokens, AuthorizationCode, TotpSecret, TotpEnrollment, WrapInfo);
}

#[test]
fn secrets_do_not_implement_partial_eq() {
    none_is!(PartialEq: SecretString, IdToken, OidcClient, ProviderTokens, AuthorizationCode, TotpSecret, WrapInfo, Target, ClientAuth);
}

/// Runs in a child process with variables, and with a token file in its home.
#[tokio::test]
async fn the_environment_is_read_only_on_request() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".vault-token"), "canary-home").unwrap();
    let variables = [
        ("HOME", home.path().to_str().unwrap()),
        ("BAO_TOKEN", "canary-environment"),
        ("VAULT_TOKEN", "canary-environment"),
        ("BAO_NAMESPACE", "canary-environment"),
        ("HTTP_PROXY", "http://canary-environment.invalid"),
    ];
    if ran_in_subprocess("secrets::the_environment_is_read_only_on_request", &variables) {
        return;
    }
    let server = Faulty::always(Response::json(200, ENTITY));
    let anonymous = Client::with_default_transport(Target::new(&server.url()).unwrap());
    let client = Client::with_address(&server.url(), TOKEN).unwrap();
    let other = client.with_token("s.other").unwrap();
    for client in [&anonymous, &anonymous.clone(), &client, &client.clone(), &other] {
        client.entities().read("e1").await.unwrap();
    }
    let requests = server.requests();
    let tokens: Vec<_> = requests.iter().map(|request| request.header("x-vault-token")).collect();
    assert_eq!(tokens, [None, None, Some(TOKEN), Some(TOKEN), Some("s.other")]);
    assert!(requests.iter().all(|request| !request.head.contains("canary-environment")));
    // On request, the environment is read.
    let from_env = format!("{:?}", vault_identity::env::target_from_env().unwrap());
    assert!(from_env.contains("Sensitive") && !from_env.contains("canary-h"), "{from_env}");
}
