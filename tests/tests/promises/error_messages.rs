//! The contents of error messages.

use identity_tests::faulty::{Faulty, Response};
use vault_identity::Target;
use vault_identity::entity::{CreateEntity, UpdateEntityById};

use crate::hostile_responses;
use crate::support::{
    TOKEN, client, client_with, error_text, errors_of_all_calls, server_and_client, single_attempt,
};

#[tokio::test]
async fn hostile_responses_cause_no_panic_and_errors_contain_no_secret() {
    for (name, response) in hostile_responses::all() {
        let (server, client) = server_and_client(response);
        let calls = tokio::spawn(async move { errors_of_all_calls(&client).await });
        for (call, error) in calls.await.unwrap_or_else(|panic| panic!("{name}: {panic}")) {
            let error = error.unwrap_or_else(|| panic!("{call} accepted {name}"));
            assert!(!error_text(&error).contains("canary"), "{call}, {name}: {error:?}");
        }
        // Idempotent calls are retried once after invalid HTTP.
        let sent = server.requests().len();
        assert!((6..=11).contains(&sent), "{name}: {sent}");
    }
}

#[tokio::test]
async fn no_input_causes_a_panic() {
    let server = Faulty::always(Response::dropped());
    let client = client(&server);
    for odd in
        ["", "\0", "\n", "\r\n", "\u{7f}", "é", "\u{202e}", "a b", "%", "{name}", "..", &"x".repeat(1 << 20)]
    {
        let _ = client.with_token(odd);
        let _ = client.with_namespace(odd);
        let _ = Target::new(odd);
        let _ = Target::new(&format!("http://{odd}"));
        let _ = Target::new(&format!("http://host/{odd}"));
        let _ = client.target().clone().with_mount(odd);
        let _ = client.entities().read(odd).await;
        let _ = client.entities().read_by_name(odd).await;
        let _ = client.oidc().keys().read(odd).await;
        let _ = client.mfa().totp().generate(odd).await;
        let _ = client.oidc().providers().user_info(odd, odd).await;
    }
}

#[tokio::test]
async fn an_error_contains_operation_status_and_messages_only() {
    let (_server, client) = server_and_client(Response::error(500, "the disk is full"));
    let update = UpdateEntityById::new("canary-id").metadata([("canary-key", "canary-value")]);
    let error = client.entities().update(&update).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "POST identity/entity/id/{id} failed: 500 the disk is full");
    assert!(!error_text(&error).contains("canary"), "{error:?}");

    for address in ["http://user:canary@127.0.0.1:1", "http://canary@127.0.0.1:1"] {
        let error = Target::new(address).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn a_connection_error_contains_neither_path_nor_token() {
    let [lost, reset, silent] =
        [Response::dropped(), Response::reset(), Response::none()].map(Faulty::always);
    let (garbage, tls) =
        (Faulty::greeting(Response::raw("canary\r\n\r\n")), Faulty::always(Response::dropped()));
    let closed = format!("http://{}", Faulty::closed());
    let secure = tls.url().replace("http", "https");
    for address in [lost.url(), reset.url(), silent.url(), garbage.url(), closed, secure] {
        let transport = single_attempt().timeout(std::time::Duration::from_millis(300)).build();
        let target = Target::new(&address).unwrap().with_token(TOKEN).unwrap();
        let client = vault_identity::Client::new(target, transport);
        let error = client.entities().read_by_name("canary-name").await.unwrap_err();
        let text = error_text(&error);
        assert!(!text.contains("canary") && !text.contains("entity/name/c"), "{address}: {text}");
        assert!(text.contains("GET identity/entity/name/{name}"), "{text}");
    }
}

/// OpenBao repeats 2 MB of metadata in the message of a 500.
#[tokio::test]
async fn long_error_messages_are_truncated() {
    let server = Faulty::start(|_, request| Response::error(500, &format!("too large: {}", request.text())));
    let client = client_with(&server, single_attempt());
    let create = CreateEntity::unnamed().policies(["x".repeat(2_000_000)]);
    let error = client.entities().create(&create).await.unwrap_err();
    assert!(error.api().unwrap().errors()[0].starts_with("too large: {"));
    assert!(format!("{error:#}").len() < 5000);
    assert!(error_text(&error).len() < 50_000);
}

#[tokio::test]
async fn tokens_in_error_messages_are_redacted() {
    let server = Faulty::start(|_, request| {
        let secret = ["x-vault-token", "authorization"].map(|name| request.header(name).unwrap_or_default());
        Response::error(403, &format!("{} may not", secret.concat()))
    });
    let client = client(&server);
    let error = client.entities().read("e1").await.unwrap_err();
    assert!(error.is_permission_denied());
    assert_eq!(error.api().unwrap().errors(), ["<redacted> may not"]);
    let error = client.oidc().providers().user_info("web", "canary-access-token").await.unwrap_err();
    assert_eq!(error.api().unwrap().errors(), ["Bearer <redacted> may not"]);
    assert!(!error_text(&error).contains("canary"), "{error:?}");
}
