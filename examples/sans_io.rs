//! No transport at all: a request is a value to send with whatever there is, and an answer is read from a
//! value.
//!
//! `cargo run --example sans_io` needs no server, and `identity-core` is all that it depends on.

use std::error::Error;

use identity_core::{
    Endpoint, Maybe, Target,
    endpoint::Operation,
    entity::{CreateEntity, ListEntities, ReadEntityByName},
    http,
};

fn main() -> Result<(), Box<dyn Error>> {
    let target = Target::new("https://vault.example.com:8200")?.with_token("s.example")?;

    // 1. A request, to be sent as it is. The token is marked as sensitive, so that `Debug` hides it.
    let request =
        CreateEntity::named("alice").policies(["dev"]).metadata([("team", "eng")]).request(&target)?;
    println!("{} {}", request.method(), request.uri());
    for (name, value) in request.headers() {
        println!("{name}: {value:?}");
    }
    println!("\n{}\n", str::from_utf8(request.body())?);

    // It carries what logs, metrics and retries need to know, and no identifiers.
    let operation = request.extensions().get::<Operation>().expect("every request has one");
    println!("{} {}, idempotent: {}\n", operation.method, operation.path, operation.idempotent);

    // 2. The answers that a server might give. Whether the entity was new is told by the status.
    let created = answer(200, r#"{"data":{"id":"7fbd40c1","name":"alice","aliases":null}}"#)?;
    println!("200: {:?}", CreateEntity::parse_response(&created)?);
    let updated = answer(204, "")?;
    println!("204: {:?}", CreateEntity::parse_response(&updated)?);

    // That there is nothing is a 404 without words: an error, or `None` if that is what you ask for, or an
    // empty list.
    let absent = answer(404, r#"{"errors":[]}"#)?;
    println!("404: {:#}", ReadEntityByName::parse_response(&absent).unwrap_err());
    println!("404: {:?}", Maybe::<ReadEntityByName>::parse_response(&absent)?);
    println!("404: {:?}", ListEntities::parse_response(&absent)?.keys);

    // Any other refusal is an error, in the server's words.
    let denied = answer(403, r#"{"errors":["permission denied"]}"#)?;
    let error = Maybe::<ReadEntityByName>::parse_response(&denied).unwrap_err();
    println!("403: {error:#}");
    assert!(error.is_permission_denied());
    Ok(())
}

fn answer(status: u16, body: &'static str) -> http::Result<http::Response<&'static str>> {
    http::Response::builder().status(status).body(body)
}
