//! The client on an HTTP stack of your own, without async: ureq.
//!
//! `cargo run --example blocking_ureq` starts an OpenBao server of its own; with `VAULT_ADDR` and
//! `VAULT_TOKEN` set it uses that one.

use std::error::Error;
use std::io;
use std::time::Duration;

use vault_identity::bytes::Bytes;
use vault_identity::http::{Request, Response};
use vault_identity::{
    BlockingClient, BlockingTransport, Target,
    entity::CreateEntity,
    transport::{TransportError, TransportErrorKind},
};

mod server;

/// Answers have to be smaller than this.
const LIMIT: u64 = 16 * 1024 * 1024;

struct Ureq(ureq::Agent);

impl Ureq {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false) // A refusal is an answer too, and the client wants to read it.
            .max_redirects(0) // A redirect could lead the token to someone else.
            .proxy(None) // So could a proxy that the environment names.
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
        let answer = self.0.run(Request::from_parts(parts, &body[..])).and_then(|answer| {
            let (parts, mut body) = answer.into_parts();
            let body = body.with_config().limit(LIMIT).read_to_vec()?;
            Ok(Response::from_parts(parts, body.into()))
        });
        answer.map_err(|error| TransportError::new(kind(&error), error))
    }
}

/// Whether the server may have seen the request. What is not known to have failed before it was sent is not
/// `Connect`: not even a host that does not exist, which is an I/O error like others here.
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
    let entity = created.created().ok_or("the entity was there already")?;
    println!("Created the entity {} ({})", entity.name, entity.id);
    println!("Listed {} entities", client.entities().list()?.len());
    client.entities().delete(&entity.id)?;
    println!("Deleted it, and now it is {:?}", client.entities().find(&entity.id)?);

    let stranger = client.with_token("s.unknown")?;
    let error = stranger.entities().list().unwrap_err();
    println!("A stranger is told: {error} (permission denied: {})", error.is_permission_denied());

    // Nobody listens on this port, so that nothing can have been done, and even a `POST` may be made again.
    let nowhere = client.with_target(Target::new("http://127.0.0.1:1")?);
    let error = nowhere.entities().create(&CreateEntity::unnamed()).unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied());
    println!("Nobody listens: {error}");
    Ok(())
}
