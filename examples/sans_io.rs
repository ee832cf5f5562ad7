//! Without a transport: endpoints build `http::Request`s and parse `http::Response`s.
//!
//! `cargo run --example sans_io` needs no server, and depends on `vault-identity-core` only.

use std::error::Error;

use identity_core::endpoint::Operation;
use identity_core::entity::{CreateEntity, ListEntities, ReadEntityByName};
use identity_core::{Endpoint, Maybe, Target, http};

fn main() -> Result<(), Box<dyn Error>> {
    let target = Target::new("https://vault.example.com:8200")?.with_token("s.example")?;

    // 1. A complete request. Its token is marked sensitive, so `Debug` hides it.
    let request =
        CreateEntity::named("alice").policies(["dev"]).metadata([("team", "eng")]).request(&target)?;
    println!("{} {}", request.method(), request.uri());
    for (name, value) in request.headers() {
        println!("{name}: {value:?}");
    }
    println!("\n{}\n", str::from_utf8(request.body())?);

    // Its extensions describe the operation for logs, metrics and retries, without identifiers.
    let operation = request.extensions().get::<Operation>().expect("every request has one");
    println!("{} {}, idempotent: {}\n", operation.method, operation.path, operation.idempotent);

    // 2. Responses of a server. The status distinguishes a creation from an update.
    let created = response(200, r#"{"data":{"id":"7fbd40c1","name":"alice","aliases":null}}"#)?;
    println!("200: {:?}", CreateEntity::parse_response(&created)?);
    let updated = response(204, "")?;
    println!("204: {:?}", CreateEntity::parse_response(&updated)?);

    // A 404 without messages means "not found": an error, `None` with `Maybe`, or an empty list.
    let absent = response(404, r#"{"errors":[]}"#)?;
    println!("404: {:#}", ReadEntityByName::parse_response(&absent).unwrap_err());
    println!("404: {:?}", Maybe::<ReadEntityByName>::parse_response(&absent)?);
    println!("404: {:?}", ListEntities::parse_response(&absent)?.keys);

    // Any other error response is an error with the server's messages.
    let denied = response(403, r#"{"errors":["permission denied"]}"#)?;
    let error = Maybe::<ReadEntityByName>::parse_response(&denied).unwrap_err();
    println!("403: {error:#}");
    assert!(error.is_permission_denied());
    Ok(())
}

fn response(status: u16, body: &'static str) -> http::Result<http::Response<&'static str>> {
    http::Response::builder().status(status).body(body)
}
