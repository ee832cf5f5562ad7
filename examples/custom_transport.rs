//! The client on an HTTP stack of your own: reqwest.
//!
//! `cargo run --example custom_transport` starts an OpenBao server of its own; with `VAULT_ADDR` and
//! `VAULT_TOKEN` set it uses that one.

use std::error::Error;
use std::time::Duration;

use vault_identity::bytes::{Bytes, BytesMut};
use vault_identity::http::{Request, Response};
use vault_identity::{
    Client, Target, Transport,
    entity::CreateEntity,
    transport::{TransportError, TransportErrorKind, async_trait},
};

mod server;

/// The largest answer that we take.
const LIMIT: usize = 16 * 1024 * 1024;

struct Reqwest(reqwest::Client);

impl Reqwest {
    fn new() -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none()) // A redirect could lead the token to someone else.
            .no_proxy() // So could a proxy that the environment names.
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
        let mut answer = self.0.execute(request).await.map_err(classify)?;

        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(TransportErrorKind::ResponseTooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }

        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

/// Says whether the server may have seen the request. Of a broken connection reqwest tells only at which
/// stage it was.
fn classify(error: reqwest::Error) -> TransportError {
    // First of all, because to take too long to connect is a timeout as well.
    let kind = if error.is_connect() || error.is_builder() {
        TransportErrorKind::NotSent
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_request() || error.is_decode() {
        TransportErrorKind::Interrupted
    } else {
        TransportErrorKind::Other
    };
    // The URL has names and identifiers in it, which belong into no log.
    TransportError::new(kind, error.without_url())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let client = Client::new(target, Reqwest::new()?);

    let name = format!("custom-transport-{}", std::process::id());
    let created = client.entities().create(&CreateEntity::named(name)).await?;
    let entity = created.created().ok_or("the entity was there already")?;
    println!("Created the entity {} ({})", entity.name, entity.id);
    println!("Listed {} entities", client.entities().list().await?.len());
    client.entities().delete(&entity.id).await?;
    println!("Deleted it, and now it is {:?}", client.entities().find(&entity.id).await?);

    let stranger = client.with_token("s.unknown")?;
    let error = stranger.entities().list().await.unwrap_err();
    println!("A stranger is told: {error} (permission denied: {})", error.is_permission_denied());

    // Nobody listens on this port, so that nothing can have been done, and even a `POST` may be made again.
    let nowhere = client.with_target(Target::new("http://127.0.0.1:1")?);
    let error = nowhere.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied());
    println!("Nobody listens: {error}");
    Ok(())
}
