use std::time::Duration;

use identity_tests::{DevServer, live};
use vault_identity::entity::{CreateEntity, UpdateEntityById};
use vault_identity::error::{ErrorKind, RetryAfter};
use vault_identity::transport::{BlockingAdapter, HyperTransport, TransportErrorKind};
use vault_identity::{BlockingClient, Client, Target};

fn set_up(server: &DevServer, path: &str, body: &str) {
    let (status, response) =
        server.request("POST", path, Some(server.token()), None, Some(body)).expect("there is a response");
    assert!(status < 300, "{path}: {status}: {response}");
}

#[tokio::test]
async fn a_busy_sealed_or_stopped_server() {
    if !live() {
        return;
    }
    let server = DevServer::start().unwrap();
    let target = Target::new(server.address()).unwrap().with_token(server.token()).unwrap();
    let transport = HyperTransport::builder().timeout(Duration::from_secs(2));
    let client = Client::new(target.clone(), transport.clone().build());
    let id = client.entities().create(&CreateEntity::named("alice")).await.unwrap().created().unwrap().id;

    set_up(&server, "/v1/sys/quotas/config", r#"{"enable_rate_limit_response_headers": true}"#);
    let quota = r#"{"path": "identity/", "rate": 1, "interval": "1h"}"#;
    set_up(&server, "/v1/sys/quotas/rate-limit/identity", quota);
    client.entities().read(&id).await.unwrap();
    let error = client.entities().update(&UpdateEntityById::new(&id).policies(["dev"])).await.unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
    assert!(!error.may_have_been_applied() && !error.is_not_yet_consistent());
    let Some(RetryAfter::Delay(delay)) = error.api().unwrap().retry_after() else { panic!("{error:?}") };
    assert!((3_500..=3_600).contains(&delay.as_secs()), "{delay:?}");
    // Not even a call that is not idempotent may have been applied.
    let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
    let delete =
        server.request("DELETE", "/v1/sys/quotas/rate-limit/identity", Some(server.token()), None, None);
    assert_eq!(delete.unwrap().0, 204);
    let alice = client.entities().read(&id).await.unwrap();
    assert!(alice.policies.is_empty());
    assert_eq!(client.entities().list().await.unwrap().len(), 1);

    set_up(&server, "/v1/sys/seal", "");
    let error = client.entities().read(&id).await.unwrap_err();
    assert!(error.is_sealed() && error.is_retryable() && !error.is_not_found(), "{error:?}");
    let error = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    // The server could be a standby that has forwarded the request.
    assert!(error.is_sealed() && error.may_have_been_applied(), "{error:?}");
    assert!(client.groups().list().await.unwrap_err().is_sealed(), "no empty list");
    assert!(client.oidc().tokens().jwks().await.unwrap_err().is_sealed(), "no empty set");

    let blocking = BlockingClient::new(target, BlockingAdapter::new(transport.build()).unwrap());
    assert!(blocking.groups().find("any").unwrap_err().is_sealed());
    drop(server);
    // A pooled connection may be interrupted before a new one is rejected.
    assert!(client.groups().list().await.unwrap_err().is_retryable());
    assert!(blocking.groups().list().unwrap_err().is_retryable());
    for error in [
        client.entities().create(&CreateEntity::unnamed()).await.unwrap_err(),
        blocking.entities().create(&CreateEntity::unnamed()).unwrap_err(),
    ] {
        let ErrorKind::Transport(reason) = error.kind() else { panic!("{error:?}") };
        assert_eq!(reason.kind(), TransportErrorKind::NotSent);
        assert!(error.is_retryable() && !error.may_have_been_applied(), "{error:?}");
    }
}
