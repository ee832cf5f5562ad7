//! The client with another HTTP stack as its transport: reqwest.
//!
//! `cargo run --example custom_transport` starts a temporary OpenBao server. If `VAULT_ADDR` and
//! `VAULT_TOKEN` are set, it uses that server instead.

use std::error::Error;
use std::time::Duration;

use vault_identity::bytes::{Bytes, BytesMut};
use vault_identity::entity::CreateEntity;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{TransportError, TransportErrorKind, async_trait};
use vault_identity::{Client, Target, Transport};

mod server;

/// The maximum size of a response body.
const RESPONSE_LIMIT: usize = 16 * 1024 * 1024;

struct Reqwest(reqwest::Client);

impl Reqwest {
    fn new() -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none()) // A redirect could send the token to another host.
            .no_proxy() // So could a proxy set in the environment.
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self(client))
    }
}

#[async_trait]
impl Transport for Reqwest {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(classify)?;
        let mut received = self.0.execute(request).await.map_err(classify)?;

        let mut body = BytesMut::new();
        while let Some(chunk) = received.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > RESPONSE_LIMIT {
                return Err(TransportErrorKind::ResponseTooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }

        let mut response = Response::new(body.freeze());
        *response.status_mut() = received.status();
        *response.headers_mut() = std::mem::take(received.headers_mut());
        Ok(response)
    }
}

/// Classifies an error by whether the server may have received the request.
fn classify(error: reqwest::Error) -> TransportError {
    // Checked first, because a connect timeout is a timeout as well.
    let kind = if error.is_connect() || error.is_builder() {
        TransportErrorKind::NotSent
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_request() || error.is_decode() {
        TransportErrorKind::Interrupted
    } else {
        TransportErrorKind::Other
    };
    // The URL contains names and identifiers, which should not be logged.
    TransportError::new(kind, error.without_url())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let client = Client::new(target, Reqwest::new()?);

    let name = format!("custom-transport-{}", std::process::id());
    let created = client.entities().create(&CreateEntity::named(name)).await?;
    let entity = created.created().ok_or("the entity already exists")?;
    println!("Created the entity {} ({})", entity.name, entity.id);
    println!("Listed {} entities", client.entities().list().await?.len());
    client.entities().delete(&entity.id).await?;
    println!("Deleted it; reading it returns {:?}", client.entities().find(&entity.id).await?);

    let intruder = client.with_token("s.unknown")?;
    let error = intruder.entities().list().await.unwrap_err();
    println!("With an invalid token: {error} (permission denied: {})", error.is_permission_denied());

    // The port is closed, so the request was not sent, and even a call that is not idempotent can be retried.
    let closed = client.with_target(Target::new("http://127.0.0.1:1")?);
    let error = closed.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied());
    println!("At a closed port: {error}");
    Ok(())
}
