//! The blocking client with another HTTP stack as its transport: ureq.
//!
//! `cargo run --example blocking_ureq` starts a temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN`
//! are set, it uses that server instead.

use std::error::Error;
use std::io;
use std::time::Duration;

use vault_identity::bytes::Bytes;
use vault_identity::entity::CreateEntity;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{TransportError, TransportErrorKind};
use vault_identity::{BlockingClient, BlockingTransport, Target};

mod server;

/// The maximum size of a response body.
const RESPONSE_LIMIT: u64 = 16 * 1024 * 1024;

struct Ureq(ureq::Agent);

impl Ureq {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false) // The client reads the error responses itself.
            .max_redirects(0) // A redirect could send the token to another host.
            .proxy(None) // So could a proxy set in the environment.
            .allow_non_standard_methods(true) // LIST
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self(config.into())
    }
}

impl BlockingTransport for Ureq {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(parts, &body[..])).and_then(|response| {
            let (parts, mut body) = response.into_parts();
            let body = body.with_config().limit(RESPONSE_LIMIT).read_to_vec()?;
            Ok(Response::from_parts(parts, body.into()))
        });
        response.map_err(|error| TransportError::new(kind(&error), error))
    }
}

/// Classifies an error by whether the server may have received the request. `NotSent` must be certain,
/// because the caller may then retry even a call that is not idempotent.
fn kind(error: &ureq::Error) -> TransportErrorKind {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof};
    use ureq::{Error, Timeout};

    match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => TransportErrorKind::NotSent,
        Error::Timeout(_) => TransportErrorKind::Timeout,
        Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => TransportErrorKind::ResponseTooLarge,
        Error::Io(error) => match error.kind() {
            ConnectionRefused => TransportErrorKind::NotSent,
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => {
                TransportErrorKind::Interrupted
            }
            _ => TransportErrorKind::Other,
        },
        _ => TransportErrorKind::Other,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let client = BlockingClient::new(target, Ureq::new());

    let name = format!("blocking-ureq-{}", std::process::id());
    let created = client.entities().create(&CreateEntity::named(name))?;
    let entity = created.created().ok_or("the entity already exists")?;
    println!("Created the entity {} ({})", entity.name, entity.id);
    println!("Listed {} entities", client.entities().list()?.len());
    client.entities().delete(&entity.id)?;
    println!("Deleted it; reading it returns {:?}", client.entities().find(&entity.id)?);

    let intruder = client.with_token("s.unknown")?;
    let error = intruder.entities().list().unwrap_err();
    println!("With an invalid token: {error} (permission denied: {})", error.is_permission_denied());

    // The port is closed, so the request was not sent, and even a call that is not idempotent can be retried.
    let closed = client.with_target(Target::new("http://127.0.0.1:1")?);
    let error = closed.entities().create(&CreateEntity::unnamed()).unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied());
    println!("At a closed port: {error}");
    Ok(())
}
